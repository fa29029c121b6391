"""`apiwright migrate status`: what is pending, and what somebody changed by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from apiwright.local import Servers
from tests.migrate.migrate_helpers import held, migrate, run_sql, status
from tests.support.command import reference_project, succeeded
from tests.support.running import scratch_database


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference project, which nobody writes into."""
    return reference_project(tmp_path_factory.mktemp("reference"))


@pytest.fixture(scope="module")
def migrated(reference: Path, servers: Servers) -> Iterator[str]:
    """A database at the head of the reference project, for copies."""
    with scratch_database(servers) as url:
        succeeded(migrate(reference, url, "up"))
        yield url


@pytest.fixture
def database(migrated: str, servers: Servers) -> Iterator[str]:
    """A copy of the migrated database."""
    assert servers.postgres is not None
    name = f"{migrated.rpartition('/')[2]}_copy"
    servers.postgres.create_database(name, template=migrated.rpartition("/")[2])
    try:
        yield servers.postgres.url(name)
    finally:
        servers.postgres.drop_database(name)


def test_a_migrated_database_is_as_the_snapshots_say(reference: Path, database: str) -> None:
    """Nothing differs, and looking leaves nothing behind."""
    found = status(reference, database)
    assert (found["ok"], found["drift"], found["compared"]) == (True, [], True)
    assert run_sql(database, "SELECT relname FROM pg_class WHERE relpersistence = 't'") == []


CHANGES = {
    "ALTER TABLE items ADD COLUMN extra text": (
        "column-unknown", "there is a column items.extra (text) that no snapshot knows",
    ),
    "ALTER TABLE items DROP COLUMN description CASCADE": (
        "column-missing", "the column items.description is missing",
    ),
    "ALTER TABLE items ALTER COLUMN price TYPE numeric(12, 2)": (
        "column-type", "items.price is numeric(12,2); it should be numeric(10,2)",
    ),
    "ALTER TABLE items ALTER COLUMN title DROP NOT NULL": (
        "column-null", "items.title may be null; it should not",
    ),
    "ALTER TABLE items ALTER COLUMN description SET NOT NULL": (
        "column-null", "items.description may not be null; it should",
    ),
    "ALTER TABLE items ALTER COLUMN quantity SET DEFAULT 7": (
        "column-default", "items.quantity has the default 7; it should be 1",
    ),
    "ALTER TABLE items ALTER COLUMN quantity DROP DEFAULT": (
        "column-default", "items.quantity has no default; it should be 1",
    ),
    "ALTER TABLE items ALTER COLUMN title SET DEFAULT 'a'": (
        "column-default", "items.title has the default 'a'::text; it should have none",
    ),
    "ALTER TABLE items DROP CONSTRAINT ck_items_quantity_minimum": (
        "constraint-missing", "the constraint ck_items_quantity_minimum of items is missing",
    ),
    "ALTER TABLE items ADD CONSTRAINT mine CHECK (quantity < 5)": (
        "constraint-unknown", "there is a constraint mine on items that no snapshot knows",
    ),
    "ALTER TABLE items DROP CONSTRAINT ck_items_quantity_minimum, "
    "ADD CONSTRAINT ck_items_quantity_minimum CHECK (quantity >= 1)": (
        "constraint-differs",
        ("the constraint ck_items_quantity_minimum of items is CHECK ((quantity >= 1)); "
        "it should be CHECK ((quantity >= 0))"),
    ),
    "ALTER TABLE items DROP CONSTRAINT ck_items_quantity_minimum, "
    "ADD CONSTRAINT ck_items_quantity_minimum CHECK (quantity >= 0) NOT VALID": (
        "constraint-not-valid",
        ("the constraint ck_items_quantity_minimum of items is NOT VALID: "
        "rows from before it are not held to it"),
    ),
    "ALTER TABLE items DROP CONSTRAINT fk_items_owner_id_users, ADD CONSTRAINT "
    "fk_items_owner_id_users FOREIGN KEY (owner_id) REFERENCES users (id) ON DELETE RESTRICT": (
        "constraint-differs",
        ("the constraint fk_items_owner_id_users of items is FOREIGN KEY (owner_id) REFERENCES "
        "users(id) ON DELETE RESTRICT; it should be FOREIGN KEY (owner_id) REFERENCES users(id) "
        "ON DELETE CASCADE"),
    ),
    "DROP INDEX ix_items_tags": ("index-missing", "the index ix_items_tags of items is missing"),
    "CREATE INDEX mine ON items (price)": (
        "index-unknown", "there is an index mine on items that no snapshot knows",
    ),
    "DROP INDEX ix_items_price_id; CREATE INDEX ix_items_price_id ON items (price, id)": (
        "index-differs",
        ("the index ix_items_price_id of items is btree (price, id); "
        "it should be btree (price, id) WHERE (deleted_at IS NULL)"),
    ),
    "DROP TABLE refresh_tokens": ("table-missing", "the table refresh_tokens is missing"),
    "CREATE TABLE mine (id bigint)": (
        "table-unknown", "there is a table mine that no snapshot knows",
    ),
}  # fmt: skip


@pytest.mark.parametrize("statement", CHANGES)
def test_what_somebody_changed_is_told(reference: Path, database: str, statement: str) -> None:
    """In words and for programs; and it is still there afterwards."""
    kind, message = CHANGES[statement]
    run_sql(database, *statement.split("; "))
    found = status(reference, database)
    assert (kind, message) in [(drift["kind"], drift["message"]) for drift in found["drift"]]
    assert found["pending"] == []
    done = migrate(reference, database, "status")
    assert (done.code, f"  differs  {message}\n" in done.out) == (1, True)


def test_an_index_whose_build_failed_is_told(reference: Path, database: str) -> None:
    """A concurrent build over rows that are alike leaves an INVALID index."""
    run_sql(
        database,
        "INSERT INTO users (email, full_name, password_hash) "
        "VALUES ('a@example.com', 'A', ''), ('b@example.com', 'A', '')",
    )
    with pytest.raises(asyncpg.UniqueViolationError):
        run_sql(database, "CREATE UNIQUE INDEX CONCURRENTLY left_over ON users (full_name)")
    assert [(d["kind"], d["name"]) for d in status(reference, database)["drift"]] == [
        ("index-invalid", "left_over")
    ]


def test_what_extensions_and_others_own_is_no_drift(reference: Path, database: str) -> None:
    """Views, functions and other schemas are nobody's business here."""
    run_sql(
        database,
        "CREATE VIEW cheap AS SELECT id FROM items WHERE price < 1",
        "CREATE FUNCTION one() RETURNS int LANGUAGE sql RETURN 1",
        "CREATE SCHEMA other",
        "CREATE TABLE other.users (id bigint)",
    )
    assert status(reference, database)["ok"]


def test_pending_revisions_have_titles(small: Path, database_url: str) -> None:
    """A database that was never migrated; what is left over is told all the same."""
    run_sql(
        database_url,
        "CREATE TABLE mine (a int)",
        "ALTER TABLE mine ADD CONSTRAINT c CHECK (a > 0) NOT VALID",
    )
    found = status(small, database_url)
    assert [one["title"] for one in found["pending"]] == ["create things"]
    assert (found["compared"], [d["kind"] for d in found["drift"]]) == (
        False,
        ["constraint-not-valid"],
    )
    text = migrate(small, database_url, "status").out
    assert f"  pending  {found['pending'][0]['id']}  create things\n" in text
    assert "it is compared with the snapshots once it is at the newest revision" in text


def test_looking_waits_for_nobody(small: Path, database_url: str) -> None:
    """A lock that somebody holds on a table is not in the way."""
    succeeded(migrate(small, database_url, "up"))
    with held(database_url, "LOCK TABLE things"):
        assert status(small, database_url)["ok"]


def test_a_conflicted_snapshot_is_named(small: Path, database_url: str) -> None:
    file = small / "generated/alembic/schema/things.json"
    file.write_text("<<<<<<< HEAD\n" + file.read_text() + "=======\n>>>>>>> other\n")
    done = migrate(small, database_url, "status")
    assert done.code == 1
    assert "alembic/schema/things.json: there are marks of a merge" in done.err
