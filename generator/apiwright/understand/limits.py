"""Limits of requests: those that the contract declares, and those that signing in always has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from apiwright import names
from apiwright.ir.operations import (
    CreateAction,
    Operation,
    RefreshAction,
    ResetAction,
    ResetRequestAction,
    TokenAction,
)
from apiwright.ir.policies.limits import Limit, Per
from apiwright.ir.storage import Entity
from apiwright.load import Node

WORD = "x-rate-limit"

_MINUTE, _HOUR = 60, 3600
_SIGN_IN = Limit("sign-in", 30, _MINUTE, 30, Per.ADDRESS, "unless the contract says otherwise")
_REFRESH = Limit("refresh", 60, _MINUTE, 60, Per.ADDRESS, "unless the contract says otherwise")
_REGISTER = Limit("register", 60, _HOUR, 60, Per.ADDRESS, "unless the contract says otherwise")
_RESET = Limit("reset", 10, _MINUTE, 10, Per.ADDRESS, "unless the contract says otherwise")
_EVERYWHERE = "default"


def read_limits(
    root: Node, written: Iterable[tuple[Operation, Node]], entities: Mapping[str, Entity]
) -> dict[str, tuple[Limit, ...]]:
    """The limits of each operation that has any, by its id.

    An operation's own word stands for all of its limits. Without it, the first of its tags that
    has the word decides, or else the document; signing in and registering are limited besides.
    """
    operations = list(written)
    tags = [tag for tag in root.list_of("tags") if tag.get(WORD) is not None]
    called = names.distinct(
        [
            *((f"tag {tag.string('name')}", _name(tag.string("name"))) for tag in tags),
            *((operation.id, _name(operation.id)) for operation, _ in operations),
        ],
        [_EVERYWHERE, *(usual.name for usual in (_SIGN_IN, _REFRESH, _REGISTER, _RESET))],
    )
    everywhere = _limits(root.get(WORD), _EVERYWHERE, "as all operations")
    of_tags = {
        name: _limits(tag.get(WORD), called[f"tag {name}"], f"as all with the tag {name}")
        for name, tag in ((tag.string("name"), tag) for tag in tags)
    }
    found = {}
    for operation, node in operations:
        if node.get(WORD) is not None:
            limits = _limits(node.get(WORD), called[operation.id], "by itself")
        else:
            tag = next((name for name in operation.tags if name in of_tags), None)
            shared = everywhere if tag is None else of_tags[tag]
            limits = (*shared, *_usual(operation, entities))
        if limits:
            found[operation.id] = limits
    return found


def _limits(node: Node | None, name: str, origin: str) -> tuple[Limit, ...]:
    """The limits that a word lists; they are told apart where there are several."""
    if node is None or node.value is False:
        return ()
    items = node.items if isinstance(node.value, list) else [node]
    return tuple(_limit(item, name, origin, alone=len(items) == 1) for item in items)


def _limit(node: Node, name: str, origin: str, *, alone: bool) -> Limit:
    quota = _number(node, "limit", 0)
    window = _number(node, "window", _MINUTE)
    per = Per(node.string("per") or Per.USER.value)
    own = name if alone else f"{name}-{per.value}-{window}"
    return Limit(own, quota, window, _number(node, "burst", quota), per, origin)


def _number(node: Node, field: str, otherwise: int) -> int:
    found = node.get(field)
    # JSON Schema takes 1e2 for an integer too.
    given = found.value if found is not None else None
    return int(given) if isinstance(given, int | float) else otherwise


def _name(of: str) -> str:
    """A name that can stand in a header."""
    return names.snake(of, "limit").replace("_", "-")


def _usual(operation: Operation, entities: Mapping[str, Entity]) -> Iterator[Limit]:
    """What an operation is held to unasked, for guesses cost more to bear than to make."""
    action = operation.action
    if isinstance(action, TokenAction):
        yield _SIGN_IN
    elif isinstance(action, RefreshAction):
        yield _REFRESH
    elif isinstance(action, ResetRequestAction | ResetAction):
        yield _RESET
    elif isinstance(action, CreateAction) and operation.public:
        opens_an_account = entities[action.entity].identity is not None
        yield from (_REGISTER,) if opens_an_account else ()
