"""The one error of this package."""

from __future__ import annotations


class MigrateError(Exception):
    """Something is wrong with a database or with a revision; `hint` says what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint
