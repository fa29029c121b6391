"""`apiwright migrate`: a database brought up to date, and revisions that are proven."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict

import click
from sqlalchemy.ext.asyncio import AsyncConnection

from apiwright.cli.migrating import (
    alembic_of,
    database_of,
    empty_tables,
    revisions_at,
    way_down,
    way_up,
)
from apiwright.cli.progress import Progress
from apiwright.cli.session import (
    PROBLEMS,
    WRONG_USE,
    Session,
    fail,
    guarded,
    print_json,
    quiet_pipe,
)
from apiwright.local import start_database
from apiwright.migrate.branches import Shared, Side, shared_revisions, sides
from apiwright.migrate.catalog import current_revisions
from apiwright.migrate.database import ask, shown
from apiwright.migrate.drift import Drift, find_drift
from apiwright.migrate.errors import MigrateError, UnprovenError
from apiwright.migrate.losses import losses
from apiwright.migrate.merging import joined, moved, write_joined, write_moved
from apiwright.migrate.proof import prove, scratch_database
from apiwright.migrate.revisions import BASE, Part, Revision, Revisions, read_revisions
from apiwright.migrate.snapshots import conflicted, read_tables, unmanaged_tables


@click.group(
    epilog="""\b
Examples:
  apiwright migrate up         bring the database up to date
  apiwright migrate status     where it is, what is pending, what somebody changed by hand
  apiwright migrate verify     prove every revision on a scratch PostgreSQL
The database is the one of DATABASE_URL, else the one that `apiwright dev` keeps.
Exit codes: 0 fine, 1 problems found, 2 wrong use.
"""
)
def command() -> None:
    """Bring a database up to date, see what it is like, and prove the revisions."""


@command.command(
    context_settings={"ignore_unknown_options": True},
    epilog="""\b
Examples:
  apiwright migrate up                 to the newest revision
  apiwright migrate up +1              one revision further
  apiwright migrate up 70d0cc80e553    to this one; the beginning of its id is enough
  DATABASE_URL=postgresql://... apiwright migrate up
""",
)
@click.argument("revision", default="head")
@guarded
def up(*, revision: str) -> None:
    """Go up to REVISION, by default to the newest one.

    Waits for locks only briefly and tries again; if another process is migrating, waits for it.
    """
    session, progress = Session.here(), Progress()
    output = session.project.output
    revisions = read_revisions(output)
    with alembic_of(session.project, progress) as alembic, database_of(session.project) as url:
        way = way_up(revisions, revisions_at(url, revisions), revision)
        if not way.revisions:
            click.echo(f"{shown(url)} is at {_named(revisions_at(url, revisions))} already")
            return
        alembic.url = url
        alembic.upgrade(way.to)
        click.echo(f"{shown(url)} is at {way.to}")


@command.command(
    context_settings={"ignore_unknown_options": True},
    epilog="""\b
Examples:
  apiwright migrate down               undo the last revision
  apiwright migrate down -2            undo two
  apiwright migrate down base --yes    undo all of them, without asking
""",
)
@click.argument("revision", default="-1")
@click.option("--yes", is_flag=True, help="Don't ask.")
@guarded
def down(*, revision: str, yes: bool) -> None:
    """Go down to REVISION, by default by one; says first what is lost.

    Asks before it does anything; where nobody can be asked, it needs --yes.
    """
    session, progress = Session.here(), Progress()
    revisions = read_revisions(session.project.output)
    with alembic_of(session.project, progress) as alembic, database_of(session.project) as url:
        way = way_down(revisions, revisions_at(url, revisions), revision)
        if not way.revisions:
            click.echo(f"{shown(url)} is at {way.to}: there is nothing to undo")
            return
        _tell_losses(url, way.revisions)
        if not yes and not _agreed(f"go down to {way.to}?"):
            raise click.exceptions.Exit(PROBLEMS)
        alembic.url = url
        alembic.downgrade(way.to)
        click.echo(f"{shown(url)} is at {way.to}")


@command.command(
    epilog="""\b
Examples:
  apiwright migrate status
  apiwright migrate status --json | jq .drift
Exit codes: 0 up to date and as the snapshots say, 1 something is pending or differs.
"""
)
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
@guarded
def status(*, as_json: bool) -> None:
    """Tell where the database is, what is pending, and what somebody changed by hand.

    A database at the newest revision is compared with the snapshots of generated/alembic/schema:
    tables, columns, constraints, indexes, and what builds that failed have left behind. Nothing is
    ever repaired.
    """
    session = Session.here()
    revisions = read_revisions(session.project.output)
    tables = read_tables(session.project.output)
    unmanaged = unmanaged_tables(session.project.output)
    with database_of(session.project) as url:
        current = ask(url, current_revisions)
        at_head = set(current) == set(revisions.heads) and len(revisions.heads) == 1

        async def compare(connection: AsyncConnection) -> tuple[Drift, ...]:
            return await find_drift(connection, tables, unmanaged, at_head=at_head)

        drift = ask(url, compare)
        where = shown(url)
    unknown = [name for name in current if name not in revisions.by_id]
    pending = revisions.pending(current)
    fine = at_head and not drift
    if as_json:
        print_json(
            {
                "database": where,
                "revisions": list(current),
                "unknown": unknown,
                "heads": list(revisions.heads),
                "pending": [_as_json(revision) for revision in pending],
                "compared": at_head,
                "drift": [asdict(difference) for difference in drift],
                "ok": fine,
            }
        )
    else:
        click.echo(f"{where} is at {_named(current)}")
        _tell_status(revisions, unknown, pending, drift, compared=at_head)
    if not fine:
        raise click.exceptions.Exit(PROBLEMS)


@command.command(
    epilog="""\b
Examples:
  apiwright migrate sql                       everything, from an empty database on
  apiwright migrate sql 70d0cc80e553:head     what follows this revision
  apiwright migrate sql head:70d0cc80e553     the way back
"""
)
@click.argument("span", metavar="[FROM:TO]", default=f"{BASE}:head")
@guarded
def sql(*, span: str) -> None:
    """Print the SQL of the revisions; no database is needed."""
    session, progress = Session.here(), Progress()
    revisions = read_revisions(session.project.output)
    start, sign, end = span.partition(":")
    if not sign:
        start, end = BASE, start
    lower, upper = (
        name if name == BASE else revisions.find(name) for name in (start or BASE, end or "head")
    )
    way = "downgrade" if upper == BASE or upper in _before(revisions, lower) else "upgrade"
    with alembic_of(session.project, progress) as alembic:
        written = alembic.sql(way, f"{lower}:{upper}")
    with quiet_pipe():
        click.echo(written, nl=False)


@command.command(
    epilog="""\b
Examples:
  apiwright migrate verify
  apiwright migrate verify --revision 70d0cc80e553    this revision alone
  apiwright migrate verify --json
"""
)
@click.option("--revision", default="", help="Prove this revision alone, after those before it.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
@guarded
def verify(*, revision: str, as_json: bool) -> None:
    """Prove the revisions on a scratch PostgreSQL.

    Goes up from the base, compares the database with the models and with the snapshots, goes down,
    where nothing may be left, and up again to the same schema.
    """
    session, progress = Session.here(), Progress()
    revisions = read_revisions(session.project.output)
    part = _part(revisions, revision)
    if not part.upper:
        click.echo("there are no revisions")
        return
    proven: tuple[str, ...] = ()
    failure: MigrateError | None = None
    with alembic_of(session.project, progress) as alembic:
        with progress.step("start a scratch PostgreSQL"):
            server = start_database(session.project.root, durable=False)
        try:
            with server, scratch_database(server) as url:
                proven = prove(session.project.output, alembic, url, part, progress.say)
        except MigrateError as error:
            failure = error
    difference = failure.difference if isinstance(failure, UnprovenError) else ""
    if as_json:
        reason = str(failure) if failure else ""
        found = {"ok": failure is None, "from": part.lower, "to": part.upper, "error": reason}
        print_json({**found, "proven": list(proven), "difference": difference})
    if failure is not None:
        if difference and not as_json:
            click.echo(difference)
        fail(str(failure), failure.hint)
    if not as_json:
        click.echo(f"the revisions up to {part.upper} hold")


@command.command(
    epilog="""\b
Examples:
  apiwright migrate merge                         which side made which revision
  apiwright migrate merge --onto 70d0cc80e553     the others follow this head
  apiwright migrate merge --join                  both stay; one more revision follows both
  apiwright migrate merge --base upstream/main    what is there is shared
"""
)
@click.option("--onto", default="", metavar="ID", help="Let the other side follow this head.")
@click.option("--join", is_flag=True, help="Write a revision that follows all heads.")
@click.option("--base", default="", help="A branch or commit of git that others have.")
@guarded
def merge(*, onto: str, join: bool, base: str) -> None:
    """Make one line of a history that two branches added to.

    Without an option, tells which revisions each side made, and exits with 1. Revisions that others
    have are never rewritten: those of the other side follow them, under new ids.
    """
    if onto and join:
        raise click.UsageError("--onto and --join are two ways out: choose one")
    session = Session.here()
    output = session.project.output
    marked = conflicted(output)
    if marked:
        where = ", ".join(session.project.shown(output / file) for file in marked)
        hint = "keep what both sides added, remove the marks, and call this again"
        fail(f"{where}: there are marks of a merge that conflicted", hint)
    revisions = read_revisions(output)
    if len(revisions.heads) < 2:
        click.echo(f"there is one head, {_named(revisions.heads)}: nothing has to be merged")
        return
    shared = shared_revisions(output, base)
    found = sides(revisions, shared)
    if onto:
        _move(session, revisions, found, onto)
    elif join:
        revision = joined(revisions)
        write_joined(output, revision)
        click.echo(f"wrote {_file(session, revision)}, which follows {_named(revision.parents)}")
        click.echo("prove it: apiwright migrate verify")
    else:
        _explain(found, shared)
        raise click.exceptions.Exit(PROBLEMS)


def _move(session: Session, revisions: Revisions, found: tuple[Side, ...], onto: str) -> None:
    head = revisions.find(onto)
    rewritten = moved(revisions, found, head)
    write_moved(session.project.output, rewritten)
    for one in rewritten:
        click.echo(f"{one.before.id} is {one.after.id} now, in {_file(session, one.after)}")
    click.echo(
        "A database that has run one of the old ones knows nothing of the new: let it go down "
        "first,\nwith the branch that made them checked out."
    )
    click.echo("then: apiwright generate, and prove it: apiwright migrate verify")


def _explain(found: tuple[Side, ...], shared: Shared) -> None:
    click.echo(f"there are {len(found)} heads: branches added revisions next to each other")
    for side in found:
        click.echo(f"\n  {side.head} leads here:")
        for revision in side.revisions:
            known = f", on {shared.base}" if revision.id in side.shared else ""
            click.echo(f"    {revision}{known}")
    kept = [side.head for side in found if side.shared]
    click.echo("")
    if len(kept) == 1:
        click.echo(f"{shared.base} has one side, so the other one follows it:")
    elif kept:
        click.echo(f"{shared.base} has several sides, so none can be rewritten: join them:")
        click.echo("  apiwright migrate merge --join")
        return
    else:
        known = f"{shared.base} has neither side" if shared.base else "git names no shared branch"
        click.echo(f"{known}: choose the side that others have, or that was deployed:")
    for head in kept or [side.head for side in found]:
        click.echo(f"  apiwright migrate merge --onto {head}")
    click.echo("If databases that matter have run both, nothing may be rewritten; join them:")
    click.echo("  apiwright migrate merge --join")


def _tell_status(
    revisions: Revisions,
    unknown: list[str],
    pending: tuple[Revision, ...],
    drift: tuple[Drift, ...],
    *,
    compared: bool,
) -> None:
    for name in unknown:
        click.echo(f"no file here has the revision {name}: another branch made it")
    if len(revisions.heads) > 1:
        click.echo(f"there are several heads: {_named(revisions.heads)}; apiwright migrate merge")
    for revision in pending:
        click.echo(f"  pending  {revision}")
    for difference in drift:
        click.echo(f"  differs  {difference.message}")
    if not compared:
        click.echo("it is compared with the snapshots once it is at the newest revision")
    elif drift:
        click.echo("nothing of that is changed by itself: undo it, or let the contract say it too")
    else:
        click.echo("up to date, and as the snapshots say")


def _tell_losses(url: str, undone: Iterable[Revision]) -> None:
    undone = tuple(undone)
    click.echo("this undoes:")
    for revision in undone:
        click.echo(f"  {revision}")
    lost = losses(undone)
    if not lost:
        click.echo("nothing is dropped")
        return
    empty = empty_tables(url)
    click.echo("what is lost:")
    for loss in lost:
        bare = " (it has none)" if loss.split(" ")[2] in empty and "its rows" in loss else ""
        click.echo(f"  {loss}{bare}")


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        fail("nobody can be asked here", "say --yes to mean it", WRONG_USE)
    return click.confirm(question)


def _part(revisions: Revisions, name: str) -> Part:
    """What to prove: a revision, or all of them."""
    if not name:
        return Part(BASE, revisions.head)
    upper = revisions.find(name)
    parents = revisions.by_id[upper].parents
    if len(parents) > 1:
        raise MigrateError(f"{upper} joins others; it is proven with all", "leave out --revision")
    return Part(parents[0] if parents else BASE, upper, at_head=upper in revisions.heads)


def _before(revisions: Revisions, name: str) -> frozenset[str]:
    return frozenset() if name == BASE else revisions.ancestry([name]) - {name}


def _as_json(revision: Revision) -> dict[str, str]:
    return {"id": revision.id, "title": revision.title, "file": revision.file}


def _named(names: Iterable[str]) -> str:
    return ", ".join(names) or "no revision"


def _file(session: Session, revision: Revision) -> str:
    folder = session.project.output / "alembic" / "versions"
    return session.project.shown(folder / revision.file)
