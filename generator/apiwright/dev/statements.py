"""The SQL behind operations, as the generated service itself tells it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from apiwright.dev.service import ServiceError


def statements(output: Path, operations: Sequence[str]) -> str:
    """The statements of operations of the service in `output`, one after the other.

    Raises ServiceError for an operation that works with a session, and so has no SQL of its own.
    """
    environ = {**os.environ, "ENVIRONMENT": "development", "PYTHONPATH": str(output.parent)}
    done = subprocess.run(
        [sys.executable, "-m", "app.direct", *operations],
        cwd=output,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ServiceError((done.stderr.strip().splitlines() or ["no SQL"])[-1])
    return done.stdout
