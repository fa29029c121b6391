"""Edits of a contract at random: some break clients, some don't, and nobody says which."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

Contract: TypeAlias = dict[str, Any]
BOUNDS = ("minLength", "maxLength", "minimum", "maximum")
TEXT = {"type": "string", "maxLength": 40}
_STEMS = ("Author", "Book", "Member", "Loan")


def edited(contract: Contract, chance: random.Random) -> Contract | None:
    """A copy of a contract with one edit; None where the edit found nothing to change."""
    found = copy.deepcopy(contract)
    return found if chance.choice(_EDITS)(found, chance) else None


def _objects(contract: Contract) -> list[Contract]:
    """The schemas that have properties, without that of errors."""
    schemas = contract["components"]["schemas"].items()
    return [found for name, found in schemas if "properties" in found and name != "Problem"]


def _schemas(contract: Contract) -> list[list[Contract]]:
    """Schemas of properties and parameters; those of one column belong together.

    A contract that takes what it can't show contradicts itself, whatever it said before.
    """
    columns: dict[tuple[str, str], list[Contract]] = {}
    for name, schema in contract["components"]["schemas"].items():
        stem = next((stem for stem in _STEMS if name.startswith(stem)), "")
        for key, found in schema.get("properties", {}).items() if stem else ():
            columns.setdefault((stem, key), []).append(found)
    parameters = [p["schema"] for p in contract["components"]["parameters"].values()]
    for operation in _operations(contract):
        parameters += [p["schema"] for p in operation.get("parameters", ()) if "schema" in p]
    return [*columns.values(), *([schema] for schema in parameters)]


def _operations(contract: Contract) -> Iterator[Contract]:
    for item in contract["paths"].values():
        yield from (found for method, found in item.items() if method != "parameters")


def _bound(contract: Contract, chance: random.Random) -> bool:
    """A bound is moved, either way, or taken away."""
    found = [(some, w) for some in _schemas(contract) for w in BOUNDS if any(w in s for s in some)]
    schemas, word = chance.choice(found)
    change = chance.choice((-1, 1, 5, -5, None))
    for schema in (schema for schema in schemas if word in schema):
        if change is None:
            del schema[word]
        else:
            schema[word] = max(schema[word] + change, 0)
    return True


def _new_bound(contract: Contract, chance: random.Random) -> bool:
    """A bound where there was none."""
    schemas = chance.choice(_schemas(contract))
    word = {"string": "maxLength", "integer": "maximum"}.get(schemas[0].get("type", ""))
    if word is None or any({word, "enum", "format"} & set(schema) for schema in schemas):
        return False
    for schema in schemas:
        schema[word] = 30
    return True


def _property(contract: Contract, chance: random.Random) -> bool:
    """A property more, in one schema, or in all that show the same thing."""
    name = f"extra{chance.randrange(10**6)}"
    stem = chance.choice(_STEMS)
    schemas = contract["components"]["schemas"]
    places = [f"{stem}{more}" for more in ("", "Input", "Change") if f"{stem}{more}" in schemas]
    required = chance.random() < 0.2
    for place in places if chance.random() < 0.7 else places[:1]:
        schemas[place]["properties"][name] = dict(TEXT)
        if required:
            schemas[place].setdefault("required", []).append(name)
    return True


def _no_property(contract: Contract, chance: random.Random) -> bool:
    """A property less."""
    schema = chance.choice(_objects(contract))
    name = chance.choice([n for n in schema["properties"] if n != "id"])
    del schema["properties"][name]
    schema["required"] = [n for n in schema.get("required", ()) if n != name] or ["id"]
    return "id" in schema["properties"]


def _required(contract: Contract, chance: random.Random) -> bool:
    """A property is required from now on, or no longer."""
    schema = chance.choice(_objects(contract))
    name = chance.choice(list(schema["properties"]))
    listed = schema.setdefault("required", [])
    (listed.remove if name in listed else listed.append)(name)
    if not listed:
        del schema["required"]
    return bool(name != "id")


def _null(contract: Contract, chance: random.Random) -> bool:
    """Null is allowed from now on, or no longer."""
    schemas = chance.choice(_schemas(contract))
    if any("type" not in schema for schema in schemas):
        return False
    allowed = not schemas[0].get("nullable", False)
    for schema in schemas:
        schema["nullable"] = allowed
    return True


def _values(contract: Contract, chance: random.Random) -> bool:
    """A value of an enum more or less."""
    values = contract["components"]["schemas"]["LoanState"]["enum"]
    if chance.random() < 0.5:
        values.append(f"state{chance.randrange(10**6)}")
    else:
        values.remove(chance.choice(values[1:]))
    return True


def _parameter(contract: Contract, chance: random.Random) -> bool:
    """A filter more."""
    operation, name = chance.choice(
        (("/authors", "name"), ("/members", "name"), ("/books", "title"), ("/authors", "born"))
    )
    listed = contract["paths"][operation]["get"].setdefault("parameters", [])
    if any(known.get("name") == name for known in listed):
        return False
    schema = {"type": "string", "format": "date"} if name == "born" else dict(TEXT)
    required = {"required": True} if chance.random() < 0.2 else {}
    listed.append({"name": name, "in": "query", "schema": schema, **required})
    return True


def _no_parameter(contract: Contract, chance: random.Random) -> bool:
    """A parameter less."""
    listed = chance.choice([o["parameters"] for o in _operations(contract) if "parameters" in o])
    if not listed:
        return False
    listed.remove(chance.choice(listed))
    return True


def _operation(contract: Contract, chance: random.Random) -> bool:
    """An operation more, or less."""
    item = contract["paths"]["/members/{member_id}"]
    if "put" not in item and chance.random() < 0.7:
        item["put"] = copy.deepcopy(contract["paths"]["/authors/{author_id}"]["put"])
        text = {"$ref": "#/components/schemas/Member"}
        for content in (item["put"]["requestBody"], item["put"]["responses"]["200"]):
            content["content"]["application/json"]["schema"] = text
        item["put"].update(operationId="replaceMember", tags=["Members"])
        return True
    path = chance.choice(list(contract["paths"]))
    methods = [method for method in contract["paths"][path] if method != "parameters"]
    if len(methods) < 2:
        return False
    del contract["paths"][path][chance.choice(methods)]
    return True


def _storage(contract: Contract, chance: random.Random) -> bool:
    """How something is stored, which no client sees."""
    schemas = contract["components"]["schemas"]
    choice = chance.randrange(4)
    if choice == 0:
        schemas[chance.choice(("Author", "Member"))]["x-table"] = {"soft-delete": True}
    elif choice == 1:
        schemas["Author"]["properties"]["name"]["x-index"] = True
    elif choice == 2:
        schemas["Member"]["x-table"] = {"name": "people"}
    else:
        schemas["Loan"]["properties"]["dueOn"]["x-column"] = {"name": "due"}
    return True


def _kind(contract: Contract, chance: random.Random) -> bool:
    """Another type, format or pattern."""
    schemas = chance.choice(_schemas(contract))
    kinds = {schema.get("type") for schema in schemas}
    if kinds == {"integer"}:
        change = chance.choice(({"format": "int32"}, {"format": "int64"}, {"type": "number"}))
    elif kinds == {"string"} and not any("enum" in schema for schema in schemas):
        change = {"pattern": "^[ -~]*$"}
    else:
        return False
    for schema in schemas:
        schema.update(change)
    return True


_EDITS: tuple[Callable[[Contract, random.Random], bool], ...] = (
    _bound,
    _new_bound,
    _property,
    _no_property,
    _required,
    _null,
    _values,
    _parameter,
    _no_parameter,
    _operation,
    _storage,
    _kind,
)
