"""Values of rows as they travel."""

from __future__ import annotations

import json
from urllib.parse import quote

from pydantic_core import to_jsonable_python


def text(value: object) -> str:
    """A value as the text that stands for it in JSON, in a path or in a query."""
    plain = to_jsonable_python(value)
    return plain if isinstance(plain, str) else json.dumps(plain)


def at(path: str, *values: object) -> str:
    """A path of the contract, with values in place of its parameters."""
    for value in values:
        before, _, rest = path.partition("{")
        path = before + quote(text(value), safe="") + rest.partition("}")[2]
    return path
