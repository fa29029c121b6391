"""`python3 generator`: when the environment is made, from what, and what it says meanwhile."""

from __future__ import annotations

import importlib.util
import os
import runpy
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import bootstrap
import install
from bootstrap import BootstrapError
from install import Steps

ROOT = Path(__file__).resolve().parents[2]
Until = Callable[[Callable[[], bool]], None]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout in which nothing was installed yet."""
    (tmp_path / "generator").mkdir()
    (tmp_path / "pyproject.toml").write_text('[build-system]\nrequires = ["builder"]\n')
    (tmp_path / "generator" / "constraints.txt").write_text("# text\none==1\npip==9\ntwo==2\n")
    return tmp_path


class Recorder(Steps):
    """Does what the steps would do, without doing it."""

    def __init__(self, fail_at: str = "") -> None:
        super().__init__(Path(os.devnull))
        self.commands: list[tuple[str, ...]] = []
        self.titles: list[str] = []
        self.fail_at = fail_at

    def run(self, title: str, *commands: Sequence[str], tolerant: bool = False) -> None:
        if title == self.fail_at:
            raise BootstrapError(title)
        if title == "environment":
            make_venv(Path(commands[0][-1]))
        self.titles.append(title)
        self.commands += [tuple(command) for command in commands]


def make_venv(venv: Path) -> None:
    """An environment with a Python that says yes to everything."""
    shutil.rmtree(venv, ignore_errors=True)
    (venv / "bin").mkdir(parents=True)
    (venv / "lib" / "python{}.{}".format(*sys.version_info)).mkdir(parents=True)
    script(venv / "bin" / "python", "exit 0")


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()
    monkeypatch.setattr(install, "Steps", lambda log: recorder)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    return recorder


def test_the_first_run_makes_everything(root: Path, steps: Recorder) -> None:
    assert not bootstrap.is_current(root)
    assert bootstrap.ready(root) == root / ".venv" / "bin"
    assert steps.titles == ["environment", "pip", "2 packages", "apiwright"]
    assert bootstrap.is_current(root)


def test_it_installs_what_is_pinned(root: Path, steps: Recorder) -> None:
    bootstrap.ready(root)
    _, pip, *halves, project = steps.commands
    constraints = str(root / "generator" / "constraints.txt")
    assert pip[-3:] == ("pip", "builder", "editables")
    assert [half[-2:] for half in halves] == [("--no-deps", "one==1"), ("--no-deps", "two==2")]
    assert project[-2:] == ("--editable", f"{root}[dev,test]")
    assert all(constraints in command for command in (pip, *halves, project))


def test_the_next_run_does_nothing(root: Path, steps: Recorder) -> None:
    bootstrap.ready(root)
    steps.titles.clear()
    bootstrap.ready(root)
    assert steps.titles == []


@pytest.mark.parametrize("name", ["pyproject.toml", "generator/constraints.txt"])
def test_a_change_is_installed_over_what_is_there(root: Path, steps: Recorder, name: str) -> None:
    bootstrap.ready(root)
    steps.titles.clear()
    (root / name).write_text((root / name).read_text() + "# changed\n")
    bootstrap.ready(root)
    assert steps.titles == ["apiwright"]
    assert bootstrap.is_current(root)


def test_an_environment_that_somebody_made_is_used(root: Path, steps: Recorder) -> None:
    make_venv(root / ".venv")
    bootstrap.ready(root)
    assert steps.titles == ["apiwright"]


def test_an_environment_that_does_not_work_is_made_anew(root: Path, steps: Recorder) -> None:
    make_venv(root / ".venv")
    script(root / ".venv" / "bin" / "python", "exit 1")
    bootstrap.ready(root)
    assert steps.titles[0] == "environment"


def test_an_environment_without_a_python_is_made_anew(root: Path, steps: Recorder) -> None:
    make_venv(root / ".venv")
    (root / ".venv" / "bin" / "python").unlink()
    bootstrap.ready(root)
    assert steps.titles[0] == "environment"


def test_another_python_makes_it_anew_unless_any_will_do(root: Path, steps: Recorder) -> None:
    bootstrap.ready(root)
    lib = next((root / ".venv" / "lib").iterdir())
    lib.rename(lib.with_name("python3.4"))
    steps.titles.clear()
    bootstrap.ready(root, any_python=True)
    assert steps.titles == []
    bootstrap.ready(root)
    assert steps.titles[0] == "environment"


@pytest.mark.parametrize("step", ["pip", "apiwright"])
def test_what_was_broken_off_is_made_anew(root: Path, steps: Recorder, step: str) -> None:
    steps.fail_at = step
    with pytest.raises(BootstrapError):
        bootstrap.ready(root)
    assert not bootstrap.is_current(root)
    steps.fail_at = ""
    steps.titles.clear()
    bootstrap.ready(root)
    assert steps.titles == ["environment", "pip", "2 packages", "apiwright"]


def test_byte_code_is_made_where_python_would_not_keep_it(
    root: Path, steps: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    bootstrap.ready(root)
    assert steps.titles[-1] == "byte code"


def test_an_old_python_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "MINIMUM", (99, 1))
    with pytest.raises(BootstrapError, match=r"Python 99\.1 or newer is needed, this is 3\."):
        bootstrap.ready(root)


def test_a_python_without_ensurepip_gets_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(sysconfig, "get_config_var", lambda name: None)
    monkeypatch.setattr(Path, "glob", lambda path, pattern: iter(()))
    with pytest.raises(BootstrapError, match="apt-get install python3-venv"):
        install._bundled_pip()


def test_this_python_brings_a_pip() -> None:
    assert install._bundled_pip().suffix == ".whl"


def test_a_missing_program_is_an_error(root: Path, steps: Recorder) -> None:
    with pytest.raises(BootstrapError, match="apiwright is missing"):
        bootstrap.run(root, "apiwright", [])


def test_it_becomes_the_program(
    root: Path, steps: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    became: list[object] = []
    monkeypatch.setattr(os, "execv", lambda *given: became.extend(given))
    program: Callable[[Path, str, list[str]], object] = bootstrap.run
    program(root, "python", ["-c", "pass"])
    path = root / ".venv" / "bin" / "python"
    assert became == [path, [str(path), "-c", "pass"]]


@pytest.mark.parametrize(("error", "code"), [(BootstrapError("so"), 1), (KeyboardInterrupt(), 130)])
def test_the_command_ends_with_a_code(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(bootstrap, "run", fail)
    command = runpy.run_path(str(ROOT / "generator" / "__main__.py"), run_name="command")
    assert command["main"]() == code


def test_constraints_are_what_was_installed(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Freezing(Recorder):
        def run(self, title: str, *commands: Sequence[str], tolerant: bool = False) -> None:
            super().run(title, *commands, tolerant=tolerant)
            script(tmp_path / "venv" / "bin" / "python", "printf 'two==2\\nOne==1\\n'")
            assert not any("--constraint" in command for command in commands)

    monkeypatch.setattr(install, "Steps", lambda log: Freezing())
    text = install.resolve(root, tmp_path / "venv", Path(os.devnull))
    header, *lines = text.splitlines()
    assert header.startswith("# ")
    assert lines == ["One==1", "two==2"]


class TestSteps:
    def test_each_step_is_one_line(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        steps = Steps(tmp_path / "log")
        steps.run("greeting", ["echo", "hello"], ["echo", "hello"])
        error = capsys.readouterr().err
        assert error.startswith("greeting ... ")
        assert error.endswith(" s\n")
        assert (tmp_path / "log").read_text() == "hello\nhello\n"

    def test_a_failure_shows_the_end_of_the_log(self, tmp_path: Path) -> None:
        with pytest.raises(BootstrapError, match="line 29\nline 30"):
            Steps(tmp_path / "log").run("count", ["sh", "-c", "seq -f 'line %g' 30; exit 1"])

    def test_a_failure_may_be_tolerated(self, tmp_path: Path) -> None:
        Steps(tmp_path / "log").run("try", ["false"], tolerant=True)

    def test_a_terminal_sees_it_turn(
        self,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        Steps(tmp_path / "log").run("rest", ["sleep", "0.2"])
        assert install._FRAMES[1] in capsys.readouterr().err

    def test_an_interruption_leaves_nothing_running(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        children: list[subprocess.Popen[bytes]] = []
        spawn = install._spawn

        def keep(command: Sequence[str], log: int) -> subprocess.Popen[bytes]:
            children.append(spawn(command, log))
            return children[-1]

        monkeypatch.setattr(Steps, "_watch", interrupt)
        monkeypatch.setattr(install, "_spawn", keep)
        with pytest.raises(KeyboardInterrupt):
            Steps(tmp_path / "log").run("rest", ["sleep", "60"])
        assert children[0].poll() is not None

    def test_what_does_not_listen_is_killed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, until: Until
    ) -> None:
        monkeypatch.setattr(install, "_PATIENCE", 0.1)
        ready = tmp_path / "ready"
        with subprocess.Popen(["sh", "-c", f"trap '' INT; touch {ready}; sleep 9"]) as child:
            until(ready.exists)
            install._end(child)
        assert child.returncode == -signal.SIGKILL

    def test_pip_is_not_led_astray(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PYTHONPATH", "/nowhere")
        monkeypatch.setenv("PIP_USER", "1")
        Steps(tmp_path / "log").run("see", ["env"])
        lines = (tmp_path / "log").read_text().splitlines()
        assert "PIP_USER=0" in lines
        assert not any(line.startswith("PYTHONPATH=") for line in lines)


def test_runs_wait_for_each_other(
    root: Path, steps: Recorder, capsys: pytest.CaptureFixture[str], until: Until
) -> None:
    (root / ".apiwright").mkdir()
    lock = root / ".apiwright" / "bootstrap.lock"
    hold = (
        "import fcntl, pathlib, sys, time; file = open(sys.argv[1], 'w');"
        "fcntl.flock(file, fcntl.LOCK_EX); pathlib.Path(sys.argv[2]).touch(); time.sleep(0.3)"
    )
    command = [sys.executable, "-S", "-c", hold, str(lock), str(root / "held")]
    with subprocess.Popen(command) as holder:
        until((root / "held").exists)
        bootstrap.ready(root)
    assert holder.returncode == 0
    assert "Waiting for another run" in capsys.readouterr().err


class TestCommand:
    """`python3 generator` as a whole, in a checkout whose environment is there."""

    @pytest.fixture
    def checkout(self, root: Path, steps: Recorder) -> Path:
        for name in ("__main__.py", "bootstrap.py", "install.py"):
            shutil.copy(ROOT / "generator" / name, root / "generator")
        bootstrap.ready(root)
        return root

    def call(self, checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(checkout / "generator"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)

    def test_it_becomes_apiwright(self, checkout: Path) -> None:
        script(checkout / ".venv" / "bin" / "apiwright", 'echo "$@"; exit 3')
        done = self.call(checkout, "generate", "--check", "a b")
        assert (done.returncode, done.stdout) == (3, "generate --check a b\n")
        assert done.stderr == ""

    def test_an_error_is_one_sentence(self, checkout: Path) -> None:
        done = self.call(checkout)
        assert done.returncode == 1
        assert done.stderr.startswith("apiwright: ")
        assert "Traceback" not in done.stderr
