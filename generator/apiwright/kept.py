"""What one run has worked out and another needs again, kept in a folder of the user's own.

Whatever is kept can be made again, so that nothing depends on it: it is found by a digest of all
that it was made of, it is as it was written or it is none, and only so much of it stays. It is kept
where nobody but the user can write, or not at all.
"""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from hashlib import sha256
from pathlib import Path


def digest(*parts: bytes) -> str:
    """A digest of some bytes, told apart by their lengths."""
    whole = sha256()
    for part in parts:
        whole.update(b"%d " % len(part))
        whole.update(part)
    return whole.hexdigest()


def kept_folder(name: str) -> Path | None:
    """A folder for what is kept; None where there is none that belongs to the user alone."""
    try:
        folder = _home() / "apiwright" / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder if all(map(_private, (folder, *folder.parents[:2]))) else None
    except (OSError, RuntimeError):
        return None


def kept(name: str, key: str) -> bytes | None:
    """What was kept under a key, which is a digest; None if nothing was, or it is damaged."""
    folder = kept_folder(name)
    if folder is None:
        return None
    try:
        mark, _, content = (folder / key).read_bytes().partition(b"\n")
    except OSError:
        return None
    return content if mark.decode("ascii", "replace") == sha256(content).hexdigest() else None


def keep(name: str, key: str, content: bytes, *, entries: int) -> None:
    """Keep something under a key, if there is room; of one name only the newest `entries` stay."""
    folder = kept_folder(name)
    if folder is None:
        return
    with suppress(OSError):
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".", delete=False) as file:
            file.write(sha256(content).hexdigest().encode() + b"\n" + content)
        Path(file.name).replace(folder / key)
        _drop_old(folder, entries)


def _drop_old(folder: Path, entries: int) -> None:
    with os.scandir(folder) as found:
        ages = sorted((entry.stat().st_mtime_ns, entry.path) for entry in found)
    for _, path in ages[:-entries]:
        Path(path).unlink(missing_ok=True)


def _home() -> Path:
    """The folder for what can be made again (XDG Base Directory Specification)."""
    said = os.environ.get("XDG_CACHE_HOME", "")
    return Path(said) if Path(said).is_absolute() else Path.home() / ".cache"


def _private(folder: Path) -> bool:
    """Whether nobody else can write into a folder."""
    found = folder.stat()
    return found.st_uid == os.getuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
