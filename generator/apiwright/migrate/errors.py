"""The errors of this package."""

from __future__ import annotations


class MigrateError(Exception):
    """Something is wrong with a database or with a revision; `hint` says what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UnprovenError(MigrateError):
    """Revisions don't hold; `difference` is a unified diff if there is one."""

    def __init__(self, message: str, difference: str = "") -> None:
        super().__init__(message)
        self.difference = difference
