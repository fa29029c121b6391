"""What holds the memory of a worker: each package's share, in the order of the first imports.

Run in the folder of a generated service; prints pairs of package and megabytes as JSON. A package
is charged with what it imports before anybody else has.
"""

from __future__ import annotations

import builtins
import importlib
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from types import ModuleType

import psutil

PROCESS = psutil.Process()
MEGABYTE = 2**20

sizes: Counter[str] = Counter()
importing: list[str] = []
plain_import = builtins.__import__


def memory() -> int:
    found: int = PROCESS.memory_info().rss
    return found


last = memory()


def settle() -> None:
    """Charge what was added since the last look to the package that is being imported."""
    global last  # noqa: PLW0603 (one hook, one count)
    now = memory()
    sizes[importing[-1] if importing else "python"] += now - last
    last = now


def counting_import(
    name: str,
    globals: Mapping[str, object] | None = None,  # noqa: A002 (the name that Python gives)
    locals: Mapping[str, object] | None = None,  # noqa: A002 (the name that Python gives)
    fromlist: Sequence[str] | None = (),
    level: int = 0,
) -> ModuleType:
    package = name.partition(".")[0]
    if level or name in sys.modules or package in sys.stdlib_module_names:
        return plain_import(name, globals, locals, fromlist or (), level)
    settle()
    importing.append(package)
    try:
        return plain_import(name, globals, locals, fromlist or (), level)
    finally:
        settle()
        importing.pop()


sizes["python"] = last
builtins.__import__ = counting_import
sys.path.insert(0, ".")
for module in ("uvicorn", "uvloop", "httptools", "app.main"):
    importing.append(module.partition(".")[0])
    importlib.import_module(module)
    settle()
    importing.pop()
found = [(name, round(size / MEGABYTE, 1)) for name, size in sizes.most_common() if size > MEGABYTE]
print(json.dumps(found))
