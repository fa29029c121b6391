"""Tests of forgotten passwords."""

from __future__ import annotations

from dataclasses import dataclass

from apiwright.code import Code, compose, constant, ident, literal
from apiwright.ir.operations import Operation, ResetAction, ResetRequestAction
from apiwright.plan.views.service import resource_name
from apiwright.plan.views.services.accounts import refuses_with_400
from apiwright.plan.views.tests.kit import Kit
from apiwright.plan.views.tests.scene import Scene
from apiwright.plan.views.tests.sign_in import wire_name


@dataclass(frozen=True, slots=True)
class ResetTestsView:
    """The calls that ask for a token for a `login`, and use a `token` for a `new` password.

    `provider` gives handlers the service that sends tokens, of the class `service` in `module`.
    """

    ask_body: Code
    ask_call: Code
    asked: Code
    use_body: Code
    use_call: Code
    refused: Code
    provider: Code
    module: Code
    service: Code


def reset_tests_view(kit: Kit) -> ResetTestsView | None:
    """The calls; None where a test can't make both."""
    operations = list(kit.service.operations.values())
    asks = next((o for o in operations if isinstance(o.action, ResetRequestAction)), None)
    uses = next((o for o in operations if isinstance(o.action, ResetAction)), None)
    if asks is None or uses is None or not kit.people.known:
        return None
    assert isinstance(asks.action, ResetRequestAction)
    assert isinstance(uses.action, ResetAction)
    ask = _call(kit, asks, {asks.action.login: "login"})
    use = _call(kit, uses, {uses.action.token: "token", uses.action.new: "new"})
    scene = Scene(kit, asks)
    if ask is None or use is None or scene.status is None:
        return None
    resource = next(r for r in kit.service.resources if asks.id in r.operations)
    named = resource_name(resource)
    return ResetTestsView(
        ask_body=ask[0],
        ask_call=ask[1],
        asked=scene.status,
        use_body=use[0],
        use_call=use[1],
        refused=literal(400 if refuses_with_400(uses) else 401),
        provider=named.provider,
        module=named.service_module,
        service=named.service_class,
    )


def _call(kit: Kit, operation: Operation, known: dict[str, str]) -> tuple[Code, Code] | None:
    """A body with variables of the test in it, and the call that sends it."""
    scene = Scene(kit, operation)
    path, payload = scene.nowhere(), kit.samples.body(operation)
    example = payload.value if payload is not None else None
    if path is None or not isinstance(example, dict):
        return None
    variables = {wire_name(kit, operation, name): ident(known[name]) for name in known}
    return compose("{}", scene.body(example, variables)), scene.call(path, body=constant("body"))
