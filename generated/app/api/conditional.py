"""Answers with entity tags, and answers that say that nothing is new (RFC 9110, section 15.4.5)."""

from __future__ import annotations

from starlette.responses import Response

from app.services.base import Service
from app.utils.conditions import BODY, entity_tag

KEPT = frozenset({"cache-control", "etag", "vary"})
"""What an answer without a body still tells of the one that it stands for."""


def tagged(
    service: Service,
    method: str,
    response: Response,
    mark: str,
    *,
    cache_control: str = "",
    account: object = None,
) -> Response:
    """`response` with the tag of the row that it shows, where the method told its version.

    A method that an override has written may show what no version counts; then the tag is made of
    the answer. `cache_control` tells how clients may keep it.
    """
    version = service.context.conditions.version
    if version is None:
        return response
    if not _is_default(service, method):
        mark = BODY
    response.headers["ETag"] = entity_tag(version, mark, bytes(response.body), account)
    if cache_control:
        response.headers["Cache-Control"] = cache_control
    return response


def unless_known(service: Service, response: Response) -> Response:
    """`response`, but empty, and 304, where the client has it already."""
    tag = response.headers.get("ETag")
    if tag is None or not service.context.conditions.not_modified(tag):
        return response
    kept = {name: value for name, value in response.headers.items() if name in KEPT}
    return Response(status_code=304, headers=kept)


def _is_default(service: Service, method: str) -> bool:
    return str(getattr(type(service), method).__module__).startswith("app.services.")
