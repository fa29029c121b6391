"""The account that PostgreSQL runs as when we are root, and what it may reach."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from apiwright.local import LocalServerError
from apiwright.local import account as accounts
from apiwright.local.account import Account

STRANGER = Account("stranger", 54321, 54321)


def test_an_ordinary_user_stays_what_he_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert accounts.for_server(tmp_path) is None


def test_root_takes_an_account_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(accounts, "_NAMES", ("no such account", "nobody"))
    account = accounts.for_server(tmp_path / "none")
    assert account is not None
    assert account.name == "nobody"


def test_without_any_account_it_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(accounts, "_NAMES", ("no such account",))
    with pytest.raises(LocalServerError, match="does not run as root"):
        accounts.for_server(tmp_path / "none")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_cluster_is_run_by_its_owner(tmp_path: Path) -> None:
    owner = pwd.getpwnam("daemon")
    os.chown(tmp_path, owner.pw_uid, owner.pw_gid)
    assert accounts.for_server(tmp_path) == Account("daemon", owner.pw_uid, owner.pw_gid)


@pytest.mark.parametrize(("mode", "may"), [(0o700, False), (0o701, True), (0o710, False)])
def test_a_stranger_enters_what_is_open_to_all(shared_folder: Path, mode: int, may: bool) -> None:
    place = shared_folder / f"{mode:o}" / "inner"
    place.mkdir(parents=True)
    place.parent.chmod(mode)
    assert accounts.reaches(STRANGER, place) is may


@pytest.mark.parametrize(("account", "bit"), [((1, 0), 0o100), ((0, 1), 0o010), ((0, 0), 0o001)])
def test_owner_group_and_others_have_their_own_bit(
    tmp_path: Path, account: tuple[int, int], bit: int
) -> None:
    status = tmp_path.stat()
    is_owner, is_member = account
    uid = status.st_uid if is_owner else status.st_uid + 1
    gid = status.st_gid if is_member else status.st_gid + 1
    who = Account("who", uid, gid)
    tmp_path.chmod(bit)
    assert accounts.may(who, tmp_path, 1)
    tmp_path.chmod(0o111 & ~bit)
    assert not accounts.may(who, tmp_path, 1)
    tmp_path.chmod(0o700)


def test_programs_that_can_be_used_are_not_copied(tmp_path: Path) -> None:
    assert accounts.programs(tmp_path, "1", None) == tmp_path


def test_a_copy_opens_what_was_closed(tmp_path: Path) -> None:
    source, copy = tmp_path / "wheel" / "install", tmp_path / "copy"
    (tmp_path / "wheel.libs").mkdir()
    for name in ("bin", "lib", "share"):
        (source / name).mkdir(parents=True)
    (source / "bin" / "postgres").touch(mode=0o700)
    (source / "share" / "text").touch(mode=0o600)
    (source / "lib" / "libpq.so").symlink_to("libpq.so.5")
    accounts._copy_programs(source, copy)
    copied = copy / "wheel" / "install"
    assert (copied / "bin" / "postgres").stat().st_mode & 0o777 == 0o755
    assert (copied / "share" / "text").stat().st_mode & 0o777 == 0o644
    assert (copied / "lib" / "libpq.so").is_symlink()
    assert (copy / "wheel.libs").is_dir()


def test_a_copy_that_is_there_already_is_left_alone(tmp_path: Path) -> None:
    source, copy = tmp_path / "wheel" / "install", tmp_path / "copy"
    for name in ("bin", "lib", "share"):
        (source / name).mkdir(parents=True)
    copy.mkdir()
    (copy / "mark").touch()
    accounts._copy_programs(source, copy)
    assert {path.name for path in copy.iterdir()} == {"mark"}
    assert {path.name for path in tmp_path.iterdir()} == {"wheel", "copy"}


def test_a_copy_that_cannot_be_placed_is_an_error(tmp_path: Path) -> None:
    for name in ("bin", "lib", "share"):
        (tmp_path / "wheel" / "install" / name).mkdir(parents=True)
    (tmp_path / "copy").touch()
    with pytest.raises(OSError, match="copy"):
        accounts._copy_programs(tmp_path / "wheel" / "install", tmp_path / "copy")
