"""Media types as they are compared: in lower case, without parameters (RFC 9110, section 8.3.1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from apiwright.ir.policies.export import MEDIA_TYPES

FORM: Final = "application/x-www-form-urlencoded"


def essence(media_type: str) -> str:
    """The type and subtype of a media type."""
    return media_type.partition(";")[0].strip().lower()


def is_json(media_type: str) -> bool:
    """Whether a media type is JSON (RFC 6839, section 3.1)."""
    known = essence(media_type)
    return known == "application/json" or known.endswith("+json")


def is_form(media_type: str) -> bool:
    """Whether a media type is that of forms, as HTML sends them."""
    return essence(media_type) == FORM


def is_readable(media_type: str) -> bool:
    """Whether bodies of a media type are looked into: JSON and forms."""
    return is_json(media_type) or is_form(media_type)


def export_types(media_types: Iterable[str]) -> tuple[str, ...]:
    """What rows are exported as; empty where some of it is nothing that exports are made of."""
    found = tuple(essence(media_type) for media_type in media_types)
    return found if set(found) <= MEDIA_TYPES else ()
