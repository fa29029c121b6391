"""Every rule that stands for itself: an edit that it speaks of, and one that it does not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from apiwright.breaking import RULES, Level
from apiwright.breaking.rules import OPERATION_RULES
from tests.support.api_changes import GONE, Edits, changes, edited

TODAY = date(2026, 6, 1)
PAST, FUTURE = "2026-05-31", "2026-06-02"
TEXT = {"type": "string"}
JSON = "application/json"
OK = {"description": "done"}

CONTRACT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1"},
    "servers": [{"url": "https://shop.example/api/v1"}],
    "security": [{"login": ["read"]}],
    "paths": {
        "/items": {
            "get": {
                "operationId": "listItems",
                "tags": ["Items"],
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer"}},
                    {"name": "X-Trace", "in": "header", "schema": TEXT},
                    {
                        "name": "filter",
                        "in": "query",
                        "content": {
                            JSON: {
                                "schema": {
                                    "type": "object",
                                    "properties": {"color": TEXT, "size": TEXT},
                                    "required": ["size"],
                                }
                            }
                        },
                    },
                ],
                "responses": {
                    "200": {
                        "description": "The items",
                        "headers": {
                            "X-Total": {"required": True, "schema": TEXT},
                            "X-Hint": {"schema": TEXT},
                        },
                        "content": {
                            JSON: {"schema": {"$ref": "#/components/schemas/Item"}},
                            "text/csv": {"schema": TEXT},
                        },
                    },
                    "404": {"description": "None"},
                },
            },
            "post": {
                "requestBody": {
                    "content": {JSON: {"schema": {"$ref": "#/components/schemas/Item"}}}
                },
                "responses": {"201": OK},
            },
        },
        "/items/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": TEXT}],
            "get": {"responses": {"200": OK}, "security": []},
        },
    },
    "webhooks": {"sold": {"post": {"responses": {"200": OK}}}},
    "components": {
        "schemas": {
            "Item": {
                "type": "object",
                "properties": {
                    "name": TEXT,
                    "note": TEXT,
                    "id": {"type": "string", "readOnly": True},
                    "rank": {"type": "string", "readOnly": True},
                    "pin": {"type": "string", "writeOnly": True},
                    "hint": {"type": "string", "writeOnly": True},
                },
                "required": ["name", "id", "pin"],
            }
        },
        "securitySchemes": {
            "login": {
                "type": "oauth2",
                "flows": {
                    "authorizationCode": {
                        "authorizationUrl": "https://login.example/authorize",
                        "tokenUrl": "https://login.example/token",
                        "scopes": {"read": "Look", "write": "Change"},
                    }
                },
            },
            "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
        },
    },
}

LIST = "paths /items get"
POST = "paths /items post"
ONE = "paths /items/{id}"
PARAMETERS = f"{LIST} parameters"
FILTER = f"{PARAMETERS} 2 content {JSON} schema"
ITEM = "components schemas Item"
LOGIN = "components securitySchemes login flows authorizationCode"
ANSWER = f"{LIST} responses 200"
BODY = {"content": {JSON: {"schema": TEXT}}}
DEPRECATED = {f"{LIST} deprecated": True}
ONE_DEPRECATED = {f"{ONE} get deprecated": True}
PARAMETER_DEPRECATED = {f"{PARAMETERS} 0 deprecated": True}


@dataclass(frozen=True)
class Case:
    """An edit that a rule speaks of, at a level, and one beside it of which it says nothing.

    Both are made of the contract, after `given` has been made of both versions, if it differs.
    """

    edits: Edits
    beside: Edits
    given: Edits | None = None
    level: Level | None = None
    where: str | None = None


def sun(day: str, place: str = LIST) -> Edits:
    return {f"{place} deprecated": True, f"{place} x-sunset": day}


def required(*names: str) -> Edits:
    return {f"{ITEM} required": list(names)}


OPTIONAL_NAME = required("id", "pin")
CLOSED = {f"{ITEM} additionalProperties": False}
NEW = {f"{ITEM} properties new": TEXT}
NEW_DEFAULT = {f"{ITEM} properties new": {"type": "string", "default": "x"}}
NEW_REQUIRED = required("name", "id", "pin", "new")
KEY = [{"login": ["read"]}, {"key": []}]
MOVED = {"servers 0 url": "https://shop.example/api/v2"}
BOTH_SERVERS = {"servers +": {"url": "/api/v2"}}
ELSEWHERE = {"servers 0 url": "https://other.example/api/v1/"}

CASES: dict[str, Case] = {
    "endpoint-added": Case(
        {f"{LIST[:-3]}put": {"responses": {"200": OK}}}, {f"{LIST} summary": "x"}
    ),
    "endpoint-deprecated": Case(DEPRECATED, sun(FUTURE)),
    "endpoint-deprecated-with-sunset": Case(sun(FUTURE), DEPRECATED),
    "endpoint-reactivated": Case({f"{LIST} deprecated": False}, {}, given=DEPRECATED),
    "api-path-removed-without-deprecation": Case({ONE: GONE}, {f"{POST}": GONE}),
    "api-path-removed-with-deprecation": Case(
        {ONE: GONE}, {f"{ONE} get summary": "x"}, given=sun(PAST, f"{ONE} get")
    ),
    "api-path-removed-before-sunset": Case(
        {ONE: GONE}, {f"{ONE} get summary": "x"}, given=sun(FUTURE, f"{ONE} get")
    ),
    "api-removed-without-deprecation": Case({LIST: GONE}, {ONE: GONE}),
    "api-removed-with-deprecation": Case({LIST: GONE}, {POST: GONE}, given=DEPRECATED),
    "api-removed-before-sunset": Case({LIST: GONE}, {POST: GONE}, given=sun(FUTURE)),
    "sunset-deleted": Case(
        {f"{LIST} x-sunset": GONE},
        {f"{LIST} x-sunset": GONE, f"{LIST} deprecated": False},
        given=sun(FUTURE),
    ),
    "api-sunset-date-changed-too-small": Case(
        {f"{LIST} x-sunset": "2026-06-01"}, {f"{LIST} x-sunset": "2027-01-01"}, given=sun(FUTURE)
    ),
    "api-base-path-changed": Case(MOVED, ELSEWHERE),
    "api-operation-id-removed": Case(
        {f"{LIST} operationId": "allItems"}, {f"{POST} operationId": "createItem"}
    ),
    "api-operation-id-added": Case(
        {f"{POST} operationId": "createItem"}, {f"{LIST} operationId": GONE}
    ),
    "api-tag-removed": Case({f"{LIST} tags": []}, {f"{LIST} tags": ["Items", "More"]}),
    "api-tag-added": Case({f"{LIST} tags": ["Items", "More"]}, {f"{LIST} tags": []}),
    "webhook-added": Case(
        {"webhooks bought": {"post": {"responses": {"200": OK}}}}, {"webhooks sold": GONE}
    ),
    "webhook-removed": Case({"webhooks sold post": GONE}, {"webhooks sold post summary": "x"}),
    "new-required-request-parameter": Case(
        {f"{PARAMETERS} +": {"name": "q", "in": "query", "required": True, "schema": TEXT}},
        {f"{PARAMETERS} +": {"name": "q", "in": "query", "schema": TEXT}},
    ),
    "new-optional-request-parameter": Case(
        {f"{ONE} parameters +": {"name": "q", "in": "query", "schema": TEXT}},
        {f"{ONE} parameters +": {"name": "Accept", "in": "header", "schema": TEXT}},
    ),
    "request-parameter-removed": Case(
        {f"{PARAMETERS} 0": GONE}, {f"{PARAMETERS} 1 name": "x-trace"}, level=Level.BREAKING
    ),
    "request-parameter-removed-with-deprecation": Case(
        {f"{PARAMETERS} 0": GONE}, {f"{PARAMETERS} 1": GONE}, given=PARAMETER_DEPRECATED
    ),
    "request-parameter-removed-before-sunset": Case(
        {f"{PARAMETERS} 0": GONE},
        {f"{PARAMETERS} 1": GONE},
        given=sun(FUTURE, f"{PARAMETERS} 0"),
    ),
    "request-parameter-became-required": Case(
        {f"{PARAMETERS} 0 required": True}, {f"{PARAMETERS} 0 required": False}
    ),
    "request-parameter-became-optional": Case(
        {f"{PARAMETERS} 0 required": False},
        {f"{PARAMETERS} 1 required": True},
        given={f"{PARAMETERS} 0 required": True},
    ),
    "request-parameter-style-changed": Case(
        {f"{PARAMETERS} 0 explode": False}, {f"{PARAMETERS} 0 style": "form"}
    ),
    "request-parameter-deprecated": Case(
        PARAMETER_DEPRECATED, {f"{PARAMETERS} 0 deprecated": False}
    ),
    "request-parameter-reactivated": Case(
        {f"{PARAMETERS} 0 deprecated": GONE},
        {f"{PARAMETERS} 1 deprecated": True},
        given=PARAMETER_DEPRECATED,
    ),
    "request-body-added-required": Case(
        {f"{LIST} requestBody": {**BODY, "required": True}}, {f"{LIST} requestBody": BODY}
    ),
    "request-body-added-optional": Case(
        {f"{LIST} requestBody": BODY}, {f"{LIST} requestBody": {**BODY, "required": True}}
    ),
    "request-body-removed": Case(
        {f"{POST} requestBody": GONE}, {f"{POST} requestBody description": "x"}
    ),
    "request-body-became-required": Case(
        {f"{POST} requestBody required": True}, {f"{POST} requestBody required": False}
    ),
    "request-body-became-optional": Case(
        {f"{POST} requestBody required": False},
        {f"{POST} requestBody description": "x"},
        given={f"{POST} requestBody required": True},
    ),
    "request-body-media-type-removed": Case(
        {f"{POST} requestBody content": {"text/plain": {"schema": TEXT}}},
        {
            f"{POST} requestBody content": {
                "application/*": {"schema": {"$ref": f"#/{ITEM.replace(' ', '/')}"}}
            }
        },
    ),
    "request-body-media-type-added": Case(
        {f"{POST} requestBody content text/plain": {"schema": TEXT}},
        {f"{POST} requestBody content {JSON};charset=utf-8": {"schema": TEXT}},
    ),
    "response-success-status-removed": Case(
        {f"{POST} responses": {"204": OK}}, {f"{POST} responses": {"2XX": OK}}
    ),
    "response-success-status-added": Case(
        {f"{POST} responses 202": OK}, {f"{POST} responses 400": OK}, where="responses/202"
    ),
    "response-non-success-status-removed": Case(
        {f"{LIST} responses 404": GONE}, {f"{LIST} responses 4XX": OK}
    ),
    "response-non-success-status-added": Case(
        {f"{LIST} responses 409": OK}, {f"{LIST} responses 206": OK}
    ),
    "response-media-type-removed": Case(
        {f"{ANSWER} content text/csv": GONE}, {f"{ANSWER} content text/html": {"schema": TEXT}}
    ),
    "response-media-type-added": Case(
        {f"{ANSWER} content text/html": {"schema": TEXT}}, {f"{ANSWER} content text/csv": GONE}
    ),
    "required-response-header-removed": Case(
        {f"{ANSWER} headers X-Total": GONE}, {f"{ANSWER} headers X-Hint": GONE}
    ),
    "optional-response-header-removed": Case(
        {f"{ANSWER} headers X-Hint": GONE}, {f"{ANSWER} headers X-Total": GONE}
    ),
    "response-header-added": Case(
        {f"{ANSWER} headers X-New": {"schema": TEXT}},
        {f"{ANSWER} headers Content-Type": {"schema": TEXT}},
    ),
    "response-header-became-optional": Case(
        {f"{ANSWER} headers X-Total required": GONE}, {f"{ANSWER} headers X-Hint required": True}
    ),
    "response-header-became-required": Case(
        {f"{ANSWER} headers X-Hint required": True}, {f"{ANSWER} headers X-Total required": GONE}
    ),
    "api-security-added": Case(
        {f"{ONE} get security": [{"login": []}]}, {f"{ONE} get security": [{}, {"login": []}]}
    ),
    "api-security-removed": Case(
        {"security": [{"login": ["read"]}]}, {f"{LIST} security": KEY}, given={"security": KEY}
    ),
    "api-security-scope-added": Case(
        {"security": [{"login": ["read", "write"]}]}, {"security": [{"login": []}]}
    ),
    "api-security-scope-removed": Case(
        {"security": [{"login": []}]}, {"security": [{"login": ["read", "write"]}]}
    ),
    "api-security-component-added": Case(
        {"components securitySchemes basic": {"type": "http", "scheme": "basic"}},
        {"components securitySchemes key": GONE},
    ),
    "api-security-component-removed": Case(
        {"components securitySchemes key": GONE},
        {"components securitySchemes key description": "x"},
    ),
    "api-security-component-type-changed": Case(
        {"components securitySchemes key in": "query"},
        {"components securitySchemes key name": "x-key"},
    ),
    "api-security-component-oauth-url-changed": Case(
        {f"{LOGIN} authorizationUrl": "https://new.example/"},
        {f"{LOGIN} tokenUrl": "https://new.example/"},
    ),
    "api-security-component-oauth-token-url-changed": Case(
        {f"{LOGIN} tokenUrl": "https://new.example/"},
        {f"{LOGIN} authorizationUrl": "https://new.example/"},
    ),
    "api-security-component-oauth-scope-added": Case(
        {f"{LOGIN} scopes admin": "All"}, {f"{LOGIN} scopes write": "Edit"}
    ),
    "api-security-component-oauth-scope-removed": Case(
        {f"{LOGIN} scopes write": GONE}, {f"{LOGIN} scopes admin": "All"}
    ),
    "api-security-component-oauth-scope-changed": Case(
        {f"{LOGIN} scopes write": "Edit"}, {f"{LOGIN} scopes admin": "All"}
    ),
    "new-required-request-property": Case({**NEW, **NEW_REQUIRED}, NEW),
    "new-required-request-property-with-default": Case(
        {**NEW_DEFAULT, **NEW_REQUIRED}, {**NEW, **NEW_REQUIRED}
    ),
    "new-optional-request-property": Case(NEW, {**NEW, **NEW_REQUIRED}),
    "request-property-removed": Case(
        {f"{ITEM} properties note": GONE}, {f"{ITEM} properties rank": GONE}
    ),
    "request-property-became-required": Case(
        required("name", "id", "pin", "note"), required("name", "id", "pin", "rank")
    ),
    "request-property-became-required-with-default": Case(
        required("name", "id", "pin", "note"),
        required("name", "id", "pin", "hint"),
        given={f"{ITEM} properties note default": "x"},
    ),
    "request-property-became-optional": Case(OPTIONAL_NAME, required("name", "pin")),
    "request-required-property-became-not-read-only": Case(
        {f"{ITEM} properties id readOnly": GONE}, {f"{ITEM} properties rank readOnly": GONE}
    ),
    "request-optional-property-became-not-read-only": Case(
        {f"{ITEM} properties rank readOnly": False}, {f"{ITEM} properties id readOnly": False}
    ),
    "request-required-property-became-read-only": Case(
        {f"{ITEM} properties name readOnly": True}, {f"{ITEM} properties note readOnly": True}
    ),
    "request-optional-property-became-read-only": Case(
        {f"{ITEM} properties note readOnly": True}, {f"{ITEM} properties name readOnly": True}
    ),
    "new-required-request-parameter-property": Case(
        {f"{FILTER} properties new": TEXT, f"{FILTER} required": ["size", "new"]},
        {f"{FILTER} properties new": TEXT},
    ),
    "new-required-request-parameter-property-with-default": Case(
        {
            f"{FILTER} properties new": {"type": "string", "default": "x"},
            f"{FILTER} required": ["size", "new"],
        },
        {f"{FILTER} properties new": {"type": "string", "default": "x"}},
    ),
    "new-optional-request-parameter-property": Case(
        {f"{FILTER} properties new": TEXT}, {f"{FILTER} properties color": GONE}
    ),
    "request-parameter-property-removed": Case(
        {f"{FILTER} properties color": GONE}, {f"{FILTER} properties new": TEXT}
    ),
    "request-parameter-property-became-required": Case(
        {f"{FILTER} required": ["size", "color"]}, {f"{FILTER} required": []}
    ),
    "request-parameter-property-became-required-with-default": Case(
        {f"{FILTER} required": ["size", "color"]},
        {f"{FILTER} required": []},
        given={f"{FILTER} properties color default": "red"},
    ),
    "request-parameter-property-became-optional": Case(
        {f"{FILTER} required": []}, {f"{FILTER} required": ["size", "color"]}
    ),
    "response-required-property-added": Case({**NEW, **NEW_REQUIRED}, NEW),
    "response-optional-property-added": Case(NEW, {**NEW, **NEW_REQUIRED}),
    "response-required-property-removed": Case(
        {f"{ITEM} properties id": GONE, **required("name", "pin")},
        {f"{ITEM} properties pin": GONE, **required("name", "id")},
    ),
    "response-optional-property-removed": Case(
        {f"{ITEM} properties rank": GONE}, {f"{ITEM} properties hint": GONE}
    ),
    "response-property-became-optional": Case(required("name", "pin"), required("name", "id")),
    "response-property-became-required": Case(
        required("name", "id", "pin", "rank"), required("name", "id", "pin", "hint")
    ),
    "response-required-property-became-not-write-only": Case(
        {f"{ITEM} properties pin writeOnly": GONE}, {f"{ITEM} properties hint writeOnly": GONE}
    ),
    "response-optional-property-became-not-write-only": Case(
        {f"{ITEM} properties hint writeOnly": GONE}, {f"{ITEM} properties pin writeOnly": GONE}
    ),
    "response-required-property-became-write-only": Case(
        {f"{ITEM} properties name writeOnly": True}, {f"{ITEM} properties note writeOnly": True}
    ),
    "response-optional-property-became-write-only": Case(
        {f"{ITEM} properties note writeOnly": True}, {f"{ITEM} properties name writeOnly": True}
    ),
}

# Rules that may have another level than the usual one, where they have it.
OTHER_LEVELS: dict[str, Case] = {
    "request-parameter-removed": Case(
        {f"{PARAMETERS} 1": GONE}, {}, level=Level.WARNING, where="parameters/header/X-Trace"
    ),
    "request-property-removed": Case(
        {f"{ITEM} properties note": GONE}, {}, given=CLOSED, level=Level.BREAKING
    ),
    "request-parameter-property-removed": Case(
        {f"{FILTER} properties color": GONE},
        {},
        given={f"{FILTER} additionalProperties": False},
        level=Level.BREAKING,
    ),
    "response-required-property-added": Case(
        {**NEW, **NEW_REQUIRED}, {}, given=CLOSED, level=Level.BREAKING
    ),
    "response-optional-property-added": Case(NEW, {}, given=CLOSED, level=Level.BREAKING),
    "response-success-status-added": Case(
        {f"{POST} responses 202": OK},
        {},
        given={f"{POST} responses default": OK},
        level=Level.INFO,
    ),
    "api-security-added": Case({"security": KEY}, {}, level=Level.INFO),
    "api-security-removed": Case({f"{LIST} security": []}, {}, level=Level.INFO),
}

EVERY = [*CASES.items(), *OTHER_LEVELS.items()]


def test_every_rule_has_a_case() -> None:
    assert set(CASES) == {rule.id for rule in OPERATION_RULES}


def test_every_other_level_has_a_case() -> None:
    assert set(OTHER_LEVELS) == {rule.id for rule in RULES.values() if len(rule.levels) > 1}


@pytest.mark.parametrize(("rule", "case"), EVERY, ids=[name for name, _ in EVERY])
def test_rules_speak_where_they_should_and_nowhere_else(rule: str, case: Case) -> None:
    base = edited(CONTRACT, case.given or {})
    found = [
        change for change in changes(base, edited(base, case.edits), TODAY) if change.id == rule
    ]
    assert found
    assert {change.level for change in found} == {case.level or RULES[rule].level}
    assert case.where is None or {change.where for change in found} == {case.where}
    assert all(change.level in RULES[rule].levels for change in found)
    assert all(bool(change.hint) <= (change.level is not Level.INFO) for change in found)
    assert rule not in {change.id for change in changes(base, edited(base, case.beside), TODAY)}


def test_both_versions_of_an_api_may_live_side_by_side() -> None:
    assert changes(CONTRACT, edited(CONTRACT, BOTH_SERVERS)) == ()


def test_a_day_has_not_come_where_today_is_unknown() -> None:
    base = edited(CONTRACT, sun(PAST))
    [change] = changes(base, edited(base, {LIST: GONE}))
    assert (change.id, change.level) == ("api-removed-before-sunset", Level.BREAKING)
