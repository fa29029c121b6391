"""Making `.venv`: the slow half of `bootstrap`. The standard library only.

Where the time goes: pip reads the index page of each of some 120 packages, and an old pip, such as
the one that comes with Python 3.11, takes 0.4 s of CPU for each of them. So a new pip comes first,
and then two of them share the packages. Measured on two cores: 18 s instead of 57 s.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import signal
import subprocess
import sys
import sysconfig
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bootstrap import BootstrapError, is_current, is_of_this_python, stamp, stamp_file

_UNFINISHED = "unfinished"
_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_TICK = 0.1
_PATIENCE = 5.0
_TAIL_LINES = 20
_HEADER = "# What `python3 generator` installs; made by `nox -s constraints` with Python {}.\n"
# What an editable install by hatchling needs beside hatchling itself.
_FOR_EDITABLE = ("editables",)


def install(root: Path, *, any_python: bool = False) -> None:
    """Make the environment of `root`, or bring it up to date; see `bootstrap.ready`."""
    folder = root / ".apiwright"
    folder.mkdir(exist_ok=True)
    with _alone(folder / "bootstrap.lock"), (folder / "bootstrap.log").open("wb") as log:
        right_python = any_python or is_of_this_python(root)
        if not is_current(root) or not right_python:
            installation = _Installation(root, root / ".venv", Steps(Path(log.name)))
            installation.bring_up_to_date(keep=right_python)


def resolve(root: Path, venv: Path, log: Path) -> str:
    """The text of a new `constraints.txt`: the newest versions that fit, tried in `venv`."""
    installation = _Installation(root, venv, Steps(log), constraints=False)
    installation.create()
    installation.install_project()
    command = [str(installation.python), "-m", "pip", "freeze", "--all", "--exclude-editable"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return (
        _HEADER.format(sys.version.split()[0])
        + "\n".join(sorted(done.stdout.split(), key=str.casefold))
        + "\n"
    )


class Steps:
    """Runs the steps of an installation; shows each on one line, with the seconds it took."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._lively = sys.stderr.isatty()

    def run(self, title: str, *commands: Sequence[str], tolerant: bool = False) -> None:
        """Run the commands at the same time; one that fails ends it all, unless `tolerant`."""
        start = time.monotonic()
        self._show(f"{title} ...", end="\r" if self._lively else " ")
        with self._log.open("ab") as log:
            children = [_spawn(command, log.fileno()) for command in commands]
        try:
            self._watch(title, children, start)
        finally:
            for child in children:
                _end(child)
        failed = not tolerant and any(child.returncode for child in children)
        seconds = f"{time.monotonic() - start:.1f} s"
        outcome = "failed after " + seconds if failed else seconds
        self._show(f"  {title} {outcome}" if self._lively else outcome, end="\n")
        if failed:
            raise BootstrapError(self._failure(title))

    def _watch(self, title: str, children: list[subprocess.Popen[bytes]], start: float) -> None:
        beat = 0
        while any(child.poll() is None for child in children):
            time.sleep(_TICK)
            beat += 1
            if self._lively:
                frame = _FRAMES[beat % len(_FRAMES)]
                self._show(f"{frame} {title} {time.monotonic() - start:.0f} s", end="\r")

    def _show(self, text: str, *, end: str) -> None:
        clear = "\x1b[2K" if self._lively else ""
        print(clear + text, end=end, file=sys.stderr, flush=True)

    def _failure(self, title: str) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        tail = "\n".join(lines[-_TAIL_LINES:])
        return f"{title}: failed; the end of {self._log}:\n{tail}"


class _Installation:
    """One environment and how it comes about."""

    def __init__(self, root: Path, venv: Path, steps: Steps, *, constraints: bool = True) -> None:
        self._root = root
        self._venv = venv
        self._steps = steps
        self._constraints = root / "generator" / "constraints.txt" if constraints else None
        self.python = venv / "bin" / "python"

    def bring_up_to_date(self, *, keep: bool) -> None:
        """Install over what is there if it is sound, else make it anew; then leave the stamp."""
        mark = stamp_file(self._root)
        if keep and self._is_sound(mark):
            mark.write_text(_UNFINISHED, encoding="utf-8")
        else:
            self.create(mark)
            self._install_pinned()
        self.install_project()
        if sys.dont_write_bytecode:
            self._compile()
        mark.write_text(stamp(self._root), encoding="utf-8")

    def create(self, mark: Path | None = None) -> None:
        """Make an empty environment, with a new pip and with what builds the project."""
        pip = _bundled_pip()
        # The interpreter itself may be the one in the folder that is to be cleared.
        base = getattr(sys, "_base_executable", sys.executable)
        self._steps.run(
            "environment", [base, "-m", "venv", "--clear", "--without-pip", str(self._venv)]
        )
        if mark is not None:
            mark.write_text(_UNFINISHED, encoding="utf-8")
        command = self._pip_install("pip", *self._build_requirements(), pip=[str(pip / "pip")])
        self._steps.run("pip", command)

    def install_project(self) -> None:
        """Install the project and what it needs; what is there already and fits is left alone."""
        command = self._pip_install("--no-build-isolation", "--editable", f"{self._root}[dev,test]")
        self._steps.run("apiwright", command)

    def _is_sound(self, mark: Path) -> bool:
        """Whether pip works in the environment, and no run was broken off in it."""
        if mark.exists() and mark.read_text(encoding="utf-8") == _UNFINISHED:
            return False
        try:
            probe = [str(self.python), "-m", "pip", "--version"]
            return subprocess.run(probe, capture_output=True, check=False).returncode == 0
        except OSError:
            return False

    def _install_pinned(self) -> None:
        """Install the pinned packages, in two halves at once and without asking what needs what.

        This is for speed alone. What goes wrong here, for example on a system for which one of
        the packages does not exist, is put right by `install_project`.
        """
        lines = (self._root / "generator" / "constraints.txt").read_text("utf-8").splitlines()
        pins = [line for line in lines if line and not line.startswith(("#", "pip=="))]
        halves = [half for half in (pins[::2], pins[1::2]) if half]
        commands = [self._pip_install("--no-deps", *half) for half in halves]
        self._steps.run(f"{len(pins)} packages", *commands, tolerant=True)

    def _compile(self) -> None:
        """Compile now: this Python was told not to keep what it compiles as it goes."""
        command = [str(self.python), "-m", "compileall", "-q", "-j", "0", str(self._venv / "lib")]
        self._steps.run("byte code", command, tolerant=True)

    def _pip_install(self, *arguments: str, pip: Sequence[str] = ("-m", "pip")) -> list[str]:
        command = [str(self.python), *pip, "install", "--no-compile", "--prefer-binary"]
        if self._constraints is not None:
            command += ["--constraint", str(self._constraints)]
        return [*command, *arguments]

    def _build_requirements(self) -> list[str]:
        text = (self._root / "pyproject.toml").read_text(encoding="utf-8")
        return [*tomllib.loads(text)["build-system"]["requires"], *_FOR_EDITABLE]


def _bundled_pip() -> Path:
    """The pip that comes with this Python: a wheel, which runs as it is.

    Installing it with `ensurepip` first would take 3 s longer, only to be replaced.
    """
    folders = [sysconfig.get_config_var("WHEEL_PKG_DIR"), "/usr/share/python-wheels"]
    ensurepip = importlib.util.find_spec("ensurepip")
    if ensurepip is not None and ensurepip.origin is not None:
        folders.insert(0, str(Path(ensurepip.origin).parent / "_bundled"))
    for folder in filter(None, folders):
        for wheel in sorted(Path(folder).glob("pip-*.whl"), reverse=True):
            return wheel
    raise BootstrapError(
        "this Python comes without ensurepip, which .venv is made with.\n"
        "On Debian and Ubuntu: apt-get install python3-venv"
    )


def _spawn(command: Sequence[str], log: int) -> subprocess.Popen[bytes]:
    outside = ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV")
    environment = {name: value for name, value in os.environ.items() if name not in outside}
    environment.update(
        PIP_DISABLE_PIP_VERSION_CHECK="1",
        PIP_NO_INPUT="1",
        PIP_ROOT_USER_ACTION="ignore",
        PIP_USER="0",
    )
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment
    )


def _end(child: subprocess.Popen[bytes]) -> None:
    """Interrupt what still runs: pip then removes its temporary folders."""
    if child.poll() is not None:
        return
    child.send_signal(signal.SIGINT)
    try:
        child.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep other runs waiting; the lock goes when this process does, however it ends."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another run that prepares .venv ...", file=sys.stderr, flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
