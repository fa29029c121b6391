"""Which changes of a type keep every value, and which leave the rows on disk as they are."""

from __future__ import annotations

import re

_NUMERIC = re.compile(r"numeric\((\d+),(\d+)\)")
_VARCHAR = re.compile(r"character varying(?:\((\d+)\))?")
_WIDER = frozenset(
    {
        ("smallint", "integer"),
        ("smallint", "bigint"),
        ("real", "double precision"),
        ("integer", "bigint"),
        ("integer", "double precision"),
        ("integer", "numeric"),
        ("bigint", "numeric"),
        ("date", "timestamp with time zone"),
    }
)


def keeps(before: str, after: str) -> bool:
    """Whether every value of one type is one of the other as well."""
    if before == after or (before, after) in _WIDER or (after == "text" and before != "bytea"):
        return True
    shorter, longer = _VARCHAR.fullmatch(before), _VARCHAR.fullmatch(after)
    if shorter is not None and longer is not None:
        return not longer[1] or (bool(shorter[1]) and int(longer[1]) >= int(shorter[1]))
    one, other = _NUMERIC.fullmatch(before), _NUMERIC.fullmatch(after)
    if one is None:
        return False
    if other is None:
        return after == "numeric"
    whole = int(other[1]) - int(other[2]) >= int(one[1]) - int(one[2])
    return whole and int(other[2]) >= int(one[2])


def rewrites(before: str, after: str) -> bool:
    """Whether PostgreSQL writes the whole table anew for a change of type.

    It does not where a number only gets room for more digits of the same scale (ALTER TABLE,
    Notes: the types are binary coercible, or the length is not more restrictive).
    """
    one, other = _NUMERIC.fullmatch(before), _NUMERIC.fullmatch(after)
    if one is None:
        varying = before.startswith("character varying")
        return before != after and not (varying and keeps(before, after))
    if other is None:
        return after != "numeric"
    return one[2] != other[2] or int(other[1]) < int(one[1])
