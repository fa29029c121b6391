"""Who may call what, and in which shape the service says no."""

from __future__ import annotations

from typing import Any

import pytest

from apiwright.ir.operations import Requirement
from apiwright.ir.service import (
    ErrorField,
    ErrorPart,
    Errors,
    Role,
    SchemeKind,
    SecurityScheme,
    ViolationPart,
)
from tests.support.contracts import (
    INTEGER,
    TEXT,
    Contract,
    contract,
    many,
    obj,
    operation,
    operation_of,
    ref,
    understood,
)

TEXTS = {"type": "array", "items": TEXT}
DETAIL = ErrorField("detail", ErrorPart.DETAIL)


def schemes(**listed: Contract) -> tuple[SecurityScheme, ...]:
    """The security schemes of a contract."""
    return understood(contract(components={"securitySchemes": listed})).schemes


def test_schemes_are_password_flows_or_bearer_tokens_or_keys_or_others() -> None:
    flow = {"tokenUrl": "/token", "scopes": {"a": "A", "b": "B"}}
    assert schemes(
        one={"type": "oauth2", "flows": {"password": flow}},
        two={"type": "http", "scheme": "Bearer"},
        three={"type": "http", "scheme": "basic"},
        four={"type": "apiKey", "in": "header", "name": "X"},
        five={"type": "oauth2", "flows": {"implicit": {}}},
        six={"type": "apiKey", "in": "query", "name": "X"},
        seven={"type": "apiKey", "in": "header", "name": "Authorization"},
    ) == (
        SecurityScheme("one", SchemeKind.PASSWORD_FLOW, ("a", "b"), "/token", ""),
        SecurityScheme("two", SchemeKind.BEARER),
        SecurityScheme("three", SchemeKind.OTHER),
        SecurityScheme("four", SchemeKind.API_KEY, header="X"),
        SecurityScheme("five", SchemeKind.OTHER),
        SecurityScheme("six", SchemeKind.OTHER),
        SecurityScheme("seven", SchemeKind.OTHER),
    )


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/token", "/token"),
        ("token", "/token"),
        ("https://example.com/a/token", "/a/token"),
        ("//example.com/token", "/token"),
        ("https://example.com", "/"),
        ("", ""),
    ],
)
def test_an_address_of_a_flow_is_a_path(url: str, path: str) -> None:
    (found,) = schemes(one={"type": "oauth2", "flows": {"password": {"tokenUrl": url}}})
    assert found.token_path == path


@pytest.mark.parametrize(
    ("servers", "base"),
    [
        ([], ""),
        ([{"url": "/"}], ""),
        ([{"url": "/api/v1/"}, {"url": "/other"}], "/api/v1"),
        ([{"url": "https://example.com/api"}], "/api"),
        ([{"url": "https://{host}/{base}", "variables": {"base": {"default": "v2"},
                                                         "host": {"default": "a.b"}}}], "/v2"),
        ([{}], ""),
    ],
)  # fmt: skip
def test_the_base_path_is_that_of_the_first_server(servers: list[Any], base: str) -> None:
    assert understood(contract(servers=servers)).base_path == base


@pytest.mark.parametrize(
    ("whole", "own", "wanted", "public"),
    [
        (None, None, (), True),
        ([{"a": ["x"]}], None, (Requirement((("a", ("x",)),)),), False),
        ([{"a": []}], [], (), True),
        ([], [{"a": [], "b": []}], (Requirement((("a", ()), ("b", ()))),), False),
        (None, [{"a": []}, {}], (Requirement((("a", ()),)), Requirement(())), True),
    ],
)
def test_an_operation_has_its_own_requirements_or_those_of_the_document(
    whole: Any, own: Any, wanted: tuple[Requirement, ...], public: bool
) -> None:
    words = {} if own is None else {"security": own}
    document = contract({"/x": {"get": operation("it", **words)}})
    if whole is not None:
        document["security"] = whole
    found = operation_of(document, "it")
    assert (found.security, found.public) == (wanted, public)


def test_roles_grant_what_the_roles_in_them_grant() -> None:
    roles = {
        "guest": {},
        "member": {"scopes": ["read"], "default": True},
        "admin": {"includes": ["member", "ring", "nobody"], "scopes": ["write", "read"]},
        "ring": {"includes": ["admin"], "scopes": ["spin"]},
    }
    document = contract(components={"securitySchemes": {
        "none": {"type": "http", "scheme": "bearer"},
        "one": {"type": "http", "scheme": "bearer", "x-roles": roles}}})  # fmt: skip
    service = understood(document)
    assert service.roles == (
        Role("guest", ()),
        Role("member", ("read",)),
        Role("admin", ("read", "spin", "write")),
        Role("ring", ("read", "write", "spin")),
    )
    assert service.default_role == "member"
    assert understood(contract()).roles == ()


def errors(schema: Contract | None, status: str = "400", **schemas: Contract) -> Errors:
    """The errors of a contract with one operation that declares this one."""
    document = contract({"/x": {"get": operation("it", gives=TEXT)}}, schemas)
    answer: Contract = {"description": "No"}
    if schema is not None:
        answer["content"] = {"application/json": {"schema": schema}}
    document["paths"]["/x"]["get"]["responses"][status] = answer
    return understood(document).errors


def test_errors_have_the_usual_shape_of_fastapi_where_the_contract_is_silent() -> None:
    found = understood(contract({"/x": {"get": operation("it")}})).errors
    assert found.usual.fields == (DETAIL,)
    assert found.invalid.fields == (ErrorField("detail", ErrorPart.VIOLATIONS),)
    assert dict(found.invalid.violation) == {
        "loc": ViolationPart.PLACE,
        "msg": ViolationPart.MESSAGE,
        "type": ViolationPart.KIND,
    }
    assert found.special == {}
    assert found.statuses == {}


SHAPES: list[tuple[Contract, tuple[ErrorField, ...]]] = [
    (obj({"detail": TEXT}), (DETAIL,)),
    (obj({"message": TEXT, "code": TEXT}),
     (ErrorField("message", ErrorPart.DETAIL), ErrorField("code", ErrorPart.CODE))),
    (obj({"code": INTEGER, "message": TEXT}),
     (ErrorField("code", ErrorPart.STATUS), ErrorField("message", ErrorPart.DETAIL))),
    (obj({"error": TEXT, "error-description": TEXT}),
     (ErrorField("error", ErrorPart.CODE), ErrorField("error-description", ErrorPart.DETAIL))),
    (obj({"type": TEXT, "title": TEXT, "status": INTEGER, "detail": TEXT, "instance": TEXT}),
     (ErrorField("type", ErrorPart.TYPE), ErrorField("title", ErrorPart.TITLE),
      ErrorField("status", ErrorPart.STATUS), DETAIL,
      ErrorField("instance", ErrorPart.INSTANCE))),
    (obj({"error": obj({"message": TEXT})}),
     (ErrorField("error", ErrorPart.OBJECT,
                 fields=(ErrorField("message", ErrorPart.DETAIL),)),)),
    (obj({"detail": TEXT, "error": obj({"code": TEXT})}, "error"),
     (DETAIL, ErrorField("error", ErrorPart.OBJECT,
                         fields=(ErrorField("code", ErrorPart.CODE),)))),
    (obj({"detail": TEXT, "more": obj({"code": TEXT})}), (DETAIL,)),
    (obj({"detail": TEXT, "ok": {"const": False}}, "ok"),
     (DETAIL, ErrorField("ok", ErrorPart.FIXED, False))),
    (obj({"detail": TEXT, "id": {**TEXT, "pattern": "^never$"}}, "id"),
     (DETAIL, ErrorField("id", ErrorPart.FIXED, ""))),
    (obj({"detail": TEXT, "kind": {"enum": ["a"]}}), (DETAIL,)),
    (obj({"detail": TEXT, "errors": TEXTS}),
     (DETAIL, ErrorField("errors", ErrorPart.VIOLATIONS))),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "fields"), SHAPES)
def test_errors_have_the_shape_that_the_contract_declares(
    schema: Contract, fields: tuple[ErrorField, ...]
) -> None:
    found = errors(schema, "404")
    assert found.usual.fields == fields
    assert found.invalid == found.usual
    assert found.special == {}


def test_an_error_of_another_media_type_keeps_it() -> None:
    document = contract({"/x": {"get": operation("it")}})
    document["paths"]["/x"]["get"]["responses"]["4XX"] = {
        "description": "No",
        "content": {"text/plain": {}, "application/problem+json": {"schema": obj({"title": TEXT})}},
    }
    found = understood(document).errors
    assert found.usual.media_type == "application/problem+json"
    assert found.usual.fields == (ErrorField("title", ErrorPart.TITLE),)


def test_an_error_without_a_body_has_none() -> None:
    found = errors(None, "404")
    shape = found.special["it", "404"]
    assert (shape.media_type, shape.fields) == ("", ())
    assert found.usual.fields == (DETAIL,)


def test_an_error_that_is_no_object_has_the_usual_shape() -> None:
    assert errors(TEXT).usual.fields == (DETAIL,)


VIOLATIONS: list[tuple[Contract, dict[str, ViolationPart]]] = [
    (obj({"loc": TEXTS, "msg": TEXT, "type": TEXT}),
     {"loc": ViolationPart.PLACE, "msg": ViolationPart.MESSAGE, "type": ViolationPart.KIND}),
    (obj({"field": TEXT, "message": TEXT}),
     {"field": ViolationPart.PATH, "message": ViolationPart.MESSAGE}),
    (obj({"pointer": TEXT, "detail": TEXT, "code": TEXT, "more": TEXT}),
     {"pointer": ViolationPart.PATH, "detail": ViolationPart.MESSAGE,
      "code": ViolationPart.KIND}),
    (TEXT, {"": ViolationPart.TEXT}),
]  # fmt: skip


@pytest.mark.parametrize(("entry", "parts"), VIOLATIONS)
def test_violations_are_listed_as_the_contract_lists_them(
    entry: Contract, parts: dict[str, ViolationPart]
) -> None:
    schema = obj({"errors": {"type": "array", "items": ref("Entry")}})
    found = errors(schema, "422", Entry=entry)
    assert dict(found.invalid.violation) == parts
    assert found.usual.fields == (DETAIL,)


def test_a_list_of_another_name_holds_no_violations() -> None:
    found = errors(obj({"detail": TEXT, "things": many("Thing")}), "422", Thing=obj({"a": TEXT}))
    assert found.invalid.violation == ()


def test_what_breaks_the_contract_is_a_400_where_no_422_is_declared() -> None:
    assert errors(obj({"detail": TEXT}), "400").statuses == {"it": 400}
    assert errors(obj({"detail": TEXT}), "422").statuses == {}


def test_the_commonest_shape_is_the_usual_one_and_others_are_kept() -> None:
    paths = {f"/{name}": {"get": operation(name)} for name in ("a", "b", "c")}
    for name, word in (("a", "message"), ("b", "message"), ("c", "reason")):
        paths[f"/{name}"]["get"]["responses"]["default"] = {
            "description": "No",
            "content": {"application/json": {"schema": obj({word: TEXT})}},
        }
    found = understood(contract(paths)).errors
    assert found.usual.fields == (ErrorField("message", ErrorPart.DETAIL),)
    assert list(found.special) == [("c", "default")]
