"""Conditional requests: what operations tell of versions, and hold clients to (RFC 9110, 13)."""

from __future__ import annotations

from dataclasses import dataclass

BODY = "body"
"""In place of a mark: the tag is made of the answer itself, which shows more than its own row."""


@dataclass(frozen=True, slots=True)
class Conditional:
    """What an operation on one versioned row does about conditions.

    `version` is the attribute of the row that counts. Answers with `mark` have an entity tag: the
    mark of the schema that they show, or BODY; `own` ones show the caller's account, which is
    another for each caller. `reads` answers 304 to If-None-Match, with `cache_control`; `holds`
    makes a change only if the row is as If-Match and If-None-Match want it, and `required` only
    for those who send If-Match.
    """

    version: str
    mark: str = ""
    own: bool = False
    reads: bool = False
    holds: bool = False
    required: bool = False
    cache_control: str = ""
