"""Small contracts: the least that is valid, and what a test is about."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from apiwright.ir.operations import Action, Operation
from apiwright.ir.service import Service
from apiwright.ir.storage import Column, Entity
from apiwright.load import Document, load
from apiwright.plan import History, plan
from apiwright.plan.storage.tables import Table
from apiwright.problems import Report
from apiwright.render import render
from apiwright.understand import completed, understand

Contract: TypeAlias = dict[str, Any]
INTEGER: Contract = {"type": "integer"}
TEXT: Contract = {"type": "string"}
MOMENT: Contract = {"type": "string", "format": "date-time"}


def ref(name: str) -> Contract:
    """A reference to a schema of the components."""
    return {"$ref": f"#/components/schemas/{name}"}


def many(name: str) -> Contract:
    """An array of what a schema of the components describes."""
    return {"type": "array", "items": ref(name)}


def obj(properties: Mapping[str, Any], *required: str, **words: Any) -> Contract:
    """The schema of an object; an asterisk requires all of its properties."""
    found: Contract = {"type": "object", "properties": dict(properties), **words}
    needed = list(properties) if required == ("*",) else list(required)
    return {**found, "required": needed} if needed else found


def json_content(schema: Contract, **words: Any) -> Contract:
    """The content of a body or an answer in JSON."""
    return {"application/json": {"schema": schema, **words}}


def body(schema: Contract, *, required: bool = True, **words: Any) -> Contract:
    """A body in JSON."""
    return {"required": required, "content": json_content(schema, **words)}


def answer(schema: Contract | None = None, **words: Any) -> Contract:
    """A response, in JSON if it has a schema."""
    found: Contract = {"description": "What comes back", **words}
    return found if schema is None else {**found, "content": json_content(schema)}


def operation(
    name: str = "",
    takes: Contract | None = None,
    gives: Contract | None = None,
    status: str = "200",
    **words: Any,
) -> Contract:
    """An operation that takes, and gives, values of a schema."""
    found: Contract = {"operationId": name} if name else {}
    if takes is not None:
        found["requestBody"] = body(takes)
    return {**found, "responses": {status: answer(gives)}, **words}


def parameter(name: str, schema: Contract | None = None, place: str = "query", **words: Any) -> Any:
    """A parameter; one of the path is required."""
    needed = {"required": True} if place == "path" else {}
    return {"name": name, "in": place, "schema": schema or TEXT, **needed, **words}


def contract(
    paths: Contract | None = None, schemas: Contract | None = None, **words: Any
) -> Contract:
    """A contract with these paths and schemas, and whatever else it may have."""
    components = {**({"schemas": schemas} if schemas else {}), **words.pop("components", {})}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Small", "version": "1"},
        "paths": paths or {},
        **({"components": components} if components else {}),
        **words,
    }


def crud(
    name: str,
    plural: str,
    *,
    key: str = "id",
    takes: Contract | None = None,
    query: list[Any] | None = None,
    page: Contract | None = None,
) -> Contract:
    """The paths of a thing that can be listed, made, read, replaced, changed and deleted."""
    made = takes or ref(name)
    return {
        f"/{plural}": {
            "get": operation(f"list {plural}", gives=page or many(name), parameters=query or []),
            "post": operation(f"create {name}", made, ref(name), "201"),
        },
        f"/{plural}/{{{key}}}": {
            "parameters": [parameter(key, INTEGER, "path")],
            "get": operation(f"read {name}", gives=ref(name)),
            "put": operation(f"replace {name}", made, ref(name)),
            "patch": operation(f"update {name}", made, ref(name)),
            "delete": operation(f"delete {name}", status="204"),
        },
    }


def thing(properties: Mapping[str, Any] | None = None, *required: str, **words: Any) -> Contract:
    """A schema with a key, a name and what else is wanted."""
    own = {"id": {"type": "integer", "readOnly": True}, "name": TEXT, **(properties or {})}
    return obj(own, "id", "name", *required, **words)


def things(
    properties: Mapping[str, Any] | None = None,
    *required: str,
    schemas: Contract | None = None,
    paths: Contract | None = None,
    **words: Any,
) -> Contract:
    """A contract of things that are stored, with some properties beside key and name."""
    return contract(
        {**crud("Thing", "things", **words), **(paths or {})},
        {"Thing": thing(properties, *required), **(schemas or {})},
    )


def loaded(document: Contract | str) -> Document:
    """A contract, read from a file as always: a mapping as JSON, a text as YAML."""
    with tempfile.TemporaryDirectory() as folder:
        name = "openapi.yaml" if isinstance(document, str) else "openapi.json"
        text = document if isinstance(document, str) else json.dumps(document)
        file = Path(folder) / name
        file.write_text(text, encoding="utf-8")
        report = Report()
        found = load(file, report, base=file.parent)
    assert found is not None, [problem.message for problem in report]
    assert not report.failed, [problem.message for problem in report]
    return found


def understood(document: Contract | str) -> Service:
    """What a contract means."""
    return understand(completed(loaded(document)))


def rendered(
    document: Contract | str,
    *,
    history: History | None = None,
    bound: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The files of the service of a contract."""
    return render(plan(understood(document), history or History(), bound or {}))


def action(document: Contract | str, name: str) -> Action:
    """What an operation of a contract does; the operation is named by its id."""
    return operation_of(document, name).action


def operation_of(document: Contract | str, name: str) -> Operation:
    """An operation of a contract, by its id."""
    return understood(document).operations[name]


def entity(document: Contract | str, name: str = "Thing") -> Entity:
    """What is stored of a schema."""
    return understood(document).entities[name]


def column(document: Contract | str, name: str, schema: str = "Thing") -> Column:
    """A column of what is stored of a schema."""
    return entity(document, schema).column(name)


def table(tables: tuple[Table, ...], name: str) -> Table:
    """A table by its name."""
    return next(known for known in tables if known.name == name)


def project(name: str) -> Contract:
    """A contract of `tests/projects`, or the reference contract by the name of `reference`."""
    root = Path(__file__).parents[2]
    file = root / "specs/openapi.yaml" if name == "reference" else None
    text = (file or root / "tests" / "projects" / f"{name}.yaml").read_text(encoding="utf-8")
    found: Contract = yaml.load(text, Loader=_Strings)
    return found


class _Strings(yaml.SafeLoader):
    """YAML as OpenAPI means it: no dates, and keys are texts."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - what PyYAML declares as plain data itself
        first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def python_files(files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The modules among the files of a service."""
    return ((path, text) for path, text in files.items() if path.endswith(".py"))
