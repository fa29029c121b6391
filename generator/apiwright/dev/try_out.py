"""Requests to try a service with, as lines for a shell."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator

from apiwright.ir.media import is_form
from apiwright.ir.operations import CreateAction, ListAction, Operation, RowAction, TokenAction
from apiwright.ir.samples import NoSampleError, sample
from apiwright.ir.schemas import Direction, Json
from apiwright.ir.service import Service
from apiwright.understand.exchange import body_content

_READ_TOKEN = "import json, sys; print(json.load(sys.stdin)['access_token'])"


def curl_lines(service: Service, address: str, login: str, password: str) -> tuple[str, ...]:
    """Three requests: one to look, one to sign in (where that is possible), one to write.

    `login` and `password` are those of a seeded account. A contract may not have all three.
    """
    service = service.offered
    base = f"{address}{service.base_path}"
    lines = [*_look(service, base), *_sign_in(service, base, login, password)]
    lines += _write(service, base, signed_in=len(lines) > 1)
    return tuple(lines[:3])


def _look(service: Service, base: str) -> Iterator[str]:
    for kind in (ListAction, RowAction):
        for operation in service.operations.values():
            fits = isinstance(operation.action, kind) and operation.method == "get"
            if fits and operation.public and "{" not in operation.path:
                yield f"curl {shlex.quote(base + operation.path)}"
                return


def _sign_in(service: Service, base: str, login: str, password: str) -> Iterator[str]:
    for operation in service.operations.values():
        if not isinstance(operation.action, TokenAction):
            continue
        content = body_content(operation)
        names = (operation.action.login, operation.action.password)
        url = shlex.quote(base + operation.path)
        if content is not None and is_form(content.media_type):
            fields = " ".join(
                f"--data-urlencode {shlex.quote(f'{name}={value}')}"
                for name, value in zip(names, (login, password), strict=True)
            )
            request = f"curl -s {url} {fields}"
        else:
            body = json.dumps(dict(zip(names, (login, password), strict=True)))
            request = f"curl -s {url} --json {shlex.quote(body)}"
        yield f'TOKEN=$({request} | python3 -c "{_READ_TOKEN}")'
        return


def _write(service: Service, base: str, *, signed_in: bool) -> Iterator[str]:
    creating = [
        operation
        for operation in service.operations.values()
        if isinstance(operation.action, CreateAction) and "{" not in operation.path
    ]
    wanted = [operation for operation in creating if operation.public is not signed_in]
    for operation in [*wanted, *creating]:
        body = _body(operation, service)
        if body is None:
            continue
        token = "" if operation.public else ' -H "Authorization: Bearer $TOKEN"'
        url = shlex.quote(base + operation.path)
        yield f"curl {url}{token} --json {shlex.quote(json.dumps(body, ensure_ascii=False))}"
        return


def _body(operation: Operation, service: Service) -> Json:
    content = body_content(operation)
    if content is None or content.schema is None or is_form(content.media_type):
        return None
    if content.example:
        return content.example[0]
    try:
        return sample(content.schema, service.schemas, Direction.REQUEST)
    except NoSampleError:
        return None
