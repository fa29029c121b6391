"""A service of before works on while its database is brought up to date.

A writer and a reader go on against the old process, over HTTP, while `apiwright migrate up` makes
every change that a running service lives with, on a table of `APIWRIGHT_LIVE_ROWS` rows. The
session `live` does it with a million, and holds the longest answer to a second.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from apiwright.local import Servers
from tests.live.live_load import Load
from tests.migrate.migrate_helpers import change, run_sql, small_project
from tests.support.command import called
from tests.support.contracts import INTEGER, TEXT, Contract, contract, crud, thing
from tests.support.running import running_service, scratch_database, service_environ

ROWS = int(os.environ.get("APIWRIGHT_LIVE_ROWS", "10000"))
APART = "APIWRIGHT_LIVE_ROWS" in os.environ
"""Whether each change is a run of `generate` by itself, which takes longer to make ready."""

LONGEST = float(os.environ.get("APIWRIGHT_LIVE_LONGEST", "inf"))
"""Seconds that an answer may take; a test in CI doesn't look at the clock."""

SMALL = {"precision": 6, "scale": 2}
LARGE = {"precision": 9, "scale": 2}
BEFORE: Contract = {
    "code": TEXT,
    "email": TEXT,
    "size": INTEGER,
    "owner_id": INTEGER,
    "cost": {"type": "number", "format": "decimal", "x-column": SMALL},
    "note": {**TEXT, "maxLength": 20},
    "status": {"type": "string", "enum": ["new", "sold"], "default": "new"},
    "gone": TEXT,
    "title": {**TEXT, "x-index": True},
}
EDITS: dict[str, Contract] = {
    "a column that may be null": {"remark": TEXT},
    "a column with a default": {"colour": {**TEXT, "default": "red"}},
    "a required column, filled": {"label": {**TEXT, "default": "-", "x-backfill": "upper(name)"}},
    "an index": {"size": {**INTEGER, "x-index": True}},
    "a unique rule": {"code": {**TEXT, "x-unique": True}},
    "a unique rule of an expression": {"email": {**TEXT, "x-unique": {"ignore-case": True}}},
    "a check": {"size": {**INTEGER, "x-index": True, "minimum": 0}},
    "a foreign key": {"owner_id": {**INTEGER, "x-references": "Owner"}},
    "more digits": {"cost": {"type": "number", "format": "decimal", "x-column": LARGE}},
    "longer texts": {"note": {**TEXT, "maxLength": 40}},
    "a value of an enum": {
        "status": {"type": "string", "enum": ["new", "sold", "lost"], "default": "new"}
    },
    "a column that is kept": {"gone": None},
    "another name, beside the old one": {
        "title": None,
        "heading": {**TEXT, "x-index": True, "x-renamed-from": "title"},
    },
    "partial indexes": {},
}
"""What changes, one after the other; None takes a property away."""


def described(own: Contract, *, soft: bool = False) -> Contract:
    """The contract of things with some properties."""
    schema = thing(own, *(["label"] if "label" in own else []))
    schema["x-table"] = {"soft-delete": True} if soft else True
    query = [{"name": "limit", "in": "query", "schema": INTEGER}]
    paths = crud("Thing", "things", query=query)
    return contract(paths, {"Thing": schema, "Owner": {**thing(), "x-table": True}})


def body(number: int) -> dict[str, Any]:
    """What a client of before sends."""
    return {
        "name": f"n{number}", "code": f"sent {number}", "email": f"s{number}@example.com",
        "size": number, "owner_id": 1, "cost": 12.5, "note": "a note", "status": "sold",
        "gone": "still here", "title": f"Title {number}",
    }  # fmt: skip


FILL = f"""
    INSERT INTO things (name, code, email, size, owner_id, cost, note, status, gone, title)
    SELECT 'Thing ' || n, 'c' || n, 'e' || n || '@example.com', n, 1, 9.5, 'note', 'new', 'g',
        'Title ' || n
    FROM generate_series(1, {ROWS}) n
"""


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The project of before, and the same with all that changes."""
    folder = tmp_path_factory.mktemp("live")
    before = small_project(folder, described(BEFORE))
    after = folder / "after"
    shutil.copytree(before, after)
    own = dict(BEFORE)
    last = list(EDITS)[-1]
    for name, edit in EDITS.items():
        own = {key: said for key, said in {**own, **edit}.items() if said is not None}
        change(after, described(own, soft=name == last))
        if APART or name == last:
            done = called(after, "generate", "--no-verify", "--zero-downtime")
            assert done.exit_code == 0, done.output
    return before, after


def migrated(project: Path, url: str) -> list[tuple[float, str]]:
    """Run `apiwright migrate up`; the moments at which it said something, and what."""
    said = []
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "apiwright", "migrate", "up"],
        cwd=project,
        env={**os.environ, "DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        said += [(time.monotonic(), line.strip()) for line in process.stdout]
    assert process.returncode == 0, said
    return said


def new_body(number: int) -> dict[str, Any]:
    """What a client of today sends."""
    sent = body(number)
    heading = sent.pop("title")
    del sent["gone"]
    return {**sent, "heading": heading, "label": "L", "colour": "blue", "remark": "r"}


def answered(method: str, url: str, sent: dict[str, Any] | None = None) -> Any:
    """The body of an answer, which has to be a success."""
    data = None if sent is None else json.dumps(sent).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


def both_work(older: str, newer: str) -> None:
    """What either service writes under its own name is what the other one reads."""
    for number, (one, sent, name) in enumerate(
        ((older, body(900_001_001), "title"), (newer, new_body(900_001_002), "heading"))
    ):
        ours, theirs = body(900_002_000 + number), new_body(900_002_000 + number)
        path = f"/things/{answered('POST', f'{one}/things', sent)['id']}"
        for writer, mine, key in ((older, ours, "title"), (newer, theirs, "heading")) * 2:
            for value in (sent[name], f"{key} {number}"):
                written = answered("PATCH", writer + path, {**mine, key: value})
                assert written[key] == value
                assert answered("GET", older + path)["title"] == value
                assert answered("GET", newer + path)["heading"] == value


GONE = "SELECT 1 FROM pg_attribute WHERE attrelid = 'things'::regclass AND attname = 'title'"


def test_nobody_notices(
    projects: tuple[Path, Path],
    servers: Servers,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before, after = projects
    with scratch_database(servers) as url:
        output = before / "generated"
        with running_service(output, service_environ(url), tmp_path) as service:
            run_sql(url, "INSERT INTO owners (name) VALUES ('o')", FILL, "VACUUM ANALYZE")
            load = Load(service.url, body)
            with load.running():
                time.sleep(2)
                started = time.monotonic()
                said = migrated(after, url)
                ended = time.monotonic()
                time.sleep(1)
            assert load.failures == [], service.log.read_text()
            assert load.made > 1
            assert load.answers[-1].asked > ended
            assert "Traceback" not in service.log.read_text()
            with running_service(after / "generated", service_environ(url), tmp_path) as newer:
                both_work(service.url, newer.url)
        shown = called(after, "plan", "--contract", "--no-sql")
        assert "drop the column things.title, whose values heading has" in shown.output
        finished = called(after, "generate", "--no-verify", "--contract")
        assert finished.exit_code == 0, finished.output
        with running_service(after / "generated", service_environ(url), tmp_path) as newer:
            made = answered("POST", f"{newer.url}/things", new_body(900_001_000))
            assert answered("GET", f"{newer.url}/things/{made['id']}") == made
        assert run_sql(url, GONE) == []
        (kept,) = run_sql(
            url, "SELECT count(*), count(*) FILTER (WHERE label = upper(name)) FROM things"
        )
        assert kept[0] >= kept[1] >= ROWS
    quiet = max(answer.took for answer in load.answers if answer.asked < started)
    longest = load.longest(started)
    at = next((line for moment, line in reversed(said) if moment <= longest.asked), "")
    with capsys.disabled():
        print(json.dumps({
            "rows": ROWS, "migration": round(ended - started, 1), "answers": len(load.answers),
            "failed": len(load.failures), "longest": round(longest.took, 3),
            "longest before": round(quiet, 3), "what": longest.what, "during": at,
        }, indent=2))  # fmt: skip
    assert longest.took < LONGEST
