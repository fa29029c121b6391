"""Tests of the operations that make, change, show and remove rows."""

from __future__ import annotations

from collections.abc import Iterator

from apiwright.code import Code, compose, constant, ident, literal
from apiwright.ir.operations import (
    CreateAction,
    CustomAction,
    Location,
    Operation,
    RowAction,
    RowVerb,
    View,
)
from apiwright.ir.schemas import Direction, Json
from apiwright.ir.shapes import dropped, flat, properties
from apiwright.ir.storage import Entity, OnDelete, Unique
from apiwright.plan.views.tests.kit import Kit
from apiwright.plan.views.tests.people import Guard
from apiwright.plan.views.tests.rows import wire_key
from apiwright.plan.views.tests.scene import Scene, TestView, plainly_shown, shown_as_sent
from apiwright.understand.exchange import body_content

_CLIENT_ERROR = constant("assert 400 <= response.status_code < 500")


def create_tests(kit: Kit, operation: Operation, action: CreateAction) -> Iterator[TestView]:
    """The tests of an operation that makes a row."""
    entity = kit.service.entities[action.entity]
    yield from _stores(kit, operation, action, entity)
    rule = _repeated_rule(kit, operation, action, entity)
    if rule is not None:
        yield from _refuses_a_second(kit, operation, action, entity)
    yield from _needs_its_parent(kit, operation, action)


def row_tests(kit: Kit, operation: Operation, action: RowAction) -> Iterator[TestView]:
    """The tests of an operation on one row."""
    entity = kit.service.entities[action.entity]
    if not kit.rows.can_make(entity.name):
        return
    yield from _works(kit, operation, action, entity)
    yield from _conditional(kit, operation, action, entity)
    if action.verb is RowVerb.REPLACE:
        yield from _puts_defaults_back(kit, operation, action, entity)
    if action.key is not None:
        yield from _finds_nothing(kit, operation, action)
    if action.verb is RowVerb.DELETE and not entity.soft_delete and action.key is not None:
        yield from _keeps_what_is_in_use(kit, operation, entity)


def custom_tests(kit: Kit, operation: Operation) -> Iterator[TestView]:
    """The test of an operation that only an override can give a body."""
    if not isinstance(operation.action, CustomAction):
        return
    scene = Scene(kit, operation)
    path = scene.nowhere()
    sent = _any_body(scene)
    if path is None or sent is None or not callable_in_tests(kit, operation) or not scene.sign_in():
        return
    yield scene.test(
        "waits_for_an_override",
        "it says that nobody has written it yet, unless an override does",
        call=scene.call(path, body=sent or None),
        status=literal(501),
    )


def staged(
    kit: Kit, operation: Operation, action: CreateAction | RowAction
) -> tuple[Scene | None, Code, Code | None]:
    """A scene in which an operation can write a row, its path there, and a body that it takes.

    The scene is None where a test can't get so far.
    """
    nothing = constant("")
    scene, entity = Scene(kit, operation), kit.service.entities[action.entity]
    if not callable_in_tests(kit, operation) or not scene.sign_in():
        return None, nothing, None
    if isinstance(action, CreateAction):
        values = parent_rows(scene, action)
        path = scene.path(values) if values is not None else None
    elif not kit.rows.can_make(entity.name) or (action.key is None and not scene.caller):
        path = None
    else:
        row = _own_row(scene, action, entity)
        path = None if row is None else scene.path_of(row) if row else scene.path({})
    if path is None:
        return None, nothing, None
    return scene, path, example_body(scene)


def callable_in_tests(kit: Kit, operation: Operation) -> bool:
    """Whether every parameter that the operation can't do without has an example."""
    places = (Location.QUERY, Location.HEADER, Location.COOKIE)
    return all(kit.requests.needed(operation, place) is not None for place in places)


def _any_body(scene: Scene) -> Code | None:
    """An example body as it stands, empty code for none; None where one is needed but unknown."""
    operation = scene.operation
    if operation.body is None:
        return constant("")
    payload = scene.kit.samples.body(operation)
    if payload is None:
        return constant("") if not operation.body.required else None
    if payload.value is None and payload.written != b"null":
        return compose("b{}", literal(payload.written.decode("ascii")))
    return literal(payload.value)


def example_body(scene: Scene) -> Code | None:
    """The example body, which refers to rows that are there; None where there is none."""
    return _body(scene, _example(scene.kit, scene.operation))


def _body(scene: Scene, values: dict[str, Json] | None) -> Code | None:
    """A body that refers to rows which are there; None where there is none."""
    content = body_content(scene.operation)
    if values is None or content is None or content.schema is None:
        return None
    found = properties(content.schema, scene.kit.service.schemas)
    attributes = {name: prop.attribute for name, prop in found.items()}
    known = scene.references(values, attributes=attributes)
    return scene.body(values, known) if known is not None else None


def _example(kit: Kit, operation: Operation) -> dict[str, Json] | None:
    payload = kit.samples.body(operation)
    return payload.value if payload is not None and isinstance(payload.value, dict) else None


def parent_rows(
    scene: Scene, action: CreateAction | RowAction, *, owner: str = "caller"
) -> dict[str, Code] | None:
    """Rows for the path of another, which belong to `owner`; None where one can't be made."""
    kit, values = scene.kit, {}
    parameters = {p.attribute: p for p in scene.operation.located(Location.PATH)}
    for parent in action.rows.parents:
        if parent.parent:
            entity = kit.service.entities[parent.parent]
            if not kit.rows.can_make(entity.name):
                return None
            row = scene.make(entity, *scene.owned(entity, owner))
            key = ident(entity.key_column.attribute)
            values[parent.attribute] = compose("{}.{}", row, key)
        else:
            found = kit.samples.value(scene.operation, parameters[parent.attribute])
            if not found:
                return None
            values[parent.attribute] = literal(found[0])
    return values


def _stores(
    kit: Kit, operation: Operation, action: CreateAction, entity: Entity
) -> Iterator[TestView]:
    scene = Scene(kit, operation)
    status = scene.status
    if status is None or not callable_in_tests(kit, operation) or not scene.sign_in():
        return
    values = parent_rows(scene, action)
    body = _body(scene, _example(kit, operation)) if values is not None else None
    if values is None or body is None:
        return
    scene.arranged.append(compose("body = {}", body))
    scene.fixtures["scratch"] = "Scratch"
    echoes = _echoes(kit, operation, action, entity)
    count = literal(scene.made(entity) + 1)
    asserts = [*_shows(echoes), *_leads_there(kit, operation, action)]
    asserts.append(
        compose("assert scratch.count(models.{}) == {}", ident(entity.class_name), count)
    )
    yield scene.test(
        "stores_what_is_sent",
        "what is sent is stored and shown",
        call=scene.call(scene.path(values), body=constant("body")),
        status=status,
        asserts=tuple(asserts),
    )


def _echoes(
    kit: Kit, operation: Operation, action: CreateAction | RowAction, entity: Entity
) -> tuple[str, ...]:
    """The properties of the example body that the answer shows as they were sent."""
    example = _example(kit, operation)
    if action.view is None or example is None:
        return ()
    shown = _shown(kit, action.view)
    written = {entity.column(write.column).property: write.column for write in action.writes}
    return tuple(
        name
        for name, value in example.items()
        if name in shown and name in written and shown_as_sent(entity.column(written[name]), value)
    )


def _shown(kit: Kit, view: View) -> frozenset[str]:
    """The properties that an answer has, not those that clients may only write."""
    named = kit.service.schemas
    return frozenset(
        name
        for name, prop in properties(named[view.schema].schema, named).items()
        if not dropped(flat(prop.schema, named), Direction.RESPONSE)
    )


def _shows(echoes: tuple[str, ...]) -> list[Code]:
    """That the answer shows properties of the body as they were sent."""
    if not echoes:
        return []
    shown = constant("shown = response.json()")
    if len(echoes) == 1:
        name = literal(echoes[0])
        return [shown, compose("assert shown[{}] == body[{}]", name, name)]
    return [
        shown,
        compose("for name in {}:", literal(echoes)),
        constant("    assert shown[name] == body[name], name"),
    ]


def _leads_there(kit: Kit, operation: Operation, action: CreateAction) -> list[Code]:
    """That what was made can be read where the answer says; where the same caller may read it."""
    if not action.location:
        return []
    for other in kit.service.operations.values():
        here = f"{kit.service.base_path}{other.path}" == action.location
        if not here or other.method != "get" or not callable_in_tests(kit, other):
            continue
        guard, people = kit.people.guard(other), kit.people
        alike = people.role(operation) == people.role(other, operation) and people.by_token(
            operation
        ) == people.by_token(other)
        if guard is Guard.CALLER and not alike:
            return []
        headers = constant(", headers=caller.headers" if guard is Guard.CALLER else "")
        return [
            constant('address = response.headers["Location"]'),
            compose("assert client.get(address{}).status_code == 200", headers),
        ]
    return [constant('assert response.headers["Location"]')]


def _repeated_rule(
    kit: Kit, operation: Operation, action: CreateAction, entity: Entity
) -> Unique | None:
    """A unique rule that the same request, sent twice, violates."""
    example = _example(kit, operation) or {}
    sent = {
        write.column
        for write in action.writes
        if example.get(entity.column(write.column).property) is not None
    }
    sent |= {parent.column for parent in action.rows.parents}
    if entity.owner is not None:
        sent.add(entity.owner.column)
    rules = list(entity.uniques)
    if entity.key in sent:
        rules.append(Unique("", (entity.key,)))
    return next((rule for rule in rules if set(rule.columns) <= sent), None)


def _refuses_a_second(
    kit: Kit, operation: Operation, action: CreateAction, entity: Entity
) -> Iterator[TestView]:
    scene = Scene(kit, operation)
    status = scene.status
    if status is None or not callable_in_tests(kit, operation) or not scene.sign_in():
        return
    values = parent_rows(scene, action)
    body = _body(scene, _example(kit, operation)) if values is not None else None
    if values is None or body is None:
        return
    call = scene.call(scene.path(values), body=constant("body"))
    scene.arranged += [
        compose("body = {}", body),
        compose("assert {}.status_code == {}", call, status),
    ]
    yield scene.test(
        "refuses_a_second_one_alike",
        f"what has to be unique in {entity.plural.replace('_', ' ')} is taken only once",
        call=call,
        status=literal(409),
    )


def _needs_its_parent(kit: Kit, operation: Operation, action: CreateAction) -> Iterator[TestView]:
    scene = Scene(kit, operation)
    path = scene.nowhere()
    has_parent = any(parent.parent for parent in action.rows.parents)
    if (
        not has_parent
        or path is None
        or not callable_in_tests(kit, operation)
        or not scene.sign_in()
    ):
        return
    body = _body(scene, _example(kit, operation))
    if body is None:
        return
    yield scene.test(
        "needs_what_it_belongs_to",
        "nothing is made below a path where nothing is",
        call=scene.call(path, body=body),
        status=literal(404),
    )


def _own_row(scene: Scene, action: RowAction, entity: Entity, *given: Code) -> Code | None:
    """The row that the operation works on, which belongs to the caller; empty for their account."""
    if action.key is None:
        return constant("")
    owned = scene.owned(entity) if action.rows.owned else ()
    return scene.make(entity, *owned, *given)


def deleted_before(action: RowAction, entity: Entity) -> tuple[Code, ...]:
    """What a row is given that the operation brings back; nothing for other operations."""
    if action.verb is not RowVerb.RESTORE or not entity.soft_delete:
        return ()
    return (compose("{}=seed.NOW", ident(entity.column(entity.soft_delete).attribute)),)


def _works(kit: Kit, operation: Operation, action: RowAction, entity: Entity) -> Iterator[TestView]:
    scene = Scene(kit, operation)
    status = scene.status
    if status is None or not callable_in_tests(kit, operation) or not scene.sign_in():
        return
    if action.key is None and not scene.caller:
        return
    row = _own_row(scene, action, entity, *deleted_before(action, entity))
    if row is None:
        return
    sent: Code | None = None
    if operation.body is not None and action.verb in {RowVerb.REPLACE, RowVerb.UPDATE}:
        body = _body(scene, _example(kit, operation))
        if body is None:
            return
        scene.arranged.append(compose("body = {}", body))
        sent = constant("body")
    path = scene.path_of(row) if row else scene.path({})
    call = scene.call(path, body=sent)
    what, about = _SAYS[action.verb]
    yield scene.test(
        what, about, call=call, status=status, asserts=_then(kit, scene, action, row, call)
    )


def _conditional(
    kit: Kit, operation: Operation, action: RowAction, entity: Entity
) -> Iterator[TestView]:
    """What the operation does about conditions, where rows have versions."""
    known = operation.conditional
    if known is not None and known.reads:
        yield from _asks(
            kit,
            operation,
            action,
            entity,
            ("does_not_send_it_again", "what the client has already is not sent again"),
            ("If-None-Match", 304),
        )
    if known is not None and known.holds:
        yield from _asks(
            kit,
            operation,
            action,
            entity,
            ("leaves_other_versions", "a row of another version stays as it is"),
            ("If-Match", 412),
        )
    if known is not None and known.required:
        yield from _asks(
            kit,
            operation,
            action,
            entity,
            ("needs_a_version", "nothing is changed for those who don't say what they know"),
            ("If-Match", 428),
        )


def _asks(
    kit: Kit,
    operation: Operation,
    action: RowAction,
    entity: Entity,
    says: tuple[str, str],
    asked: tuple[str, int],
) -> Iterator[TestView]:
    """A test that sends a condition, or lacks one, and the status that comes of it."""
    header, status = asked
    scene = Scene(kit, operation)
    if not callable_in_tests(kit, operation) or not scene.sign_in():
        return
    row = _own_row(scene, action, entity) if action.key is not None or scene.caller else None
    if row is None:
        return
    sent: Code | None = None
    if action.verb in {RowVerb.REPLACE, RowVerb.UPDATE}:
        sent = _body(scene, _example(kit, operation))
        if sent is None:
            return
    path = scene.path_of(row) if row else scene.path({})
    asserts: tuple[Code, ...] = ()
    if status == 304:
        scene.arranged.append(compose('tag = {}.headers["ETag"]', scene.call(path, body=sent)))
        scene.send(header, constant("tag"))
        asserts = (constant('assert response.headers["ETag"] == tag'),)
    else:
        scene.send(header, constant("'\"1000-0\"'") if status == 412 else None)
    call = scene.call(path, body=sent)
    yield scene.test(*says, call=call, status=literal(status), asserts=asserts)


_SAYS = {
    RowVerb.READ: ("shows_it", "what is there is shown"),
    RowVerb.REPLACE: ("writes_it_anew", "what is sent takes the place of what was there"),
    RowVerb.UPDATE: ("changes_what_is_sent", "what is sent is changed"),
    RowVerb.DELETE: ("removes_it", "what is removed is gone"),
    RowVerb.RESTORE: ("brings_it_back", "what was removed is there again"),
}


def _then(kit: Kit, scene: Scene, action: RowAction, row: Code, call: Code) -> tuple[Code, ...]:
    """What holds after the operation has worked."""
    entity = kit.service.entities[action.entity]
    if action.verb is RowVerb.DELETE:
        gone = literal(404 if action.key is not None else 401)
        return (compose("assert {}.status_code == {}", call, gone),)
    if action.verb in {RowVerb.REPLACE, RowVerb.UPDATE}:
        return tuple(_shows(_echoes(kit, scene.operation, action, entity)))
    return shows_key(kit, action.view, entity, row or constant("caller.account"))


def shows_key(kit: Kit, view: View | None, entity: Entity, row: Code) -> tuple[Code, ...]:
    """That the answer is about a row, where it shows the key."""
    name = shown_key(kit, view, entity)
    if not name:
        return ()
    key = wire_key(row, entity.key_column)
    return (compose("assert response.json()[{}] == {}", literal(name), key),)


def shown_key(kit: Kit, view: View | None, entity: Entity) -> str:
    """The property of a view that shows the key of the row; empty where none does."""
    if view is None:
        return ""
    found = properties(kit.service.schemas[view.schema].schema, kit.service.schemas)
    name = entity.key_column.property
    return name if name in found else ""


def _puts_defaults_back(
    kit: Kit, operation: Operation, action: RowAction, entity: Entity
) -> Iterator[TestView]:
    scene = Scene(kit, operation)
    status, minimal = scene.status, kit.samples.minimal(operation)
    content = body_content(operation)
    if status is None or minimal is None or content is None or content.schema is None:
        return
    if action.view is None or not callable_in_tests(kit, operation) or not scene.sign_in():
        return
    shown = _shown(kit, action.view)
    written = {entity.column(write.column).property: write.column for write in action.writes}
    defaults = {
        name: flat(prop.schema, kit.service.schemas).default[0]
        for name, prop in properties(content.schema, kit.service.schemas).items()
        if name not in minimal
        and name in shown
        and name in written
        and flat(prop.schema, kit.service.schemas).default
        and plainly_shown(entity.column(written[name]))
    }
    row = _own_row(scene, action, entity)
    body = _body(scene, minimal)
    if not defaults or row is None or body is None:
        return
    yield scene.test(
        "puts_defaults_back",
        "what is not sent goes back to its default",
        call=scene.call(scene.path_of(row) if row else scene.path({}), body=body),
        status=status,
        asserts=(
            constant("shown = response.json()"),
            *(
                compose("assert shown[{}] {} {}", literal(n), _equals(v), literal(v))
                for n, v in defaults.items()
            ),
        ),
    )


def _equals(value: Json) -> Code:
    return constant("is" if value is None or isinstance(value, bool) else "==")


def _finds_nothing(kit: Kit, operation: Operation, action: RowAction) -> Iterator[TestView]:
    scene = Scene(kit, operation)
    path = scene.nowhere()
    if path is None or not callable_in_tests(kit, operation) or not scene.sign_in():
        return
    sent: Code | None = None
    if operation.body is not None and action.verb in {RowVerb.REPLACE, RowVerb.UPDATE}:
        sent = _body(scene, _example(kit, operation))
        if sent is None:
            return
    yield scene.test(
        "finds_nothing",
        "what isn't there is not found",
        call=scene.call(path, body=sent),
        status=literal(404),
    )


def _keeps_what_is_in_use(kit: Kit, operation: Operation, entity: Entity) -> Iterator[TestView]:
    for other in kit.service.entities.values():
        for column in other.columns:
            reference = column.reference
            here = reference is not None and reference.entity == entity.name
            bound = here and reference is not None and reference.on_delete is OnDelete.RESTRICT
            if not bound or other.name == entity.name or not kit.rows.can_make(other.name):
                continue
            scene = Scene(kit, operation)
            if not callable_in_tests(kit, operation) or not scene.sign_in():
                return
            row = scene.make(entity, *scene.owned(entity))
            scene.make(other, scene.given(other, column.name, row))
            yield scene.test(
                "keeps_what_is_in_use",
                f"what {other.plural.replace('_', ' ')} refer to stays",
                call=scene.call(scene.path_of(row)),
                status=literal(409),
            )
            return
