"""Wait for what another process or thread does, however slow the machine is."""

from __future__ import annotations

import time
from collections.abc import Callable

#: Seconds after which it is not to be expected any more.
PATIENCE = 120.0


def wait_until(condition: Callable[[], object]) -> bool:
    """Wait until a condition holds; return whether it did in time."""
    ends = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > ends:
            return False
        time.sleep(0.02)
    return True
