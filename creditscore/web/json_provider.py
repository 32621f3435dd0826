"""How Flask writes an answer's JSON."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.json.provider import DefaultJSONProvider

from creditscore.json_codec import dumps_bytes


class FastJson(DefaultJSONProvider):
    """Writes objects in the order of the contract, several times as fast as Flask's own."""

    sort_keys = False

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """Make an answer of a value, or of the members of an object."""
        value = self._prepare_response_obj(args, kwargs)
        return Response(dumps_bytes(value), mimetype=self.mimetype)
