"""What is wrong with a value by its JSON Schema, in words, and where in the value.

Where a value fits none of several alternatives, the one that it was most likely meant for is
explained, and the others are passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias

from jsonschema_rs import ValidationError, ValidationErrorKind

from apiwright.check.words import counted, json_type, listed, number, quoted, type_in_words, what_is

Path: TypeAlias = tuple[str | int, ...]

_MOST = 20
_BOOLEAN = type_in_words("boolean")
# The fields that tell alternatives apart, where one of several kinds of objects may stand.
_TELLING = frozenset({"in", "type", "scheme"})


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    `what` says it without naming the value, which stands at `path`. `name` is the field that is
    missing or unknown. Where something else was wanted altogether, `wanted` says what, in words,
    and `options` are those of it that are text. `rule` leads to the keyword in the schema.
    """

    code: str
    path: Path
    what: str
    name: str = ""
    wanted: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    rule: Path = ()


def faults(errors: Iterable[ValidationError]) -> Iterator[Fault]:
    """The faults behind the errors of a validator, the first few of them.

    What is of another type altogether is no bad value as well.
    """
    found = list(islice((fault for error in errors for fault in _explained(error)), _MOST))
    typed = {fault.path for fault in found if fault.code == "wrong-type"}
    return (f for f in found if f.code != "bad-value" or f.path not in typed)


def _explained(error: ValidationError) -> Iterator[Fault]:
    path: Path = tuple(error.instance_path)
    kind = error.kind
    if isinstance(kind, ValidationErrorKind.AnyOf | ValidationErrorKind.OneOfNotValid):
        branches = [[fault for inner in branch for fault in _explained(inner)]
                    for branch in kind.context]  # fmt: skip
        yield from _meant(path, branches, error.instance)
    elif isinstance(kind, ValidationErrorKind.Required):
        yield Fault("missing-field", path, f"needs '{kind.property}'", kind.property)
    elif isinstance(
        kind, ValidationErrorKind.AdditionalProperties | ValidationErrorKind.UnevaluatedProperties
    ):
        for name in kind.unexpected:
            yield Fault("unknown-field", path, f"has no field {quoted(name)}", name)
    elif isinstance(kind, ValidationErrorKind.Type):
        yield _another("wrong-type", path, map(type_in_words, kind.types), error.instance)
    elif isinstance(kind, ValidationErrorKind.Enum):
        yield _not_one_of(path, kind.options, error.instance)
    elif isinstance(kind, ValidationErrorKind.Constant):
        yield _not_one_of(path, [kind.expected_value], error.instance)
    else:
        rule: Path = tuple(error.schema_path)
        yield Fault("bad-value", path, _predicate(kind), rule=rule)


def _another(
    code: str, path: Path, wanted: Iterable[str], value: Any, options: Iterable[str] = ()
) -> Fault:
    words = tuple(dict.fromkeys(wanted))
    if len(words) > 1 and _BOOLEAN in words:
        words = ("true", "false", *(word for word in words if word != _BOOLEAN))
    scalar = not isinstance(value, list | dict)
    close = "a whole number" in words and json_type(value) == "number"
    given = quoted(value) if scalar and (code == "bad-value" or close) else what_is(value)
    what = f"must be {listed(words)}, not {given}"
    return Fault(code, path, what, wanted=words, options=tuple(dict.fromkeys(options)))


def _not_one_of(path: Path, allowed: list[Any], value: Any) -> Fault:
    texts = [option for option in allowed if isinstance(option, str)]
    return _another("bad-value", path, map(quoted, allowed), value, texts)


def _meant(path: Path, branches: list[list[Fault]], value: Any) -> Iterator[Fault]:
    """The faults of the alternative that was meant, or what all of them want instead."""
    near = [branch for branch in branches if not any(_tells(path, fault) for fault in branch)]
    if near:
        # few faults, deep in the value: the nearest
        yield from min(near, key=lambda found: (len(found), -max(len(f.path) for f in found)))
        return
    telling = [fault for branch in branches for fault in branch if _tells(path, fault)]
    if not telling:
        yield Fault("bad-value", path, "fits none of the schemas that are allowed here")
        return
    place = max((fault.path for fault in telling), key=len)
    same = [fault for fault in telling if fault.path == place]
    wanted = [word for fault in same for word in fault.wanted]
    options = [option for fault in same for option in fault.options]
    given = value[place[-1]] if len(place) > len(path) else value
    code = "bad-value" if options and isinstance(given, str) else "wrong-type"
    yield _another(code, place, wanted, given, options)


def _tells(path: Path, fault: Fault) -> bool:
    """Whether the fault shows that the value at `path` was meant for another alternative."""
    if not fault.wanted:
        return False
    inner = fault.path[len(path) :]
    return not inner or (len(inner) == 1 and inner[0] in _TELLING and bool(fault.options))


def _predicate(kind: ValidationErrorKind) -> str:
    """What is wrong, by the keyword that says so."""
    for group, words in _PREDICATES.items():
        if isinstance(kind, group):
            return words(kind)
    return "is not allowed here"


def _compared(words: str) -> Callable[[Any], str]:
    return lambda kind: f"must be {words} {number(kind.limit)}"


def _at_least(noun: str) -> Callable[[Any], str]:
    return lambda kind: (
        "must not be empty"
        if kind.limit == 1
        else f"must have at least {counted(kind.limit, noun)}"
    )


def _at_most(noun: str) -> Callable[[Any], str]:
    return lambda kind: f"must have at most {counted(kind.limit, noun)}"


_PREDICATES: dict[type[Any], Callable[[Any], str]] = {
    ValidationErrorKind.Minimum: _compared("at least"),
    ValidationErrorKind.Maximum: _compared("at most"),
    ValidationErrorKind.ExclusiveMinimum: _compared("more than"),
    ValidationErrorKind.ExclusiveMaximum: _compared("less than"),
    ValidationErrorKind.MinLength: _at_least("character"),
    ValidationErrorKind.MinItems: _at_least("item"),
    ValidationErrorKind.MinProperties: _at_least("field"),
    ValidationErrorKind.MaxLength: _at_most("character"),
    ValidationErrorKind.MaxItems: _at_most("item"),
    ValidationErrorKind.MaxProperties: _at_most("field"),
    ValidationErrorKind.Pattern: lambda kind: f"must match {quoted(kind.pattern)}",
    ValidationErrorKind.Format: lambda kind: f"must have the format {quoted(kind.format)}",
    ValidationErrorKind.MultipleOf: lambda kind: f"must be a multiple of {kind.multiple_of}",
    ValidationErrorKind.UniqueItems: lambda _: "must not hold the same item twice",
    ValidationErrorKind.Contains: lambda _: "must hold an item that fits 'contains'",
    ValidationErrorKind.Not: lambda _: "must not fit the schema under 'not'",
    ValidationErrorKind.OneOfMultipleValid: lambda _: "fits more than one schema of 'oneOf'",
    ValidationErrorKind.PropertyNames: lambda _: "has a field whose name is not allowed",
    ValidationErrorKind.BacktrackLimitExceeded: lambda _: (
        "takes too many steps to be compared with its pattern"
    ),
}
