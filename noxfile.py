"""The checks of this repository: `python3 noxfile.py [-s NAME ...]`, or `nox` if there is one.

Without a name, the first runs all sessions that belong to CI, two at a time.

Everything runs with the tools of the checkout's own `.venv`, which is made on first use; no session
installs anything. `apiwright` is what the sessions check, and the generated service is one of them.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "generator"))

import bootstrap  # noqa: E402 (found through the line above)

# The sessions of a run that names none. Those of a line run two at a time, in this order: a machine
# of two cores has something to do while one of them waits for a server (with three, each is slowed
# down more than is won). The first line is done before the next, which copies what mypy has learnt.
LINES = (
    ("types", "lint", "drift"),
    ("tests", "service", "fuzz", "quality", "migrations", "corpus"),
)
AT_A_TIME = 2
NOX = ["-m", "nox", "-f", str(ROOT / "noxfile.py")]


def every_session(python: Path) -> int:
    """Run all of LINES, whatever fails; what a session says is shown at its end. The exit code."""

    def run(name: str) -> bool:
        print(f"{name} begins", flush=True)
        command = [str(python), *NOX, "-s", name]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        print(f"{done.stdout}{name} {'fails' if done.returncode else 'passes'}", flush=True)
        return done.returncode == 0

    results: dict[str, bool] = {}
    for line in LINES:
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            results.update(zip(line, pool.map(run, line), strict=True))
    failed = [name for name, passed in results.items() if not passed]
    print(f"failed: {', '.join(failed)}" if failed else "all sessions pass")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        if not sys.argv[1:]:
            sys.exit(every_session(bootstrap.ready(ROOT) / "python"))
        bootstrap.run(ROOT, "python", [*NOX, *sys.argv[1:]])
    except bootstrap.BootstrapError as error:
        sys.exit(f"noxfile: {error}")

import nox  # noqa: E402 (only there once the lines above have run)

nox.needs_version = ">=2025.5"
nox.options.default_venv_backend = "none"
nox.options.sessions = [name for line in LINES for name in line]
nox.options.error_on_missing_interpreters = False

# Tests with a session of their own.
APART = (
    "corpus",
    "migrations",
    "fuzz",
    "acceptance",
    "scale",
    "services",
    "live",
    "cost",
    "replay",
)
# Whoever has nothing left to do takes over half of what the other still has.
BOTH_CORES = ("--numprocesses=2", "--dist=worksteal")
# Each test takes a minute or so: one at a time, the longest first.
ONE_BY_ONE = ("--numprocesses=2", "--dist=load", "--maxschedchunk=1")
# The tests of a file stay together where they share a service, and what it went through. Files come
# in the order of tests/conftest.py, which knows more than how many tests each of them has.
FILE_BY_FILE = ("--numprocesses=2", "--dist=loadfile", "--no-loadscope-reorder")
# A tool that runs tools imports subprocess and starts programs without a shell; assertions tell the
# type checker what is known; and whatever has a token in its name is no password yet.
BANDIT_SKIPS = "B101,B105,B404,B603,B606"


def call(session: nox.Session, program: str, *arguments: str) -> None:
    """Run a program of `.venv`, wherever the nox that reads this comes from.

    Whatever the machine says, byte code is kept: pytest would take two seconds of each run to
    compile its plugins.
    """
    folder = bootstrap.ready(ROOT, any_python=True)
    path = os.pathsep.join((str(folder), os.environ["PATH"]))
    environ = {"PATH": path, "PYTHONDONTWRITEBYTECODE": ""}
    session.run(str(folder / program), *arguments, env=environ, external=True)


def pytest(session: nox.Session, *arguments: str) -> None:
    """Run pytest; what stands behind `--` on the command line goes to it."""
    call(session, "python", "-m", "pytest", *arguments, *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, layers between packages, and known dangerous constructions."""
    call(session, "ruff", "check", ".")
    call(session, "ruff", "format", "--check", ".")
    with session.chdir(ROOT / "generated"):
        call(session, "ruff", "check", ".")
        call(session, "flake8")
    call(session, "lint-imports")
    sources = ("generator", "generated/app", "overrides")
    call(session, "bandit", "--quiet", "--skip", BANDIT_SKIPS, "--recursive", *sources)


@nox.session
def types(session: nox.Session) -> None:
    """Types, strictly: of the generator, of the service with its overrides, and of all tests."""
    call(session, "mypy", "--strict", "generator", "noxfile.py", "tests")
    with session.chdir(ROOT / "generated"):
        call(session, "mypy", "--strict", "app", "tests", "../overrides")


@nox.session
def tests(session: nox.Session) -> None:
    """The tests of the generator, and how much of it they reach."""
    ignored = [f"--ignore=tests/{name}" for name in APART]
    with tempfile.TemporaryDirectory() as folder:
        reached, merged = f"{folder}/reached.json", f"{folder}/merged.json"
        measured = ("--branch", "--source=generator", "--json", f"--out={reached}")
        tests_of = ("-m", "pytest", "tests", *ignored, *FILE_BY_FILE, *session.posargs)
        call(session, "slipcover", *measured, *tests_of)
        told = ("--skip-covered", "--fail-under=95")
        call(session, "slipcover", f"--merge={reached}", f"--out={merged}", *told)


@nox.session
def corpus(session: nox.Session) -> None:
    """Contracts of other people, where they are at hand: what is valid is understood."""
    pytest(session, "tests/corpus", *BOTH_CORES)


@nox.session
def service(session: nox.Session) -> None:
    """The tests that come with the generated service, and with services of other contracts."""
    with session.chdir(ROOT / "generated"):
        pytest(session, *BOTH_CORES, "--cov=app", "--cov-fail-under=90")
    pytest(session, "tests/services", *ONE_BY_ONE)


@nox.session
def migrations(session: nox.Session) -> None:
    """Migrations: up, down, and the same schema as the models."""
    pytest(session, "tests/migrations", "tests/live", *BOTH_CORES)


@nox.session
def evolution(session: nox.Session) -> None:
    """Changes of a database at random, and migrations that are killed, far more often than usual.

    Each run has a seed of its own, which it tells; `-- --hypothesis-seed=N` tries the same again.
    """
    tried = {"APIWRIGHT_EVOLUTION": "10000", "APIWRIGHT_KILLS": "20"}
    session.env.update({name: os.environ.get(name, often) for name, often in tried.items()})
    files = ("test_random_evolution.py", "test_cut_short.py")
    seed = f"--hypothesis-seed={secrets.randbelow(2**32)}"
    pytest(session, *(f"tests/migrations/{name}" for name in files), seed)


@nox.session
def live(session: nox.Session) -> None:
    """A million rows, and clients of the service of before, while the database changes."""
    limits = {"APIWRIGHT_LIVE_ROWS": "1000000", "APIWRIGHT_LIVE_LONGEST": "1.0"}
    session.env.update({name: os.environ.get(name, usual) for name, usual in limits.items()})
    pytest(session, "tests/live")


@nox.session
def fuzz(session: nox.Session) -> None:
    """The running service against its own contract, and against one of before."""
    # A test for each core in turn: the long ones come first, one from each seed.
    together = ("--numprocesses=2", "--dist=loadgroup")
    pytest(session, "tests/fuzz", "tests/replay", *together)


@nox.session
def replay(session: nox.Session) -> None:
    """Edits that break nobody, many of them, by what the contract of before has promised.

    Each run has a seed of its own, which APIWRIGHT_REPLAY_SEED tries again.
    """
    tried = {"APIWRIGHT_REPLAYS": "25", "APIWRIGHT_REPLAY_EXAMPLES": "30"}
    tried["APIWRIGHT_REPLAY_SEED"] = str(secrets.randbelow(2**32))
    session.env.update({name: os.environ.get(name, usual) for name, usual in tried.items()})
    session.log(f"APIWRIGHT_REPLAY_SEED={session.env['APIWRIGHT_REPLAY_SEED']}")
    pytest(session, "tests/replay")


@nox.session
def drift(session: nox.Session) -> None:
    """Whether `generated/` is what `specs/` and `templates/` give."""
    call(session, "apiwright", "generate", "--check")


@nox.session
def quality(session: nox.Session) -> None:
    """What the generated service has to reach as a whole: speed, limits, acceptance."""
    pytest(session, "tests/acceptance")


@nox.session
def scale(session: nox.Session) -> None:
    """The lists of a table with a million rows."""
    pytest(session, "tests/scale")


@nox.session
def bench(session: nox.Session) -> None:
    """How fast the reference service is beside its peers: `-- full` writes docs/benchmarks anew."""
    call(session, "python", "-m", "tests.performance.bench", *session.posargs)


@nox.session
def cost(session: nox.Session) -> None:
    """What `apiwright plan` costs by the size of the contract: `-- 100 300 1000` tables."""
    call(session, "python", "-m", "tests.cost.plan_cost", *session.posargs)


@nox.session
def constraints(session: nox.Session) -> None:
    """Write `generator/constraints.txt` anew; from the oldest Python in use, which needs most."""
    import install  # noqa: PLC0415 (for this session alone)

    with tempfile.TemporaryDirectory() as folder:
        text = install.resolve(ROOT, Path(folder, "venv"), Path(folder, "log"))
    (ROOT / "generator" / "constraints.txt").write_text(text, encoding="utf-8")
    session.log("generator/constraints.txt is written; the next run brings .venv up to date")
