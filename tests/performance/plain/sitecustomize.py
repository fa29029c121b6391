"""Hides the packages that send spans: a service has them only where it is asked to send any.

Tests need them in the environment of this repository, and redis-py imports what it finds.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class Hidden(MetaPathFinder):
    """Finds nothing below OpenTelemetry's SDK."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name.startswith("opentelemetry.sdk"):
            raise ModuleNotFoundError(name)
        return None


sys.meta_path.insert(0, Hidden())
