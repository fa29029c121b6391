"""Hand-written overrides: found by their names, read without being run, held to the contract."""

from apiwright.overriding.fit import check_overrides
from apiwright.overriding.handlers import check_handlers
from apiwright.overriding.read import OverrideClass, OverrideMethod, read_overrides

__all__ = ["OverrideClass", "OverrideMethod", "check_handlers", "check_overrides", "read_overrides"]
