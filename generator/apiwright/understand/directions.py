"""Which schemas travel in requests, which in responses, and where that makes a difference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from apiwright.ir.schemas import NamedSchema, Property, Schema
from apiwright.ir.shapes import flat, references


def reachable(roots: Iterable[Schema], named: Mapping[str, NamedSchema]) -> set[str]:
    """The names of the schemas that can be met when starting from `roots`."""
    waiting = [name for root in roots for name in references(root)]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in found or name not in named:
            continue
        found.add(name)
        waiting.extend(references(named[name].schema))
    return found


def mark(
    named: Mapping[str, NamedSchema], requests: Iterable[Schema], responses: Iterable[Schema]
) -> dict[str, NamedSchema]:
    """`named`, with what is known of their directions.

    A schema `differs` when it travels both ways and holds, at any depth, a property that is
    `readOnly` or `writeOnly`, or has a default, which only what clients leave out gets.
    """
    asked = reachable(requests, named)
    answered = reachable(responses, named)
    one_way = {name for name, known in named.items() if _has_one_way(known.schema, named)}
    differing = _spread(one_way, named)
    return {
        name: replace(
            known,
            requested=name in asked,
            responded=name in answered,
            differs=name in differing and name in asked and name in answered,
        )
        for name, known in named.items()
    }


def _has_one_way(schema: Schema, named: Mapping[str, NamedSchema]) -> bool:
    if any(_is_one_way(prop, named) for prop in schema.properties):
        return True
    return any(_has_one_way(child, named) for child in schema.children())


def _is_one_way(prop: Property, named: Mapping[str, NamedSchema]) -> bool:
    whole = prop.schema
    default = () if prop.required else flat(prop.schema, named).default
    return whole.read_only or whole.write_only or bool(default and default[0] is not None)


def _spread(marked: set[str], named: Mapping[str, NamedSchema]) -> set[str]:
    """`marked`, and every schema that refers to one of them, however indirectly."""
    users: dict[str, set[str]] = {}
    for name, known in named.items():
        for target in references(known.schema):
            users.setdefault(target, set()).add(name)
    result = set(marked)
    waiting = list(marked)
    while waiting:
        for user in users.get(waiting.pop(), ()):
            if user not in result:
                result.add(user)
                waiting.append(user)
    return result
