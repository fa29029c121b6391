"""`python3 generator ...`: apiwright out of a checkout, on a machine with nothing but Python."""

from __future__ import annotations

import sys
from pathlib import Path

from bootstrap import BootstrapError, run


def main() -> int:
    """Make the environment ready and become the `apiwright` in it."""
    try:
        run(Path(__file__).resolve().parents[1], "apiwright", sys.argv[1:])
    except BootstrapError as error:
        print(f"apiwright: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
