"""What openapi-spec-validator says about a document in which our own rules find no error.

Its verdict is the last word on what a valid document is; our rules only say it better. Left out are
its comparisons of values with schemas, which take for ever on some documents; and it fetches
nothing. To ask it takes longer than all other rules together, so that it is not asked again about a
document that it has found nothing wrong with.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from apiwright.check.contract import Contract
from apiwright.check.faults import Path as Keys
from apiwright.check.findings import Findings
from apiwright.check.specification import node_at
from apiwright.check.words import steps
from apiwright.kept import digest, keep, kept
from apiwright.load import Node, Plain
from apiwright.load.wording import shown

_KEPT = "valid"
_ENTRIES = 256


def check_second_opinion(contract: Contract, found: Findings) -> None:
    """Report what the validator refuses."""
    document = _as_meant(contract)
    key = digest(
        Path(__file__).read_bytes(),
        version("openapi-spec-validator").encode(),
        contract.version.encode(),
        json.dumps(document).encode(),
    )
    if kept(_KEPT, key) is not None:
        return
    faults = list(_refused(document, contract.version))
    if not faults:
        keep(_KEPT, key, b"", entries=_ENTRIES)
    for path, message in faults:
        node = node_at(contract.root, path) or contract.root
        where = f"'{steps(path)}': " if path else ""
        found.error("specification", f"{where}{message}", node.position)


def _refused(document: Plain, version: str) -> Iterator[tuple[Keys, str]]:
    """The place of each error, and what it is about."""
    try:
        for error in _validator(document, version).iter_errors():
            keyword = str(error.schema_path[-1]) if error.schema_path else ""
            message = f"not valid by '{keyword}' of OpenAPI's schema"
            if keyword != "format":
                yield tuple(error.absolute_path), message if keyword else shown(error.message)
    except Exception:
        # our own rules found no error, so that this one is the validator's own
        return


def _as_meant(contract: Contract) -> Plain:
    """The document without what stands beside a `$ref` and is ignored (3.1.1 section 4.8.23)."""
    references = {
        id(place.node): place.reference.text
        for place in contract.places
        if place.reference is not None and place.kind != "schema"
    }

    def copied(node: Node) -> Plain:
        if id(node) in references:
            return {"$ref": references[id(node)]}
        if isinstance(node.value, dict):
            return {key: copied(child) for key, child in node.value.items()}
        if isinstance(node.value, list):
            return [copied(child) for child in node.value]
        return node.value

    return copied(contract.root)


def _validator(document: Any, version: str) -> Any:
    # half a second to import, which only a contract without errors has to pay
    import openapi_spec_validator  # noqa: PLC0415 (see above)

    name = f"OpenAPIV{version.replace('.', '')}SpecValidator"
    validator = getattr(openapi_spec_validator, name)(document)
    quiet: dict[str, Any] = validator.keyword_validators_registry
    quiet["schema"] = _nothing
    return validator


def _nothing(*_: object) -> tuple[()]:
    """Stands in for what holds schemas to their meta-schema and values to schemas."""
    return ()
