"""Schemas that contradict themselves (JSON Schema 2020-12 validation; OpenAPI 3.0.4 4.7.24)."""

from __future__ import annotations

from apiwright.check.contract import Contract
from apiwright.check.findings import Findings
from apiwright.check.words import number, quoted
from apiwright.load import KINDS, Node, Plain, plain

_SIZES = (
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
    ("minContains", "maxContains"),
)


def check_ranges(contract: Contract, found: Findings) -> None:
    """No lower limit is above the upper one."""
    for place in contract.of("schema"):
        for low, high in _SIZES:
            _check_range(place.node, low, high, found, strict=False)
        strict_low = place.node.flag("exclusiveMinimum")
        strict_high = place.node.flag("exclusiveMaximum")
        _check_range(place.node, "minimum", "maximum", found, strict=strict_low or strict_high)
        for low, high in (
            ("exclusiveMinimum", "exclusiveMaximum"),
            ("exclusiveMinimum", "maximum"),
            ("minimum", "exclusiveMaximum"),
        ):
            _check_range(place.node, low, high, found, strict=True)


def _check_range(node: Node, low: str, high: str, found: Findings, *, strict: bool) -> None:
    first, last = _limit(node, low), _limit(node, high)
    if first is None or last is None or first < last or (first == last and not strict):
        return
    lower, upper = node.mapping[low], node.mapping[high]
    words = "is not below" if strict else "is more than"
    found.error(
        "impossible-range",
        f"'{low}' {words} '{high}': {number(first)} and {number(last)}",
        lower.position,
        hint="no value lies between them",
        related=[(upper.position, "the upper limit")],
    )


def _limit(node: Node, key: str) -> int | float | None:
    value = node.mapping[key].value if key in node.mapping else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def check_enums(contract: Contract, found: Findings) -> None:
    """An enum has values, each of them once (3.1 only advises so: 2020-12 validation, 6.1.2)."""
    for place in contract.of("schema"):
        enum = place.node.get("enum")
        if enum is None or not isinstance(enum.value, list):
            continue
        if not enum.items:
            message = "'enum' is empty, so that no value is allowed"
            report = found.error if contract.legacy else found.warning
            report("empty-enum", message, enum.position)
        seen: dict[object, Node] = {}
        for item in enum.items:
            first = seen.setdefault(_identity(plain(item)), item)
            if first is not item:
                _report_twice(item, first, found)


def _report_twice(item: Node, first: Node, found: Findings) -> None:
    message = f"{quoted(plain(item))} stands twice in 'enum'"
    related = [(first.position, "first listed here")]
    found.error("duplicate-enum-value", message, item.position, related=related)


def _identity(value: Plain) -> object:
    """What two values share that are equal in JSON: 1 and 1.0 are, 1 and true are not."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, list):
        return ("array", tuple(_identity(item) for item in value))
    if isinstance(value, dict):
        return ("object", frozenset((key, _identity(item)) for key, item in value.items()))
    return value


def check_directions(contract: Contract, found: Findings) -> None:
    """Nothing is only for reading and only for writing (OpenAPI 3.0.4 4.7.24.2, `readOnly`)."""
    for place in contract.of("schema"):
        if place.node.flag("readOnly") and place.node.flag("writeOnly"):
            message = "nothing can be 'readOnly' and 'writeOnly' at once"
            position = place.node.mapping["writeOnly"].key_position
            related = [(place.node.mapping["readOnly"].key_position, "the other one")]
            found.error("read-and-write-only", message, position, related=related)


def check_nullable(contract: Contract, found: Findings) -> None:
    """`nullable` belongs to OpenAPI 3.0, and there to a schema with a type (3.0.4 4.7.24.2)."""
    for place in contract.of("schema"):
        nullable = place.node.get("nullable")
        if nullable is None or nullable.value is not True:
            continue
        if not contract.legacy:
            message = f"OpenAPI {contract.version} doesn't know 'nullable'"
            hint = f"write {_with_null(place.node)}"
            found.warning("nullable", message, nullable.key_position, hint=hint)
        elif "type" not in place.node.mapping and place.reference is None:
            message = "'nullable' needs a 'type' beside it to have an effect"
            found.warning("nullable", message, nullable.key_position)


def _with_null(node: Node) -> str:
    kind = node.string("type")
    return f"'type: [{kind}, \"null\"]'" if kind else "'anyOf' with {type: \"null\"} in it"


def check_dialect(contract: Contract, found: Findings) -> None:
    """Schemas are read as those of JSON Schema 2020-12, whatever they say they are."""
    written = [contract.root.get("jsonSchemaDialect")]
    written += [place.node.get("$schema") for place in contract.of("schema")]
    for node in written:
        if node is not None and node.text and not _is_usual(node.text):
            message = f"schemas are read as JSON Schema 2020-12, and not as {quoted(node.text)}"
            found.warning("other-dialect", message, node.position)


def _is_usual(dialect: str) -> bool:
    return dialect.rstrip("#").startswith(
        (
            "https://json-schema.org/draft/2020-12/",
            "https://spec.openapis.org/oas/3.1/dialect/",
            "https://spec.openapis.org/oas/3.2/dialect/",
        )
    )


def check_keywords(contract: Contract, found: Findings) -> None:
    """A schema of 3.1 or 3.2 may hold any keyword; one that is nearly a known one is told of."""
    if contract.legacy:
        return
    known = KINDS["schema"].fields
    for place in contract.of("schema"):
        for key, node in place.node.mapping.items():
            if key in known or key.startswith(("x-", "$")):
                continue
            hint = found.meant(key, known)
            if hint:
                message = f"{quoted(key)} is no keyword of JSON Schema, and has no effect"
                found.warning("unknown-keyword", message, node.key_position, hint=hint)
