"""Text that is safe to stand in code: whatever it says, it stays what it was made into."""

from __future__ import annotations

import ast
import io
import json
import math
import tokenize
from collections.abc import Callable
from enum import IntEnum, StrEnum
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apiwright import code
from apiwright.code import Code

HOSTILE = (
    "",
    " ",
    '"""',
    "'''",
    'ends in a quote"',
    "ends in a backslash\\",
    '\\"""',
    '""\\"',
    'a"""\nimport os\n"""',
    "'+str(exec('..'))+'",
    "{__import__('os')} ${x} #{y}",
    "{{ 7*7 }} {% import os %} {# #} {%- raw %}",
    "a\nb",
    "a\rb",
    "a\r\nb",
    "a\x0bb\x0cc",
    "a\x85b\u2028c\u2029d",
    "a\x00b",
    "\ud800",
    "\u202ea\u2066b\u200bc\ufeff",
    "\\N{foo} \\x \\U00zz %(x)s %s %%",
    "coding: utf-7",
    "# type: ignore # noqa # fmt: off",
    "*/ --> </script>",
    "`id` $(id)",
    "'; DROP TABLE x; --",
    "x " * 400,
    "y" * 400,
    "one\n\ntwo\n \n\nthree",
    "é" * 200,
    "\u0301 begins with an accent",
)
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner)
        | st.tuples(inner, inner)
        | st.just(())
        | st.dictionaries(st.text() | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)


def with_examples(function: Callable[..., None]) -> Callable[..., None]:
    """The test, on every hostile text as well as on random ones."""
    for text in HOSTILE:
        function = example(text=text)(function)
    return function


def function_with(docstring: str) -> str:
    """A module with a function that has a docstring, as templates write it."""
    return f"X = 1\n\n\ndef f():\n    {docstring}\n    return X\n"


@given(PLAIN)
def test_a_literal_is_the_value_again_in_ascii_on_one_line(value: Any) -> None:
    written = code.literal(value)
    assert written.isascii()
    assert "\n" not in written
    found = ast.literal_eval(written)
    assert found == value
    assert repr(found) == repr(value)


@given(text=st.text())
@with_examples
def test_a_text_is_one_token_in_double_quotes(text: str) -> None:
    written = code.literal(text)
    tokens = list(tokenize.generate_tokens(io.StringIO(written).readline))
    assert [token.type for token in tokens] == [
        tokenize.STRING,
        tokenize.NEWLINE,
        tokenize.ENDMARKER,
    ]
    assert written[0] == written[-1] == '"'
    assert ast.literal_eval(written) == text


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, object(), b"x", {1, 2}, 1j])
def test_what_is_no_plain_data_has_no_literal(value: object) -> None:
    with pytest.raises(ValueError, match="no literal"):
        code.literal(value)
    with pytest.raises(ValueError, match="no literal"):
        code.literal([value])


def test_a_number_that_python_would_not_read_back_is_refused() -> None:
    with pytest.raises(ValueError, match="digits"):
        code.literal(10**5000)


class Shouting(str):
    """A text that says something else when it is asked."""

    __slots__ = ()

    def __str__(self) -> str:
        return "import os"

    def __repr__(self) -> str:
        return "__import__('os')"


class Number(IntEnum):
    """A number that shows itself with brackets."""

    ONE = 1


class Kind(StrEnum):
    """A text that is a member of something."""

    NICE = "nice"


def test_a_literal_is_made_of_the_value_and_not_of_what_its_class_says() -> None:
    assert code.literal(Shouting("quiet")) == '"quiet"'
    assert code.literal(Number.ONE) == "1"
    assert code.literal(Kind.NICE) == '"nice"'
    assert code.literal(Code("x")) == '"x"'


@given(text=st.text(), indent=st.sampled_from([0, 4, 8]))
def test_a_docstring_stays_the_only_statement(text: str, indent: int) -> None:
    check_docstring(text, indent)


@given(text=st.text("\"\\' \n.a", max_size=30))
@with_examples
def test_quotes_and_backslashes_do_not_end_a_docstring(text: str) -> None:
    check_docstring(text, 4)


def check_docstring(text: str, indent: int) -> None:
    """Hold a docstring to what it has to be: one constant, and what was written in it."""
    written = code.docstring(text, indent)
    lines = "\n".join(line.removeprefix(" " * max(indent - 4, 0)) for line in written.split("\n"))
    tree = ast.parse(function_with(lines))
    function = tree.body[1]
    assert len(tree.body) == 2
    assert isinstance(function, ast.FunctionDef)
    assert len(function.body) == 2
    found = ast.get_docstring(function)
    assert found is not None
    assert letters(found) == letters(text)


def letters(text: str) -> str:
    """What of a text can be seen in any case, but for the full stop that may be added."""
    return "".join(c for c in text if "!" <= c <= "~" and c != ".")


def test_a_docstring_is_laid_out_as_people_would() -> None:
    assert code.docstring("One thing") == '"""One thing."""'
    assert code.docstring("Really?") == '"""Really?"""'
    assert code.docstring("") == '""""""'
    assert code.docstring(" \n\n ") == '""""""'
    assert code.docstring("One\n\ntwo", 4) == '"""One.\n\n    two\n    """'
    assert code.docstring('Say "hi"') == '"""Say "hi"."""'
    assert code.docstring("a\\b") == '"a\\\\b."'


def test_a_docstring_is_wrapped_within_the_line() -> None:
    written = code.docstring("word " * 60, 4)
    assert all(len(line) <= 100 for line in written.splitlines())
    assert written.count("\n") >= 3
    assert written.endswith('\n    """')


@given(text=st.text())
@with_examples
def test_a_comment_is_one_line_and_nothing_else(text: str) -> None:
    written = code.comment(text)
    source = f"X = 1  # {written}\n"
    assert len((source + "Y = 2").split("\n")) == 2
    tokens = [t.type for t in tokenize.generate_tokens(io.StringIO(source).readline)]
    assert tokens.count(tokenize.COMMENT) == 1
    assert len(ast.parse(source).body) == 1
    compile(source.encode(), "module", "exec")


@given(text=st.text())
@with_examples
def test_a_label_is_at_home_in_the_middle_of_a_docstring(text: str) -> None:
    tree = ast.parse(f'"""The table `{code.label(text)}`."""\n\nX = 1\n')
    assert len(tree.body) == 2
    assert isinstance(tree.body[0], ast.Expr)
    assert code.label("users, items") == "users, items"


@given(text=st.text())
@with_examples
def test_what_cannot_be_seen_is_not_printed(text: str) -> None:
    for written in (code.comment(text), code.label(text)):
        for character in written:
            assert character == " " or character.isprintable()


@pytest.mark.parametrize(
    ("make", "good", "bad"),
    [
        (
            code.ident,
            ["a", "_a1", "A"],
            ["", "1a", "a b", "a.b", "class", "a;b", "\u00b5", "a\n", "None"],
        ),
        (code.dotted, ["a", "app.models"], ["", ".a", "a.", "a..b", "a b", "a\n", "a.1"]),
        (code.dotless, ["a", "a-1", "1"], ["", "-a", "a-", "a--b", "A", "a_b", "a\n", "\u00b2"]),
        (
            code.annotation,
            ["int", "Literal[1]", "dict[str, list[A]] | None", "a.B"],
            ["a;b", "a\nb", "lambda: 1", "{}", "a`b", "\u00b5", 'Literal["a"]', "a()", "a=1", "-1"],
        ),
    ],
)
def test_only_what_looks_right_becomes_code(
    make: Callable[[str], Code], good: list[str], bad: list[str]
) -> None:
    for text in good:
        assert make(text) == text
        assert isinstance(make(text), Code)
    for text in bad:
        with pytest.raises(ValueError, match="not a"):
            make(text)


def test_the_texts_of_an_annotation_are_literals() -> None:
    hostile = 'x"] | __import__("os").system("id") | Literal["y'
    written = code.annotation("Literal[text_0_, b] | c_text_0_", {"text_0_": hostile})
    assert written == f"Literal[{code.literal(hostile)}, b] | c_text_0_"
    assert isinstance(written, Code)


def test_code_is_put_together_of_code_only() -> None:
    one, two = code.literal("a"), code.ident("b")
    assert code.compose("f({}, key={key})", one, key=two) == 'f("a", key=b)'
    assert isinstance(code.compose("{}", one), Code)
    assert code.joined([one, two]) == '"a", b'
    with pytest.raises(TypeError, match="not code: 'x'"):
        code.compose("{}", "x")  # type: ignore[arg-type]  # what a careless caller would do
    with pytest.raises(TypeError, match="not code: 'x'"):
        code.compose("{key}", key="x")  # type: ignore[arg-type]  # as above


def test_what_was_code_is_none_any_more_once_it_is_changed() -> None:
    for changed in (code.ident("a") + "b", code.ident("a").upper(), f"{code.ident('a')}"):
        assert not isinstance(changed, Code)


@given(PLAIN.filter(lambda value: not has_odd_keys(value)))
def test_json_comes_back_as_it_was(value: Any) -> None:
    text = code.json_text(value)
    assert text.isascii()
    assert json.loads(text) == json.loads(json.dumps(value))


def has_odd_keys(value: object) -> bool:
    """Whether a mapping in the value has keys that JSON would turn into texts."""
    if isinstance(value, dict):
        return any(not isinstance(k, str) or has_odd_keys(v) for k, v in value.items())
    return isinstance(value, list | tuple) and any(has_odd_keys(item) for item in value)


def test_json_has_no_words_for_infinity() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        code.json_text(math.inf)
