"""The command line: `apiwright COMMAND`.

Exit codes: 0 all is well, 1 problems were found, 2 wrong use.
"""

from apiwright.cli.main import main

__all__ = ["main"]
