"""From a request to typed values: parameters and bodies, held to the contract on the way.

The dependencies of the routers are made by
`from_path`, `from_query`, `from_body`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote_to_bytes

from fastapi import Depends, Request
from pydantic import TypeAdapter, ValidationError
from starlette.requests import ClientDisconnect

from app import contract
from app.errors import (
    BadRequest,
    Invalid,
    NotReceived,
    TooLarge,
    UnsupportedMediaType,
    Violation,
    from_pydantic,
)
from app.utils import parameters
from app.utils.json import JsonError, parse


def path_of(name: str, kind: Any) -> Callable[[Request], Any]:
    """Reads the path parameter `name` as a value of the type `kind`."""
    adapter: TypeAdapter[Any] = TypeAdapter(kind)

    def bind(request: Request) -> Any:
        return _typed(adapter, ("path", name), _path_values(request)[name])

    return bind


def from_path(name: str, kind: Any) -> Any:
    """The same as a dependency."""
    return Depends(path_of(name, kind))


def query_of(kind: Any) -> Callable[[Request], Any]:
    """Reads the query parameters as a value of the model `kind`."""
    adapter: TypeAdapter[Any] = TypeAdapter(kind)

    def bind(request: Request) -> Any:
        texts = pairs(request.scope["query_string"])
        return _typed(adapter, ("query",), _group_values(request, "query", texts))

    return bind


def from_query(kind: Any) -> Any:
    """The same as a dependency."""
    return Depends(query_of(kind))


def body_of(kind: Any) -> Callable[[Request], Awaitable[Any]]:
    """Reads the body as a value of the type `kind`; None where there is none and none is needed."""
    adapter: TypeAdapter[Any] = TypeAdapter(kind)

    async def bind(request: Request) -> Any:
        found = _operation(request).body
        raw = await raw_body(request)
        if found is None or not raw:
            if found is not None and found.required:
                raise Invalid([Violation(("body",), "Field required", "missing")])
            return None
        media_type = media_type_of(request, found)
        value = parsed(raw, media_type, found)
        found.contents[media_type].check(("body",), value)
        return _typed(adapter, ("body",), value)

    return bind


def from_body(kind: Any) -> Any:
    """The same as a dependency."""
    return Depends(body_of(kind))


def _operation(request: Request) -> contract.Operation:
    return contract.operations()[request.scope["route"].operation_id]


def _typed(adapter: TypeAdapter[Any], place: tuple[str, ...], value: Any) -> Any:
    try:
        return adapter.validate_python(value, by_alias=True, by_name=False)
    except ValidationError as error:
        raise from_pydantic(place, error) from error


def _path_values(request: Request) -> dict[str, Any]:
    """The path parameters, converted and checked once for all of them."""
    known: dict[str, Any] | None = getattr(request.state, "path_values", None)
    if known is None:
        _decoded(request.scope.get("raw_path", b""))
        texts = list(request.path_params.items())
        known = request.state.path_values = _group_values(request, "path", texts)
    return known


def _group_values(request: Request, place: str, texts: list[tuple[str, str]]) -> dict[str, Any]:
    group = _operation(request).groups[place]
    values = parameters.convert(group, texts)
    group.validator.check((place,), values)
    return values


def _decoded(raw: bytes) -> str:
    """Percent-encoded text in UTF-8 (RFC 3986, section 2.5)."""
    try:
        return unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest("The address is not in UTF-8") from error


def pairs(raw: bytes) -> list[tuple[str, str]]:
    """The names and values of a query or a form (WHATWG URL, section 5.1)."""
    found = []
    for part in raw.replace(b"+", b"%20").split(b"&"):
        if part:
            name, _, value = part.partition(b"=")
            found.append((_decoded(name), _decoded(value)))
    return found


async def raw_body(request: Request) -> bytes:
    """The body, read once, and no further than the limit."""
    known: bytes | None = getattr(request.state, "raw_body", None)
    if known is not None:
        return known
    limit: int = request.app.state.settings.max_body_bytes
    parts: list[bytes] = []
    size = 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > limit:
                raise TooLarge(f"The body is larger than {limit} bytes")
            parts.append(part)
    except ClientDisconnect as error:
        raise NotReceived from error
    raw = b"".join(parts)
    request.state.raw_body = raw
    return raw


async def body_first(request: Request) -> None:
    """Read the body, if the contract has one: while it comes, nothing is held that others need."""
    known = contract.operations().get(request.scope["route"].operation_id)
    if known is not None and known.body is not None:
        await raw_body(request)


def media_type_of(request: Request, found: contract.Body) -> str:
    """The media type of the body, as the contract lists it."""
    written, _, rest = request.headers.get("content-type", "").partition(";")
    essence = written.strip().lower()
    charset = rest.lower().partition("charset=")[2].strip(' "')
    kind, _, _ = essence.partition("/")
    for listed in (essence, f"{kind}/*", "*/*"):
        if listed in found.contents and charset in {"", "utf-8", "utf8"}:
            return listed
    raise UnsupportedMediaType(f"Send the body as {' or '.join(found.contents)}, in UTF-8")


def parsed(raw: bytes, media_type: str, found: contract.Body) -> Any:
    if media_type == "application/json" or media_type.endswith("+json"):
        try:
            return parse(raw)
        except JsonError as error:
            raise BadRequest(f"The body can't be read as JSON: {error}") from error
    if media_type == "application/x-www-form-urlencoded":
        return parameters.form(found.wires[media_type], pairs(raw))
    raise UnsupportedMediaType
