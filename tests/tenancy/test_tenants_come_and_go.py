"""Row-level security follows the contract: on, under other names, off, and back each time."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from apiwright.local import Servers
from tests.migrate.migrate_helpers import command, migrate, run_sql, status
from tests.support.command import apiwright, succeeded
from tests.support.running import ROOT, scratch_database

HELPDESK = (ROOT / "tests" / "services" / "helpdesk.yaml").read_text(encoding="utf-8")
WITHOUT = re.sub(r", x-tenant: (true|\{[^}]*\})", "", HELPDESK)
"""The same contract, of a time when nobody thought of tenants."""

OTHERWISE = (
    HELPDESK.replace("    Task:\n      type: object\n      x-table: true\n",
                     "    Task:\n      type: object\n      x-table: todos\n"
                     "      x-renamed-from: tasks\n")
    .replace("x-table: {unique: [[organization_id, word]]}",
             "x-table: {name: words, unique: [[organization_id, word]]}\n"
             "      x-renamed-from: labels")
    .replace("        organization_id:", "        desk_id:")
    .replace("[[organization_id,", "[[desk_id,")
    .replace("x-references: Organization, x-tenant",
             "x-references: Organization, x-renamed-from: organization_id, x-tenant")
)  # fmt: skip
"""With tables and tenants of other names, which policies speak of, those of pairs among them."""

APART = (
    OTHERWISE.replace("        label_ids: {type: array, maxItems: 20, items: {type: integer}, "
                      "x-references: Label}\n", "")
    .replace("        label_ids: {type: array, maxItems: 20, items: {type: integer}, "
             "default: []}\n", "")
    .replace("customer, label_ids,", "customer,")
)  # fmt: skip
"""Without the pairs, which stay in the database."""

OPEN = OTHERWISE.replace(", x-tenant: true}", "}", 1)
"""With labels that are everybody's."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service without tenants."""
    folder = tmp_path_factory.mktemp("tenants")
    (folder / "desk.yaml").write_text(WITHOUT, encoding="utf-8")
    succeeded(apiwright(folder, "init", "desk", "--from", "desk.yaml"))
    return folder / "desk"


def change(project: Path, text: str) -> None:
    """Give the service another contract."""
    [file] = (project / "specs").glob("*.yaml")
    file.write_text(text, encoding="utf-8")


def test_tenants_come_and_go(project: Path, servers: Servers) -> None:
    """Each revision is proven: up, as the snapshots say, down to what was before, and up again."""
    with scratch_database(servers) as url:
        succeeded(migrate(project, url, "up"))
        assert run_sql(url, SECURED) == [([],)]

        change(project, HELPDESK)
        plan = command(project, "plan").text
        assert "let tickets show each tenant its own rows: row-level security" in plan
        assert "a service of before names no tenant, and sees no rows of tickets any more" in plan
        assert "ACCESS EXCLUSIVE" in plan
        succeeded(command(project, "generate"))
        succeeded(migrate(project, url, "up"))
        tables = [
            "accounts",
            "comments",
            "customers",
            "labels",
            "labels_tickets",
            "organizations",
            "tasks",
            "tickets",
        ]
        assert run_sql(url, SECURED) == [(tables,)]

        change(project, OTHERWISE)
        succeeded(command(project, "generate"))
        succeeded(migrate(project, url, "up"))
        assert "todos" in run_sql(url, SECURED)[0][0]
        assert "'todos'" in str(run_sql(url, CONDITION.format("todos"))[0])
        assert "desk_id" in str(run_sql(url, CONDITION.format("tickets_words"))[0])
        assert status(project, url)["ok"]

        change(project, APART)
        succeeded(command(project, "generate"))
        succeeded(migrate(project, url, "up"))
        assert "tickets_words" in run_sql(url, SECURED)[0][0]
        assert "EXISTS" not in str(run_sql(url, CONDITION.format("tickets_words"))[0])
        change(project, OTHERWISE)
        succeeded(command(project, "generate"))
        succeeded(migrate(project, url, "up"))
        assert "EXISTS" in str(run_sql(url, CONDITION.format("tickets_words"))[0])

        run_sql(
            url,
            "DROP POLICY tenant ON todos",
            "ALTER POLICY tenant ON tickets_words USING (true)",
            "ALTER TABLE customers NO FORCE ROW LEVEL SECURITY",
        )
        messages = [drift["message"] for drift in status(project, url)["drift"]]
        assert "the policy tenant of todos is missing" in messages
        assert any("the policy tenant of tickets_words is * true" in text for text in messages)
        assert any("row level security of customers" in message for message in messages)

    verified = succeeded(command(project, "migrate", "verify"))
    assert "down to base leaves nothing" in verified.text
    change(project, OPEN)
    plan = command(project, "plan").text
    assert "take row-level security off words" in plan
    assert "the rows of words are shown to every tenant from now on" in plan


SECURED = """SELECT coalesce(array_agg(relname::text ORDER BY relname), '{}') FROM pg_class
    WHERE relrowsecurity AND relforcerowsecurity"""
CONDITION = """SELECT pg_get_expr(polqual, polrelid) FROM pg_policy
    WHERE polrelid = '{}'::regclass"""
