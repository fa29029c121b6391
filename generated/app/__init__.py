"""The service."""

import sys
from pathlib import Path

# Overrides stand beside this package where it is deployed, and one folder higher in a project.
for folder in Path(__file__).parents[1:3]:
    if (folder / "overrides").is_dir() and str(folder) not in sys.path:
        sys.path.append(str(folder))
