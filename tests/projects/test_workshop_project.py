"""A contract with everything in it: every type, relation, comparison and kind of page."""

from __future__ import annotations

from pathlib import Path

import pytest

from apiwright.local import Servers
from tests.support.command import apiwright, succeeded
from tests.support.running import run_python, scratch_database, service_environ

CONTRACT = Path(__file__).parent / "workshop.yaml"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project that `init --from` lays out."""
    folder = tmp_path_factory.mktemp("workshop")
    succeeded(apiwright(folder, "init", "workshop", "--from", str(CONTRACT)))
    return folder / "workshop"


def test_all_but_business_logic_is_answered(project: Path) -> None:
    """What no rule explains is listed as open."""
    routes = succeeded(apiwright(project, "routes")).out
    assert routes.strip().endswith("20 default, 1 open")
    assert "/v2/tools/{tool_id}/sharpen  sharpen       open" in routes


def test_its_types_hold(project: Path, types_of_libraries: Path) -> None:
    """Strictly, in the service and in its tests."""
    environ = service_environ("", MYPY_CACHE_DIR=str(types_of_libraries))
    out = run_python(project / "generated", environ, "-m", "mypy", "--strict", "app", "tests")
    assert out.startswith("Success")


def test_its_database_is_what_its_models_say(project: Path, servers: Servers) -> None:
    """Up, nothing to add, down, and example rows that keep every rule."""
    generated = project / "generated"
    with scratch_database(servers) as database_url:
        environ = service_environ(database_url)
        run_python(generated, environ, "-m", "alembic", "upgrade", "head")
        out = run_python(generated, environ, "-m", "alembic", "check")
        assert "No new upgrade operations" in out
        assert "12 rows of each kind" in run_python(
            generated, environ, "-m", "app.seed", "--rows", "12"
        )
        run_python(generated, environ, "-m", "alembic", "downgrade", "base")


def test_the_tests_that_come_with_it_pass(project: Path, servers: Servers) -> None:
    """The generated tests are green at once."""
    assert servers.postgres is not None
    environ = service_environ(servers.postgres.url("postgres"))
    out = run_python(project / "generated", environ, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert " failed" not in out
