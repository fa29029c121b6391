"""What several folders of tests share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import IO

import pytest
from hypothesis import settings
from typing_extensions import override
from xdist.remote import Producer  # type: ignore[import-untyped]  # xdist tells no types
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

from apiwright.cli.commands import migrate
from apiwright.local import PostgresServer, Servers, start_database
from apiwright.migrate import alembic, trial
from tests.support import warm
from tests.support.running import ROOT, scratch_database, scratch_servers

# Folders whose files take the longest: they come first, so that no worker begins one of them when
# the others are done.
LONGEST = (
    "projects",
    "bench",
    "render",
    "adopt",
    "tenancy",
    "write",
    "dev",
    "versions",
    "conditional",
    "migrate",
    "events",
    "direct",
    "outages",
    "documentation",
)
# Folders whose files share a service: they stay on one worker, which makes it once.
TOGETHER = ("bulk", "conditional", "direct")
# How long an example takes says more about the machine than about what is tested.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; the order within a file stays."""
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.parent.name, len(place)))


class _ByService(LoadFileScheduling):  # type: ignore[misc]  # xdist tells no types
    """Files stay whole, and those of TOGETHER with their folder."""

    @override
    def _split_scope(self, nodeid: str) -> str:
        file = Path(super()._split_scope(nodeid))
        return str(file.parent if file.parent.name in TOGETHER else file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _ByService | None:
    """What gives files to workers, where a session says that files stay whole."""
    return _ByService(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture(scope="session", autouse=True)
def _warm_alembic() -> Iterator[None]:
    """Commands that run in this process have an Alembic that does without its imports."""

    def runner(output: Path, errors: IO[str]) -> warm.Piped:
        environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        return warm.Piped(alembic.RUNNER, output, environ, errors)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alembic, "runner", runner)
        yield


@pytest.fixture(scope="session", autouse=True)
def _one_server_for_proofs() -> Iterator[None]:
    """Commands that run in this process prove revisions on the server that all tests share."""
    with ExitStack() as held, pytest.MonkeyPatch.context() as patch:

        @cache
        def server() -> PostgresServer:
            return held.enter_context(start_database(ROOT, durable=False))

        def shared(root: Path, *, durable: bool = True) -> PostgresServer:
            server()
            return start_database(ROOT, durable=durable)

        for module in (trial, migrate):
            patch.setattr(module, "start_database", shared)
        yield


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """PostgreSQL and Redis."""
    with scratch_servers() as found:
        yield found


@pytest.fixture(scope="session")
def types_of_libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache for mypy; what it knows of libraries is the same for all services."""
    known = ROOT / "generated" / ".mypy_cache"
    cache = tmp_path_factory.getbasetemp() / "mypy"
    if known.is_dir():
        shutil.copytree(known, cache)
    return cache


@pytest.fixture
def database_url(servers: Servers) -> Iterator[str]:
    """The URL of an empty database."""
    with scratch_database(servers) as url:
        yield url
