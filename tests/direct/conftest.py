"""The service of `samples.yaml` twice on one database: answering directly, and by typed objects."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from apiwright.local import Servers
from tests.support.command import apiwright, succeeded
from tests.support.running import running_service, scratch_database, service_environ

CONTRACT = Path(__file__).parent / "samples.yaml"
TYPED = "from app.main import create_app\n\napp = create_app(answer_directly=False)\n"


@dataclass(frozen=True)
class Both:
    """The same service on the same database, twice: answering directly, and by typed objects."""

    direct: httpx2.Client
    typed: httpx2.Client
    database_url: str

    def get(self, path: str) -> Any:
        """What both answer; an AssertionError if that is not the same."""
        first, second = exact(self.direct.get(path)), exact(self.typed.get(path))
        assert first == second, f"{path}\n{differences(first, second)}"
        assert self.direct.get(path).headers["content-type"] == "application/json"
        return first

    def made(self, path: str, body: Any, *, directly: bool) -> Any:
        """What one of them answers to a POST."""
        client = self.direct if directly else self.typed
        answer = client.post(
            path, content=json.dumps(body), headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 201, answer.text
        return exact(answer)


def differences(first: Any, second: Any, place: str = "") -> str:
    """Where two JSON values differ, as lines."""
    if isinstance(first, dict) and isinstance(second, dict) and first.keys() == second.keys():
        return "".join(differences(first[key], second[key], f"{place}.{key}") for key in first)
    if isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        pairs = enumerate(zip(first, second, strict=True))
        return "".join(differences(*pair, f"{place}[{at}]") for at, pair in pairs)
    return "" if first == second else f"{place}: {first!r} != {second!r}\n"


def exact(answer: httpx2.Response) -> Any:
    """The body of an answer, with every digit; of a double, those that tell it from others."""
    assert answer.status_code < 300, answer.text
    return json.loads(answer.content, parse_float=Decimal, object_hook=_doubled)


def _doubled(value: dict[str, Any]) -> dict[str, Any]:
    return value | {"double": float(value["double"])} if "double" in value else value


@pytest.fixture(scope="package")
def both(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """The service of `samples.yaml`."""
    folder = tmp_path_factory.mktemp("direct")
    succeeded(apiwright(folder, "init", "samples", "--from", str(CONTRACT)))
    output = folder / "samples" / "generated"
    (folder / "typed.py").write_text(TYPED)
    with ExitStack() as stack:
        database_url = stack.enter_context(scratch_database(servers))
        environ = service_environ(database_url)
        environ["PYTHONPATH"] = str(folder)
        direct = stack.enter_context(running_service(output, environ, folder))
        typed = stack.enter_context(
            running_service(output, environ, folder, application="typed:app")
        )
        yield Both(
            stack.enter_context(httpx2.Client(base_url=direct.url)),
            stack.enter_context(httpx2.Client(base_url=typed.url)),
            database_url,
        )
