"""Overrides: read without being run, held to the contract, and written as stubs."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from apiwright.overriding import check_overrides, read_overrides
from apiwright.overriding.stub import Stub, StubError, add_stub
from apiwright.plan import expected_overrides
from apiwright.plan.stubs import stub_of
from apiwright.problems import Problem, Report
from tests.support.contracts import (
    INTEGER,
    MOMENT,
    TEXT,
    Contract,
    body,
    contract,
    crud,
    json_content,
    many,
    obj,
    operation,
    parameter,
    project,
    ref,
    thing,
    understood,
)

TAGGED = {"tags": ["Things"]}
DOCUMENT = contract(
    {
        **crud("Thing", "things", query=[parameter("name")]),
        "/things/{id}/polish": {
            "post": {
                **operation("polish", obj({"how": TEXT}), ref("Thing")),
                "parameters": [parameter("id", INTEGER, "path")],
            }
        },
    },
    {"Thing": thing()},
)
HEAD = '''"""Things."""

from __future__ import annotations

import os
from app.services import thing_service


'''
CLASS = "class ThingService(thing_service.ThingService):\n"
POLISH = "    async def polish(self, id_: int, body: PolishRequest) -> Thing: ...\n"


def folder(tmp_path: Path, **files: str | bytes) -> Path:
    """A folder of overrides."""
    place = tmp_path / "overrides"
    place.mkdir()
    for name, text in files.items():
        content = text if isinstance(text, bytes) else text.encode()
        place.joinpath(f"{name}.py").write_bytes(content)
    return place


def checked(
    tmp_path: Path, document: Contract = DOCUMENT, **files: str | bytes
) -> tuple[dict[str, str], list[Problem]]:
    """What overrides are bound to, and what is reported of them."""
    report = Report()
    found = read_overrides(folder(tmp_path, **files), tmp_path, report)
    bound = check_overrides(found, expected_overrides(understood(document)), report)
    return bound, list(report)


def test_an_override_is_bound_by_its_place_and_its_name(tmp_path: Path) -> None:
    bound, problems = checked(tmp_path, things=CLASS + POLISH, __init__="raise SystemExit")
    assert bound == {"things": "overrides.things"}
    assert problems == []


def test_no_folder_is_no_override(tmp_path: Path) -> None:
    assert read_overrides(tmp_path / "nothing", tmp_path, Report()) == ()


@pytest.mark.parametrize(
    "method",
    [
        "    async def polish(self, id_: int, body: PolishRequest) -> Thing: ...\n",
        "    async def polish(self, id_, body): ...\n",
        "    async def polish(self, id_: 'int', body: schemas.PolishRequest) -> 'Thing': ...\n",
        "    async def polish(self, id_: int, /, *, body: a.b.PolishRequest) -> a.Thing: ...\n",
        "    async def delete_thing(self, id_: int) -> None: ...\n",
        "    async def _helper(self): ...\n    def __init__(self): ...\n",
        "    async def unlike_anything(self): ...\n",
        "    value = 5\n",
    ],
)
def test_what_fits_is_let_through(method: str, tmp_path: Path) -> None:
    assert checked(tmp_path, things=CLASS + method)[1] == []


GONE = (
    "the contract has no such operation any more; remove the method, or start its name with an "
    "underscore if it is a helper"
)
WRITE = "write `async def polish(self, id_: int, body: PolishRequest) -> Thing`"


@pytest.mark.parametrize(
    ("method", "code", "message", "hint"),
    [
        ("    def polish(self, id_: int, body: PolishRequest) -> Thing: ...",
         "override-signature", "polish no longer fits the operation polish", WRITE),
        ("    async def polish(self, id_: str, body: PolishRequest) -> Thing: ...",
         "override-signature", "polish no longer fits the operation polish", WRITE),
        ("    async def polish(self, thing_id: int, body: PolishRequest) -> Thing: ...",
         "override-signature", "polish no longer fits the operation polish", WRITE),
        ("    async def polish(self, id_: int) -> Thing: ...",
         "override-signature", "polish no longer fits the operation polish", WRITE),
        ("    async def polish(self, id_: int, body: PolishRequest) -> None: ...",
         "override-signature", "polish no longer fits the operation polish", WRITE),
        ("    async def polish(self, id_: 'in t', body: PolishRequest) -> Thing: ...",
         "override-signature", "polish no longer fits the operation polish", WRITE),
        ("    async def polishh(self): ...",
         "override-orphan", "ThingService has no operation 'polishh'",
         "did you mean `async def polish(self, id_: int, body: PolishRequest) -> Thing`?"),
        ("    @override\n    async def paint(self): ...",
         "override-orphan", "ThingService has no operation 'paint'",
         GONE),
        ("    @typing_extensions.override\n    async def paint(self): ...",
         "override-orphan", "ThingService has no operation 'paint'", None),
    ],
)  # fmt: skip
def test_what_no_longer_fits_is_told_of_with_what_would(
    method: str, code: str, message: str, hint: str | None, tmp_path: Path
) -> None:
    bound, (problem,) = checked(tmp_path, things=CLASS + method + "\n")
    assert bound == {"things": "overrides.things"}
    assert (problem.code, problem.message) == (code, message)
    if hint is not None:
        assert problem.hint == hint
    line = 3 if "@" in method else 2
    assert str(problem.position) == f"overrides/things.py:{line}:5"


@pytest.mark.parametrize(
    ("module", "text", "code", "hint"),
    [
        ("thing", CLASS + "    pass\n", "override-place",
         "move the class to overrides/things.py"),
        ("thingz", "class Thingz(base.Service): ...\n", "override-unknown",
         "did you mean overrides/things.py?"),
        ("zebra", "class Zebra(base.Service): ...\n", "override-unknown",
         "resources are things"),
        ("things", "class Things(thing_service.ThingService): ...\n", "override-class",
         "call the class ThingService"),
    ],
)  # fmt: skip
def test_a_class_that_nothing_would_find_is_told_of(
    module: str, text: str, code: str, hint: str, tmp_path: Path
) -> None:
    files: dict[str, Any] = {module: text}
    bound, (problem,) = checked(tmp_path, **files)
    assert (bound, problem.code, problem.hint) == ({}, code, hint)
    assert str(problem.position) == f"overrides/{module}.py:1:1"


def test_helpers_are_left_alone(tmp_path: Path) -> None:
    helpers = "class Polish: ...\nclass ThingService: ...\nX = 1\n"
    assert checked(tmp_path, polishing=helpers) == ({}, [])


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("class A(:\n", "invalid syntax", "1:9"),
        (b"x = '\xff'\n", "(unicode error) 'utf-8' codec can't decode byte 0xff in position 0", ""),
        (b"x = '\x00'\n", "source code string cannot contain null bytes", "1:1"),
    ],
)
def test_what_is_no_python_is_told_of(
    text: str | bytes, message: str, place: str, tmp_path: Path
) -> None:
    (problem,) = checked(tmp_path, things=text)[1]
    assert problem.code == "override-syntax"
    assert problem.message.startswith(f"overrides/things.py is no Python: {message}")
    if place:
        assert str(problem.position) == f"overrides/things.py:{place}"


def test_overrides_elsewhere_are_named_in_full(tmp_path: Path) -> None:
    report = Report()
    place = folder(tmp_path, things="(")
    read_overrides(place, tmp_path / "project", report)
    (problem,) = report
    assert problem.position is not None
    assert problem.position.file == str(place / "things.py")


def test_every_stub_fits_and_changes_nothing(tmp_path: Path) -> None:
    service = understood(project("reference"))
    files: dict[str, str] = {}
    for operation_id in service.operations:
        stub = stub_of(service, operation_id)
        files[stub.module] = add_stub(files.get(stub.module, ""), stub)
    report = Report()
    found = read_overrides(folder(tmp_path, **files), tmp_path, report)
    bound = check_overrides(found, expected_overrides(service), report)
    assert len(report) == 0
    assert bound.keys() == files.keys() == {resource.module for resource in service.resources}
    methods = [method.name for known in found for method in known.methods]
    assert sorted(methods) == sorted(known.name for known in service.operations.values())
    for text in files.values():
        names = {alias.name for node in ast.parse(text).body
                 if isinstance(node, ast.ImportFrom) for alias in node.names}  # fmt: skip
        nodes = list(ast.walk(ast.parse(text)))
        taken = {node.arg for node in nodes if isinstance(node, ast.arg)}
        used = {node.id for node in nodes if isinstance(node, ast.Name)}
        assert used <= names | taken | {"super", "int", "str", "bytes", "list", "dict"}
        assert names - {"annotations"} <= used


def stub(document: Contract, name: str) -> Stub:
    return stub_of(understood(document), name)


def test_a_stub_makes_a_whole_file() -> None:
    assert add_stub("", stub(DOCUMENT, "polish")) == (
        '"""What this service does with things in its own way."""\n'
        "\n"
        "from __future__ import annotations\n"
        "\n"
        "from typing_extensions import override\n"
        "\n"
        "from app.schemas.shared import PolishRequest\n"
        "from app.schemas.shared import Thing\n"
        "from app.services import thing_service\n"
        "\n"
        "\n"
        "class ThingService(thing_service.ThingService):\n"
        '    """The defaults, and what is different here."""\n'
        "\n"
        "    @override\n"
        "    async def polish(self, id_: int, body: PolishRequest) -> Thing:\n"
        '        """polish."""\n'
        "        # There is no default: the call below answers 501 Not Implemented.\n"
        "        return await super().polish(id_, body)\n"
    ).replace("app.schemas.shared", schema_module(DOCUMENT))


def schema_module(document: Contract) -> str:
    """Where the shapes of things stand."""
    return next(module for module, name in stub(document, "polish").imports if name == "Thing")


def test_a_stub_goes_to_the_end_of_its_class() -> None:
    text = HEAD + CLASS + "    x = 1\n\n\ndef after() -> None:\n    '''\n    \x0c\u2028'''\n"
    done = add_stub(text, stub(DOCUMENT, "delete Thing"))
    assert "import thing_service\nfrom typing_extensions import override\n\n" in done
    assert CLASS + "    x = 1\n\n    @override\n    async def delete_thing(" in done
    assert "        await super().delete_thing(id_)\n\n\ndef after" in done
    assert "\x0c\u2028" in done
    again = add_stub(done, stub(DOCUMENT, "polish"))
    assert again.count("import override") == again.count("class ThingService") == 1


def test_a_stub_brings_its_class_along() -> None:
    done = add_stub(HEAD + "X = os.name\n", stub(DOCUMENT, "polish"))
    assert f"X = os.name\n\n\n{CLASS}" in done
    ast.parse(done)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("class A(:\n", r"^the file is no Python, line 1: invalid syntax$"),
        (HEAD + CLASS.strip() + " pass\n", r"^ThingService has no lines of its own to add"),
    ],
)
def test_a_stub_is_not_added_where_it_would_break_a_file(text: str, message: str) -> None:
    with pytest.raises(StubError, match=message):
        add_stub(text, stub(DOCUMENT, "polish"))


UUID = {**TEXT, "format": "uuid"}
SIGNATURES: list[tuple[Contract, str]] = [
    (operation("it"), "(self) -> None"),
    (operation("it", gives=TEXT), "(self) -> str"),
    (operation("it", gives={"type": ["string", "null"]}), "(self) -> str | None"),
    (operation("it", gives={}), "(self) -> Any"),
    (operation("it", gives={"type": ["string", "integer"]}), "(self) -> Any"),
    (operation("it", gives={"type": "array", "items": INTEGER}), "(self) -> list[int]"),
    (operation("it", gives={"type": "array"}), "(self) -> list[Any]"),
    (operation("it", gives={"type": "object", "additionalProperties": {"type": "number"}}),
     "(self) -> dict[str, float]"),
    (operation("it", gives={"type": "object"}), "(self) -> dict[str, Any]"),
    (operation("it", gives=many("Thing")), "(self) -> list[Thing]"),
    (operation("it", status="404"), "(self) -> Response"),
    ({**operation("it"), "responses": {"200": {"description": "A", "content": {"text/csv": {}}}}},
     "(self) -> Response"),
    (operation("it", UUID), "(self, body: UUID) -> None"),
    (operation("it", MOMENT), "(self, body: Timestamp) -> None"),
    ({**operation("it"), "requestBody": body(TEXT, required=False)},
     "(self, body: str | None) -> None"),
    ({**operation("it"), "requestBody": {"content": {"text/csv": {}}}},
     "(self, body: bytes | None) -> None"),
    ({**operation("it"), "requestBody": {"required": True, "content": json_content(ref("Thing"))}},
     "(self, body: Thing) -> None"),
    ({**operation("it"), "parameters": [parameter("q"), parameter("X-A", TEXT, "header"),
                                        parameter("c", TEXT, "cookie")]},
     "(self, query: ItQuery, headers: ItHeader, cookies: ItCookie) -> None"),
    (operation("it", gives={"type": "array", "items": {"type": "array", "items": {
        "type": "array", "items": {"type": "array", "items": {"type": "array"}}}}}),
     "(self) -> list[list[list[list[Any]]]]"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "wanted"), SIGNATURES)
def test_a_method_takes_and_gives_what_its_operation_does(written: Any, wanted: str) -> None:
    document = contract({"/x": {"post": written}}, {"Thing": obj({"a": TEXT})})
    (known,) = expected_overrides(understood(document)).values()
    assert known.methods["it"].signature == f"async def it{wanted}"
