"""Versions and kept answers: what contracts say of them, and what they are completed with."""

from __future__ import annotations

import copy
from typing import Any

from apiwright.breaking import api_changes
from apiwright.ir.policies.conditional import BODY
from apiwright.ir.storage import Fill
from apiwright.plan.storage.build import build_tables
from apiwright.understand import completed
from tests.support.contracts import (
    INTEGER,
    TEXT,
    Contract,
    answer,
    column,
    crud,
    loaded,
    obj,
    operation_of,
    parameter,
    ref,
    table,
    thing,
    things,
    understood,
)


def versioned(**words: Any) -> Contract:
    """A contract of things that have a hidden version."""
    found = things({"note": TEXT})
    found["components"]["schemas"]["Thing"] |= {"x-versioned": True, **words}
    return found


def responses(document: Contract, name: str) -> Any:
    """The responses of an operation as the service declares them."""
    service = understood(document)
    operation = service.operations[name]
    paths: Any = service.contract["paths"]
    return paths[operation.path][operation.method]["responses"]


def test_a_version_is_a_column_that_no_property_shows() -> None:
    """It makes way for a property of its name."""
    hidden = column(versioned(), "version")
    assert (hidden.fill, hidden.property, hidden.default) == (Fill.VERSION, "", (1,))
    document = versioned()
    document["components"]["schemas"]["Thing"]["properties"]["version"] = TEXT
    assert column(document, "version").fill is not Fill.VERSION
    found = understood(document).entities["Thing"].version
    assert found is not None
    assert found.name != "version"


def test_a_property_may_show_the_version() -> None:
    """Whatever it is called."""
    shown = {"type": "integer", "readOnly": True, "x-versioned": True}
    document = things({"revisionNumber": shown})
    assert column(document, "revision_number").fill is Fill.VERSION
    known = operation_of(document, "read Thing").conditional
    assert known is not None
    assert known.version == "revision_number"


def test_keys_that_clients_choose_have_no_version_twice() -> None:
    """What is made anew under an old key begins after the versions of the old row."""
    document = things(takes=ref("Thing"))
    schema = document["components"]["schemas"]["Thing"] | {"x-versioned": True}
    for own in (True, False):
        properties = {**schema["properties"], "id": {"type": "integer", "readOnly": not own}}
        document["components"]["schemas"]["Thing"] = {**schema, "properties": properties}
        found = table(build_tables(understood(document)), "things").column("version")
        assert found is not None
        assert (found.default != "1") is own


def test_what_is_left_out_is_declared() -> None:
    """Headers and statuses, errors in the shape of the others; what is there stays."""
    document = versioned()
    path = document["paths"]["/things/{id}"]
    error = obj({"why": TEXT}, "why")
    path["patch"]["responses"]["404"] = answer(error)
    path["delete"]["x-if-match"] = "required"
    path["put"]["responses"]["4XX"] = answer()
    read = responses(document, "read Thing")
    assert list(read) == ["200", "304", "412"]
    assert "ETag" in read["200"]["headers"]
    assert "content" not in read["304"]
    changed = responses(document, "update Thing")
    assert changed["412"]["content"]["application/json"]["schema"] == error
    assert list(responses(document, "delete Thing")) == ["204", "412", "428"]
    assert list(responses(document, "replace Thing")) == ["200", "4XX"]
    paths: Any = understood(document).contract["paths"]
    needed = paths["/things/{id}"]["delete"]["parameters"]
    assert [(p["name"], p["in"], p["required"]) for p in needed] == [("If-Match", "header", True)]


def test_a_contract_is_completed_once() -> None:
    """What was completed stays as it is, and says nothing new to clients."""
    first = completed(loaded(versioned()))
    again = completed(first)
    assert api_changes(first, again) == ()
    plain = loaded(things())
    assert completed(plain) is plain


def test_headers_of_conditions_are_no_parameters() -> None:
    """Where rows have versions; elsewhere an override may want them."""
    header = parameter("If-Match", place="header", required=True)
    document = versioned()
    document["paths"]["/things/{id}"]["patch"]["parameters"] = [header]
    operation = operation_of(document, "update Thing")
    assert [p.name for p in operation.parameters] == ["id"]
    assert operation.conditional is not None
    assert operation.conditional.required
    other = copy.deepcopy(document)
    del other["components"]["schemas"]["Thing"]["x-versioned"]
    operation = operation_of(other, "update Thing")
    assert [p.name for p in operation.parameters] == ["id", "If-Match"]
    assert operation.conditional is None


def test_the_mark_is_that_of_what_is_shown() -> None:
    """The same for a read and a change; another for another schema, none for one that lists."""
    document = versioned()
    read = operation_of(document, "read Thing").conditional
    update = operation_of(document, "update Thing").conditional
    replace = operation_of(document, "replace Thing").conditional
    assert read is not None
    assert update is not None
    assert replace is not None
    assert read.mark == update.mark != ""
    assert replace.mark == ""
    more = copy.deepcopy(document)
    more["components"]["schemas"]["Thing"]["properties"]["more"] = TEXT
    after = operation_of(more, "read Thing").conditional
    assert after is not None
    assert after.mark != read.mark
    assert operation_of(document, "list things").conditional is None


def test_what_shows_other_rows_is_its_own_mark() -> None:
    """No version of the row counts them."""
    document = things(
        {"owner": ref("Owner")}, schemas={"Owner": thing()}, paths=crud("Owner", "owners")
    )
    document["components"]["schemas"]["Thing"]["x-versioned"] = True
    known = operation_of(document, "read Thing").conditional
    assert known is not None
    assert known.mark == BODY


def test_an_answer_is_made_of_tables() -> None:
    """Its own, those that it embeds, and those that the contract names besides."""
    others = {"Owner": thing(), "Note": thing()}
    document = things(
        {"owner": ref("Owner")},
        schemas=others,
        paths={**crud("Owner", "owners"), **crud("Note", "notes")},
    )
    document["paths"]["/things"]["get"]["x-cache"] = {"seconds": 5, "depends-on": ["Note"]}
    document["paths"]["/owners/{id}"]["get"]["x-cache"] = 7
    listed = operation_of(document, "list things").caching
    read = operation_of(document, "read Owner").caching
    assert listed is not None
    assert read is not None
    assert (listed.seconds, listed.tables) == (5, ("notes", "owners", "things"))
    assert (read.seconds, read.tables, read.public) == (7, ("owners",), False)
    assert operation_of(document, "read Thing").caching is None


def test_a_promise_of_cache_control_is_kept() -> None:
    """A constant of the contract; nothing that isn't a header."""
    for const, told in (
        ("public, max-age=9", "public, max-age=9"),
        ("a\r\nX: 1", "private, no-cache"),
    ):
        document = versioned()
        success = document["paths"]["/things/{id}"]["get"]["responses"]["200"]
        success["headers"] = {"cache-control": {"schema": {"type": "string", "const": const}}}
        known = operation_of(document, "read Thing").conditional
        assert known is not None
        assert known.cache_control == told


def test_nothing_is_added_for_rows_without_versions() -> None:
    """Their operations know no conditions."""
    service = understood(things({"size": INTEGER}))
    assert all(operation.conditional is None for operation in service.operations.values())
    assert service.entities["Thing"].version is None
