"""Answers, written once, by pydantic's own serializer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json
from starlette.responses import Response


def respond(
    value: Any,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    media_type: str = "application/json",
) -> Response:
    """`value` as JSON; an answer that is complete already goes out as it is."""
    if isinstance(value, Response):
        return value
    return Response(to_json(value, by_alias=True), status, headers, media_type)
