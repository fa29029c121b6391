"""What the servers have in common: sharing, failing, and who ends them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from apiwright.local import LocalServerError, locks, orphans, process, supervise
from apiwright.local.process import Launch, Running, SharedServer

Until = Callable[[Callable[[], bool]], None]
SLEEP = (sys.executable, "-S", "-c", "import time; time.sleep(60)")
FAIL = (sys.executable, "-S", "-c", "raise SystemExit('no luck today')")
DEAF = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('ready', flush=True); time.sleep(60)"
)
STUBBORN = (sys.executable, "-S", "-c", DEAF)


def recipe(folder: Path, *command: str, transient: tuple[str, ...] = ()) -> Launch:
    return Launch(
        command=command,
        port=1234,
        signals=(signal.SIGTERM, signal.SIGKILL),
        folder=folder,
        environment={},
        transient=transient,
    )


def join(shared: SharedServer, *command: str) -> Running:
    return shared.join(lambda: recipe(shared.folder, *command), lambda running: True, None)


def fail(shared: SharedServer, *command: str) -> None:
    shared.join(lambda: recipe(shared.folder, *command), lambda running: False, None)


def test_the_first_starts_it_and_the_last_ends_it(tmp_path: Path) -> None:
    first, second = SharedServer(tmp_path, "Test"), SharedServer(tmp_path, "Test")
    running = join(first, *SLEEP)
    assert join(second, *SLEEP) == running
    first.leave()
    assert orphans.exists(running.pid)
    second.leave()
    assert not orphans.exists(running.pid)
    assert second.last_port() == running.port


def test_leaving_twice_is_leaving_once(tmp_path: Path) -> None:
    shared = SharedServer(tmp_path, "Test")
    join(shared, *SLEEP)
    shared.leave()
    shared.leave()


def test_joining_twice_is_refused(tmp_path: Path) -> None:
    shared = SharedServer(tmp_path, "Test")
    join(shared, *SLEEP)
    with pytest.raises(LocalServerError, match="joined already"):
        join(shared, *SLEEP)
    shared.leave()


def test_it_ends_when_its_user_is_killed(tmp_path: Path, until: Until) -> None:
    script = (
        "import sys, time; from pathlib import Path; sys.path.insert(0, sys.argv[2]);"
        "from test_process import SLEEP, SharedServer, join;"
        "print(join(SharedServer(Path(sys.argv[1]), 'Test'), *SLEEP).pid, flush=True);"
        "time.sleep(60)"
    )
    user = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path), str(Path(__file__).parent)],
        stdout=subprocess.PIPE,
    )
    with user:
        assert user.stdout is not None
        pid = int(user.stdout.readline())
        assert orphans.exists(pid)
        user.kill()
    until(lambda: not orphans.exists(pid))


def test_a_server_that_does_not_start_shows_its_log(tmp_path: Path) -> None:
    with pytest.raises(LocalServerError, match="no luck today") as caught:
        fail(SharedServer(tmp_path, "Test"), *FAIL)
    assert str(tmp_path / "log") in caught.value.hint


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LocalServerError, match="cannot run /no/such/program"):
        fail(SharedServer(tmp_path, "Test"), "/no/such/program")


def test_another_try_is_made_when_the_log_gives_hope(tmp_path: Path) -> None:
    tries = [SLEEP, FAIL, FAIL]
    shared = SharedServer(tmp_path, "Test")
    shared.join(
        lambda: recipe(tmp_path, *tries.pop(), transient=("no luck",)),
        lambda running: not tries,
        None,
    )
    assert "no luck" in (tmp_path / "log.1").read_text()
    shared.leave()


def test_waiting_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "START_LIMIT", 0.3)
    with pytest.raises(LocalServerError, match="did not answer within"):
        SharedServer(tmp_path, "Test").join(
            lambda: recipe(tmp_path, *SLEEP), lambda running: False, None
        )
    assert not locks.is_taken(tmp_path / "supervisor.lock")


def test_another_port_than_that_of_the_running_server_is_refused(tmp_path: Path) -> None:
    shared = SharedServer(tmp_path, "Test")
    join(shared, *SLEEP)
    with pytest.raises(LocalServerError, match="on port 1234"):
        SharedServer(tmp_path, "Test").join(
            lambda: recipe(tmp_path, *SLEEP), lambda running: True, 4321
        )
    shared.leave()


def test_a_server_that_dies_is_started_anew(tmp_path: Path, until: Until) -> None:
    shared = SharedServer(tmp_path, "Test")
    first = join(shared, *SLEEP)
    os.kill(first.pid, signal.SIGKILL)
    until(lambda: not locks.is_taken(tmp_path / "supervisor.lock"))
    other = SharedServer(tmp_path, "Test")
    second = join(other, *SLEEP)
    assert second.pid != first.pid
    other.leave()
    shared.leave()
    assert not orphans.exists(second.pid)


def test_the_supervisor_passes_a_signal_on(tmp_path: Path, until: Until) -> None:
    shared = SharedServer(tmp_path, "Test")
    running = join(shared, *SLEEP)
    process._children[-1].terminate()
    until(lambda: not orphans.exists(running.pid))
    shared.leave()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can do this")
def test_the_server_does_not_outlive_a_killed_supervisor(tmp_path: Path, until: Until) -> None:
    shared = SharedServer(tmp_path, "Test")
    running = join(shared, *SLEEP)
    process._children[-1].kill()
    until(lambda: not orphans.exists(running.pid))
    shared.leave()


def test_many_at_once_get_one_server(tmp_path: Path) -> None:
    users = [SharedServer(tmp_path, "Test") for _ in range(8)]
    pids: set[int] = set()

    def use(shared: SharedServer) -> None:
        pids.add(join(shared, *SLEEP).pid)

    threads = [threading.Thread(target=use, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pids) == 1
    for user in users:
        user.leave()
    assert not orphans.exists(pids.pop())


def test_a_lock_that_stays_taken_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locks.held(path, 1), pytest.raises(LocalServerError, match="for 0 seconds"):
        locks.take(path, locks.SHARED, 0)
    assert not locks.is_taken(path)


def test_a_password_is_made_once_and_for_its_owner(tmp_path: Path) -> None:
    process.make_password(tmp_path)
    password = process.password_of(tmp_path)
    assert len(password) == 40
    assert (tmp_path / "password").stat().st_mode & 0o777 == 0o600
    process.make_password(tmp_path)
    assert process.password_of(tmp_path) == password


def test_a_lost_password_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LocalServerError, match="missing or empty"):
        process.password_of(tmp_path)


def test_a_log_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert SharedServer(tmp_path, "Test").tail() == ""


class TestSupervise:
    """The supervisor's own code, in this process."""

    @pytest.fixture(autouse=True)
    def _signals(self) -> Iterator[None]:
        numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        handlers = [signal.getsignal(number) for number in numbers]
        yield
        for number, handler in zip(numbers, handlers, strict=True):
            signal.signal(number, handler)

    def order(self, folder: Path, *command: str) -> dict[str, Any]:
        return {
            "command": command,
            "environment": {},
            "folder": str(folder),
            "account": None,
            "port": 1,
            "signals": [signal.SIGTERM, signal.SIGKILL],
            "patience": 0.3,
            "remove": [str(folder / "gone")],
            "log": str(folder / "log"),
            "state": str(folder / "server.json"),
            "users": str(folder / "users.lock"),
        }

    def test_it_stops_what_nobody_uses(self, tmp_path: Path) -> None:
        (tmp_path / "gone").mkdir()
        (tmp_path / "users.lock").touch()
        assert supervise.supervise(self.order(tmp_path, *SLEEP)) == -signal.SIGTERM
        assert not (tmp_path / "gone").exists()

    def test_it_tells_what_it_started(self, tmp_path: Path, until: Until) -> None:
        users = locks.take(tmp_path / "users.lock", locks.SHARED, 1)
        state = tmp_path / "server.json"

        def let_go() -> None:
            until(state.exists)
            assert json.loads(state.read_text())["port"] == 1
            os.kill(json.loads(state.read_text())["pid"], signal.SIGINT)
            locks.free(users)

        thread = threading.Thread(target=let_go)
        thread.start()
        assert supervise.supervise(self.order(tmp_path, *SLEEP)) != 0
        thread.join()

    def test_it_kills_what_does_not_listen(self, tmp_path: Path) -> None:
        server = subprocess.Popen(STUBBORN, stdout=subprocess.PIPE)
        with server:
            assert server.stdout is not None
            server.stdout.readline()
            start = time.monotonic()
            supervise.stop(server, [signal.SIGTERM, signal.SIGKILL], 0.2)
            assert time.monotonic() - start < 5
        assert server.returncode == -signal.SIGKILL

    def test_it_passes_a_signal_on(self, tmp_path: Path, until: Until) -> None:
        users = locks.take(tmp_path / "users.lock", locks.SHARED, 1)

        def interrupt() -> None:
            until((tmp_path / "server.json").exists)
            time.sleep(0.1)
            os.kill(os.getpid(), signal.SIGHUP)

        thread = threading.Thread(target=interrupt)
        thread.start()
        assert supervise.supervise(self.order(tmp_path, *SLEEP)) == -signal.SIGTERM
        thread.join()
        locks.free(users)

    def test_it_is_a_script(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        order = self.order(tmp_path, "/no/such/program")
        monkeypatch.setattr(sys, "argv", ["supervise.py", json.dumps(order)])
        assert supervise.main() == 1
        assert "cannot run" in (tmp_path / "log").read_text()

    def test_elsewhere_nothing_ties_the_server_to_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "platform", "darwin")
        assert supervise._dies_with_me(signal.SIGTERM) is None
