"""Whole services as they are planned: what the reference is made of, and what others have."""

from __future__ import annotations

import ast
import json
import re
from functools import cache

import pytest

from apiwright.overriding import check_overrides, read_overrides
from apiwright.pipeline import Timings, build, comprehend
from apiwright.plan import expected_overrides
from apiwright.plan.describe import describe_operations, describe_schemas
from apiwright.problems import Report
from apiwright.project import find_project
from apiwright.render.templates import builtin_templates
from tests.support.contracts import (
    INTEGER,
    TEXT,
    Contract,
    contract,
    crud,
    many,
    obj,
    operation,
    parameter,
    project,
    python_files,
    ref,
    rendered,
    thing,
    things,
    understood,
)
from tests.support.running import ROOT


def test_the_reference_service_is_what_is_committed() -> None:
    place = find_project(ROOT, builtin_templates())
    report = Report()
    understood_contract = comprehend(place, report, Timings())
    assert understood_contract is not None, [problem.message for problem in report]
    output = build(place, understood_contract, report, Timings())
    assert output is not None
    known = {
        file.relative_to(place.output).as_posix(): file.read_text(encoding="utf-8")
        for path in output.files
        if (file := place.output / path).is_file()
    }
    assert known == dict(output.files)
    assert set(output.policies) == set(output.files)


@cache
def service_of(name: str) -> dict[str, str]:
    """The files of the service of a contract of `tests/projects`, or of the least one."""
    return rendered(contract() if name == "nothing" else project(name))


@pytest.mark.parametrize("name", ["library", "workshop", "nothing"])
def test_generated_code_keeps_to_its_rules(name: str) -> None:
    for path, text in python_files(service_of(name)):
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom | ast.Import):
                modules = [alias.name for alias in node.names]
                modules.append((node.module or "") if isinstance(node, ast.ImportFrom) else "")
                assert not any(module.split(".")[0] == "apiwright" for module in modules), path
        if path.startswith("app/") and not path.startswith("app/schemas/"):
            assert all(len(line) <= 100 for line in text.splitlines()), path
        assert ast.get_docstring(tree) is not None or not text.strip(), path
        assert "TODO" not in text


def test_what_a_service_has_depends_on_its_contract() -> None:
    library, workshop, nothing = map(service_of, ("library", "workshop", "nothing"))
    for path in ("app/utils/security.py", "app/services/sessions.py", "app/models/session.py"):
        assert path in workshop
        assert path not in library
        assert path not in nothing
    assert "app/services/bindings.py" in nothing
    assert not any(path.startswith("alembic/versions/") for path in nothing)
    assert not any("overrid" in path for path in nothing)
    assert any(path.startswith("app/api/v1/") for path in library)
    assert any(path.startswith("app/api/v2/") for path in workshop)
    assert "racks" in workshop["app/models/shelf.py"]


def test_overrides_are_bound_and_held_to_their_classes() -> None:
    files = rendered(things(), bound={"things": "overrides.things"})
    assert "from overrides.things import ThingService" in files["app/services/bindings.py"]
    assert "app/utils/overriding.py" in files
    plain = rendered(things())
    assert "from app.services.thing_service import" in plain["app/services/bindings.py"]
    assert "app/utils/overriding.py" not in plain


def errors_of(shape: Contract, status: str = "400") -> str:
    """How the service of a contract with errors of a shape writes them."""
    document = contract({"/x": {"get": operation("it", gives=TEXT)}})
    document["paths"]["/x"]["get"]["responses"][status] = {
        "description": "No",
        "content": {"application/json": {"schema": shape}},
    }
    return rendered(document)["app/errors.py"]


def test_errors_are_written_as_the_contract_declares() -> None:
    text = errors_of(
        obj({"code": TEXT, "title": TEXT, "type": TEXT, "instance": TEXT, "status": INTEGER,
             "ok": {"const": False}, "errors": {"type": "array", "items": TEXT}}, "ok")
    )  # fmt: skip
    for part in ('"code": error.code', '"title": HTTPStatus(status).phrase', '"ok": False',
                 '"instance": request.url.path', '"status": status', '"type": "about:blank"',
                 'f"{found.path}: {found.message}"'):  # fmt: skip
        assert part in text
    entry = obj({"pointer": TEXT, "loc": {"type": "array", "items": TEXT}, "msg": TEXT})
    text = errors_of(obj({"detail": {"type": "array", "items": entry}}), "422")
    assert '"loc": list(found.place)' in text
    assert '"msg": found.message' in text


def test_shapes_that_some_operations_declare_otherwise_are_kept_apart() -> None:
    paths = {f"/{name}": {"get": operation(name)} for name in ("a", "b", "c", "d", "e")}
    for name, status, word in (("a", "404", "message"), ("b", "404", "message"),
                               ("c", "4XX", "reason"), ("d", "404", "reason"),
                               ("e", "default", "detail")):  # fmt: skip
        paths[f"/{name}"]["get"]["responses"][status] = {
            "description": "No",
            "content": {"application/problem+json": {"schema": obj({word: TEXT})}},
        }
    text = rendered(contract(paths))["app/errors.py"]
    assert text.count("def _shape_") == 1
    assert '("c", 4)' in text
    assert '("d", 404)' in text
    assert '("e"' not in text
    assert '"application/problem+json"' in text


def test_every_kind_of_operation_is_told_in_words() -> None:
    stories = {story.id: story for story in describe_operations(understood(project("workshop")))}
    assert stories["signIn"].does == "signs in: exchanges login and password for tokens"
    assert stories["renew"].does == "exchanges a refresh token for new tokens"
    assert stories["signOut"].does == "signs out: ends the caller's session"
    assert stories["listTools"].does == "lists Tool, from the table tools"
    assert stories["addShelf"].does == "creates a Shelf in the table racks"
    assert stories["getMe"].does == "reads the caller's own Member of the table members"
    assert stories["removeTool"].does == "soft-deletes one Tool of the table tools"
    assert stories["restoreTool"].does == "restores one Tool of the table tools"
    assert stories["sharpen"].does == "answers 501 until overridden: no rule explains it"
    assert not stories["sharpen"].answered
    assert "needs signIn with members:read" in stories["listMembers"].details
    assert "anybody may call it" in stories["listTools"].details
    assert "pages by offset, 10 at a time" in stories["listMembers"].details
    assert "tag_id filters: tags eq" in stories["listTools"].details
    assert "q searches the words of name, notes" in stories["listTools"].details
    assert any(d.startswith("only rows whose owner_id") for d in stories["removeTool"].details)


def test_a_list_without_a_choice_of_order_is_told_so() -> None:
    stories = {story.id: story for story in describe_operations(understood(things()))}
    assert "in the order of id ascending" in stories["list things"].details


def test_every_kind_of_schema_is_told_in_words() -> None:
    stories = {story.name: story for story in describe_schemas(understood(project("workshop")))}
    tool = stories["Tool"]
    assert tool.does == "stored in the table tools"
    assert "app/models/tool.py" in tool.files
    for detail in (
        "id: uuid = made by the database",
        "price: numeric(6,2) or null",
        "borrower_id: uuid or null -> Member, on delete set-null",
        "owner_id: uuid -> Member, on delete restrict = the account that creates it",
        "tags: Tag through tags_tools",
        "index: labels (listTools filters by it)",
        "deleted_at: timestamp with time zone or null = the time of deletion",
    ):
        assert detail in tool.details, detail
    assert "unique: login, whatever its case" in stories["Member"].details
    assert "password_hash: text or null (a hash)" in stories["Member"].details
    assert stories["ToolIn"].does == "a shape on the wire, not stored"
    assert understood(contract(schemas={"Size": INTEGER})).schemas.keys() == {"Size"}
    (size,) = describe_schemas(understood(contract(schemas={"Size": INTEGER})))
    assert size.does == "a plain value, or not used by handlers"


def test_requests_are_held_to_their_schemas() -> None:
    document = things({"size": {"type": "integer", "format": "int32"}},
                      query=[parameter("limit", {**INTEGER, "exclusiveMinimum": 0})])  # fmt: skip
    document["paths"]["/things"]["post"]["requestBody"]["content"]["text/csv"] = {}
    requests = json.loads(rendered(document)["app/contract/requests.json"])
    listing = requests["operations"]["list things"]["groups"]["query"]
    assert listing["schema"]["properties"]["limit"] == {
        "type": "integer",
        "exclusiveMinimum": 0,
        "maximum": 2**63 - 1,
    }
    made = requests["operations"]["create Thing"]["body"]
    assert made["required"]
    assert made["contents"]["text/csv"] == {"schema": True, "wire": {"kinds": ["string"]}}
    thing_schema = requests["schemas"]["Thing"]
    assert thing_schema["properties"]["size"]["maximum"] == 2**31 - 1
    assert "id" not in thing_schema["properties"]


def test_texts_of_seeds_differ_where_they_have_to() -> None:
    short = {**TEXT, "maxLength": 8, "x-unique": True}
    document = things(
        {"email": {**TEXT, "format": "email", "x-unique": True}, "code": short,
         "isbn": {**TEXT, "example": "9780000000001", "x-unique": True},
         "rank": {**INTEGER, "x-unique": True},
         "key": {**TEXT, "pattern": "^[a-z]+_[0-9]+$", "example": "a_1", "x-unique": True},
         "price": {"type": "number", "multipleOf": 0.01}, "at": {**TEXT, "format": "date-time"}}
    )  # fmt: skip
    seed = rendered(document)["app/seed.py"]
    assert 'email=f"person{number + 1}@example.com"' in seed
    assert re.search(r'code="e?x?a?" \+ f" ?-?_?\{number \+ 1\}"', seed)
    assert 'isbn=f"{(number + 9780000000001) % 10**13:013}"' in seed
    assert "rank=number + 1" in seed
    assert "price=Decimal(" in seed
    assert "at=datetime.fromisoformat(" in seed


def test_nobody_expects_overrides_of_an_empty_contract() -> None:
    report = Report()
    expected = expected_overrides(understood(contract()))
    assert check_overrides(read_overrides(ROOT / "nowhere", ROOT, report), expected, report) == {}


def test_rows_that_refer_to_each_other_are_planned() -> None:
    document = contract(
        {**crud("Team", "teams", takes=obj({"name": TEXT}, "*")),
         **crud("Match", "matches", takes=obj({"name": TEXT, "home_id": INTEGER,
                                                "guest_id": INTEGER}, "*"))},
        {"Team": thing({"players": many("Player")}),
         "Match": thing({"home": ref("Team"), "guest": ref("Team"), "home_id": INTEGER,
                         "guest_id": INTEGER}, "home_id", "guest_id"),
         "Player": {**thing({"team_id": INTEGER}), "x-table": True}},
    )  # fmt: skip
    files = rendered(document)
    assert 'foreign_keys="Player.team_id"' in files["app/models/team.py"]
    text = next(files[path] for path in files if path.startswith("app/models/match"))
    assert "foreign_keys=home_id" in text
    assert "foreign_keys=guest_id" in text
