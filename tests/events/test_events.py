"""Events on real servers: nothing is lost, nothing is told that didn't happen, order is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apiwright.dev.service import Service, listen
from tests.events.conftest import KILLS, Aftermath, all_is_told
from tests.events.story import CANARY, REFUSED, Request, eventually

TOLD = {"order.shipped": "shipped", "order.cancelled": "cancelled", "order.reopened": "reopened"}


def once(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Events without those that came before, by their ids."""
    return list({event["id"]: event for event in reversed(events)}.values())[::-1]


def of_orders(aftermath: Aftermath) -> dict[str, list[int | str]]:
    """What the stream tells of each order, in its order."""
    found: dict[str, list[int | str]] = {}
    for event in first_of_each(aftermath.stream):
        if event["aggregate"] == "order":
            told = TOLD.get(event["type"], json.loads(event["data"])["count"])
            found.setdefault(event["key"], []).append(told)
    return found


def first_of_each(events: list[dict[str, str]]) -> list[dict[str, str]]:
    """Each event where it came first."""
    seen: dict[str, dict[str, str]] = {}
    for event in events:
        seen.setdefault(event["id"], event)
    return list(seen.values())


def test_every_confirmed_write_is_told_and_no_other(aftermath: Aftermath) -> None:
    """In the order in which it happened to each order, whoever was killed meanwhile."""
    confirmed = {k: told for c in aftermath.customers for k, told in c.confirmed.items()}
    assert of_orders(aftermath) == confirmed
    assert sum(customer.refused for customer in aftermath.customers) > 0
    assert not any(REFUSED in told for told in of_orders(aftermath).values())


def test_the_stream_has_what_is_stored(aftermath: Aftermath) -> None:
    """Killed relays repeat events, and leave none out; each copy is the same."""
    stored = {str(id_): position for id_, position in aftermath.rows(
        "SELECT id, position FROM outbox_events")}  # fmt: skip
    assert {event["id"] for event in aftermath.stream} == stored.keys()
    copies: dict[str, set[str]] = {}
    for event in aftermath.stream:
        copies.setdefault(event["id"], set()).add(json.dumps(event, sort_keys=True))
    assert all(len(found) == 1 for found in copies.values())
    repeated = len(aftermath.stream) - len(stored)
    print(f"{len(stored)} events, {repeated} told more than once")
    assert repeated < len(stored)


def test_events_show_what_answers_show(aftermath: Aftermath) -> None:
    """With relations, under the names of the wire, without what clients may only write."""
    careful = aftermath.customers[-1]
    [key] = careful.confirmed
    shown = careful.client.get(f"/orders/{key}").json()
    events = [json.loads(e["data"]) for e in first_of_each(aftermath.stream) if e["key"] == key]
    assert events[-1] == shown
    assert [label["name"] for label in events[0]["labels"]] == ["urgent"]
    assert all(event.keys() == shown.keys() for event in events)
    joined = [e for e in aftermath.stream if e["type"] == "customer.joined"]
    assert json.loads(joined[0]["data"]).keys() == {"id", "email"}
    assert all(event["request_id"] for event in aftermath.stream)


def test_webhooks_arrive_signed_and_in_order(aftermath: Aftermath) -> None:
    """Whatever the endpoint answered at first, and not where it redirected to."""
    receiver = aftermath.receiver
    assert all(request.verifies() for request in receiver.requests)
    assert not [request for request in receiver.requests if request.path == "/trap"]
    changed = [json.loads(request.body) for request in receiver.at("/shop") if is_notice(request)]
    assert {event["id"] for event in changed} == {
        event["id"]
        for event in aftermath.stream
        if event["aggregate"] == "order" and event["type"] != "order.shipped"
    }
    confirmed = {k: told for c in aftermath.customers for k, told in c.confirmed.items()}
    arrived: dict[str, list[int | str]] = {}
    for event in once_taken(changed):
        told = TOLD.get(event["type"], event["data"]["count"])
        arrived.setdefault(event["data"]["id"], []).append(told)
    expected = {k: [t for t in told if t != "shipped"] for k, told in confirmed.items()}
    assert arrived == expected
    assert len(receiver.requests) > len(receiver.taken)


def is_notice(request: Request) -> bool:
    """Whether this is the webhook with an envelope."""
    return "timestamp" in json.loads(request.body)


def once_taken(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each event where it was taken first."""
    seen: dict[str, dict[str, Any]] = {}
    for event in events:
        seen.setdefault(event["id"], event)
    return list(seen.values())


def test_handlers_write_exactly_once(aftermath: Aftermath) -> None:
    """A handler fails at first, and is called again; what it stores goes with having run."""
    names = [name for (name,) in aftermath.rows("SELECT name FROM labels WHERE name <> 'urgent'")]
    assert sorted(names) == sorted(of_orders(aftermath))


def test_what_nobody_takes_becomes_a_dead_letter_and_can_be_sent_again(
    aftermath: Aftermath,
) -> None:
    """After so many attempts, with the reason; the command makes a delivery of it again."""
    letters = aftermath.rows("SELECT destination, attempts, error FROM dead_letters")
    assert letters == [
        ("webhook:orderShipped:broken", 8, "NotDelivered: the endpoint answered 500")
    ]
    aftermath.receiver.mended = True
    said = aftermath.running.python("-m", "app.relay", "retry")
    assert said.strip() == "1 to be delivered again"
    eventually(lambda: len(aftermath.receiver.at("/broken")) == 1, "the letter arrives")
    [request] = aftermath.receiver.at("/broken")
    assert json.loads(request.body)["what"] == "Chairs"
    eventually(lambda: not aftermath.rows("SELECT 1 FROM event_deliveries"), "the delivery is over")
    assert aftermath.rows("SELECT 1 FROM dead_letters") == []


def test_every_write_is_in_the_audit_trail(aftermath: Aftermath) -> None:
    """Who, by which operation, what before and after; writes of overrides as well."""
    [key] = aftermath.customers[-1].confirmed
    placed, replaced, cancelled, reopened = aftermath.rows(
        "SELECT action, operation, before, after FROM audit_entries "
        f"WHERE key = '{key}' ORDER BY id"
    )
    assert placed[:3] == ("created", "placeOrder", None)
    assert placed[3].keys() == {"id", "what", "count", "price", "customer_id", "deleted_at"}
    assert replaced[:2] == ("updated", "replaceOrder")
    assert len(replaced[2].pop("labels")) == 1
    assert replaced[2] == {"what": "Lamps", "count": 1, "price": "9.90"}
    assert replaced[3] == {"what": "Chairs", "count": 2, "price": "7.00", "labels": []}
    assert (cancelled[:2], cancelled[2]) == (("deleted", "cancelOrder"), {"deleted_at": None})
    assert (reopened[:2], reopened[3]) == (("restored", "reopenOrder"), {"deleted_at": None})
    [[entries]] = aftermath.rows("SELECT count(*) FROM audit_entries WHERE resource = 'orders'")
    [[events]] = aftermath.rows(
        "SELECT count(*) FROM outbox_events WHERE aggregate = 'order' AND type <> 'order.shipped'"
    )
    assert entries == events
    whose = aftermath.rows(
        "SELECT DISTINCT o.customer_id::text = a.account, a.request_id IS NOT NULL "
        "FROM audit_entries a JOIN orders o ON o.id::text = a.key"
    )
    assert whose == [(True, True)]


def test_the_trail_is_only_ever_added_to(aftermath: Aftermath) -> None:
    """Not even the owner of the table changes it by accident."""
    for statement in ("UPDATE audit_entries SET account = 'me'", "DELETE FROM audit_entries"):
        with pytest.raises(Exception, match="the rows of audit_entries are not to be changed"):
            aftermath.rows(f"{statement} RETURNING 1")


def test_secrets_are_in_no_place_where_things_are_told(aftermath: Aftermath) -> None:
    """Passwords, card numbers and tokens of every request, in audit, events, webhooks and logs."""
    audit = str(aftermath.rows("SELECT audit_entries::text FROM audit_entries"))
    assert CANARY not in audit
    outbox = aftermath.rows(
        "SELECT outbox_events::text FROM outbox_events WHERE payload->>'door_pin' IS NULL"
    )
    assert len(outbox) > 0
    assert CANARY not in str(outbox)
    assert CANARY not in aftermath.log.read_text()
    assert CANARY not in aftermath.running.log.read_text()


def test_relays_end_when_they_are_asked(aftermath: Aftermath) -> None:
    """Those that work and those that wait, both without an error."""
    eventually(lambda: aftermath.relays.said("started") == KILLS + 2, "both run")
    assert aftermath.relays.stop() == [0, 0]


def test_the_service_in_development_has_a_relay_beside_it(aftermath: Aftermath) -> None:
    """It tells what was left untold, and ends with the service."""
    careful = aftermath.customers[-1]
    [key] = careful.confirmed
    assert careful.client.post(f"/orders/{key}/ship").status_code == 200
    assert aftermath.rows("SELECT 1 FROM outbox_events WHERE routed_at IS NULL")
    running = aftermath.running
    with listen("127.0.0.1", 0) as at:
        service = Service(running.output, running.environ, at, relays=True)
        try:
            service.start()
            eventually(lambda: all_is_told(aftermath), "the relay tells it")
        finally:
            service.stop()
    free = "SELECT pg_try_advisory_lock(hashtext('outbox_events'))"
    eventually(lambda: aftermath.rows(free) == [(True,)], "the relay is gone")
