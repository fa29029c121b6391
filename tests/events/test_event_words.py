"""What is understood of `x-events`, `x-event` and `x-audit`, and what handlers are held to."""

from __future__ import annotations

from pathlib import Path

import pytest

from apiwright.overriding import check_handlers, read_overrides
from apiwright.plan import expected_handlers
from apiwright.plan.describe import describe_operations
from apiwright.plan.storage.build import build_tables
from apiwright.plan.storage.operations import code
from apiwright.plan.storage.snapshot import read_snapshots, write_snapshot
from apiwright.plan.storage.steps import CreateTable, DropTable
from apiwright.plan.views.audit import audited_columns
from apiwright.problems import Report
from tests.support.contracts import (
    TEXT,
    Contract,
    answer,
    body,
    contract,
    crud,
    obj,
    ref,
    rendered,
    table,
    thing,
    understood,
)

HANDLER = """
from app.events import EventOf, handlers


class EventHandlers(handlers.EventHandlers):
    async def {name}(self, event: {kind}) -> None:
        pass
"""


def told(events: object, *, soft: bool = False, **words: object) -> Contract:
    """A contract of things that tell of themselves."""
    table = {"x-table": {"soft-delete": True}} if soft else {}
    schema = {**thing(), "x-events": events, **table}
    return contract(crud("Thing", "things"), {"Thing": schema}, **words)


@pytest.mark.parametrize(
    ("events", "soft", "names"),
    [
        (True, False, ("thing.created", "thing.updated", "thing.deleted")),
        (True, True, ("thing.created", "thing.updated", "thing.deleted", "thing.restored")),
        ({"deleted": "thing.gone"}, True, ("thing.gone",)),
        ({"created": False, "published": ["thing.seen"]}, False, ("thing.seen",)),
    ],
)
def test_events_are_those_that_are_named_or_all(
    events: object, soft: bool, names: tuple[str, ...]
) -> None:
    [known] = understood(told(events, soft=soft)).events
    assert known.names == names
    assert known.aggregate == "thing"


@pytest.mark.parametrize(
    ("schema", "fields"),
    [
        (ref("Thing"), []),
        (obj({"thing": ref("Thing")}), [("thing", "data")]),
        (
            obj(
                {"eventId": TEXT, "event": TEXT, "occurredAt": TEXT, "it": ref("Thing"), "x": TEXT}
            ),
            [("eventId", "id"), ("event", "type"), ("occurredAt", "timestamp"), ("it", "data")],
        ),
    ],
)
def test_the_body_of_a_webhook_is_the_thing_or_shows_it(
    schema: Contract, fields: list[tuple[str, str]]
) -> None:
    hook = {"x-event": "thing.created", "requestBody": body(schema), "responses": {"204": answer()}}
    document = told(True, webhooks={"made": {"post": hook}})
    [webhook] = understood(document).webhooks
    assert (webhook.name, webhook.events) == ("made", ("thing.created",))
    assert [(name, part.value) for name, part in webhook.fields] == fields
    assert "app/relay/webhooks.py" in rendered(document)


def test_what_is_not_used_is_not_generated() -> None:
    files = rendered(contract(crud("Thing", "things"), {"Thing": thing()}))
    names = ("events", "relay", "audit", "outbox", "recording", "origin")
    assert not [path for path in files if any(name in path for name in names)]
    assert "RecordingSession" not in files["app/database.py"]


def test_writes_are_recorded_in_their_own_statement() -> None:
    stories = {s.id: s for s in describe_operations(understood(told(True)))}
    assert stories["create Thing"].direct
    assert stories["update Thing"].direct
    assert stories["read Thing"].direct
    files = rendered(told(True))
    assert 'recording.Event("thing.created", "thing", ' in files["app/direct/things_answers.py"]
    assert "class Entry" not in files["app/direct/recording.py"]
    audited = contract(crud("Thing", "things"), {"Thing": {**thing(), "x-audit": True}})
    files = rendered(audited)
    assert 'recording.Entry("created", "things", ' in files["app/direct/things_answers.py"]
    assert "class Event" not in files["app/direct/recording.py"]


def test_what_no_statement_can_record_takes_a_session() -> None:
    """A list of bytes has no form in JSON that PostgreSQL makes by itself."""
    raw = {"type": "array", "items": {**TEXT, "format": "byte", "maxLength": 9}}
    document = contract(
        crud("Thing", "things"), {"Thing": {**thing({"raw": raw}), "x-audit": True}}
    )
    [made] = [s for s in describe_operations(understood(document)) if s.id == "create Thing"]
    assert "works with a session: 'raw' is a list of bytes" in made.details


def test_the_trail_is_of_what_says_so() -> None:
    schemas = {"Thing": thing(), "Other": {**thing(), "x-audit": False}}
    paths = {**crud("Thing", "things"), **crud("Other", "others")}
    assert understood(contract(paths, schemas)).audited == ()
    assert understood(contract(paths, schemas, **{"x-audit": True})).audited == ("Thing",)
    schemas["Thing"] = {**thing(), "x-audit": True}
    assert understood(contract(paths, schemas)).audited == ("Thing",)


@pytest.mark.parametrize(
    "name", ["userPassword", "api_key", "accessToken", "client_secret", "pin", "door_pin", "cvv"]
)
def test_what_is_called_like_a_secret_is_not_kept(name: str) -> None:
    schema = {**thing({name: TEXT, "spinning": TEXT, "hidden": {**TEXT, "writeOnly": True}})}
    service = understood(contract(crud("Thing", "things"), {"Thing": {**schema, "x-audit": True}}))
    kept = audited_columns(service.entities["Thing"], service)
    assert [column.name for column in kept] == ["id", "name", "spinning"]


def test_the_table_of_the_trail_is_guarded() -> None:
    tables = build_tables(understood({**told(True), "x-audit": True}))
    audit = table(tables, "audit_entries")
    assert audit.append_only
    assert read_snapshots({"audit_entries.json": write_snapshot(audit)}) == (audit,)
    made, dropped = code(CreateTable(audit)), code(DropTable(audit))
    assert "CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE" in made[-1]
    assert "DROP FUNCTION audit_entries_append_only" in dropped[-1]


def test_tables_of_the_contract_keep_clear_of_those_of_events() -> None:
    schemas = {"OutboxEvent": {**thing(), "x-events": True}}
    service = understood(contract(crud("OutboxEvent", "events"), schemas))
    names = [known.name for known in build_tables(service)]
    assert len(names) == len(set(names))
    assert service.entities["OutboxEvent"].table != "outbox_events"


@pytest.mark.parametrize(
    ("events", "name", "kind", "problem"),
    [
        (True, "thing_created", "EventOf[Thing]", ""),
        (True, "thing_created", "EventOf[Other]", "handler-signature"),
        (True, "thing_create", "EventOf[Thing]", "handler-orphan"),
        (False, "thing_created", "EventOf[Thing]", "handlers-without-events"),
    ],
)
def test_handlers_are_held_to_the_events(
    events: bool, name: str, kind: str, problem: str, tmp_path: Path
) -> None:
    tmp_path.joinpath("events.py").write_text(HANDLER.format(name=name, kind=kind))
    expected = expected_handlers(understood(told(events)))
    report = Report()
    bound = check_handlers(read_overrides(tmp_path, tmp_path, report), expected, report)
    assert [found.code for found in report] == ([problem] if problem else [])
    assert bound is events


def test_handlers_elsewhere_are_shown_where_they_belong(tmp_path: Path) -> None:
    text = HANDLER.format(name="thing_created", kind="EventOf[Thing]")
    tmp_path.joinpath("things.py").write_text(text)
    report = Report()
    expected = expected_handlers(understood(told(True)))
    assert not check_handlers(read_overrides(tmp_path, tmp_path, report), expected, report)
    assert [found.code for found in report] == ["override-place"]
