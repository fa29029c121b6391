"""What a client has sent, as opposed to what a model fills in."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


def sent(body: BaseModel) -> dict[str, Any]:
    """The fields that were sent, by their names in Python; null is a value, absence is none.

    What a client adds to the fields of the contract, where that lets it, is no field.
    """
    known, given = type(body).model_fields, body.model_fields_set
    return {name: getattr(body, name) for name in known if name in given}
