"""Serves a generated service while it is profiled: `profiling.py PORT FILE`, in its folder.

When it is told to end, the share of each module in the CPU time goes to the file, as JSON.
"""

from __future__ import annotations

import cProfile
import json
import signal
import sys
import time
from collections import Counter
from pathlib import Path, PurePath
from types import CodeType

import uvicorn

MOST = 20
PROTOCOL = "app.serving:Protocol"
IN_C = "event loop, HTTP parser, protocol of PostgreSQL (compiled)"


def main(port: int, file: Path) -> None:
    """Serve until the end, and write down where the time went."""
    sys.path.insert(0, ".")
    # The server hands the signal on once it has ended: then it is our turn.
    signal.signal(signal.SIGTERM, lambda *_: None)
    config = uvicorn.Config(
        "app.main:app", http=PROTOCOL, port=port, access_log=False, log_level="warning"
    )
    config.load()
    profiler = cProfile.Profile(time.process_time)
    profiler.runcall(uvicorn.Server(config).run)
    shares: Counter[str] = Counter()
    for entry in profiler.getstats():
        shares[_module(entry.code)] += entry.inlinetime  # type: ignore[assignment]  # seconds are no counts
    total = sum(shares.values())
    found = [(name, used / total) for name, used in shares.most_common(MOST)]
    file.write_text(json.dumps(found), encoding="utf-8")


def _module(code: CodeType | str) -> str:
    """What a function belongs to; what is compiled and leaves no trace is in the loop's time."""
    if isinstance(code, str):
        return code
    parts = PurePath(code.co_filename).parts
    if parts[-2:] == ("asyncio", "runners.py"):
        return IN_C
    for anchor in ("site-packages", "generated"):
        if anchor in parts:
            return "/".join(parts[parts.index(anchor) + 1 :])
    return "/".join(parts[-2:])


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
