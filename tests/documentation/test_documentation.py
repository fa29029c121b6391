"""Every command and snippet of the documentation, run.

Each fenced block is named below with the way in which it is tried; a block that is not named fails,
so that nothing can be documented without being run.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from apiwright.extensions import WORDS
from apiwright.local import Servers
from tests.support.command import apiwright, reference_project, succeeded
from tests.support.running import ROOT, run_python, scratch_database, service_environ

FILES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
WALKS = "evolving.md"  # test_evolving.py runs them
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]+\]\(([^)#]+)\)")


def blocks(*languages: str) -> list[tuple[str, str]]:
    """The fenced blocks in these languages: the file that they stand in, and their text."""
    return [
        (file.name, text)
        for file in FILES
        for language, text in BLOCK.findall(file.read_text())
        if language in languages
    ]


def commands() -> list[tuple[str, str]]:
    """Every command of the blocks for a shell, without its comment."""
    return [
        (name, line.partition("  #")[0].strip())
        for name, text in blocks("bash")
        if name != WALKS
        for line in text.splitlines()
        if line.strip()
    ]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the reference project."""
    return reference_project(tmp_path)


def by_another_test(_project: Path, _servers: Servers) -> None:
    """What a test of its own runs: `dev`, the relay, and the checks that this is one of."""


def no_engine(_project: Path, _servers: Servers) -> None:
    """No container engine runs here: the files that the command names are held to their linters."""
    assert (ROOT / "generated/docker-compose.yml").is_file()


def explain(project: Path, _servers: Servers) -> None:
    """As documented, on the reference contract."""
    assert "reserveItem" in succeeded(apiwright(project, "explain", "reserveItem")).out


def init(project: Path, _servers: Servers) -> None:
    """The project goes to another place."""
    contract = str(ROOT / "tests/projects/library.yaml")
    succeeded(apiwright(project, "init", "../shop", "--from", contract))


def adopt(project: Path, servers: Servers) -> None:
    """The database is that of the reference service."""
    with scratch_database(servers) as url:
        run_python(project / "generated", service_environ(url), "-m", "alembic", "upgrade", "head")
        succeeded(apiwright(project.parent, "init", "library", "--from-database", url))


def override(project: Path, _servers: Servers) -> None:
    """In a project that has no such override yet."""
    (project / "overrides" / "items.py").unlink()
    succeeded(apiwright(project, "override", "reserveItem"))


def lose_data(project: Path, _servers: Servers) -> None:
    """A nickname that is there, and then is not."""
    spec = project / "specs" / "openapi.yaml"
    without = spec.read_text()
    anchor = (
        "        roles:\n          description: What the account may do\n          type: array\n"
    )
    nickname = "        nickname:\n          type: [string, 'null']\n"
    spec.write_text(without.replace(anchor, nickname + anchor, 1))
    succeeded(apiwright(project, "generate", "--no-verify"))
    spec.write_text(without)
    assert "note[retained]" in succeeded(apiwright(project, "generate", "--no-verify")).err
    succeeded(apiwright(project, "generate", "--allow-data-loss", "users.nickname"))


def migrate(project: Path, servers: Servers) -> None:
    """The three commands, one after the other."""
    with scratch_database(servers) as url:
        environ = service_environ(url)
        for arguments in (["upgrade", "head"], ["check"], ["downgrade", "-1"]):
            run_python(project / "generated", environ, "-m", "alembic", *arguments)


def migrate_command(project: Path, servers: Servers) -> None:
    """As documented, in an order in which each has something to do."""
    with scratch_database(servers) as url:
        environ = {"DATABASE_URL": url}
        for words in ("up", "status", "down -1 --yes", "sql", "verify", "merge"):
            succeeded(apiwright(project, "migrate", *words.split(), environ=environ))
        assert apiwright(project, "migrate", "status", environ=environ).code == 1


HOW: dict[str, Callable[[Path, Servers], None]] = {
    "python3 generator dev": by_another_test,
    "python3 noxfile.py": by_another_test,
    ".venv/bin/apiwright explain reserveItem": explain,
    ".venv/bin/apiwright init ../shop --from tests/projects/library.yaml": init,
    "docker compose -f generated/docker-compose.yml --project-directory . up --build": no_engine,
    "cd generated": migrate,
    "alembic upgrade head": migrate,
    "alembic downgrade -1": migrate,
    "alembic check": migrate,
    "apiwright migrate up": migrate_command,
    "apiwright migrate status": migrate_command,
    "apiwright migrate down -1": migrate_command,
    "apiwright migrate sql": migrate_command,
    "apiwright migrate verify": migrate_command,
    "apiwright migrate merge": migrate_command,
    "apiwright generate --allow-data-loss users.nickname": lose_data,
    "apiwright init library --from-database postgresql://user:password@host/database": adopt,
    "apiwright override reserveItem": override,
    "apiwright override v1:downgrade_order": by_another_test,
    "python -m app.relay": by_another_test,
    "python -m app.relay retry": by_another_test,
}


def test_every_command_is_named_here() -> None:
    """What is documented is tried, and what is tried is documented."""
    assert {line for _, line in commands()} == set(HOW)


@pytest.mark.parametrize("run", list(dict.fromkeys(HOW.values())))
def test_commands_work(
    run: Callable[[Path, Servers], None], project: Path, servers: Servers
) -> None:
    """Each in a fresh copy of the reference project."""
    run(project, servers)


def test_extension_snippets_are_accepted(project: Path) -> None:
    """Every YAML snippet, put where it belongs in a contract, passes the check."""
    snippets = [text for name, text in blocks("yaml") if name == "extensions.md"]
    assert len(snippets) == 4
    modeline, table, identity, roles = snippets
    spec = project / "specs" / "openapi.yaml"
    assert spec.read_text().startswith(modeline)
    written = spec.read_text()
    indented = "".join(
        f"      {line}\n"
        for line in table.splitlines()
        if "x-table" in line or line.startswith("    ")
    )
    for column in ("slug", "nickname"):
        indented = indented.replace(column, "title")
    old = "      x-table:\n        name: items\n        soft-delete: deleted_at\n"
    assert old in written
    text = re.sub(r"(?m)^ {6} {2}", "      ", indented)
    written = written.replace(old, text)
    assert (
        "x-identity: {login: email, password: password, roles: roles, active: is_active}"
        in identity
    )
    written = written.replace(
        "      x-table: users\n",
        "      x-table: users\n" + identity.splitlines()[1].replace("  x-", "      x-") + "\n",
    )
    assert "x-roles:" in roles
    spec.write_text(written)
    done = apiwright(project, "check")
    assert done.code == 0, done.text


@pytest.mark.parametrize(
    "snippet", [text for name, text in blocks("yaml") if name == "migrations.md"]
)
def test_snippets_about_migrations_are_accepted(snippet: str, tmp_path: Path) -> None:
    """Each is the `components` of a contract without errors."""
    document = {"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {}}
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "openapi.yaml").write_text(
        yaml.safe_dump({**document, **yaml.safe_load(snippet)})
    )
    succeeded(apiwright(tmp_path, "check"))


def test_snippets_about_events_are_accepted(tmp_path: Path) -> None:
    """Together they are a contract without errors."""
    defaults, named, webhooks = (yaml.safe_load(t) for n, t in blocks("yaml") if n == "events.md")
    order = {**defaults["Order"], **named["Order"]}
    order |= {"type": "object", "properties": {"id": {"type": "integer"}}}
    [audit] = (yaml.safe_load(text) for name, text in blocks("yaml") if name == "audit.md")
    schemas = audit.pop("components")["schemas"]
    label = {
        **schemas["Label"],
        "x-table": True,
        "type": "object",
        "properties": {"id": {"type": "integer"}},
    }
    document = {"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {}}
    document |= {**audit, **webhooks, "components": {"schemas": {"Order": order, "Label": label}}}
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "openapi.yaml").write_text(yaml.safe_dump(document))
    succeeded(apiwright(tmp_path, "check"))


def test_the_roles_snippet_is_a_security_scheme() -> None:
    """Under `components`, as it stands."""
    roles = next(text for name, text in blocks("yaml") if "x-roles" in text)
    scheme = yaml.safe_load(roles)["components"]["securitySchemes"]["oauth2"]
    assert set(scheme["x-roles"]) == {"member", "admin"}
    declared = set(scheme["flows"]["password"]["scopes"])
    assert {s for role in scheme["x-roles"].values() for s in role["scopes"]} <= declared


def test_python_snippets_are_python() -> None:
    """They parse, and import what exists."""
    for _, text in blocks("python"):
        ast.parse(text)
        for module in re.findall(r"^from (app[\w.]*) import", text, re.MULTILINE):
            path = ROOT / "generated" / module.replace(".", "/")
            assert path.is_dir() or path.with_suffix(".py").is_file(), module


def test_the_documented_message_is_the_real_one(project: Path) -> None:
    """An override that no longer fits is told as the documentation shows."""
    shown = next(text for name, text in blocks("text") if name == "overrides.md")
    override = project / "overrides" / "items.py"
    text = override.read_text().replace(
        "(self, item_id: UUID, body: Reservation) -> Item", "(self, item_id: UUID) -> Item"
    )
    override.write_text(text)
    said = apiwright(project, "check").err
    for line in shown.splitlines():
        if not line.startswith(" -->"):
            assert line.strip() in said


def test_links_lead_somewhere() -> None:
    """Every relative link names a file or a folder of the repository."""
    for file in FILES:
        for target in LINK.findall(file.read_text()):
            if not target.startswith("https://"):
                assert (file.parent / target).exists(), f"{file.name}: {target}"


def test_every_extension_word_is_documented() -> None:
    """docs/extensions.md knows all of them, and no other."""
    text = (ROOT / "docs" / "extensions.md").read_text()
    assert set(re.findall(r"\bx-[a-z]+(?:-[a-z]+)*", text)) == set(WORDS)


def test_the_bootstrap_is_what_the_readme_says(tmp_path: Path) -> None:
    """`python3 generator` is a program: with an environment already there, it hands over."""
    done = subprocess.run(
        [sys.executable, "generator", "--version"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("apiwright ")
    assert shutil.which("python3")
