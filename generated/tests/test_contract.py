"""Every operation of the contract: who may call it, and which requests it refuses, and how."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from app.config import get_settings
from tests.conftest import SignIn
from tests.contract import NOWHERE, OPERATIONS, Guard, Operation

MALFORMED = {
    "no JSON": b'{"a": ',
    "NaN": b'{"a": NaN}',
    "infinite": b'{"a": 1e400}',
    "half a character": b'{"a": "\\ud800"}',
    "not UTF-8": b'{"a": "\xff"}',
    "a repeated key": b'{"a": 1, "a": 2}',
    "too deep": b"[" * 65 + b"]" * 65,
}
"""What is no JSON, or none that everybody reads alike."""


def those(choose: Callable[[Operation], object]) -> pytest.MarkDecorator:
    """The operations that a test is for."""
    chosen = [operation for operation in OPERATIONS if choose(operation)]
    return pytest.mark.parametrize("operation", chosen, ids=lambda operation: operation.id)


def reachable(operation: Operation) -> bool:
    """Whether there is anybody who may call it."""
    return operation.guard is not Guard.CALLER or operation.role is not None


def takes_json(operation: Operation) -> bool:
    """Whether it takes JSON, from somebody."""
    return reachable(operation) and operation.media_type.endswith("json")


Admit = Callable[[Operation], dict[str, str]]


@pytest.fixture
def admit(sign_in: SignIn) -> Admit:
    """Lets a test call an operation, whoever may call it: gives the headers to send."""

    def admitted(operation: Operation) -> dict[str, str]:
        return sign_in(operation.role).headers if operation.role is not None else {}

    return admitted


@those(lambda operation: operation.guard is not Guard.OPEN)
def test_nobody_gets_in_with_a_false_token(client: TestClient, operation: Operation) -> None:
    """A token that nobody has issued is worth nothing."""
    response = operation.call(client, {"Authorization": "Bearer a.b.c"})
    assert response.status_code == 401
    assert "WWW-Authenticate" in response.headers


@those(lambda operation: operation.scopes and operation.role is not None)
def test_a_token_needs_the_scopes(
    client: TestClient, sign_in: SignIn, operation: Operation
) -> None:
    """Who is signed in, but without the scopes that the operation needs, is refused."""
    response = operation.call(client, sign_in(operation.role or "", scopes=()).headers)
    assert response.status_code == 403


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
@those(takes_json)
def test_malformed_json_is_refused(
    client: TestClient, admit: Admit, operation: Operation, body: bytes
) -> None:
    """A body that can't be read for sure is not guessed at."""
    response = operation.call(client, admit(operation), body=body)
    assert response.status_code == 400


@those(lambda operation: reachable(operation) and "urlencoded" in operation.media_type)
def test_malformed_forms_are_refused(
    client: TestClient, admit: Admit, operation: Operation
) -> None:
    """A form that is not in UTF-8 is not guessed at."""
    response = operation.call(client, admit(operation), body=b"a=%FF")
    assert response.status_code == 400


@those(lambda operation: reachable(operation) and operation.picky)
def test_other_media_types_are_refused(
    client: TestClient, admit: Admit, operation: Operation
) -> None:
    """A body of a media type that the operation doesn't take is refused."""
    response = operation.call(client, admit(operation), body=b"example", media_type="x-no/such")
    assert response.status_code == 415


@those(lambda operation: reachable(operation) and operation.picky)
def test_large_bodies_are_refused(client: TestClient, admit: Admit, operation: Operation) -> None:
    """A body that is larger than the service takes is refused."""
    body = b" " * (get_settings().max_body_bytes + 1)
    response = operation.call(client, admit(operation), body=body)
    assert response.status_code == 413


@those(lambda operation: reachable(operation) and operation.body_required)
def test_a_body_is_needed(client: TestClient, admit: Admit, operation: Operation) -> None:
    """A request without the body that the contract wants is refused."""
    response = operation.call(client, admit(operation), body=b"")
    assert response.status_code == operation.invalid


@those(lambda operation: reachable(operation) and operation.refused)
def test_bodies_that_break_the_contract_are_refused(
    client: TestClient, admit: Admit, operation: Operation
) -> None:
    """A body that the schema doesn't allow is refused."""
    headers = admit(operation)
    for body in operation.refused:
        assert operation.call(client, headers, body=body).status_code == operation.invalid, body


@those(lambda operation: reachable(operation) and operation.parameters)
def test_unknown_parameters_are_refused(
    client: TestClient, admit: Admit, operation: Operation
) -> None:
    """A parameter that the contract doesn't have is refused, rather than ignored."""
    query = (*operation.query, ("no-such-parameter", "1"))
    response = operation.call(client, admit(operation), query=query)
    assert response.status_code == operation.invalid


@those(lambda operation: reachable(operation) and operation.parameters)
def test_unreadable_parameters_are_refused(
    client: TestClient, admit: Admit, operation: Operation
) -> None:
    """A query that is not in UTF-8 is refused."""
    path = f"{operation.path}?%FF=1"
    response = operation.call(client, admit(operation), path=path, query=())
    assert response.status_code == 400


@those(lambda operation: reachable(operation) and operation.repeatable)
def test_repeated_parameters_are_refused(
    client: TestClient, admit: Admit, operation: Operation
) -> None:
    """A parameter that stands for one value is given once, or the request is refused."""
    assert operation.repeatable is not None
    others = tuple(pair for pair in operation.query if pair[0] != operation.repeatable[0])
    query = (*others, operation.repeatable, operation.repeatable)
    response = operation.call(client, admit(operation), query=query)
    assert response.status_code == operation.invalid


@those(lambda operation: reachable(operation) and operation.bad_paths)
def test_addresses_that_break_the_contract_are_refused(
    client: TestClient, admit: Admit, operation: Operation
) -> None:
    """A value in the path that the schema doesn't allow is refused."""
    headers = admit(operation)
    for path in operation.bad_paths:
        assert operation.call(client, headers, path=path).status_code == operation.invalid, path


@those(reachable)
def test_the_request_of_the_contract_is_understood(
    client: TestClient, admit: Admit, operation: Operation
) -> None:
    """A request as the contract has it is answered, if only to say that nothing is there."""
    response = operation.call(client, admit(operation))
    assert response.status_code < 500 or (operation.custom and response.status_code == 501)
    assert response.status_code not in {405, 413, 415}


@those(lambda operation: reachable(operation) and operation.method == "GET")
def test_head_is_get_without_the_body(
    client: TestClient, admit: Admit, operation: Operation
) -> None:
    """HEAD is answered with the status and the headers of GET, and no body."""
    headers = admit(operation)
    got = operation.call(client, headers)
    head = operation.call(client, headers, method="HEAD")
    assert head.status_code == got.status_code
    assert head.headers.get("Content-Type") == got.headers.get("Content-Type")
    assert head.content == b""


@those(lambda operation: operation.methods)
def test_other_methods_are_not_allowed(client: TestClient, operation: Operation) -> None:
    """A method that the path doesn't have is refused, with a list of those that it has."""
    response = client.request("PROPFIND", operation.path)
    assert response.status_code == 405
    assert tuple(response.headers["Allow"].split(", ")) == operation.methods


@those(lambda operation: "OPTIONS" not in operation.methods)
def test_options_lists_the_methods(client: TestClient, operation: Operation) -> None:
    """OPTIONS tells which methods a path has."""
    response = client.options(operation.path)
    assert response.status_code == 204
    assert tuple(response.headers["Allow"].split(", ")) == operation.methods


def test_other_paths_lead_nowhere(client: TestClient) -> None:
    """A path that the contract doesn't have is not found."""
    assert client.get(NOWHERE).status_code == 404
