"""Where requests may have an idempotency key, and what a contract may say of the header."""

from __future__ import annotations

from apiwright.check.contract import Contract, Operation
from apiwright.check.findings import Findings
from apiwright.check.words import quoted
from apiwright.ir.policies.idempotency import HEADER, LONGEST
from apiwright.load import Node
from apiwright.load.wording import shown
from apiwright.understand.idempotency import METHODS, WORD
from apiwright.understand.security import base_path

_KEYWORDS = frozenset(
    {"type", "minLength", "maxLength", "title", "description", "example", "examples"}
)
_SIGN_IN = frozenset({"token", "refresh", "logout"})


def check_idempotency(contract: Contract, found: Findings) -> None:
    """Check every operation that takes keys."""
    for operation in contract.operations:
        said = operation.node.get(WORD)
        if said is None or said.value is False:
            continue
        if operation.method.lower() not in METHODS:
            message = f"{shown(operation.label)} needs no '{WORD}': it is idempotent by itself"
            hint = "it is for POST and PATCH (RFC 9110, section 9.2.2)"
            found.error("idle-idempotency", message, said.key_position, hint=hint)
        elif _signs_in(contract, operation):
            found.error(
                "secret-answer",
                f"the answer of {shown(operation.label)} can't be kept: it holds tokens",
                said.key_position,
                hint="signing in twice does no harm",
            )
        _check_header(contract, operation, said, found)


def _signs_in(contract: Contract, operation: Operation) -> bool:
    said = operation.node.get("x-action")
    if said is not None and (said.text or said.string("kind")) in _SIGN_IN:
        return True
    path = f"{base_path(contract.root)}{operation.path}"
    urls = {
        flow.string(name)
        for scheme in contract.of("security-scheme")
        for flow in scheme.node.entries("flows").values()
        for name in ("tokenUrl", "refreshUrl")
    }
    return bool({path, operation.path} & urls)


def _check_header(contract: Contract, operation: Operation, said: Node, found: Findings) -> None:
    """The header may be declared, if clients are told the truth about it."""
    for parameter in operation.located("header"):
        if parameter.name.lower() != HEADER.lower():
            continue
        schema = parameter.node.get("schema")
        whole = contract.resolve(schema) if schema is not None else None
        for keyword, node in whole.mapping.items() if whole is not None else ():
            if keyword not in _KEYWORDS and not keyword.startswith("x-"):
                found.error(
                    "narrow-idempotency-key",
                    f"{quoted(keyword)} says more of {HEADER} than the service looks at",
                    node.key_position,
                    hint="a key is any text of the client's choice: say its type and 'maxLength'",
                )
        longest = whole.get("maxLength") if whole is not None else None
        if longest is not None and isinstance(longest.value, int) and longest.value > LONGEST:
            message = f"a key has {LONGEST} characters at most"
            found.error("long-idempotency-key", message, longest.position)
        required = said.get("required")
        if required is not None and required.value is False and parameter.node.flag("required"):
            message = f"{HEADER} is required as a parameter, and not by '{WORD}'"
            found.error("idempotency-contradiction", message, required.position)
