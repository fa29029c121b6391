"""Row-level security: what PostgreSQL itself lets a unit of work see of a table with tenants.

The service says in each transaction who it works for, with settings that end with the transaction:

| setting | what it lets be seen |
| --- | --- |
| `app.tenant` | the rows of this tenant |
| `app.spanned` | all rows of these tables, or of every table where it is `*` |
| `app.account`, `app.login` | one account, by its key or its login, before its tenant is known |

A transaction that says nothing sees nothing. A pair of a many-to-many relation is seen by whoever
sees both of its ends: its policy looks at them by their keys, and they have policies of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from apiwright.ir.storage import ColumnType, Entity
from apiwright.plan.storage.sql import columns_in, name_quoted, quoted
from apiwright.plan.storage.steps import Secure, Step, Unsecure
from apiwright.plan.storage.tables import ForeignKey, PairEnd, RowPolicy, Table

TENANT = "tenant"
SIGN_IN = "sign_in"


def row_policies(entity: Entity) -> tuple[RowPolicy, ...]:
    """The policies of an entity's table; none where rows have no tenant."""
    if entity.tenant is None:
        return ()
    own = f"({name_quoted(entity.tenant.column)})::TEXT = {_setting('tenant')}"
    listed = f"{quoted(entity.table)} = ANY (STRING_TO_ARRAY({_setting('spanned')}, ' '))"
    found = [RowPolicy(TENANT, "ALL", f"({own}) OR ({_EVERY}) OR ({listed})")]
    if entity.identity is not None:
        key = f"({name_quoted(entity.key)})::TEXT = {_setting('account')}"
        login = name_quoted(entity.identity.login)
        if entity.column(entity.identity.login).type is ColumnType.TEXT:
            called = f"LOWER({login}) = LOWER({_setting('login')})"
        else:
            called = f"({login})::TEXT = {_setting('login')}"
        found.append(RowPolicy(SIGN_IN, "SELECT", f"({key}) OR ({called})"))
    return tuple(found)


def pair_policies(ends: Iterable[tuple[ForeignKey, Entity]]) -> tuple[RowPolicy, ...]:
    """The policy of a table of pairs, by what its foreign keys point at."""
    tied = tuple(
        PairEnd(key.column, key.table, key.target, entity.tenant.column)
        for key, entity in ends
        if entity.tenant is not None
    )
    return (RowPolicy(TENANT, "ALL", "", tied),) if tied else ()


def kept_policies(table: Table) -> tuple[RowPolicy, ...]:
    """The policies of a table that the contract has no more; its pairs are seen by nobody."""
    return tuple(
        replace(policy, condition=_EVERY, ends=()) if policy.ends else policy
        for policy in table.policies
    )


def _setting(name: str) -> str:
    """A setting of the transaction; null where it says nothing."""
    return f"NULLIF(CURRENT_SETTING('app.{name}', TRUE), '')"


_EVERY = f"{_setting('spanned')} = '*'"


def secured(table: str, policies: tuple[RowPolicy, ...], schema: str = "") -> tuple[str, ...]:
    """The statements that put row-level security on a table, for its owner as well; as SQL.

    `schema` stands before the names of tables, with its dot.
    """
    own = f"{schema}{name_quoted(table)}"
    return (
        *(
            f"CREATE POLICY {name_quoted(policy.name)} ON {own} FOR {policy.command} "
            f"USING ({_condition(table, policy, schema)})"
            for policy in policies
        ),
        f"ALTER TABLE {own} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {own} FORCE ROW LEVEL SECURITY",
    )


def _condition(table: str, policy: RowPolicy, schema: str) -> str:
    """What a policy asks of a row, as SQL."""
    if not policy.ends:
        return policy.condition
    # No table has such a name.
    called = [name_quoted(f"end {number}") for number, _ in enumerate(policy.ends, 1)]
    rows, asked, tenants = [], [], []
    for name, end in zip(called, policy.ends, strict=True):
        rows.append(f"{schema}{name_quoted(end.table)} AS {name}")
        pair = f"{name_quoted(table)}.{name_quoted(end.column)}"
        asked.append(f"{name}.{name_quoted(end.key)} = {pair}")
        tenants.append(f"({name}.{name_quoted(end.tenant)})::TEXT")
    asked += [f"{one} = {other}" for one, other in pairwise(tenants)]
    return f"EXISTS (SELECT FROM {', '.join(rows)} WHERE {' AND '.join(asked)})"  # nosec B608 - names are quoted


def unsecured(table: str, policies: tuple[RowPolicy, ...]) -> tuple[str, ...]:
    """The statements that take it off again."""
    own = name_quoted(table)
    return (
        f"ALTER TABLE {own} NO FORCE ROW LEVEL SECURITY",
        f"ALTER TABLE {own} DISABLE ROW LEVEL SECURITY",
        *(f"DROP POLICY {name_quoted(policy.name)} ON {own}" for policy in policies),
    )


@dataclass(frozen=True, slots=True)
class PolicySteps:
    """The steps about policies: before anything else, at the end of a phase, and in the last."""

    first: tuple[Step, ...]
    expand: tuple[Step, ...]
    finish: tuple[Step, ...]


def policy_steps(
    both: Iterable[tuple[Table, Table]],
    created: Iterable[Table],
    dropped: Iterable[Table],
    retyped: set[tuple[str, str]],
) -> PolicySteps:
    """How policies follow the tables: `both` are those of before with what becomes of them.

    A policy holds on to the columns that it looks at: it goes before one of them changes its type,
    and comes once all rows have a tenant.
    """
    changing = {table for table, _ in retyped}
    first: list[Step] = []
    expand = [secure for table in created for secure in _secure(table)]
    finish: list[Step] = []
    for one, other in both:
        different = other.name in changing and one.policies != other.policies
        if different or _looks_at(one, retyped):
            first += _unsecure(one)
            expand += _secure(other)
        elif one.policies != other.policies:
            finish += [*_unsecure(one), *_secure(other)]
    finish += [step for table in dropped for step in _unsecure(table)]
    return PolicySteps(tuple(first), tuple(expand), tuple(finish))


def _secure(table: Table) -> list[Step]:
    return [Secure(table.name, table.policies)] if table.policies else []


def _unsecure(table: Table) -> list[Step]:
    return [Unsecure(table.name, table.policies)] if table.policies else []


def _looks_at(table: Table, columns: set[tuple[str, str]]) -> bool:
    """Whether a policy of a table looks at one of these columns."""
    looked_at: set[tuple[str, str]] = set()
    for policy in table.policies:
        looked_at |= {(table.name, name) for name in columns_in(policy.condition)}
        looked_at |= {(table.name, end.column) for end in policy.ends}
        looked_at |= {(end.table, name) for end in policy.ends for name in (end.key, end.tenant)}
    return bool(looked_at & columns)
