"""The one error of the local servers."""

from __future__ import annotations


class LocalServerError(Exception):
    """A local server cannot be had; `hint` says what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message
