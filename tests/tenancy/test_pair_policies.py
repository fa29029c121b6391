"""Policies of tables of pairs as they are planned: what they look at, when they stand aside."""

from __future__ import annotations

from dataclasses import replace

from apiwright.plan.storage.snapshot import read_snapshots, write_snapshot
from apiwright.plan.storage.steps import Secure, Unsecure
from apiwright.plan.storage.tables import PairEnd, RowPolicy, Table, TableColumn
from apiwright.plan.storage.tenancy import kept_policies, policy_steps, secured

ENDS = (PairEnd("ticket_id", "tickets", "id", "desk"), PairEnd("label_id", "labels", "id", "order"))
PAIRS = Table(
    name="labels_tickets",
    columns=tuple(TableColumn(end.column, "bigint", nullable=False) for end in ENDS),
    key=("ticket_id", "label_id"),
    policies=(RowPolicy("tenant", "ALL", "", ENDS),),
)


def test_a_pair_is_seen_with_its_ends_of_one_tenant() -> None:
    """Names are quoted where they have to be, and tables may stand in a schema."""
    policy, enabled, forced = secured(PAIRS.name, PAIRS.policies, "pg_temp.")
    assert policy == (
        "CREATE POLICY tenant ON pg_temp.labels_tickets FOR ALL USING ("
        'EXISTS (SELECT FROM pg_temp.tickets AS "end 1", pg_temp.labels AS "end 2" '
        'WHERE "end 1".id = labels_tickets.ticket_id AND "end 2".id = labels_tickets.label_id '
        'AND ("end 1".desk)::TEXT = ("end 2"."order")::TEXT))'
    )
    assert enabled.endswith("labels_tickets ENABLE ROW LEVEL SECURITY")
    assert forced.endswith("labels_tickets FORCE ROW LEVEL SECURITY")


def test_it_stands_aside_while_a_column_of_an_end_changes() -> None:
    """PostgreSQL changes the type of no column that a policy looks at, of whichever table."""
    aside = ((Unsecure(PAIRS.name, PAIRS.policies),), (Secure(PAIRS.name, PAIRS.policies),), ())
    for column in (("tickets", "desk"), ("labels", "id"), ("labels_tickets", "label_id")):
        steps = policy_steps([(PAIRS, PAIRS)], [], [], {column})
        assert (steps.first, steps.expand, steps.finish) == aside, column
    steps = policy_steps([(PAIRS, PAIRS)], [], [], {("tickets", "title")})
    assert (steps.first, steps.expand, steps.finish) == ((), (), ())


def test_pairs_that_the_contract_has_no_more_are_seen_by_nobody() -> None:
    """Nor do they hold on to the tables of their ends, which may go."""
    [kept] = kept_policies(PAIRS)
    assert kept.ends == ()
    assert kept.condition == "NULLIF(CURRENT_SETTING('app.spanned', TRUE), '') = '*'"
    other = replace(PAIRS, policies=(RowPolicy("tenant", "ALL", "true"),))
    assert kept_policies(other) == other.policies


def test_snapshots_know_the_ends() -> None:
    """A file that is read again gives the same table, and says nothing of ends without any."""
    assert read_snapshots({"pairs.json": write_snapshot(PAIRS)}) == (PAIRS,)
    bare = replace(PAIRS, policies=kept_policies(PAIRS))
    assert "ends" not in write_snapshot(bare)
    assert read_snapshots({"pairs.json": write_snapshot(bare)}) == (bare,)
