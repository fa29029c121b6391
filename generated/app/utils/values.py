"""What a client has sent, as opposed to what a model fills in."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


def sent(body: BaseModel) -> dict[str, Any]:
    """The fields that were sent, by their names in Python; null is a value, absence is none."""
    return {name: getattr(body, name) for name in body.model_fields_set}
