"""`apiwright bench` on the reference project: a table for people, figures for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from apiwright.bench.run import Effort, Figures, bench
from apiwright.bench.targets import LeftOut
from apiwright.local import Servers
from tests.bench.answering import answering, http
from tests.support.command import apiwright_process, called, reference_project
from tests.support.contracts import things, understood
from tests.support.running import scratch_database


@pytest.fixture
def environ(servers: Servers) -> Iterator[dict[str, str]]:
    """A database and a Redis that the environment names."""
    with scratch_database(servers) as url:
        yield {"DATABASE_URL": url, "REDIS_URL": servers.redis_url}


def test_it_measures_what_anybody_may_call(tmp_path: Path, environ: dict[str, str]) -> None:
    """First as a table; then, on the rows that are there now, with two workers, as JSON."""
    project = reference_project(tmp_path)
    first = ("bench", "--seconds", "0.5", "--rows", "30")
    done = apiwright_process(project, *first, environ=environ)
    assert done.code == 0, done.text
    title, *lines = done.out.splitlines()
    assert title.split()[:2] == ["operation", "req/s"]
    assert [line.split()[0] for line in lines] == ["listItems", "readItem"]
    assert not (project / "generated" / ".env").exists()
    assert '"endpoint": "/api/v1/items/"' in (project / ".apiwright" / "bench.log").read_text()

    arguments = ("bench", "listItems", "--seconds", "0.5", "--workers", "2", "--json")
    done = apiwright_process(project, *arguments, environ=environ)
    assert done.code == 0, done.text
    said = json.loads(done.out)
    (figures,) = said["operations"]
    assert (figures["operation"], figures["path"]) == ("listItems", "/api/v1/items/")
    assert figures["rate"] > 1
    assert 0 < figures["p50"] <= figures["p95"] <= figures["p99"]
    assert figures["cpu"] > 10
    assert figures["memory"] > 100 * 2**20
    assert (figures["errors"], said["left_out"]) == ({}, [])


def test_what_is_no_operation_is_wrong_use(tmp_path: Path) -> None:
    """Told before anything is started, with what was meant."""
    project = reference_project(tmp_path)
    result = called(project, "bench", "listItem")
    assert result.exit_code == 2
    assert "the contract has no operation called listItem" in result.output
    assert "did you mean listItems?" in result.output
    assert not (project / ".apiwright").exists()


def test_a_contract_with_errors_is_not_measured(tmp_path: Path) -> None:
    """The problems are shown as always."""
    project = reference_project(tmp_path)
    spec = project / "specs" / "openapi.yaml"
    spec.write_text(spec.read_text().replace("schemas/ItemPage'", "schemas/ItemPaje'"))
    result = called(project, "bench")
    assert result.exit_code == 1
    assert "ItemPaje" in result.output


def test_a_service_that_does_not_start_is_told(tmp_path: Path, environ: dict[str, str]) -> None:
    """With the place of its last words."""
    project = reference_project(tmp_path)
    origins = {"CORS_ORIGINS": '["*"]'}
    done = apiwright_process(project, "bench", environ={**environ, **origins})
    assert done.code == 1
    log = project / ".apiwright" / "bench.log"
    assert f"the service ended while it was starting; see {log}" in done.err
    assert "CORS_ORIGINS has to list origins" in log.read_text()


def test_answers_that_are_no_success_are_left_out() -> None:
    """An operation that is answered with an error tells nothing about speed."""
    service = understood(things())
    with answering(lambda _: [http(b"no json", status="500 Oh")]) as port:
        found = list(bench(service, f"http://127.0.0.1:{port}", 1, Effort(1, 0.1, 0.0)))
    assert all(isinstance(one, LeftOut) for one in found)
    assert "is answered with 500, not 200" in found[0].reason  # type: ignore[union-attr]  # as the line before says


def test_answers_that_are_no_json_show_no_keys() -> None:
    """The list is measured all the same; only one operation, where one is named."""
    service = understood(things())
    with answering(lambda _: [http(b"no json")]) as port:
        url = f"http://127.0.0.1:{port}"
        found = {one.operation: one for one in bench(service, url, 1, Effort(1, 0.1, 0.0))}
        only = list(bench(service, url, 1, Effort(1, 0.1, 0.0), frozenset({"list things"})))
    assert isinstance(found["list things"], Figures)
    assert found["read Thing"] == LeftOut("read Thing", "no list shows a value for id")
    assert [one.operation for one in only] == ["list things"]
