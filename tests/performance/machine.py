"""What the figures were measured on; nothing that tells one machine from its likes."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("fastapi", "starlette", "uvicorn", "uvloop", "httptools", "sqlalchemy", "asyncpg")


@dataclass(frozen=True)
class Machine:
    """A kind of machine, and the versions of what ran on it."""

    date: str
    processor: str
    cores: int
    system: str
    versions: dict[str, str]


def machine(postgres: str) -> Machine:
    """This machine; `postgres` is the version of the server."""
    versions = {"Python": platform.python_version(), "PostgreSQL": postgres}
    versions |= {name: version(name) for name in PACKAGES}
    node = shutil.which("node")
    if node is not None:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
        versions["Node"] = said.stdout.strip().removeprefix("v")
    return Machine(
        date=datetime.now(UTC).date().isoformat(),
        processor=_processor(),
        cores=os.cpu_count() or 1,
        system=f"{platform.system()} {platform.machine()}",
        versions=versions,
    )


def _processor() -> str:
    file = Path("/proc/cpuinfo")
    if file.is_file():
        for line in file.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or "unknown"
