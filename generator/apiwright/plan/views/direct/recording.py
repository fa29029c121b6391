"""What writes without a session leave behind beside their rows: events, and audit entries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from apiwright import names
from apiwright.code import Code, compose, ident, joined, literal
from apiwright.ir.operations import Action, CreateAction, RowAction, RowVerb
from apiwright.ir.policies.events import Occasion, ResourceEvents
from apiwright.ir.service import Service
from apiwright.ir.storage import Entity
from apiwright.plan.views.audit import audited_columns
from apiwright.plan.views.direct.shapes import PropertyView, Shapes, ShapeView, column_value

_OCCASIONS = {
    RowVerb.UPDATE: Occasion.UPDATED,
    RowVerb.REPLACE: Occasion.UPDATED,
    RowVerb.DELETE: Occasion.DELETED,
    RowVerb.RESTORE: Occasion.RESTORED,
}


@dataclass(frozen=True, slots=True)
class KeptView:
    """A function that gives what the audit trail keeps of a row."""

    function: Code
    model: Code
    properties: tuple[PropertyView, ...]


@dataclass(frozen=True, slots=True)
class RecordingView:
    """What is recorded of writes without a session: whether events are told, and what is kept."""

    told: bool
    kept: tuple[KeptView, ...]


def recording_view(entities: list[str], service: Service) -> RecordingView | None:
    """What is recorded of writes to these entities; None for nothing."""
    told = any(_events(name, service) for name in entities)
    kept = tuple(
        _kept(service.entities[name], service) for name in entities if name in service.audited
    )
    return RecordingView(told, kept) if told or kept else None


def beside(action: CreateAction | RowAction, service: Service, shapes: Shapes) -> Iterator[Code]:
    """What a write leaves behind beside its row; nothing for what only reads.

    Raises NotDirectError for what no statement can write.
    """
    occasion = occasion_of(action)
    if occasion is None:
        return
    entity = service.entities[action.entity]
    events = _events(entity.name, service)
    name = events.on(occasion) if events is not None else ""
    if events is not None and name:
        view = shapes.of(events.view).constant
        arguments = [literal(name), literal(events.aggregate), compose("shapes.{}", view)]
        yield compose("recording.Event({})", joined(arguments))
    if entity.name in service.audited:
        kept = compose("recording.{}", _kept(entity, service).function)
        arguments = [literal(occasion.value), literal(entity.table), kept]
        yield compose("recording.Entry({})", joined(arguments))


def tells(action: Action, service: Service) -> bool:
    """Whether an action writes what there is an event for."""
    if not isinstance(action, CreateAction | RowAction):
        return False
    occasion, events = occasion_of(action), _events(action.entity, service)
    return occasion is not None and events is not None and bool(events.on(occasion))


def told_shapes(entities: list[str], service: Service, shapes: Shapes) -> Iterator[ShapeView]:
    """The shapes of what events show."""
    for name in entities:
        events = _events(name, service)
        if events is not None:
            yield shapes.of(events.view)


def occasion_of(action: CreateAction | RowAction) -> Occasion | None:
    """What a write does to a row; None for what only reads it."""
    return _OCCASIONS.get(action.verb) if isinstance(action, RowAction) else Occasion.CREATED


def _events(entity: str, service: Service) -> ResourceEvents | None:
    return next((known for known in service.events if known.entity == entity), None)


def _kept(entity: Entity, service: Service) -> KeptView:
    found = audited_columns(entity, service)
    return KeptView(
        function=ident(f"{names.snake(entity.class_name).strip('_')}_kept"),
        model=compose("models.{}", ident(entity.class_name)),
        properties=tuple(
            PropertyView(column.attribute, column_value(column, as_text=True)) for column in found
        ),
    )
