"""Texts and names that want to be code: they stay data, wherever in a contract they stand."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml

from apiwright.check import check
from apiwright.plan import History, plan
from apiwright.problems import Report
from apiwright.render import render
from apiwright.understand import understand
from tests.support.contracts import (
    INTEGER,
    TEXT,
    Contract,
    loaded,
    many,
    obj,
    operation,
    parameter,
    python_files,
    ref,
)
from tests.support.running import run_python, service_environ

Say: TypeAlias = Callable[[], str]

TEXTS = (
    '"""', "'''", 'ends in a quote"', "ends in a backslash\\", '\\"""', '""\\"',
    'a"""\nimport os\nos.system("id")\n"""', "'+str(exec('import os'))+'", "{__import__('os')}",
    "${x} #{y} $(id) `id`", "{{ 7*7 }} {% import os %} {# #} {%- raw %}", "a\nimport os", "a\rb",
    "a\r\nb", "a\x0bb\x0cc", "a\x85b\u2028c\u2029d", "a\x00b", "\u202ea\u2066b\u200bc",
    "\\N{foo} \\x \\U00zz %(x)s %s %%", "coding: utf-7 +AAo-X=1",
    "# type: ignore # noqa # fmt: off", "*/ --> </script><script>alert(1)</script>",
    "x: - [y] 'z' \"\"\" = #", "'; DROP TABLE x; --", "x" * 3_000, "\u0436\u6f22\U0001f600",
)  # fmt: skip
NAMES = (
    "__class__", "__init__", "_x", "class", "None", "async", "match", "type", "_", "id", "list",
    "str", "print", "model_config", "model_dump", "copy", "json", "validate", "Config", "date",
    "metadata", "registry", "query", "__table__", "__tablename__", "_sa_instance_state", "mro",
    "request", "response", "session", "current_user", "self", "\ufb01le", "file", "\u212a", "K",
    "\u00b5", "\u03bc", "\u00aadmin", "admin", "\U0001d41d\U0001d41e\U0001d41f",
    "\u0440\u0430ypal", "paypal", " ", "123", "\U0001f600", "-", ".", "n" * 300, "userId",
    "user_id", "UserID", "user-id", "User", "user", "Base", "BaseModel", "Field", "Any",
    "Optional", "Depends", "datetime", "main", "app", "alembic", "tests", "conftest", "CON", "NUL",
    "../../etc/cron.d/x", "/abs", "..\\x", "a/b", "~", "C:\\x", "%2e%2e%2f", "a\x00b", "x. ",
    "a\nimport os", '"""', "'+exec('x')+'", "{{ 7*7 }}", "a: b", "'; DROP TABLE x; --",
    "a" * 70, "a" * 71, "\u00e9" * 40,
)  # fmt: skip
KEY = "thing_id"
# What stands between a name and an identifier in the twin: it needs as much care as a hostile one.
TWIN = "plain name {}"


def full(say: Say, call: Say) -> Contract:
    """A contract with a text at every place that takes one, and a name at every other."""
    thing = obj(
        {
            KEY: {**INTEGER, "readOnly": True},
            call(): {**TEXT, "title": say(), "description": say(), "default": say()},
            call(): {"type": "string", "enum": [call(), call()], "description": say()},
            call(): {**TEXT, "const": say(), "x-note": say()},
            call(): {**TEXT, "x-unique": {"ignore-case": True}, "deprecated": True},
            call(): {"type": "array", "items": TEXT, "default": [say(), say()]},
            call(): {"type": "object", "default": {call(): say()}, "additionalProperties": True},
            call(): obj({call(): {**TEXT, "default": say()}}, description=say()),
            call(): {**TEXT, "x-column": {"name": "plain_name"}, "x-index": True},
        },
        KEY,
        title=say(),
        description=say(),
        externalDocs={"url": "https://example.com/", "description": say()},
    )
    error = obj({"detail": {**TEXT, "description": say()}, call(): {"const": say()}}, "*",
                description=say())  # fmt: skip
    tag = call()
    listing = [
        parameter(
            call(), TEXT, "query", description=say(), **{"x-filter": {"column": "plain_name"}}
        ),
        parameter(call(), {"type": "string", "default": say()}, "header", description=say()),
        parameter(call(), TEXT, "cookie", example=say()),
        parameter("limit", INTEGER, description=say()),
    ]
    answers = {
        "404": {"description": say(), "content": {"application/json": {"schema": ref("Error")}},
                "headers": {"X-Rate": {"schema": TEXT, "description": say()}},
                "links": {"next": {"operationId": "nothing", "description": say()}}},
    }  # fmt: skip
    made = operation(call(), ref("Thing"), ref("Thing"), "201")
    made["responses"].update(answers)
    made["requestBody"].update(description=say())
    made["requestBody"]["content"]["application/json"]["examples"] = {
        "one": {"summary": say(), "description": say(), "value": {}}
    }
    custom = operation(call(), obj({call(): TEXT}, description=say()), TEXT)
    scopes = {call(): say(), call(): say()}
    named = {"tags": [tag], "summary": say(), "description": say()}
    return {
        "openapi": "3.1.0",
        "info": {"title": say(), "version": say(), "description": say(), "summary": say(),
                 "license": {"name": say()}, "contact": {"name": say()}, "x-logo": say()},
        "servers": [{"url": "/api", "description": say()}],
        "tags": [{"name": tag, "description": say()}],
        "externalDocs": {"url": "https://example.com/", "description": say()},
        "security": [],
        "paths": {
            "/things": {
                "summary": say(),
                "description": say(),
                "get": {**operation(call(), gives=many("Thing")), **named, "parameters": listing},
                "post": {**made, **named, "description": say()},
            },
            f"/things/{{{KEY}}}": {
                "parameters": [parameter(KEY, INTEGER, "path", description=say())],
                "get": operation(call(), gives=ref("Thing"), tags=[call()]),
                "patch": operation(call(), obj({KEY: INTEGER}), ref("Thing")),
                "delete": operation(call(), status="204"),
            },
            "/custom": {"post": {**custom, "tags": [call()], "security": [{"oauth": [*scopes]}]}},
        },
        "components": {
            "schemas": {"Thing": thing, "Error": error},
            "securitySchemes": {
                "oauth": {
                    "type": "oauth2",
                    "description": say(),
                    "flows": {"password": {"tokenUrl": "/token", "scopes": scopes}},
                    "x-roles": {call(): {"scopes": list(scopes), "default": True}},
                }
            },
        },
        "x-foreign": {say(): say()},
    }  # fmt: skip


def taking_turns(texts: tuple[str, ...], first: int) -> Say:
    """Gives one text after the other, beginning with one of them."""
    place = first

    def say() -> str:
        nonlocal place
        place += 1
        return texts[(place - 1) % len(texts)]

    return say


def files_of(document: Contract) -> dict[str, str]:
    """The service of a contract that has to be legal."""
    found, report = loaded(document), Report()
    check(found, report)
    assert not report.failed, [problem.message for problem in report]
    files = render(plan(understand(found), History(), {}))
    return {re.sub("_[0-9a-f]{12}[.]py", ".py", path): text for path, text in files.items()}


def skeleton(text: str) -> str:
    """What a module is made of, whatever its texts say."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.dump(tree)


def kinds(files: dict[str, str]) -> Counter[str]:
    """How many statements of each kind the modules hold; what is imported depends on names."""
    return Counter(
        type(node).__name__
        for _, text in python_files(files)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.stmt) and not isinstance(node, ast.ImportFrom)
    )


def readable(path: str, text: str) -> None:
    """Assert that a file that is no Python is of the format that its name says."""
    if path.endswith(".json"):
        json.loads(text)
    elif path.endswith(".toml"):
        tomllib.loads(text)
    elif path.endswith((".yml", ".yaml")):
        yaml.safe_load(text)
    elif path.endswith((".ini", ".flake8")):
        ConfigParser(interpolation=None).read_string(text)


@pytest.fixture(scope="module")
def plain() -> dict[str, str]:
    """The service of the same contract with harmless texts and names."""
    names = tuple(TWIN.format(number) for number in range(100))
    return files_of(full(taking_turns(("A plain text",), 0), taking_turns(names, 0)))


@pytest.mark.parametrize("first", range(0, len(TEXTS), 6))
def test_texts_are_data_at_every_place(first: int, plain: dict[str, str], tmp_path: Path) -> None:
    names = tuple(TWIN.format(number) for number in range(100))
    document = full(taking_turns(TEXTS, first), taking_turns(names, 0))
    files = files_of(document)
    assert files.keys() == plain.keys()
    for path, text in files.items():
        if path.endswith(".py"):
            assert skeleton(text) == skeleton(plain[path]), path
            assert text.isascii() or not re.search(
                "[\u200b\u2028\u2029\u202e\u2066\x00-\x08]", text
            )
            opening = "\n".join(text.splitlines()[:2])
            assert "coding" not in opening.replace("encoding", "")
        else:
            readable(path, text)
            if not path.endswith((".json", ".md")):
                assert len(text.splitlines()) == len(plain[path].splitlines()), path
    imported(files, tmp_path)
    assert json.loads(files["app/contract/openapi.json"]) == without_extensions(document)


def without_extensions(document: Any) -> Any:
    """The contract as it is served."""
    if isinstance(document, dict):
        kept = {k: v for k, v in document.items() if not k.startswith("x-") or k == "x-note"}
        return {key: without_extensions(value) for key, value in kept.items() if key != "x-note"}
    if isinstance(document, list):
        return [without_extensions(item) for item in document]
    return document


def imported(files: dict[str, str], folder: Path) -> None:
    """Import every module of a service, which must run nothing but itself."""
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    modules = [
        path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for path, _ in python_files(files)
        if path.startswith("app/") and not path.endswith("__main__.py")
    ]
    program = f"""
import importlib, sys
sys.addaudithook(lambda event, _: sys.exit(event) if event in {{"os.system", "os.exec"}} else None)
for name in {modules!r}:
    importlib.import_module(name)
from pydantic import BaseModel
waiting = [BaseModel]
while waiting:
    waiting += (known := waiting.pop()).__subclasses__()
    if known.__module__.startswith("app."):
        known.model_json_schema()
"""
    run_python(folder, service_environ("postgresql://nobody@localhost/nothing"), "-c", program)


def turns() -> Iterator[tuple[str, ...]]:
    """All names, a share of them at a time, each time distinct from one another."""
    for first in range(0, len(NAMES), 24):
        yield NAMES[first:] + NAMES[:first]


@pytest.mark.parametrize("names", turns(), ids=lambda names: ascii(names[0]))
def test_names_become_safe_and_distinct_identifiers(
    names: tuple[str, ...], plain: dict[str, str], tmp_path: Path
) -> None:
    files = files_of(full(taking_turns(("A plain text",), 0), taking_turns(names, 0)))
    for path in files:
        assert re.fullmatch(r"[A-Za-z0-9_./-]+", path), path
        assert ".." not in path
        assert len(path) < 200
    assert len({path.lower() for path in files}) == len(files) == len(plain)
    for path, text in python_files(files):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef):
                fields = [part.target for part in node.body if isinstance(part, ast.AnnAssign)]
                own = [field.id for field in fields if isinstance(field, ast.Name)]
                assert len(set(own)) == len(own), (path, node.name)
                assert not any(name.startswith("_") and name != "__tablename__" for name in own)
            if isinstance(node, ast.Name):
                assert node.id.isascii()
    assert kinds(files) == kinds(plain)
    imported(files, tmp_path)
