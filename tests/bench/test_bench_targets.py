"""What can be asked of a service without changing it, and why the rest can't."""

from __future__ import annotations

from typing import Any

from apiwright.bench.targets import LeftOut, Target, targets
from apiwright.ir.schemas import Json
from tests.support.contracts import (
    INTEGER,
    TEXT,
    Contract,
    contract,
    operation,
    parameter,
    project,
    ref,
    thing,
    things,
    understood,
)

ANSWERS: dict[str, Json] = {"/things": [{"id": 7}, {"id": 8}]}


def found(document: Contract, answers: dict[str, Any] | None = None) -> dict[str, Target | LeftOut]:
    """The targets of a contract, by the name of the operation."""
    known = ANSWERS if answers is None else answers
    return {one.operation: one for one in targets(understood(document), known.get)}


def reason(document: Contract, name: str) -> str:
    """Why an operation is left out."""
    one = found(document)[name]
    assert isinstance(one, LeftOut)
    return one.reason


def looking(name: str, path: str = "/odd", **words: Any) -> Contract:
    """A contract of things with one more GET operation."""
    made = operation(name, gives=ref("Thing"), **words)
    return things(paths={path: {"get": made}})


def test_lists_and_the_rows_that_they_show() -> None:
    """One path for a list, one for each row; nothing that writes."""
    assert found(things()) == {
        "list things": Target("list things", "/things", ("/things",)),
        "read Thing": Target("read Thing", "/things/{id}", ("/things/7", "/things/8")),
    }


def test_keys_are_text_in_an_address() -> None:
    """Whatever stands in them."""
    document = things()
    document["components"]["schemas"]["Thing"] = thing({"id": TEXT})
    for path in document["paths"].values():
        for one in path.get("parameters", ()):
            one["schema"] = TEXT
    one = found(document, {"/things": [{"id": "a/b c"}, {"id": True}, {}, "no object"]})
    read = one["read Thing"]
    assert isinstance(read, Target)
    assert read.paths == ("/things/a%2Fb%20c", "/things/true")


def test_what_no_list_shows_is_left_out() -> None:
    """An empty list, no list, and an operation that nobody understands."""
    assert found(things(), {})["read Thing"] == LeftOut(
        "read Thing", "no list shows a value for id"
    )
    alone = contract(
        {"/things/{id}": {"get": operation("read", gives=ref("Thing")), "parameters": [ID]}},
        {"Thing": {**thing(), "x-table": True}},
    )
    assert reason(alone, "read") == "no list shows a value for id"
    odd = looking("odd", "/odd/{id}/answer", parameters=[ID], **{"x-action": "custom"})
    assert reason(odd, "odd") == "no list shows a value for id"


ID = parameter("id", INTEGER, "path")


def test_operations_that_need_a_caller_are_not_asked() -> None:
    """Nor are those that need a header or a cookie."""
    document = looking("closed", security=[{"key": []}])
    scheme = {"type": "apiKey", "in": "header", "name": "X-Key"}
    document["components"]["securitySchemes"] = {"key": scheme}
    assert "closed" not in found(document)
    for place in ("header", "cookie"):
        needed = parameter("session", TEXT, place, required=True)
        assert reason(looking("odd", parameters=[needed]), "odd") == f"it needs the {place} session"


def test_required_parameters_get_the_contracts_examples() -> None:
    """Or values that are made up; what can't be made up is told."""
    given = [
        parameter("from", TEXT, required=True, example="a b"),
        parameter("size", INTEGER, required=True),
        parameter("exact", {"type": "boolean", "const": True}, required=True),
        parameter("free"),
    ]
    one = found(looking("odd", parameters=given))["odd"]
    assert isinstance(one, Target)
    assert one.paths == ("/odd?from=a+b&size=1&exact=true",)
    listed = parameter("ids", {"type": "array", "items": INTEGER, "minItems": 1}, required=True)
    assert (
        reason(looking("odd", parameters=[listed]), "odd")
        == "it needs ids, which is no single value"
    )
    riddle = parameter("code", {"type": "string", "pattern": "^(?=a)b$"}, required=True)
    assert (
        reason(looking("odd", parameters=[riddle]), "odd") == "the contract has no example of code"
    )


def test_what_is_nested_takes_the_keys_of_its_parents() -> None:
    """The library's loans of each book, under the base path of the contract."""
    answers: dict[str, Json] = {
        "/v1/books": {"books": [{"id": 3}, {"id": 4}]},
        "/v1/books/3/loans": [],
        "/v1/books/4/loans": [{"id": 8}],
    }
    known = found(project("library"), answers)
    listed, read = known["listLoansOfBook"], known["getLoanOfBook"]
    assert isinstance(listed, Target)
    assert isinstance(read, Target)
    assert listed.paths == ("/v1/books/3/loans", "/v1/books/4/loans")
    assert read.paths == ("/v1/books/4/loans/8",)
