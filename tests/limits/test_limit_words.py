"""`x-rate-limit` and the limits that signing in has: what is understood, served and told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from apiwright.ir.policies.limits import Limit
from apiwright.ir.service import Service
from apiwright.plan.describe import describe_operations
from apiwright.plan.views.limits import limits_view
from tests.support.command import called, reference_project
from tests.support.contracts import answer, contract, obj, operation, understood

MINUTE = 60
ANY: Any = {"type": "string"}


def service(operations: dict[str, Any], **words: Any) -> Service:
    """A service of operations without a path of their own."""
    paths = {f"/{name}": {"get": found} for name, found in operations.items()}
    return understood(contract(paths=paths, **words))


def limited(name: str, word: object, **words: Any) -> Any:
    """An operation with limits."""
    return {**operation(name, **words), "x-rate-limit": word}


def numbers(limits: tuple[Limit, ...]) -> list[tuple[str, int, int, int, str]]:
    """What limits say, without where they come from."""
    return [(x.name, x.quota, x.window, x.burst, x.per.value) for x in limits]


def test_the_nearest_word_stands() -> None:
    """That of the operation, of its first tag that has one, of the document."""
    found = service(
        {
            "own": limited("own", {"limit": 3, "window": 5}, tags=["B"]),
            "tagged": operation("tagged", tags=["A", "B", "C"]),
            "plain": operation("plain", tags=["A"]),
            "free": limited("free", False, tags=["B"]),
        },
        tags=[
            {"name": "A"},
            {"name": "B", "x-rate-limit": {"limit": 20, "burst": 5, "per": "key"}},
            {"name": "C", "x-rate-limit": False},
        ],
        **{"x-rate-limit": {"limit": 1e2, "per": "address"}},
    )
    assert {name: numbers(limits) for name, limits in found.limits.items()} == {
        "own": [("own", 3, 5, 3, "user")],
        "tagged": [("b", 20, MINUTE, 5, "key")],
        "plain": [("default", 100, MINUTE, 100, "address")],
    }


def test_several_limits_have_names_of_their_own() -> None:
    """They are told apart by what they count and how long."""
    word = [{"limit": 1, "window": 1}, {"limit": 9, "window": 9, "per": "address"}]
    found = service({"a": limited("readThing", word)})
    assert [limit.name for limit in found.limits["readThing"]] == [
        "read-thing-user-1",
        "read-thing-address-9",
    ]


def test_no_two_limits_share_a_name_by_chance() -> None:
    """Nor with one that the document or signing in has."""
    word = {"x-rate-limit": {"limit": 1}}
    tags = [{"name": "sign in", **word}, {"name": "Default", **word}, {"name": "default", **word}]
    used = {tag["name"]: operation(f"op{at}", tags=[tag["name"]]) for at, tag in enumerate(tags)}
    operations = {f"o{at}": each for at, each in enumerate(used.values())}
    found = service({**operations, "z": limited("sign-in", {"limit": 1})}, tags=tags)
    names = [limit.name for limits in found.limits.values() for limit in limits]
    assert len({*names, "default", "sign-in"}) == 6
    constants = [str(view.constant) for view in limits_view(found).limits]
    assert len(set(constants)) == len(constants) == 4


@pytest.mark.parametrize(
    ("declared", "body"),
    [
        ({}, {"detail": "text"}),
        ({"404": answer(obj({"message": ANY}, "*"))}, {"message": "text"}),
        ({"404": answer(obj({"error": obj({"code": ANY, "message": ANY}, "*")}, "*"))},
         {"error": {"code": "text", "message": "text"}}),
        ({"4XX": answer(obj({"status": {"type": "integer"}, "title": ANY}, "*"))},
         {"status": 429, "title": "text"}),
    ],
)  # fmt: skip
def test_a_refusal_is_declared_in_the_shape_of_errors(
    declared: dict[str, Any], body: dict[str, Any]
) -> None:
    """That of the contract, or the usual one."""
    found = limited("a", {"limit": 1})
    found["responses"] |= declared
    served: Any = service({"a": found}).contract
    assert served["paths"]["/a"]["get"]["responses"]["429"] == {
        "$ref": "#/components/responses/TooManyRequests"
    }
    refusal = served["components"]["responses"]["TooManyRequests"]
    assert set(refusal["headers"]) == {"RateLimit", "RateLimit-Policy", "Retry-After"}
    (content,) = refusal["content"].values()
    validator = Draft202012Validator(content["schema"])
    assert validator.is_valid(body)
    assert not validator.is_valid({})


def test_what_the_author_declares_stays() -> None:
    """Only headers that are missing are added, and what others refer to is left alone."""
    own = {"description": "Slow down", "headers": {"retry-after": {"schema": ANY}}}
    found = limited("a", {"limit": 1})
    found["responses"] = {
        "200": {"$ref": "#/components/responses/Fine"},
        "429": own,
    }
    free = operation("b")
    free["responses"] = {"200": {"$ref": "#/components/responses/Fine"}}
    components = {
        "responses": {"Fine": {"description": "Fine"}, "TooManyRequests": {"description": "Mine"}},
        "headers": {"RateLimit": {"schema": {"type": "integer"}}},
    }
    served: Any = service({"a": found, "b": free}, components=components).contract
    responses = served["paths"]["/a"]["get"]["responses"]
    assert responses["429"]["description"] == "Slow down"
    assert set(responses["429"]["headers"]) == {"retry-after", "RateLimit", "RateLimit-Policy"}
    assert responses["200"]["headers"]["RateLimit"] == {
        "$ref": "#/components/headers/RateLimitLimit"
    }
    assert served["paths"]["/b"]["get"]["responses"] == free["responses"]
    assert served["components"]["responses"]["Fine"] == {"description": "Fine"}
    assert served["components"]["responses"]["TooManyRequests"] == {"description": "Mine"}


def test_nothing_is_added_where_nothing_is_limited() -> None:
    """What a contract doesn't use costs nothing."""
    found = service({"a": operation("a")})
    assert not found.limited
    assert "components" not in found.contract


def test_limits_are_explained() -> None:
    """How many, whose, how long, and why."""
    word = [{"limit": 1, "window": 1}, {"limit": 9, "burst": 2, "per": "address"}]
    found = service({"a": limited("a", word), "b": operation("b")})
    story, other = describe_operations(found)
    assert [detail for detail in story.details if detail.startswith("takes")] == [
        "takes 1 request per user in 1 second, by itself",
        "takes 9 requests per address in 60 seconds, 2 at once, by itself",
    ]
    assert not [detail for detail in other.details if detail.startswith("takes")]


def test_signing_in_is_limited_unasked(tmp_path: Path) -> None:
    """So are renewing tokens and registering; the contract can say otherwise."""
    project = reference_project(tmp_path)
    unless = "unless the contract says otherwise"
    for name, told in {
        "createToken": f"takes 30 requests per address in 60 seconds, {unless}",
        "refreshToken": f"takes 60 requests per address in 60 seconds, {unless}",
        "registerUser": f"takes 60 requests per address in 3600 seconds, {unless}",
    }.items():
        assert told in called(project, "explain", name).output
    spec = project / "specs" / "openapi.yaml"
    mine = "      operationId: createToken\n      x-rate-limit: {limit: 7, per: address}\n"
    text = spec.read_text().replace("      operationId: createToken\n", mine)
    spec.write_text(text)
    explained = called(project, "explain", "createToken").output
    assert [line.strip() for line in explained.splitlines() if "takes" in line] == [
        "takes 7 requests per address in 60 seconds, by itself"
    ]


def test_what_was_added_is_no_change_of_the_contract(tmp_path: Path) -> None:
    """The contract that is served has more in it than the author wrote; nobody took it away."""
    project = reference_project(tmp_path)
    planned = called(project, "plan")
    assert planned.exit_code == 0, planned.output
    assert "429" not in planned.output
