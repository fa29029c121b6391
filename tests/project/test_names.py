"""Names: whatever a contract calls a thing, Python and PostgreSQL can call it."""

from __future__ import annotations

import ast
import builtins
import keyword
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apiwright import names

TEMPLATES = Path(__file__).parents[2] / "templates"
PYTHON: dict[str, Callable[[str], str]] = {
    "snake": names.snake,
    "attribute": names.attribute,
    "argument": names.argument,
    "method": names.method,
    "module": names.module,
    "pascal": names.pascal,
    "prefix": names.prefix,
    "constant": names.constant,
}
BOLD_DEF = "\U0001d41d\U0001d41e\U0001d41f"
HOSTILE = (
    "",
    " ",
    "-",
    ".",
    "🎉",
    "123",
    "1x",
    "__class__",
    "__init__",
    "_x",
    "class",
    "None",
    "async",
    "match",
    "type",
    "_",
    "self",
    "cls",
    BOLD_DEF,
    "__\U0001d4ec\U0001d4f5\U0001d4ea\U0001d4fc\U0001d4fc__",
    "ﬁle",
    "\u212a",  # the sign of the kelvin, which NFKC makes a K
    "µ",
    "ª",
    "\u0440\u0430ypal",  # two Cyrillic letters
    "a\u202eb",
    "a\x00b",
    "\ud800",
    "a\rb\nc",
    "a\u2028b",
    "../../etc/cron.d/x",
    "C:\\x",
    "x" * 300,
    "ä" * 300,
    "coding: utf-7",
    '"""',
    "'); import os; ('",
)


ALIKE = ("a", "A", "a_", "a_0", "B", "bc", "b_c")


def with_examples(function: Callable[..., None]) -> Callable[..., None]:
    """The test, on every hostile name as well as on random ones."""
    for text in HOSTILE:
        function = example(text=text)(function)
    return function


@pytest.mark.parametrize("kind", PYTHON)
@given(text=st.text())
@with_examples
def test_every_name_is_an_identifier_of_ascii_and_no_keyword(kind: str, text: str) -> None:
    name = PYTHON[kind](text)
    assert name.isascii()
    assert name.isidentifier()
    assert not keyword.iskeyword(f"{name}Query" if kind == "prefix" else name)
    assert len(name) <= 72
    assert not name.startswith("_")
    assert isinstance(ast.parse(f"{name}{'Query' * (kind == 'prefix')} = 1").body[0], ast.Assign)


@given(text=st.text())
@with_examples
def test_names_follow_the_usual_style(text: str) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", names.snake(text))
    assert re.fullmatch(r"[A-Z][A-Za-z0-9_]*", names.pascal(text))
    assert re.fullmatch(r"[A-Z][A-Z0-9_]*", names.constant(text))


@given(text=st.text())
@with_examples
def test_a_name_is_already_what_it_would_be_called(text: str) -> None:
    name = names.snake(text)
    assert names.snake(name) == name
    assert names.method(names.method(text)) == names.method(text)
    assert names.attribute(names.attribute(text)) == names.attribute(text)
    assert names.argument(names.argument(text)) == names.argument(text)


@given(text=st.text())
@with_examples
def test_an_sql_name_fits_and_a_longer_one_ends_in_a_hash(text: str) -> None:
    name = names.sql(text)
    size = len(text.encode("utf-8", "surrogatepass"))
    assert len(name.encode("utf-8", "surrogatepass")) <= names.SQL_NAME_BYTES
    assert (name == text) is (size <= names.SQL_NAME_BYTES)
    if name != text:
        assert name.endswith(f"_{names.short_hash(text)}")


def test_long_sql_names_with_the_same_beginning_stay_apart() -> None:
    found = {names.sql("x" * 63 + ending) for ending in "abcdef"}
    assert len(found) == 6


@given(
    st.lists(st.tuples(st.text(), st.sampled_from(ALIKE)), unique=True),
    st.sets(st.sampled_from(ALIKE)),
)
def test_distinct_names_are_distinct_whatever_their_case(
    pairs: list[tuple[str, str]], taken: set[str]
) -> None:
    wanted = list(dict(pairs).items())
    found = names.distinct(wanted, taken)
    lowered = [name.lower() for name in found.values()]
    assert list(found) == [key for key, _ in wanted]
    assert len(set(lowered)) == len(lowered)
    assert not set(lowered) & {name.lower() for name in taken}
    assert all(found[key].startswith(name) for key, name in wanted)


def test_the_first_of_two_keeps_its_name_and_the_other_gets_one_made_of_its_key() -> None:
    found = names.distinct([("userId", "user_id"), ("user_id", "user_id"), ("id", "id")])
    assert found == {
        "userId": "user_id",
        "user_id": f"user_id_{names.short_hash('user_id')}",
        "id": "id",
    }
    assert names.distinct([("user_id", "user_id"), ("userId", "user_id")])["userId"] == (
        f"user_id_{names.short_hash('userId')}"
    )


def test_a_suffix_that_is_taken_as_well_is_no_way_out() -> None:
    hashed = f"x_{names.short_hash('b')}"
    found = names.distinct([("a", "x"), ("hashed", hashed), ("b", "x")])
    assert len(set(found.values())) == 3


def test_names_are_the_same_in_every_process() -> None:
    code = (
        "from apiwright import names; t='raypal \\u212a Straße ' * 9;"
        "print(names.snake(t), names.pascal(t), names.sql(t));"
        "print(names.distinct([(t, 'a'), ('', 'a')]))"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": "generator"},
            cwd=TEMPLATES.parent,
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("text", "snake", "pascal"),
    [
        ("userId", "user_id", "UserId"),
        ("UserID", "user_id", "UserID"),
        ("user-id", "user_id", "UserId"),
        ("HTTPServer2", "http_server2", "HTTPServer2"),
        ("Straße", "stra_e", "StraE"),
        ("Café crème", "cafe_creme", "CafeCreme"),
        ("ﬁle", "file", "File"),
        ("3d model", "value_3d_model", "Schema3dModel"),
        ("class", "class_", "Class"),
        (BOLD_DEF, "def_", "Def"),
    ],
)
def test_words_are_found(text: str, snake: str, pascal: str) -> None:
    assert names.snake(text) == snake
    assert names.pascal(text) == pascal


def test_nothing_at_all_is_called_by_its_kind() -> None:
    assert names.snake("") == "value"
    assert names.pascal("") == "Schema"
    assert names.prefix("", "Thing") == "Thing"
    assert names.snake("!", "tag") == f"tag_{names.short_hash('!')}"
    assert names.pascal("!") == f"Schema{names.short_hash('!').upper()}"


@pytest.mark.parametrize("one", ["ﬁle", "\u212a", BOLD_DEF, "ªdmin", "①"])
def test_what_python_would_read_as_another_name_is_written_as_that_name(one: str) -> None:
    made = names.snake(one)
    assert made.isascii()
    assert ast.unparse(ast.parse(f"{made} = 1")) == f"{made} = 1"


@pytest.mark.parametrize(
    ("values", "members"),
    [
        (("a", "-a"), ("A", "A_DESC")),
        (("sold out", "SOLD-OUT"), ("SOLD_OUT", None)),
        (("mro", "name", "value"), ("MRO_", "NAME_", "VALUE_")),
        (("1", "1.0"), ("VALUE_1", "VALUE_1_0")),
        (("-", "!"), (f"VALUE_{names.short_hash('-').upper()}", None)),
    ],
)
def test_enum_members_are_named_after_their_values(
    values: tuple[str, ...], members: tuple[str | None, ...]
) -> None:
    for value, member in zip(values, members, strict=True):
        if member is not None:
            assert names.constant(value) == member
        assert names.constant(value).isidentifier()


@pytest.mark.parametrize(
    ("many", "one"), [("order_lines", "order_line"), ("people", "person"), ("addresses", "address")]
)
def test_nouns_have_a_singular_and_a_plural(many: str, one: str) -> None:
    assert names.singular(many) == one
    assert names.plural(one) == many


def test_a_module_has_an_underscore_only_where_it_needs_one() -> None:
    assert names.module("type") == "type"
    assert names.module("match") == "match"
    assert names.module("import") == "import_"
    assert names.module("Import") == "import_"


# The modules in which classes of a contract are defined, or used by their own names.
MEETING_PLACES = (
    "models/entity",
    "models/__init__",
    "schemas/module",
    "repositories/repository",
    "services/service",
    "services/bindings",
    "services/base",
    "api/v1/tag",
    "api/dependencies",
)


def meeting_places(places: tuple[str, ...] = MEETING_PLACES) -> set[str]:
    """The names that stand beside names of a contract in generated modules."""
    found: set[str] = set()
    for place in places:
        text = (TEMPLATES / "app" / f"{place}.py.j2").read_text()
        for block in re.findall(r"^from [\w.]+ import \(([^)]*)\)", text, re.MULTILINE):
            found |= set(re.findall(r"\w+", block))
        for line in re.findall(r"^from [\w.]+ import ([^({\n]+)$", text, re.MULTILINE):
            found |= {part.split(" as ")[-1].strip() for part in line.split(",")}
        found |= set(re.findall(r"^(?:class|async def|def) (\w+)", text, re.MULTILINE))
        found |= set(re.findall(r"^([A-Za-z]\w*)(?::[^=\n]+)? = ", text, re.MULTILINE))
    return found


def test_no_class_of_a_contract_hides_what_generated_modules_use() -> None:
    clashing = {name for name in meeting_places() if re.fullmatch("[A-Z][A-Za-z0-9]*", name)}
    assert {"Index", "Page", "Field", "UUID", "Conflict"} <= clashing
    assert {name for name in clashing if names.pascal(name) == name} == set()


def test_no_operation_hides_what_handlers_and_queries_use() -> None:
    there = meeting_places(("api/v1/tag", "repositories/repository", "services/service"))
    used = {name for name in there if name.islower()} - {"annotations"}
    assert {"respond", "quote", "complete", "select"} <= used
    assert {name for name in used if names.method(name) == name} == set()


def test_no_class_of_a_contract_hides_a_builtin() -> None:
    for name in dir(builtins):
        if name[0].isupper():
            assert names.pascal(name) != name


@pytest.mark.parametrize("word", ["int", "str", "list", "dict", "bool", "float", "bytes"])
def test_a_field_never_hides_the_types_of_other_fields(word: str) -> None:
    assert names.attribute(word) == f"{word}_"
    assert names.method(word) == f"{word}_"
    assert names.argument(word) == f"{word}_"


@pytest.mark.parametrize("word", ["model_config", "model_dump", "metadata", "copy", "schema"])
def test_a_field_is_clear_of_what_base_classes_have(word: str) -> None:
    assert names.attribute(word) == f"{word}_"


@pytest.mark.parametrize(
    "word", ["session", "caller", "respond", "authenticate", "find", "page", "restore", "router"]
)
def test_a_method_is_clear_of_what_services_and_repositories_have(word: str) -> None:
    assert names.method(word) == f"{word}_"


@pytest.mark.parametrize("word", ["body", "query", "headers", "cookies", "service", "models"])
def test_an_argument_is_clear_of_what_handlers_have(word: str) -> None:
    assert names.argument(word) == f"{word}_"
