"""What can change in a schema, and what that does to the values that it allows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from apiwright.breaking.change import Direction, Level
from apiwright.breaking.places import (
    HEADER,
    PARAMETER_PROPERTY,
    RESPONSE_BODY,
    RESPONSE_PROPERTY,
    SUBJECTS,
    Subject,
)


class Effect(Enum):
    """What a change does to the set of values that a schema allows."""

    NARROWS = "fewer values are allowed"
    WIDENS = "more values are allowed"
    MOVES = "other values are allowed"
    UNKNOWN = "whether the same values are allowed can't be told"
    NONE = "the same values are allowed"


# A client that sends must not be allowed less, one that receives must not be sent more.
_LEVELS = {
    (Direction.REQUEST, Effect.NARROWS): Level.BREAKING,
    (Direction.REQUEST, Effect.WIDENS): Level.INFO,
    (Direction.RESPONSE, Effect.NARROWS): Level.INFO,
    (Direction.RESPONSE, Effect.WIDENS): Level.BREAKING,
}
_ANY_LEVELS = {
    Effect.MOVES: Level.BREAKING,
    Effect.UNKNOWN: Level.WARNING,
    Effect.NONE: Level.INFO,
}
_NESTED = tuple(subject for subject in SUBJECTS if subject.nested)
_RESPONSES = (RESPONSE_BODY, RESPONSE_PROPERTY, HEADER)


@dataclass(frozen=True, slots=True)
class Aspect:
    """A change that a schema can have: its `name` ends the ids of rules about it.

    `meaning` continues a sentence that begins with the value. `subjects` are the kinds of places
    in which there is a rule for it. `tolerated` is the level in responses where clients are
    expected to put up with what strictly breaks them.
    """

    name: str
    effect: Effect
    meaning: str
    subjects: tuple[Subject, ...] = SUBJECTS
    tolerated: Level | None = None

    def level(self, direction: Direction) -> Level:
        """How much the change matters to clients."""
        if direction is Direction.RESPONSE and self.tolerated is not None:
            return self.tolerated
        found = _LEVELS.get((direction, self.effect))
        return _ANY_LEVELS[self.effect] if found is None else found


BOUNDS = {
    "min": ("minimum", "the least value"),
    "exclusive-min": ("exclusiveMinimum", "the bound that values lie above"),
    "max": ("maximum", "the greatest value"),
    "exclusive-max": ("exclusiveMaximum", "the bound that values lie below"),
    "min-length": ("minLength", "the least length"),
    "max-length": ("maxLength", "the greatest length"),
    "min-items": ("minItems", "the least number of items"),
    "max-items": ("maxItems", "the greatest number of items"),
    "min-properties": ("minProperties", "the least number of properties"),
    "max-properties": ("maxProperties", "the greatest number of properties"),
    "min-contains": ("minContains", "the least number of matching items"),
    "max-contains": ("maxContains", "the greatest number of matching items"),
}
# What is told by its being there: keyword, id and words.
KEPT = {
    "not": ("not", "a schema that values must not match"),
    "if": ("if", "a condition"),
    "then": ("then", "what holds where a condition is met"),
    "else": ("else", "what holds where a condition isn't met"),
    "contains": ("contains", "a schema that some item must match"),
    "propertyNames": ("property-names", "a schema for the names of properties"),
    "contentSchema": ("content-schema", "a schema for what a text holds"),
}


def _bounds() -> list[Aspect]:
    found = []
    for name, (_, words) in BOUNDS.items():
        lower = "min" in name
        up = Effect.NARROWS if lower else Effect.WIDENS
        down = Effect.WIDENS if lower else Effect.NARROWS
        found += [
            Aspect(f"{name}-set", Effect.NARROWS, f"{words} is bounded"),
            Aspect(f"{name}-unset", Effect.WIDENS, f"{words} is no longer bounded"),
            Aspect(f"{name}-increased", up, f"{words} was raised"),
            Aspect(f"{name}-decreased", down, f"{words} was lowered"),
        ]
    return found


def _kept() -> list[Aspect]:
    found = []
    for name, words in KEPT.values():
        found += [
            Aspect(f"{name}-added", Effect.NARROWS, f"there is {words} now"),
            Aspect(f"{name}-removed", Effect.WIDENS, f"there is no longer {words}"),
        ]
        if name in {"not", "if"}:
            found.append(
                Aspect(f"{name}-changed", Effect.UNKNOWN, f"there is {words}, another one")
            )
    return found


_MANY = tuple(subject for subject in SUBJECTS if subject is not HEADER)

_ASPECTS = [
    Aspect("type-changed", Effect.MOVES, "the type, or the format, is another one"),
    Aspect("type-generalized", Effect.WIDENS, "the type, or the format, allows more"),
    Aspect(
        "type-specialized",
        Effect.NARROWS,
        "the type, or the format, allows less",
        (*_RESPONSES, PARAMETER_PROPERTY),
    ),
    Aspect("list-of-types-widened", Effect.WIDENS, "more types are allowed", _MANY),
    Aspect("list-of-types-narrowed", Effect.NARROWS, "fewer types are allowed", _MANY),
    Aspect("became-nullable", Effect.WIDENS, "null is allowed now"),
    Aspect("became-not-nullable", Effect.NARROWS, "null is no longer allowed"),
    Aspect("became-enum", Effect.NARROWS, "only listed values are allowed now"),
    Aspect("enum-removed", Effect.WIDENS, "not only listed values are allowed now"),
    Aspect("enum-value-added", Effect.WIDENS, "more values are listed", tolerated=Level.WARNING),
    Aspect("enum-value-removed", Effect.NARROWS, "fewer values are listed"),
    Aspect("default-value-added", Effect.NONE, "there is a default"),
    Aspect("default-value-changed", Effect.NONE, "there is another default"),
    Aspect("default-value-removed", Effect.NONE, "there is no longer a default"),
    *_bounds(),
    Aspect("multiple-of-set", Effect.NARROWS, "only multiples of a number are allowed now"),
    Aspect("multiple-of-unset", Effect.WIDENS, "not only multiples of a number are allowed now"),
    Aspect("multiple-of-changed", Effect.MOVES, "multiples of another number are allowed"),
    Aspect("multiple-of-generalized", Effect.WIDENS, "more multiples are allowed"),
    Aspect("multiple-of-specialized", Effect.NARROWS, "fewer multiples are allowed"),
    Aspect("unique-items-set", Effect.NARROWS, "no item may be there twice now"),
    Aspect("unique-items-unset", Effect.WIDENS, "items may be there twice now"),
    Aspect("pattern-added", Effect.NARROWS, "there is a pattern now"),
    Aspect("pattern-changed", Effect.UNKNOWN, "there is another pattern"),
    Aspect("pattern-removed", Effect.WIDENS, "there is no longer a pattern"),
    Aspect("additional-properties-closed", Effect.NARROWS, "only named properties are allowed now"),
    Aspect(
        "additional-properties-opened",
        Effect.WIDENS,
        "not only named properties are allowed now",
        tolerated=Level.WARNING,
    ),
    Aspect("pattern-property-added", Effect.NARROWS, "properties named by a pattern are described"),
    Aspect("pattern-property-removed", Effect.WIDENS, "properties named by a pattern are free"),
    Aspect("dependent-required-added", Effect.NARROWS, "a property makes others necessary now"),
    Aspect(
        "dependent-required-removed", Effect.WIDENS, "a property no longer makes others necessary"
    ),
    Aspect("dependent-required-changed", Effect.MOVES, "a property makes other ones necessary"),
    Aspect("dependent-schema-added", Effect.NARROWS, "a property brings a schema with it now"),
    Aspect(
        "dependent-schema-removed", Effect.WIDENS, "a property no longer brings a schema with it"
    ),
    Aspect("prefix-items-added", Effect.UNKNOWN, "more items are described one by one"),
    Aspect("prefix-items-removed", Effect.UNKNOWN, "fewer items are described one by one"),
    Aspect("unevaluated-items-added", Effect.NARROWS, "no further items are allowed now"),
    Aspect("unevaluated-items-removed", Effect.WIDENS, "further items are allowed now"),
    *_kept(),
    Aspect("content-media-type-changed", Effect.MOVES, "the text holds another kind of content"),
    Aspect("content-encoding-changed", Effect.MOVES, "the text is encoded in another way"),
    Aspect("one-of-added", Effect.WIDENS, "`oneOf` has more alternatives"),
    Aspect("one-of-removed", Effect.NARROWS, "`oneOf` has fewer alternatives"),
    Aspect("any-of-added", Effect.WIDENS, "`anyOf` has more alternatives"),
    Aspect("any-of-removed", Effect.NARROWS, "`anyOf` has fewer alternatives"),
    Aspect("alternatives-changed", Effect.UNKNOWN, "there are other sets of alternatives"),
    Aspect("discriminator-added", Effect.NONE, "a property tells the alternatives apart now"),
    Aspect("discriminator-removed", Effect.NONE, "no property tells the alternatives apart now"),
    Aspect(
        "discriminator-property-name-changed",
        Effect.MOVES,
        "another property tells the alternatives apart",
    ),
    Aspect("discriminator-mapping-added", Effect.WIDENS, "the discriminator knows more values"),
    Aspect("discriminator-mapping-deleted", Effect.NARROWS, "the discriminator knows fewer values"),
    Aspect(
        "discriminator-mapping-changed",
        Effect.MOVES,
        "a discriminator's value means another schema",
    ),
    Aspect("deprecated", Effect.NONE, "is deprecated now", _NESTED),
    Aspect("reactivated", Effect.NONE, "is no longer deprecated", _NESTED),
]
ASPECTS = {aspect.name: aspect for aspect in _ASPECTS}
