"""What git says of a repository."""

from __future__ import annotations

import subprocess  # nosec B404 - asks git
from pathlib import Path

_SECONDS = 60


class NoGitError(Exception):
    """Git is not installed, or does not answer."""


def git(folder: Path, *arguments: str) -> bytes | None:
    """What git prints in `folder`; None where it fails. NoGitError where nobody can be asked."""
    try:
        done = subprocess.run(  # nosec B603 B607 - no shell; git is found as people find it
            ["git", *arguments], cwd=folder, capture_output=True, check=False, timeout=_SECONDS
        )
    except FileNotFoundError as error:
        raise NoGitError("git is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise NoGitError(f"git did not answer within {_SECONDS} s") from error
    return done.stdout if done.returncode == 0 else None
