"""Conditional requests (RFC 9110, section 13): entity tags, and what clients ask of them.

A tag is `"VERSION-MARK"`: how often the row was changed, and which representation of it this is, by
a mark of its schema or of the answer itself. Where everybody has a row of their own at the same
address, a mark of the account follows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from starlette.requests import Request

from app.errors import PreconditionFailed, PreconditionRequired

BODY: Final = "body"
"""In place of a mark: the answer shows more than its own row, and is itself what makes the tag."""

TAG = re.compile(r'(W/)?"([!#-~\x80-\xff]*)"')
LIST = re.compile(rf"[ \t,]*(?:{TAG.pattern}[ \t]*(?:,[ \t,]*|$))+")
VERSION = re.compile(r"([1-9][0-9]{0,17})-[0-9a-f]+(?:-([0-9a-f]+))?")


@dataclass(frozen=True, slots=True)
class Tags:
    """The value of If-Match or If-None-Match: every tag that there is (`*`), or a list of tags."""

    every: bool
    listed: Sequence[tuple[bool, str]] = ()

    def holds(self, tag: str, *, weakly: bool) -> bool:
        """Whether `tag`, a strong one, is among them (RFC 9110, section 8.8.3.2)."""
        return self.every or any(
            opaque == tag[1:-1] and (weakly or not weak) for weak, opaque in self.listed
        )

    def versions(self, owner: str, *, weakly: bool) -> list[int]:
        """The versions of a row that the tags stand for."""
        found = (VERSION.fullmatch(opaque) for weak, opaque in self.listed if weakly or not weak)
        return [int(tag[1]) for tag in found if tag is not None and (tag[2] or "") == owner]


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions that a row has to have to be changed, and those that it must not have."""

    wanted: Sequence[int] | None
    unwanted: Sequence[int] | None

    def check(self, version: int) -> None:
        """Raise PreconditionFailed for a row of another version."""
        if self.wanted is not None and version not in self.wanted:
            raise PreconditionFailed
        if self.unwanted is not None and version in self.unwanted:
            raise PreconditionFailed


@dataclass(slots=True)
class Conditions:
    """The conditions of one request, and the version of the row that its answer shows."""

    match: Tags | None = None
    none_match: Tags | None = None
    version: int | None = None
    checked: bool = False

    def require(self) -> None:
        """Raise PreconditionRequired where the client doesn't say which version it knows."""
        if self.match is None:
            raise PreconditionRequired

    def versions(self, account: object = None) -> Versions | None:
        """What is asked of a row that is to be changed; None if nothing is.

        Only the version counts: that is what the change must not pass over, whatever else the
        representation shows. `account` is given where everybody has a row of their own.
        """
        if self.match is None and self.none_match is None:
            return None
        owner, wanted, unwanted = owner_mark(account), None, None
        if self.match is not None and not self.match.every:
            wanted = self.match.versions(owner, weakly=False)
        if self.none_match is not None:
            # There is a row, so that there being none is asked in vain.
            wanted = [] if self.none_match.every else wanted
            unwanted = self.none_match.versions(owner, weakly=True)
        return Versions(wanted, unwanted)

    def check(self, version: int, account: object = None) -> None:
        """Raise PreconditionFailed if a row of this version is not to be changed."""
        self.checked = True
        versions = self.versions(account)
        if versions is not None:
            versions.check(version)

    def must_be_checked(self) -> None:
        """Raise RuntimeError where a row was changed whatever its version."""
        if not self.checked and (self.match is not None or self.none_match is not None):
            raise RuntimeError(
                "an override changes a row without a look at its version: it has to call "
                "self.require_version(row.version) before, or super()"
            )

    def not_modified(self, tag: str) -> bool:
        """Whether a client that asks for what has this tag has it already (section 13.2.2).

        Raises PreconditionFailed if it asks for something else.
        """
        if self.match is not None and not self.match.holds(tag, weakly=False):
            raise PreconditionFailed
        return self.none_match is not None and self.none_match.holds(tag, weakly=True)


def conditions_of(request: Request) -> Conditions:
    """What a request asks."""
    headers = request.headers
    if "if-match" not in headers and "if-none-match" not in headers:
        return Conditions()
    return Conditions(_tags(headers.getlist("if-match")), _tags(headers.getlist("if-none-match")))


def entity_tag(version: int, mark: str, body: bytes, account: object = None) -> str:
    """The tag of an answer with this body; `account` where everybody has a row of their own."""
    shown = blake2b(body, digest_size=8).hexdigest() if mark == BODY else mark
    owner = owner_mark(account)
    return f'"{version}-{shown}-{owner}"' if owner else f'"{version}-{shown}"'


def owner_mark(account: object) -> str:
    """What tells the rows of accounts apart."""
    return "" if account is None else blake2b(str(account).encode(), digest_size=8).hexdigest()


def _tags(values: Sequence[str]) -> Tags | None:
    """The tags of a header, which may be sent several times; None where it isn't sent.

    What is no list of tags is a list of none.
    """
    if not values:
        return None
    text = ", ".join(values).strip(" \t")
    if text == "*":
        return Tags(every=True)
    if not LIST.fullmatch(text):
        return Tags(every=False)
    return Tags(every=False, listed=[(bool(weak), opaque) for weak, opaque in TAG.findall(text)])
