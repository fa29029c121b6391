"""What all shapes of the wire have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


def is_none(value: object) -> bool:
    """Whether a field is left out of an answer: the contract has it optional, but never null."""
    return value is None


class ApiModel(BaseModel):
    """A base for models; in Python, fields go by their own names, on the wire by the contract's."""

    model_config = ConfigDict(
        from_attributes=True,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )
