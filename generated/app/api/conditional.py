"""Answers with entity tags, and answers that say that nothing is new (RFC 9110, section 15.4.5)."""

from __future__ import annotations

from starlette.responses import Response

from app.services.base import Service
from app.utils.conditions import BODY, entity_tag


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
    the answer. With `cache_control` it is an answer to a read, which conditions may cut short.
    """
    conditions = service.context.conditions
    if conditions.version is None:
        return response
    if not _is_default(service, method):
        mark = BODY
    tag = entity_tag(conditions.version, mark, bytes(response.body), account)
    headers = {"ETag": tag}
    if cache_control:
        headers["Cache-Control"] = cache_control
        if conditions.not_modified(tag):
            return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return response


def _is_default(service: Service, method: str) -> bool:
    return str(getattr(type(service), method).__module__).startswith("app.services.")
