"""The tests that come with a service pass at once, and reach nearly all of it by themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from apiwright.local import Servers
from tests.support.command import apiwright, succeeded
from tests.support.running import ROOT, run_python, service_environ

OWN = Path(__file__).parent.glob("*.yaml")
EVERY = (*OWN, ROOT / "tests" / "projects" / "library.yaml")
# The longest has the most tests, and comes first.
CONTRACTS = {
    path.stem: path for path in sorted(EVERY, key=lambda path: (-path.stat().st_size, path.stem))
}
CHECKS = (
    # Each line has something put into it that tells when it is reached. To trace all that runs, as
    # pytest-cov has to before Python 3.12, makes these tests half as long again.
    "slipcover --source app --fail-under 90 -m pytest -q -p no:cacheprovider",
    "mypy --strict app tests ../overrides",
    "ruff check app tests",
    "ruff format --check app tests",
    "flake8 app tests",
    "bandit --quiet --recursive app",
)


@pytest.mark.parametrize("name", [*CONTRACTS, "starter"])
def test_a_new_project_passes_its_own_checks(
    name: str, tmp_path: Path, types_of_libraries: Path, servers: Servers
) -> None:
    """Tests with their coverage, types and style, without a line written by hand."""
    given = ("--from", str(CONTRACTS[name])) if name in CONTRACTS else ()
    succeeded(apiwright(tmp_path, "init", name, *given))
    assert servers.postgres is not None
    environ = service_environ(
        servers.postgres.url("postgres"),
        MYPY_CACHE_DIR=str(types_of_libraries),
        # Several processes import the service: one of them compiles it.
        PYTHONDONTWRITEBYTECODE="",
    )
    for check in CHECKS:
        run_python(tmp_path / name / "generated", environ, "-m", *check.split())
