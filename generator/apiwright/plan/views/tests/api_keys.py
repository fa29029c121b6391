"""Tests of API keys: operations that take them, and the one that makes them."""

from __future__ import annotations

from dataclasses import dataclass

from apiwright.code import Code, constant, literal
from apiwright.ir.operations import CreateAction, Operation
from apiwright.ir.shapes import properties
from apiwright.plan.views.routers import key_scopes
from apiwright.plan.views.tests.kit import Kit
from apiwright.plan.views.tests.scene import Scene
from apiwright.plan.views.tests.sign_in import demoted
from apiwright.understand.exchange import answer_schema, body_content


@dataclass(frozen=True, slots=True)
class KeyMakerView:
    """A call that makes a key for a `caller`, with the property of its answer that shows it.

    `granted` are scopes that the caller's role grants, which the body asks for as `scopes`; empty
    code where it can't ask for any.
    """

    body: Code
    call: Code
    status: Code
    shown: str
    granted: Code


@dataclass(frozen=True, slots=True)
class KeyTestsView:
    """The operations that tests of keys call; `guarded` and `scoped` are ids of some.

    `demoted` is what an account is given so that it has no role for the scoped one any more.
    """

    guarded: str
    scoped: str
    demoted: Code
    makes: KeyMakerView | None


def key_tests_view(kit: Kit) -> KeyTestsView | None:
    """The operations; None where a test can't use a key, and see what it is good for."""
    guarded = _example(kit, scoped=False)
    if guarded is None or not kit.view().key_factory:
        return None
    scoped = _example(kit, scoped=True)
    makers = (_maker(kit, operation) for operation in kit.service.operations.values())
    return KeyTestsView(
        guarded=guarded.id,
        scoped=scoped.id if scoped is not None else "",
        demoted=(demoted(kit, scoped) if scoped is not None else None) or constant(""),
        makes=next((maker for maker in makers if maker is not None), None),
    )


def _example(kit: Kit, *, scoped: bool) -> Operation | None:
    """An operation that takes keys, and changes little."""
    fitting = []
    for operation in kit.service.operations.values():
        scopes = None if operation.public else key_scopes(operation, kit.service)
        known = kit.requests.has(operation) and kit.people.role(operation) is not None
        if scopes is not None and (scopes or not scoped) and known and operation.method != "delete":
            fitting.append(operation)
    return min(fitting, key=lambda operation: operation.method != "get", default=None)


def _maker(kit: Kit, operation: Operation) -> KeyMakerView | None:
    action, keys = operation.action, kit.service.api_keys
    if not isinstance(action, CreateAction) or not action.issues or keys is None:
        return None
    scene = Scene(kit, operation)
    path, payload = scene.nowhere(), kit.samples.body(operation)
    example = payload.value if payload is not None else None
    answer, content = answer_schema(operation), body_content(operation)
    usual = kit.people.role(operation) == kit.people.usual_role
    body = content.schema if content is not None else None
    if scene.status is None or path is None or answer is None or body is None or not usual:
        return None
    if not isinstance(example, dict):
        return None
    written = {write.attribute for write in action.writes if write.column == keys.scopes}
    sent = properties(body, kit.service.schemas)
    granted = sorted(kit.people.granted(kit.people.usual_role))
    named = (name for name, prop in sent.items() if prop.attribute in written)
    scopes = next(named, "") if granted else ""
    expires = {write.attribute for write in action.writes if write.column == keys.expires}
    lasting = {
        name: value for name, value in example.items() if sent[name].attribute not in expires
    }
    if any(sent[name].required for name in set(example) - set(lasting)):
        return None
    scene.sign_in()
    return KeyMakerView(
        body=scene.body(lasting, {scopes: constant("scopes")} if scopes else {}),
        call=scene.call(path, body=constant("body")),
        status=scene.status,
        shown=next(
            name
            for name, prop in properties(answer, kit.service.schemas).items()
            if prop.attribute == action.issues
        ),
        granted=literal(granted) if scopes else constant(""),
    )
