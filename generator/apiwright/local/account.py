"""Running PostgreSQL as root, which PostgreSQL refuses: an unprivileged account and its folders.

The account has to reach the data and the programs. A project below `/root` is closed to it, and
opening somebody's home is not ours to do. Then the data live elsewhere, with a link to them in the
project, and the programs are copied.
"""

from __future__ import annotations

import logging
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from apiwright.local.errors import LocalServerError

_log = logging.getLogger("apiwright.local")

# Where the things live that cannot live in the project; root's alone to write.
ELSEWHERE = Path("/var/lib/apiwright")
_NAMES = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """An account of this machine."""

    name: str
    uid: int
    gid: int


def for_server(cluster: Path) -> Account | None:
    """The account that the server runs as; None: as ourselves, for we are not root.

    An existing cluster is run by its owner, whoever made it.
    """
    if os.geteuid() != 0:
        return None
    if cluster.is_dir() and (owner := cluster.stat()).st_uid != 0:
        return Account(cluster.owner(), owner.st_uid, owner.st_gid)
    for name in _NAMES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise LocalServerError(
        "PostgreSQL does not run as root, and there is no account for it",
        f"add the account {_NAMES[0]!r} or set DATABASE_URL",
    )


def may(account: Account, path: Path, bit: int) -> bool:
    """Whether the mode of `path` gives the account `bit` (4: read, 1: execute or enter)."""
    status = path.stat()
    if status.st_uid == account.uid:
        bit <<= 6
    elif status.st_gid == account.gid:
        bit <<= 3
    return bool(status.st_mode & bit)


def reaches(account: Account, folder: Path) -> bool:
    """Whether the account may enter the folder and everything above it."""
    folder = folder.resolve()
    return all(may(account, place, stat.S_IXOTH) for place in (folder, *folder.parents))


def home(data: Path, account: Account | None, *, keep: bool) -> Path:
    """The folder that the cluster lies in: `data`, or what its link `elsewhere` names."""
    link = data / "elsewhere"
    if link.is_dir():
        return link.resolve()
    if account is None or reaches(account, data):
        return data
    return _make_home(link, account, keep=keep)


def _make_home(link: Path, account: Account, *, keep: bool) -> Path:
    base = Path(tempfile.gettempdir())
    if keep:
        base = _elsewhere()
        _log.warning(
            "%s is closed to the account %s, which PostgreSQL runs as here: its data go to %s",
            link.parent,
            account.name,
            base,
        )
    place = Path(tempfile.mkdtemp(prefix="apiwright-", dir=base))
    place.chmod(0o711)
    link.unlink(missing_ok=True)
    link.symlink_to(place)
    return place


def programs(installation: Path, version: str, account: Account | None) -> Path:
    """A PostgreSQL installation that the account can use: this one, or a copy of it."""
    if account is None or _usable(installation, account):
        return installation
    copy = _elsewhere() / f"postgresql-{version}"
    if not copy.is_dir():
        _copy_programs(installation, copy)
    return copy / installation.parent.name / installation.name


def _usable(installation: Path, account: Account) -> bool:
    program = installation / "bin" / "postgres"
    share = installation / "share" / "postgresql" / "postgres.bki"
    return (
        all(reaches(account, path.parent) for path in (program, share))
        and may(account, program, stat.S_IXOTH)
        and may(account, share, stat.S_IROTH)
    )


def _copy_programs(installation: Path, copy: Path) -> None:
    """Copy what the programs need, in the order that they have in the wheel.

    They find the libraries that the wheel brings along by a relative path.
    """
    package = installation.parent
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=copy.parent))
    for name in ("bin", "lib", "share"):
        target = draft / package.name / installation.name / name
        shutil.copytree(installation / name, target, symlinks=True)
    libraries = package.with_name(package.name + ".libs")
    if libraries.is_dir():
        shutil.copytree(libraries, draft / libraries.name)
    for path in (draft, *draft.rglob("*")):
        _open_to_all(path)
    try:
        draft.rename(copy)
    except OSError:
        # Another process was faster; what it made is the same.
        shutil.rmtree(draft, ignore_errors=True)
        if not copy.is_dir():
            raise


def _open_to_all(path: Path) -> None:
    if path.is_symlink():
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    path.chmod(mode | (0o555 if path.is_dir() or mode & stat.S_IXUSR else 0o444))


def _elsewhere() -> Path:
    ELSEWHERE.mkdir(mode=0o755, parents=True, exist_ok=True)
    ELSEWHERE.chmod(0o755)
    return ELSEWHERE
