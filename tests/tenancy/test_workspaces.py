"""Tenants that are a plain word, in a running service: what crosses, what doesn't, and mails."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped, unused-ignore]
import httpx2
import pytest

from apiwright.local import Servers
from tests.support.command import apiwright, succeeded
from tests.support.running import (
    Running,
    as_plain_role,
    run_python,
    running_service,
    scratch_database,
    service_environ,
)

CONTRACT = Path(__file__).parent / "boards.yaml"
PASSWORD = "correct horse battery staple"
PEOPLE = {"ada": ("mill", "lead"), "ben": ("dam", "lead"), "sam": ("hill", "staff")}
"""Somebody of each of three workspaces, with their roles."""

OVERRIDE = '''"""Mails that take their time."""

import asyncio
import os
from pathlib import Path

from typing_extensions import override

from app.services import forgotten_service


class ForgottenService(forgotten_service.ForgottenService):
    """Sends what it is told to."""

    @override
    async def send_password_reset(self, login: str, token: str) -> None:
        """Send it, which takes a second."""
        box = Path(os.environ["MAILBOX"])
        box.with_suffix(".begun").write_text(login, encoding="utf-8")
        await asyncio.sleep(1)
        box.write_text(f"{login} {token}", encoding="utf-8")
'''
HASHED = (
    "import asyncio; from app.config import get_settings; "
    "from app.utils.security import PasswordHasher as P; "
    f"print(asyncio.run(P(get_settings()).hash({PASSWORD!r})))"
)


@dataclass(frozen=True)
class Desk:
    """The service, with a client of everybody; `environ` is what it runs with."""

    running: Running
    clients: dict[str, httpx2.Client]
    mailbox: Path

    def ask(self, person: str, method: str, path: str, **sent: Any) -> httpx2.Response:
        """What somebody gets who asks."""
        return self.clients[person].request(method, path, **sent)

    def made(self, person: str, path: str, **body: Any) -> Any:
        """What somebody has made."""
        answer = self.ask(person, "POST", path, json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The service, with an override that sends mails."""
    folder = tmp_path_factory.mktemp("workspaces")
    succeeded(apiwright(folder, "init", "boards", "--from", str(CONTRACT)))
    project = folder / "boards"
    (project / "overrides" / "forgotten.py").write_text(OVERRIDE, encoding="utf-8")
    succeeded(apiwright(project, "generate", "--no-verify"))
    return project / "generated"


@pytest.fixture(scope="module")
def desk(
    generated: Path, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    """The service as it runs, as a plain role."""
    folder = tmp_path_factory.mktemp("running")
    mailbox = folder / "mailbox"
    with scratch_database(servers) as url:
        run_python(generated, service_environ(url), "-m", "alembic", "upgrade", "head")
        said = run_python(generated, service_environ(url), "-c", HASHED)
        plain = asyncio.run(settle(url, said.strip().splitlines()[-1]))
        assert servers.redis is not None
        environ = service_environ(plain, servers.redis.url(4), MAILBOX=str(mailbox))
        with running_service(generated, environ, folder) as running:
            base = f"{running.url}/api"
            clients = {name: httpx2.Client(base_url=base, timeout=20) for name in PEOPLE}
            for name, client in clients.items():
                form = {"username": name, "password": PASSWORD}
                token = client.post("/token", data=form).json()["access_token"]
                client.headers["Authorization"] = f"Bearer {token}"
            yield Desk(running, clients, mailbox)
            for client in clients.values():
                client.close()
        assert "Traceback" not in running.log.read_text()


async def settle(url: str, password_hash: str) -> str:
    """Everybody, and a role for the service; its address of the database."""
    connection = await asyncpg.connect(url)
    for name, (workspace, kind) in PEOPLE.items():
        await connection.execute(
            "INSERT INTO members (name, workspace, roles, password_hash) VALUES ($1, $2, $3, $4)",
            name,
            workspace,
            [kind],
            password_hash,
        )
    plain = await as_plain_role(connection, url)
    await connection.close()
    return plain


def test_its_own_tests_pass(generated: Path, servers: Servers) -> None:
    """Those about tenants, which are a word here, about events, and about forgotten passwords."""
    assert servers.postgres is not None
    files = [f"tests/test_{name}.py" for name in ("tenancy", "matrix", "models", "relay", "resets")]
    environ = service_environ(servers.postgres.url("postgres"))
    run_python(generated, environ, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files)
    matrix = (generated / "tests" / "test_matrix.py").read_text(encoding="utf-8")
    assert '"another tenant\'s row"' in matrix
    assert "lead" in matrix


def test_nested_paths_keep_to_the_tenant_and_to_the_parent(desk: Desk) -> None:
    """A card is found on its own board only, and by its own workspace."""
    board, other = (desk.made("ada", "/boards", title=title) for title in ("Repairs", "Ideas"))
    theirs = desk.made("ben", "/boards", title="Floods")
    card = desk.made("ada", f"/boards/{board['id']}/cards", text="Oil the wheel")
    own = f"/boards/{board['id']}/cards/{card['id']}"
    assert desk.ask("ada", "GET", own).status_code == 200
    for person, path in (
        ("ada", f"/boards/{other['id']}/cards/{card['id']}"),
        ("ben", own),
        ("ben", f"/boards/{theirs['id']}/cards/{card['id']}"),
    ):
        for method, body in (
            ("GET", None),
            ("PATCH", {"text": "Mine"}),
            ("PUT", {"text": "Mine"}),
            ("DELETE", None),
            ("POST", None),
        ):
            where = f"{path}/restore" if method == "POST" else path
            met = desk.ask(person, method, where, json=body)
            assert met.status_code == 404, (person, method, where, met.text)
    assert desk.ask("ben", "GET", f"/boards/{board['id']}/cards").status_code == 404
    lost = desk.ask("ben", "POST", f"/boards/{board['id']}/cards", json={"text": "Mine"})
    assert lost.status_code == 404
    assert desk.ask("ada", "GET", own).json()["text"] == "Oil the wheel"


def test_pairs_do_not_cross(desk: Desk) -> None:
    """Tags and helpers of others are missing, for those too who work with all cards."""
    tag, foreign = (
        desk.made("ada", "/tags", word="urgent"),
        desk.made("ben", "/tags", word="urgent"),
    )
    board = desk.made("ada", "/boards", title="Tags")
    path = f"/boards/{board['id']}/cards"
    card = desk.made("ada", path, text="Tag me", tag_ids=[tag["id"]])
    stranger = desk.ask("ben", "GET", "/me").json()["id"]
    for person, body in (
        ("ada", {"tag_ids": [foreign["id"]]}),
        ("ada", {"tag_ids": [tag["id"], foreign["id"]]}),
        ("sam", {"tag_ids": [desk.made("sam", "/tags", word="hilly")["id"]]}),
    ):
        met = desk.ask(person, "PATCH", f"{path}/{card['id']}", json=body)
        assert met.status_code == 409, (person, met.text)
        assert "tag_ids: there is no" in met.text
    helped = desk.ask("ada", "POST", path, json={"text": "Help", "helper_ids": [stranger]})
    assert helped.status_code == 409
    assert desk.ask("ada", "GET", f"{path}/{card['id']}").json()["tag_ids"] == [tag["id"]]
    # Who works with all cards, but not with all tags, sees none of those.
    assert desk.ask("sam", "GET", f"{path}/{card['id']}").json()["tag_ids"] == []
    renamed = desk.ask("sam", "PATCH", f"{path}/{card['id']}", json={"text": "Tagged"})
    assert renamed.status_code == 200, renamed.text
    assert desk.ask("ada", "GET", f"{path}/{card['id']}").json()["tag_ids"] == [tag["id"]]


def test_many_rows_at_once_do_not_cross(desk: Desk) -> None:
    """Changes, deletions and exports of many rows are of the caller's tenant."""
    rows = desk.ask("ada", "POST", "/entries/bulk", json=[{"minutes": 7}, {"minutes": 8}]).json()
    ids = [row["item"]["id"] for row in rows]
    theirs = desk.made("ben", "/boards", title="Dams")["id"]
    crossing = desk.ask(
        "ada", "POST", "/entries/bulk", json=[{"minutes": 9}, {"minutes": 9, "board_id": theirs}]
    )
    assert crossing.status_code == 207, crossing.text
    assert [row["status"] for row in crossing.json()] == [201, 409]
    changed = desk.ask("ben", "PATCH", "/entries/bulk", json=[{"id": ids[0], "minutes": 1}])
    assert changed.status_code == 404, changed.text
    dropped = desk.ask("ben", "DELETE", "/entries/bulk", json={"ids": ids})
    assert dropped.status_code == 404, dropped.text
    for kind in ("text/csv", "application/x-ndjson"):
        exported = desk.ask("ben", "GET", "/entries/export", headers={"Accept": kind})
        assert "mill" not in exported.text
        assert str(ids[0]) not in exported.text.replace(theirs, "")
    mine = desk.ask("ada", "GET", "/entries/export", headers={"Accept": "application/x-ndjson"})
    assert mine.text.count('"minutes"') == 3


def test_what_is_kept_is_kept_apart(desk: Desk) -> None:
    """A list that is kept for all of a workspace, beside one that is kept for everybody."""
    title = secrets.token_hex(4)
    assert title not in desk.ask("ben", "GET", "/boards").text
    desk.made("ada", "/boards", title=title)
    for _ in range(3):
        assert title in desk.ask("ada", "GET", "/boards?limit=100").text
        assert title not in desk.ask("ben", "GET", "/boards?limit=100").text
        assert title in desk.ask("sam", "GET", "/boards?limit=100").text
    with httpx2.Client(base_url=desk.running.url) as anybody:
        assert anybody.get("/api/boards").status_code == 401
        before = anybody.get("/api/notices").json()
        desk.made("sam", "/notices", title=title)
        assert len(anybody.get("/api/notices").json()) == len(before) + 1
    key = {"Idempotency-Key": secrets.token_hex(16)}
    kept = [
        desk.ask(person, "POST", "/boards", json={"title": "Once"}, headers=key).json()["id"]
        for person in ("ada", "ben", "ada")
    ]
    assert kept[0] == kept[2] != kept[1]


def test_rows_come_back_to_their_tenant_only(desk: Desk) -> None:
    """What is thrown away is brought back by those whose it was."""
    board = desk.made("ada", "/boards", title="Bin")
    path = f"/boards/{board['id']}/cards"
    card = desk.made("ada", path, text="Throw me away")
    assert desk.ask("ada", "DELETE", f"{path}/{card['id']}").status_code == 204
    assert desk.ask("ben", "POST", f"{path}/{card['id']}/restore").status_code == 404
    assert desk.ask("ada", "GET", f"{path}/{card['id']}").status_code == 404
    assert desk.ask("ada", "POST", f"{path}/{card['id']}/restore").status_code == 200
    assert desk.ask("ada", "GET", f"{path}/{card['id']}").status_code == 200


def test_a_tenant_in_a_path_narrows_and_opens_nothing(desk: Desk) -> None:
    """Whose tags are asked for is in the path; which are shown is not."""
    word = secrets.token_hex(4)
    desk.made("ada", "/tags", word=word)
    assert word in desk.ask("ada", "GET", "/workspaces/mill/tags").text
    for person, workspace in (("ada", "dam"), ("ben", "mill"), ("ben", "%27%20OR%201=1")):
        met = desk.ask(person, "GET", f"/workspaces/{workspace}/tags")
        assert met.status_code in {200, 404}
        assert word not in met.text
        assert met.status_code == 404 or met.json() == []


@pytest.mark.parametrize(
    "body",
    [
        {"word": "mine", "workspace": "dam"},
        {"word": "mine\x00"},
        {"word": ""},
        {"word": ["mine"]},
        [],
    ],
)
def test_nobody_says_whose_a_row_is(desk: Desk, body: Any) -> None:
    """A tenant in a body is of no effect, and bad input is told of as anywhere."""
    before = desk.ask("ben", "GET", "/workspaces/dam/tags").json()
    met = desk.ask("ada", "POST", "/tags", json=body)
    assert met.status_code in {201, 409, 422}, met.text
    if met.status_code == 201:
        assert met.json().get("workspace", "mill") == "mill"
    assert desk.ask("ben", "GET", "/workspaces/dam/tags").json() == before


def test_a_key_is_of_the_tenant_of_its_account(desk: Desk) -> None:
    """It opens what its account may, in its workspace, until it is revoked."""
    made = desk.made("ada", "/keys", name="robot", scopes=["work"])
    board = desk.made("ada", "/boards", title="Keys")
    theirs = desk.made("ben", "/boards", title="Theirs")
    with httpx2.Client(base_url=f"{desk.running.url}/api", headers={"X-Key": made["key"]}) as robot:
        assert robot.get(f"/boards/{board['id']}/cards").status_code == 200
        assert robot.get(f"/boards/{theirs['id']}/cards").status_code == 404
        assert robot.get("/entries/export").status_code == 403
        assert robot.get("/me").json()["name"] == "ada"
        assert robot.post("/keys", json={"name": "more", "scopes": ["work"]}).status_code == 401
        assert desk.ask("ben", "DELETE", f"/keys/{made['id']}").status_code == 404
        assert desk.ask("ada", "DELETE", f"/keys/{made['id']}").status_code == 204
        assert robot.get("/me").status_code == 401


def test_the_end_of_the_process_waits_for_a_mail(desk: Desk) -> None:
    """SIGTERM while a token is being sent: it arrives, and opens the account later."""
    assert desk.ask("ben", "POST", "/forgotten", json={"username": "ben"}).status_code == 202
    begun = desk.mailbox.with_suffix(".begun")
    deadline = time.monotonic() + 10
    while not begun.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert not desk.mailbox.exists()
    os.kill(desk.running.pid, signal.SIGTERM)
    while not desk.mailbox.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert desk.mailbox.read_text(encoding="utf-8").startswith("ben ")
