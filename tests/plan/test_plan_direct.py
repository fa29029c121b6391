"""Which operations PostgreSQL answers by itself, and what is said of the others."""

from __future__ import annotations

import pytest

from apiwright.plan.describe import describe_operations
from tests.support.contracts import (
    INTEGER,
    TEXT,
    Contract,
    many,
    obj,
    parameter,
    rendered,
    things,
    understood,
)


def paged(cursor: Contract, *required: str, **more: Contract) -> Contract:
    """Things in pages with a cursor."""
    properties = {"items": many("Thing"), "next_cursor": cursor, **more}
    return things(
        page=obj(properties, "items", *required),
        query=[parameter("limit", {**INTEGER, "default": 10}), parameter("cursor")],
    )


def way(document: Contract, name: str) -> str:
    """The line of `explain` that tells how an operation is answered."""
    story = next(s for s in describe_operations(understood(document)) if s.id == name)
    found = [line for line in story.details if "PostgreSQL itself" in line or "session" in line]
    assert story.direct == ("PostgreSQL itself" in found[0])
    return found[0]


@pytest.mark.parametrize(
    ("cursor", "required", "direct"),
    [
        ({"type": ["string", "null"]}, ("next_cursor",), True),
        ({"type": ["string", "null"]}, (), True),
        (TEXT, (), False),
    ],
)
def test_a_cursor_that_is_left_out_is_no_null(
    cursor: Contract, required: tuple[str, ...], *, direct: bool
) -> None:
    """What a page leaves out at its end is left out by the typed default alone."""
    told = way(paged(cursor, *required), "list things")
    if direct:
        assert told == "answered by PostgreSQL itself, while nobody overrides it"
    else:
        assert told == "works with a session: its last page leaves next_cursor out"


def test_rows_are_counted_once() -> None:
    """Both the number of rows and the number of pages come from one count."""
    more = {"total": INTEGER, "pages": INTEGER}
    files = rendered(paged({"type": ["string", "null"]}, **more))
    answers = next(text for path, text in files.items() if path.endswith("_answers.py"))
    assert answers.count("await call.total(form)") == 1
    assert '"total": total' in answers
    assert '"pages": -(-total // query.limit)' in answers
