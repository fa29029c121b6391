"""`python -m app.direct OPERATION`: the SQL behind an operation that is answered directly."""

from __future__ import annotations

import sys

from app import direct


def main(arguments: list[str]) -> int:
    """Print the statements of the operations that are named; 1 if one has none."""
    known = {found.operation_id: found for found in direct.operations()}
    for name in arguments:
        if name not in known:
            print(f"{name} works with a session", file=sys.stderr)
            return 1
        for statement in known[name].statements:
            print(statement.text, end="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
