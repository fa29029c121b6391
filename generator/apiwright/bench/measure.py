"""Putting a load on a server, from a process of its own."""

from __future__ import annotations

import json
import subprocess  # nosec B404 - runs the load generator
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from urllib.parse import urlsplit

from apiwright.bench.plan import Exchange, Load, Outcome

_SPARE_SECONDS = 30.0
_LOOK_SECONDS = 10.0


class MeasureError(Exception):
    """Nothing can be measured; the text says why."""


def exchange(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    status: int = 200,
    tolerance: int = 0,
) -> Exchange:
    """A request, with the length that its answer has now; MeasureError if it has another status.

    `tolerance` is by how much later answers may be longer or shorter.
    """
    found, content = look(url, method=method, headers=headers, body=body)
    if found != status:
        shown = content[:200].decode("utf-8", errors="replace")
        raise MeasureError(f"{method} {url} is answered with {found}, not {status}: {shown}")
    wire = wire_text(url, method=method, headers=headers, body=body)
    return Exchange(wire, status, max(0, len(content) - tolerance), len(content) + tolerance)


def look(
    url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes = b""
) -> tuple[int, bytes]:
    """The status and the body of an answer."""
    request = urllib.request.Request(url, body or None, dict(headers or {}), method=method)
    try:
        # An address of this machine that the caller made.
        with urllib.request.urlopen(request, timeout=_LOOK_SECONDS) as answer:  # nosec B310
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
    except OSError as error:
        raise MeasureError(f"{method} {url} is not answered: {error}") from error


def wire_text(
    url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes = b""
) -> str:
    """A request as it stands on the wire, one character for each byte."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    fields = {"Host": parts.netloc, "Accept": "application/json", **(headers or {})}
    if body:
        fields["Content-Length"] = str(len(body))
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", body.decode("latin-1")])


def put(load: Load) -> Outcome:
    """The outcome of a load."""
    command = [sys.executable, "-m", "apiwright.bench.load"]
    try:
        done = subprocess.run(  # nosec B603 - fixed arguments, no shell
            command,
            input=load.to_json(),
            capture_output=True,
            text=True,
            check=False,
            timeout=load.warm_up + load.seconds + _SPARE_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise MeasureError("the load generator did not come to an end") from error
    if done.returncode != 0:
        raise MeasureError(f"the load generator failed: {done.stderr.strip()}")
    try:
        return Outcome.from_json(done.stdout)
    except (json.JSONDecodeError, TypeError) as error:
        raise MeasureError(f"the load generator said: {done.stdout[:200]}") from error
