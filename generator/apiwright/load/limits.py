"""How much a contract may ask for before it is refused as a bomb.

A contract of 4 MB that somebody wrote has some 70,000 values and nests 20 deep; the limits are far
beyond that, and low enough for a few seconds and half a gigabyte. Each is checked while reading,
before memory is spent on what lies beyond it.
"""

from __future__ import annotations

MAX_BYTES = 32 * 1024 * 1024
"""The size of a file, and of all files of one contract together."""

MAX_LINES = 2_000_000
"""How many lines a file may have."""

MAX_FILES = 2_000
"""How many files one contract may consist of."""

MAX_MERGES = 1_000
"""How many references to path items may have more beside them; each is written out by itself."""

MAX_DEPTH = 100
"""How deep lists and mappings may stand inside each other."""

MAX_VALUES = 250_000
"""How many values all files of one contract may have, with YAML aliases written out."""

MAX_DIGITS = 4_300
"""How many digits an integer may have; Python refuses to read and print longer ones."""

MAX_POINTER = 4_096
"""How many characters a JSON Pointer may have."""

MAX_QUERY = 2_048
"""How many characters a JSONPath query may have."""

MAX_QUERY_STEPS = 1_500_000
"""How many values the JSONPath queries of one overlay may look at, all together."""

MAX_PATTERN_SECONDS = 2.0
"""How long the regular expressions of one overlay's queries may search, all together."""

MAX_PROBLEMS = 1_000
"""After how many problems the search for more of them ends."""

MAX_HINTED = 50
"""After how many problems hints that need a search are left out."""
