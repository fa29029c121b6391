"""What checks and defaults say in words that a contract has; what isn't surely meant isn't said."""

from __future__ import annotations

from typing import Any

import pytest

from apiwright.adopt.contract import contract_text
from apiwright.adopt.decide import decide
from apiwright.adopt.facts import ColumnFact, DatabaseFacts, PartFact, TableFact
from apiwright.adopt.values import constant_default, limits, wire


def column(kind: str, default: str = "", name: str = "c", **more: Any) -> ColumnFact:
    """A column."""
    return ColumnFact(name, kind, more.pop("nullable", False), default, True, **more)


@pytest.mark.parametrize(
    ("kind", "definition", "said"),
    [
        ("text", "CHECK ((char_length(c) <= 120))", {"maxLength": 120}),
        ("character varying(9)", "CHECK ((length((c)::text) > 2))", {"minLength": 3}),
        ("integer", "CHECK (((c >= 1) AND (c <= 5)))", {"minimum": 1, "maximum": 5}),
        ("double precision", "CHECK ((c < (2.5)::double precision))", {"exclusiveMaximum": 2.5}),
        (
            "text",
            "CHECK ((c = ANY (ARRAY['a'::text, 'it''s], b'::text])))",
            {"enum": ["a", "it's], b"]},
        ),
        (
            "character varying",
            (
                "CHECK (((c)::text = ANY ((ARRAY['a'::character varying, "
                "'b'::character varying])::text[])))"
            ),
            {"enum": ["a", "b"]},
        ),
        ("text", "CHECK ((c ~ '^[a-z]+$'::text))", {"pattern": "^[a-z]+$"}),
        ("text", "CHECK ((c ~ '^\\mword'::text))", {}),
        ("text", "CHECK ((c = ANY (ARRAY['a'::text, lower('B'::text)])))", {}),
        ("text", "CHECK ((NOT (c = ANY (ARRAY['a'::text]))))", {}),
        ("text", "CHECK ((lower(c) = ANY (ARRAY['a'::text])))", {}),
        ("text", "CHECK (((c = 'a'::text) OR (char_length(c) <= 5)))", {}),
        ("integer", "CHECK ((abs(c) <= 5))", {}),
        ("numeric(5,2)", "CHECK ((c >= (0)::numeric))", {}),
    ],
)
def test_checks_are_read(kind: str, definition: str, said: dict[str, Any]) -> None:
    """Only what is surely the same."""
    assert limits(column(kind), [PartFact("x", "c", definition, ("c",))]) == said


@pytest.mark.parametrize(
    ("kind", "default", "value"),
    [
        ("text", "'it''s'::text", ("it's",)),
        ("text", "lower('A'::text)", ()),
        ("character varying(9)", "'x'::character varying", ("x",)),
        ("integer", "'-5'::integer", (-5,)),
        ("bigint", "(1 + 2)", ()),
        ("numeric(5,2)", "0.00", ("0.00",)),
        ("boolean", "false", (False,)),
        ("jsonb", "'{\"a\": [1]}'::jsonb", ({"a": [1]},)),
        ("text[]", "'{}'::text[]", ([],)),
        ("text[]", "'{a}'::text[]", ()),
        ("double precision", "1.5", (1.5,)),
    ],
)
def test_defaults_are_read(kind: str, default: str, value: tuple[Any, ...]) -> None:
    """A constant is a value; an expression is none."""
    assert constant_default(column(kind, default)) == value


@pytest.mark.parametrize(
    "kind",
    ["json", "interval", "money", "xml", "int4range", "numeric(3,5)", "bytea[]", "text[][]x"],
)
def test_types_that_no_contract_has(kind: str) -> None:
    """They are left out."""
    assert wire(column(kind)) is None


HOSTILE = [
    '"', "a b", "a\nb", "é", "", "A", "a-b", "x'; DROP TABLE y; --", "{{ 7*7 }}", "%s", "a:b",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_left_out(name: str) -> None:
    """As names of tables, columns and keys; the rest of the database is adopted."""
    key = PartFact("k", "p", "PRIMARY KEY (id)", ("id",))
    identity = column("integer", "GENERATED ALWAYS AS IDENTITY", "id")
    facts = DatabaseFacts(
        (
            TableFact(name, "", columns=(identity,), parts=(key,)),
            TableFact(
                "good",
                "",
                said=name,
                columns=(
                    identity,
                    column("text", name=name),
                    column("text", name="note", said=name),
                ),
                parts=(key,),
            ),
        )
    )
    decision = decide(facts)
    assert [thing.table for thing in decision.things] == ["good"]
    assert [prop.name for prop in decision.things[0].properties] == ["id", "note"]
    assert {(one.table, one.column) for one in decision.left} >= {(name, ""), ("good", name)}
    contract_text(decision, name).encode("ascii")


@pytest.mark.parametrize(
    "name", ["password", "password_hash", "reset_token", "api_key", "encrypted_password", "otp"]
)
def test_secrets_are_not_shown(name: str) -> None:
    """Nobody reads a password because a contract was written for its table."""
    key = PartFact("k", "p", "PRIMARY KEY (id)", ("id",))
    identity = column("integer", "GENERATED ALWAYS AS IDENTITY", "id")
    table = TableFact("people", "", columns=(identity, column("text", name=name)), parts=(key,))
    decision = decide(DatabaseFacts((table,)))
    assert name not in contract_text(decision, "x")
    assert decision.things[0].closed
