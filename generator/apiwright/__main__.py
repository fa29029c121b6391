"""`python -m apiwright` is `apiwright`."""

from apiwright.cli import main

main()
