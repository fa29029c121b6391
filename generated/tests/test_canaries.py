"""Secrets that clients send, through every operation and in every way to fail, come up nowhere.

Neither in logs nor in figures, nor in the bodies of errors. And nothing that clients send makes one
line of a log two.
"""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from app.logs import LONGEST_TEXT, JsonFormatter
from app.models import Base
from tests.conftest import SignIn
from tests.contract import OPERATIONS, Operation
from tests.scratch import Scratch, quoted

WORD = "canary-sings-4b1d-a-secret"
EMAIL = "canary.sings@example.com"
CARD = 4929123412341234
CANARIES = (WORD, EMAIL, str(CARD), "canary", "sings", quote(WORD + "\r\n"))
BREAKS = "\r\n\x1b[31m\u2028\u0085"
HEADERS = {
    "Cookie": f"session={WORD}; access_token={WORD}",
    "Referer": f"https://example.com/?token={WORD}",
    "Traceparent": f"00-{WORD}-01",
    "User-Agent": f"{WORD}\x1b[31m",
    "X-API-Key": WORD,
    "X-Forwarded-For": WORD,
    "X-Request-ID": f"{WORD} {CARD}",
}
QUERY = (("password", WORD), ("token", WORD), ("email", EMAIL), ("card", str(CARD)), ("sort", WORD))
TELLTALE = """
CREATE FUNCTION tell_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('application_name') = '' THEN
        RETURN COALESCE(NEW, OLD);
    END IF;
    RAISE EXCEPTION 'the row is %', COALESCE(NEW, OLD);
END $$
"""
TRIGGER = """
CREATE TRIGGER tell_all BEFORE INSERT OR UPDATE OR DELETE ON {}
FOR EACH ROW EXECUTE FUNCTION tell_all()
"""
"""Only the service says what it is called; the tests' own rows are stored."""

Admit = Callable[[Operation], dict[str, str]]
Headers = Callable[[], dict[str, str]]

each = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)


class Heard(logging.StreamHandler[io.StringIO]):
    """What has been logged by everybody but the client that tests use."""

    def __init__(self) -> None:
        super().__init__(io.StringIO())
        self.setFormatter(JsonFormatter())
        self.addFilter(lambda record: not record.name.startswith("http"))

    @property
    def lines(self) -> list[str]:
        """One for each thing that happened, if all is well."""
        return self.stream.getvalue().removesuffix("\n").split("\n")

    @property
    def requests(self) -> int:
        """How many requests have left their line; every line has to be JSON."""
        said = [json.loads(line) for line in self.lines]
        return sum(line["logger"] == "app.access" for line in said)


@pytest.fixture
def heard(client: TestClient, serving_sessions: TestClient) -> Iterator[Heard]:
    """The log, as it is in production."""
    handler = Heard()
    logs = [logging.getLogger(name) for name in ("app", "uvicorn", None)]
    for log in logs:
        log.addHandler(handler)
    yield handler
    for log in logs:
        log.removeHandler(handler)


@pytest.fixture
def admit(sign_in: SignIn) -> Admit:
    """Gives the headers of somebody who may call an operation."""

    def admitted(operation: Operation) -> dict[str, str]:
        return sign_in(operation.role).headers if operation.role is not None else {}

    return admitted


def send(
    client: TestClient, operation: Operation, headers: Headers, *, wrong: bool = False
) -> list[Response]:
    """The answers to variants of a request, and to a stranger's.

    Those that are all `wrong` are sent too if that is asked for, and then everything twice.
    """
    sent = [*likely(operation), *(wrong_ones(operation) if wrong else ())]
    answers = [
        operation.call(client, {**HEADERS, **headers()}, **variant)
        for variant in sent
        for _ in range(1 + wrong)
    ]
    for scheme in ("Bearer", "Basic"):
        answers.append(operation.call(client, {**HEADERS, "Authorization": f"{scheme} {WORD}"}))
    return answers


def likely(operation: Operation) -> Iterator[dict[str, Any]]:
    """Ways to send secrets with a request that may well be right: what differs from the example."""
    yield {}
    if not operation.body:
        return
    if not operation.media_type.endswith("json"):
        values = dict(parse_qsl(operation.body.decode()))
        for name in values:
            yield {"body": urlencode({**values, name: WORD}).encode()}
        return
    for name, value in example(operation).items():
        secret = EMAIL if "@" in str(value) else WORD
        yield {"body": json.dumps({**example(operation), name: secret}).encode()}


def wrong_ones(operation: Operation) -> Iterator[dict[str, Any]]:
    """Ways to send them that are wrong in most places."""
    yield {"query": (*operation.query, *QUERY)}
    yield {"query": (*operation.query, ("q", f"{WORD}{BREAKS}"))}
    if operation.repeatable is not None:
        yield {"query": (*operation.query, (operation.repeatable[0], WORD))}
    stem = operation.path.rstrip("/").rpartition("/")[0]
    yield {"path": f"{stem}/{WORD}{quote(BREAKS)}"}
    for path in operation.bad_paths:
        yield {"path": path.replace("no-such-value", WORD)}
    if not operation.body:
        return
    yield {"media_type": f"text/{WORD}"}
    yield {"body": f"{WORD}{BREAKS}".encode()}
    yield {"body": urlencode({"username": f"{WORD}{BREAKS}", "password": WORD}).encode()}
    yield {"body": json.dumps([WORD, EMAIL, CARD]).encode()}
    yield {"body": json.dumps({"password": WORD, "token": WORD, "card": CARD}).encode()}
    for name in example(operation):
        for secret in (f"{WORD}{BREAKS}", CARD, [WORD, {"number": CARD}]):
            yield {"body": json.dumps({**example(operation), name: secret}).encode()}


def example(operation: Operation) -> dict[str, Any]:
    """The example of a body, if it is an object of JSON."""
    if not operation.body or not operation.media_type.endswith("json"):
        return {}
    value = json.loads(operation.body)
    return value if isinstance(value, dict) else {}


def assert_nothing_leaks(heard: Heard, client: TestClient, answers: list[Response]) -> None:
    """No secret is anywhere, and each request has left one line."""
    requests = heard.requests
    figures = client.get("/metrics").text
    told = "\n".join(answer.text for answer in answers if answer.status_code >= 400)
    for place in (figures, told, *heard.lines):
        assert [secret for secret in CANARIES if secret in place] == [], place
    assert requests == len(answers)


@each
def test_secrets_are_not_repeated(
    operation: Operation, admit: Admit, heard: Heard, client: TestClient
) -> None:
    """Whether a request is right or wrong, for something new or for what is there already."""
    answers = send(client, operation, lambda: admit(operation), wrong=True)
    assert_nothing_leaks(heard, client, answers)


@each
def test_secrets_are_not_repeated_when_the_database_tells(
    operation: Operation, admit: Admit, heard: Heard, either_way: TestClient, scratch: Scratch
) -> None:
    """An error of the database that shows whole rows is not passed on, whoever hears of it first."""
    triggers = [TRIGGER.format(quoted(table.name)) for table in Base.metadata.sorted_tables]
    scratch.execute(TELLTALE, *triggers)
    try:
        answers = send(either_way, operation, lambda: admit(operation))
    finally:
        scratch.execute("DROP FUNCTION tell_all CASCADE")
    assert_nothing_leaks(heard, either_way, answers)


@each
def test_secrets_are_not_repeated_when_the_service_fails(
    operation: Operation, admit: Admit, heard: Heard, client: TestClient, scratch: Scratch
) -> None:
    """Without its tables, it can only say that something went wrong."""
    known = admit(operation)
    scratch.execute("ALTER SCHEMA public RENAME TO away")
    try:
        answers = send(client, operation, lambda: known)
    finally:
        scratch.execute("ALTER SCHEMA away RENAME TO public")
    assert_nothing_leaks(heard, client, answers)


def test_texts_of_exceptions_are_left_out(heard: Heard) -> None:
    """Kinds and lines of code stay; where nobody else reads, the texts do too."""
    try:
        try:
            raise ValueError(WORD + BREAKS)
        except ValueError as error:
            raise RuntimeError(WORD) from error
    except RuntimeError:
        logging.getLogger("app.tests").exception("failed%s", BREAKS * LONGEST_TEXT)
    [line] = heard.lines
    said = json.loads(line)
    assert WORD not in line
    assert "ValueError" in said["traceback"]
    assert "RuntimeError" in said["traceback"]
    assert "raise RuntimeError(" in said["traceback"]
    assert len(said["message"]) < LONGEST_TEXT + 10
    record = logging.LogRecord("app", logging.ERROR, "", 0, "failed", (), None)
    record.exc_info = (ValueError, ValueError(WORD), None)
    assert WORD in json.loads(JsonFormatter(texts=True).format(record))["traceback"]
