"""Who a client without an API key is: the network that its address belongs to.

In IPv6 only the network counts, as everybody has more addresses there than could be counted.
"""

from __future__ import annotations

import hashlib
import ipaddress

from flask import Request

#: Bits of an IPv6 address that a network shares.
NETWORK_BITS = 64

#: Hexadecimal digits of a mark: hundreds of IPv4 addresses have the same one, so that it gives none
#: away, and hardly two clients that choose the same key.
MARK_DIGITS = 6


def client_network(request: Request) -> str:
    """Return the network that a request comes from: an IPv4 address, or a number for IPv6."""
    address: str = request.environ.get("REMOTE_ADDR", "")
    if ":" not in address:
        return address
    try:
        parsed = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    mapped = parsed.ipv4_mapped
    return str(mapped) if mapped else str(int(parsed) >> (128 - NETWORK_BITS))


def network_mark(request: Request, key: str) -> str:
    """Return what tells the networks apart that send the same key, without naming them."""
    digest = hashlib.sha256(f"{client_network(request)} {key}".encode()).hexdigest()
    return digest[:MARK_DIGITS]
