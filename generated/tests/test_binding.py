"""From requests to typed values, for an operation that no contract has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jsonschema_rs
import pytest
from fastapi import FastAPI, Response
from fastapi.testclient import TestClient
from pydantic import BaseModel

from app import contract, errors
from app.api.binding import from_body, from_path, from_query
from app.api.responses import respond
from app.config import get_settings
from app.contract import Body, Group, Operation, Parameter, Validator, Wire
from app.utils.validators import Timestamp

ID = "example"
TEXT, WHOLE = (Wire((kind,), None, {}) for kind in ("string", "integer"))
REGISTRY = jsonschema_rs.Registry([])


class Thing(BaseModel):
    """What is sent."""

    size: int
    moment: Timestamp | None = None


SCHEMA = {
    "type": "object",
    "required": ["size"],
    "properties": {
        "size": {"type": "integer", "maximum": 99},
        "moment": {"type": "string", "format": "date-time"},
    },
    "additionalProperties": False,
}


def validator(schema: Any) -> Validator:
    """Holds values to a schema."""
    return Validator(schema, REGISTRY)


def group(place: str) -> Group:
    """The parameters of a thing, in one place."""
    known = {
        "size": Parameter("size", "form", True, WHOLE, False),
        "moment": Parameter("moment", "form", True, TEXT, False),
    }
    return Group(place, known, validator(SCHEMA))


def serving(
    monkeypatch: pytest.MonkeyPatch,
    bound: Any,
    *,
    path: str = "/",
    groups: Mapping[str, Group] | None = None,
    body: Body | None = None,
) -> TestClient:
    """A client of an application that answers with what it has understood."""

    async def endpoint(value: Any = bound) -> Response:
        return respond(value)

    app = FastAPI()
    app.state.settings = get_settings()
    errors.install(app)
    app.add_api_route(path, endpoint, methods=["GET", "POST"], operation_id=ID)
    known = {ID: Operation(groups or {}, body)}
    monkeypatch.setattr(contract, "operations", lambda: known)
    return TestClient(app)


def body_of(*media_types: str, required: bool = True, schema: Any = SCHEMA) -> Body:
    """A body of one of some media types."""
    wire = Wire(("object",), None, {"size": WHOLE})
    return Body(
        required,
        {media_type: validator(schema) for media_type in media_types},
        dict.fromkeys(media_types, wire),
    )


def test_a_body_may_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """No body is None where none is needed, and refused where one is."""
    wanted = body_of("application/json")
    assert serving(monkeypatch, from_body(Thing), body=wanted).post("/").status_code == 422
    optional = body_of("application/json", required=False)
    response = serving(monkeypatch, from_body(Thing | None), body=optional).post("/")
    assert response.json() is None
    assert serving(monkeypatch, from_body(Thing | None)).post("/").json() is None


@pytest.mark.parametrize(
    ("media_type", "status"),
    [
        ("text/plain", 415),
        ("application/json; charset=latin-1", 415),
        ("", 415),
        ("application/json", 200),
        ("Application/JSON; charset=UTF-8", 200),
        ('application/json; charset="utf-8"', 200),
    ],
)
def test_media_types_are_looked_at(
    monkeypatch: pytest.MonkeyPatch, media_type: str, status: int
) -> None:
    """A body is read as what it says it is, and only in UTF-8."""
    client = serving(monkeypatch, from_body(Thing), body=body_of("application/json"))
    response = client.post("/", content=b'{"size": 17}', headers={"Content-Type": media_type})
    assert response.status_code == status


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b'{"size": 17, "moment": "2026-01-15T12:00:00Z"}', 200),
        (b'{"size": 17.0}', 200),
        (b'{"size": "17"}', 422),
        (b'{"size": true}', 422),
        (b'{"size": 100}', 422),
        (b'{"size": 17, "more": 1}', 422),
        (b'{"size": 17, "moment": "2026-01-15T12:00:00.0000001Z"}', 422),
        (b'{"size": 17', 400),
    ],
)
def test_bodies_are_held_to_the_schema(
    monkeypatch: pytest.MonkeyPatch, sent: bytes, status: int
) -> None:
    """JSON means what JSON Schema says; what can't be stored as sent is refused as well."""
    client = serving(monkeypatch, from_body(Thing), body=body_of("application/json"))
    response = client.post("/", content=sent, headers={"Content-Type": "application/json"})
    assert response.status_code == status
    if status == 200:
        assert response.json()["size"] == 17


def test_bodies_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body is read no further than the limit."""
    client = serving(monkeypatch, from_body(Thing), body=body_of("application/json"))
    sent = b" " * (get_settings().max_body_bytes + 1)
    response = client.post("/", content=sent, headers={"Content-Type": "application/json"})
    assert response.status_code == 413


def test_forms_are_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fields of a form are held to the schema like those of JSON."""
    client = serving(
        monkeypatch, from_body(Thing), body=body_of("application/x-www-form-urlencoded")
    )
    assert client.post("/", data={"size": "17"}).json()["size"] == 17
    assert client.post("/", data={"size": "many"}).status_code == 422


def test_bodies_that_nobody_reads_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A media type that no operation takes is not read."""
    wanted = body_of("image/*", schema=True)
    client = serving(monkeypatch, from_body(bytes), body=wanted)
    headers = {"Content-Type": "image/png"}
    assert client.post("/", content=b"example", headers=headers).status_code == 415


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("size=17", 200),
        ("size=%31%37&moment=2026-01-15T12:00:00%2B01:00", 200),
        ("size=many", 422),
        ("size=100", 422),
        ("size=17&more=1", 422),
        ("size=17&size=17", 422),
        ("", 422),
        ("size=%FF", 400),
    ],
)
def test_queries_are_held_to_the_schema(
    monkeypatch: pytest.MonkeyPatch, query: str, status: int
) -> None:
    """The parameters of a query are typed, and none is unknown, repeated or unreadable."""
    client = serving(monkeypatch, from_query(Thing), groups={"query": group("query")})
    response = client.get(f"/?{query}")
    assert response.status_code == status
    if status == 200:
        assert response.json()["size"] == 17


@pytest.mark.parametrize(
    ("value", "status"), [("17", 200), ("many", 422), ("100", 422), ("%FF", 400)]
)
def test_paths_are_held_to_the_schema(
    monkeypatch: pytest.MonkeyPatch, value: str, status: int
) -> None:
    """The parameters of a path are typed."""
    bound = from_path("size", int)
    groups = {"path": group("path")}
    client = serving(monkeypatch, bound, path="/{size}", groups=groups)
    assert client.get(f"/{value}").status_code == status


def test_answers_that_are_complete_go_out_as_they_are() -> None:
    """A handler may write its answer itself."""
    made = Response(status_code=204)
    assert respond(made) is made
