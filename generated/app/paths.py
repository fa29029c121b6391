"""The paths of the contract, and the methods that each of them takes."""

from __future__ import annotations

import re

PATHS: list[tuple[list[str], re.Pattern[str]]] = [
    (["POST"], re.compile("/api/v1/auth/token")),
    (["POST"], re.compile("/api/v1/auth/refresh")),
    (["POST"], re.compile("/api/v1/auth/logout")),
    (["GET", "HEAD", "POST"], re.compile("/api/v1/users/")),
    (["DELETE", "GET", "HEAD", "PATCH"], re.compile("/api/v1/users/me")),
    (["GET", "HEAD", "POST"], re.compile("/api/v1/items/")),
    (["PUT"], re.compile("/api/v1/users/me/password")),
    (["DELETE", "GET", "HEAD", "PATCH"], re.compile("/api/v1/users/([^/]+)")),
    (["DELETE", "GET", "HEAD", "PATCH", "PUT"], re.compile("/api/v1/items/([^/]+)")),
    (["POST"], re.compile("/api/v1/items/([^/]+)/restore")),
    (["POST"], re.compile("/api/v1/items/([^/]+)/reserve")),
]
"""Methods and patterns of paths; fixed texts stand before parameters, which match anything."""
