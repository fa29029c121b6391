"""Row-level security: what PostgreSQL itself lets a unit of work see of a table with tenants.

The service says in each transaction who it works for, with settings that end with the transaction:

| setting | what it lets be seen |
| --- | --- |
| `app.tenant` | the rows of this tenant |
| `app.spanned` | all rows of these tables, or of every table where it is `*` |
| `app.account`, `app.login` | one account, by its key or its login, before its tenant is known |

A transaction that says nothing sees nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from apiwright.ir.storage import ColumnType, Entity
from apiwright.plan.storage.sql import columns_in, name_quoted, quoted
from apiwright.plan.storage.steps import Secure, Step, Unsecure
from apiwright.plan.storage.tables import RowPolicy, Table

TENANT = "tenant"
SIGN_IN = "sign_in"


def row_policies(entity: Entity) -> tuple[RowPolicy, ...]:
    """The policies of an entity's table; none where rows have no tenant."""
    if entity.tenant is None:
        return ()
    spanned = _setting("spanned")
    own = f"({name_quoted(entity.tenant.column)})::TEXT = {_setting('tenant')}"
    every = f"{spanned} = '*'"
    listed = f"{quoted(entity.table)} = ANY (STRING_TO_ARRAY({spanned}, ' '))"
    found = [RowPolicy(TENANT, "ALL", f"({own}) OR ({every}) OR ({listed})")]
    if entity.identity is not None:
        key = f"({name_quoted(entity.key)})::TEXT = {_setting('account')}"
        login = name_quoted(entity.identity.login)
        if entity.column(entity.identity.login).type is ColumnType.TEXT:
            called = f"LOWER({login}) = LOWER({_setting('login')})"
        else:
            called = f"({login})::TEXT = {_setting('login')}"
        found.append(RowPolicy(SIGN_IN, "SELECT", f"({key}) OR ({called})"))
    return tuple(found)


def _setting(name: str) -> str:
    """A setting of the transaction; null where it says nothing."""
    return f"NULLIF(CURRENT_SETTING('app.{name}', TRUE), '')"


def secured(table: str, policies: tuple[RowPolicy, ...]) -> tuple[str, ...]:
    """The statements that put row-level security on a table, for its owner as well; as SQL."""
    return (
        *(
            f"CREATE POLICY {name_quoted(policy.name)} ON {table} FOR {policy.command} "
            f"USING ({policy.condition})"
            for policy in policies
        ),
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
    )


def unsecured(table: str, policies: tuple[RowPolicy, ...]) -> tuple[str, ...]:
    """The statements that take it off again."""
    return (
        f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
        *(f"DROP POLICY {name_quoted(policy.name)} ON {table}" for policy in policies),
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
        if other.name in changing and (one.policies != other.policies or _looks_at(one, retyped)):
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
    looked_at = {name for policy in table.policies for name in columns_in(policy.condition)}
    return any((table.name, name) in columns for name in looked_at)
