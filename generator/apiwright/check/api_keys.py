"""API keys: which schema holds them, how they travel, and what they may not be good for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from apiwright import names
from apiwright.check.contract import Contract, Operation
from apiwright.check.findings import Findings
from apiwright.check.media import note_unknown, required_schemes
from apiwright.check.storage import Storage, answer_schema, body_schema
from apiwright.check.tables import unknown_property
from apiwright.check.words import quoted
from apiwright.load import Node
from apiwright.load.wording import shown
from apiwright.problems import Position
from apiwright.understand.api_keys import LAST_USED, SCHEMAS, SCOPES, SHOWN, WORD
from apiwright.understand.security import base_path


class Tell(Protocol):
    """Tells of a problem; of one in what nobody has said, but was inferred, as a warning."""

    def __call__(self, code: str, message: str, position: Position, *, hint: str = ...) -> object:
        """Add it to what was found."""


_SESSIONS = frozenset({"logout", "password"})
_ENDINGS = {
    "logout": "logout", "log_out": "logout", "signout": "logout", "sign_out": "logout",
    "password": "password", "change_password": "password",
}  # fmt: skip


def check_api_keys(storage: Storage, found: Findings) -> None:
    """Check the schema of keys, the schemes that carry them, and the operations that take them."""
    contract = storage.contract
    said = [
        (name, node.mapping[WORD])
        for name, node in contract.section("schemas").items()
        if WORD in node.mapping and node.mapping[WORD].value is not False
    ]
    for _, word in said[1:]:
        related = [(said[0][1].key_position, "the other one")]
        message = "there are two schemas of API keys, but keys are of one kind"
        found.error("two-key-schemas", message, word.key_position, related=related)
    schemes = _schemes(contract)
    if said:
        name, word = said[0]
        if not storage.identity:
            found.error(
                "key-without-account",
                f"a key of {quoted(name)} lets an account in, but nobody has one",
                word.key_position,
                hint="say which schema is that of the accounts: 'x-identity'",
            )
        _check_scheme(name, word, schemes, found)
        _check_named(name, word, storage, found)
    name = said[0][0] if said else _called_so(storage, schemes)
    known = bool(name and storage.identity)
    _note_useless(contract, schemes, known=known, found=found)
    if known and any(_is_usable(scheme) for scheme in schemes.values()):
        tell = found.error if said else found.warning
        _check_last_used(name, storage, tell)
        for operation in contract.operations:
            _check_operation(operation, name, storage, tell)


def _schemes(contract: Contract) -> dict[str, Node]:
    """The schemes that are about keys, by their names."""
    written = contract.section("securitySchemes")
    resolved = {name: contract.resolve(node) for name, node in written.items()}
    return {name: node for name, node in resolved.items() if node.string("type") == "apiKey"}


def _is_usable(scheme: Node) -> bool:
    header = scheme.string("name").lower()
    return scheme.string("in") == "header" and header != "authorization"


def _note_useless(
    contract: Contract, schemes: dict[str, Node], *, known: bool, found: Findings
) -> None:
    """Schemes of keys that nobody gets in by."""
    written, required = contract.section("securitySchemes"), required_schemes(contract)
    for name, scheme in schemes.items():
        if name not in required or (known and _is_usable(scheme)):
            continue
        hint = "an override can authenticate callers"
        if _is_usable(scheme):
            hint += ", or a schema hold keys: 'x-api-key: true'"
        note_unknown(name, "apiKey", written[name], hint, found)


def _called_so(storage: Storage, schemes: dict[str, Node]) -> str:
    """A schema that is taken for that of the keys without saying so; or ""."""
    if not any(_is_usable(scheme) for scheme in schemes.values()):
        return ""
    for name, stored in storage.stored.items():
        if names.snake(name) in SCHEMAS and WORD not in stored.node.mapping:
            return name
    return ""


def _check_scheme(name: str, word: Node, schemes: dict[str, Node], found: Findings) -> None:
    """A key travels in a header of its own."""
    if any(_is_usable(scheme) for scheme in schemes.values()):
        return
    hint = "declare a scheme: {type: apiKey, in: header, name: X-API-Key}"
    message = f"there are keys of {quoted(name)}, but no request carries one in a header"
    if not schemes:
        found.error("key-without-header", message, word.key_position, hint=hint)
    for scheme in schemes.values():
        place = scheme.get("in")
        where = place if place is not None else scheme
        if scheme.string("in") == "query":
            message = "keys in a query end up in logs, histories and caches of others"
        elif scheme.string("in") == "cookie":
            message = "browsers send cookies along with the requests of any site (CSRF)"
        else:
            message = "'Authorization' is for tokens, and a key would be taken for one"
        found.error("key-in-the-open", message, where.position, hint=f"{hint}, say")


def _check_named(name: str, word: Node, storage: Storage, found: Findings) -> None:
    """The properties that the word names are there."""
    known = storage.properties(name)
    for field, named in word.mapping.items():
        if not named.text or field == "key":
            continue
        node = known.get(named.text)
        if node is None:
            unknown_property(named, name, known, found)
            continue
        view = storage.views.of(node)
        if field in {"expires", "last-used"}:
            wanted, fits = "a time: 'format: date-time'", view.format == "date-time"
        elif field == "scopes":
            wanted, fits = "a list of texts", view.kinds == ("array",)
        else:
            wanted, fits = "a text", view.kinds == ("string",)
        if not fits:
            message = f"'{shown(named.text)}' cannot be the '{field}' of keys"
            found.error("key-property", message, named.position, hint=f"it has to be {wanted}")


def _check_last_used(name: str, storage: Storage, tell: Tell) -> None:
    """A new key has not been used yet."""
    node = storage.stored[name].node if name in storage.stored else None
    said = node.get(WORD) if node is not None else None
    named = said.string("last-used") if said is not None else ""
    for key, prop in storage.properties(name).items():
        if key != named and (named or names.snake(key) not in LAST_USED):
            continue
        if key in storage.views.of(node).required and "null" not in storage.views.of(prop).types:
            message = f"{quoted(key)} has no value before a key was used"
            hint = "let it be null, or leave it out of 'required'"
            tell("key-property", message, prop.position, hint=hint)


def _check_operation(operation: Operation, name: str, storage: Storage, tell: Tell) -> None:
    kind = _kind(operation, storage)
    works = _works_on(operation, name, storage)
    changes = works and operation.method in {"put", "patch"}
    makes = works and operation.method == "post"
    if changes:
        _check_change(operation, name, storage, tell)
    if makes:
        _check_answer(operation, name, storage, tell)
    requirement = _by_key(operation, storage.contract)
    if requirement is None:
        return
    if kind in _SESSIONS:
        message = f"{shown(operation.label)} is about a session, which a key doesn't have"
    elif makes or changes:
        message = f"{shown(operation.label)} lets a key make keys, which would outlive it"
    else:
        return
    hint = "let only tokens in: security: [{oauth2: []}], say"
    tell("key-not-enough", message, requirement.key_position, hint=hint)


def _check_change(operation: Operation, name: str, storage: Storage, tell: Tell) -> None:
    """What a key is good for is settled when it is made: only then is it known who asks for it."""
    said = storage.stored[name].node.get(WORD) if name in storage.stored else None
    named = said.string("scopes") if said is not None else ""
    fields = storage.views.of(body_schema(storage.contract, operation)).properties
    for key, node in fields.items():
        is_scopes = key == named if named else names.snake(key) in SCOPES
        if is_scopes and not storage.views.of(node).read_only:
            message = f"{shown(operation.label)} changes what a key is good for"
            hint = f"leave out {quoted(key)}, and let people make another key"
            tell("key-scopes-changed", message, node.position, hint=hint)


def _check_answer(operation: Operation, name: str, storage: Storage, tell: Tell) -> None:
    """Whoever makes a key has to be shown it, for nobody can see it later; nor is it kept."""
    again = operation.node.get("x-idempotent")
    if again is not None and again.value is not False:
        message = f"the answer of {shown(operation.label)} can't be kept: it holds a key"
        tell("secret-answer", message, again.key_position)
    said = storage.stored[name].node.get(WORD) if name in storage.stored else None
    if said is None:
        return
    known = storage.views.of(answer_schema(storage.contract, operation)).properties
    named = said.string("key")
    seen = {names.snake(key) for key in known} & set(SHOWN)
    if (named in known) if named else seen:
        return
    wanted = named or "key"
    message = f"{shown(operation.label)} makes a key that nobody gets to see"
    hint = f"give the answer a property '{shown(wanted)}': {{type: string, readOnly: true}}"
    tell("key-not-shown", message, operation.node.key_position, hint=hint)


def _works_on(operation: Operation, name: str, storage: Storage) -> bool:
    """Whether an operation writes rows of keys, as far as its path and its answer tell."""
    said = operation.node.get("x-action")
    if said is not None and said.string("schema"):
        return said.string("schema") == name
    if said is not None and said.text == "custom":
        return False
    answer = storage.views.target(answer_schema(storage.contract, operation))
    segments = [names.snake(part) for part in operation.path.split("/") if "{" not in part]
    own = {names.plural(names.snake(name)), names.snake(name)}
    return answer == name or bool(segments and segments[-1] in own)


def _kind(operation: Operation, storage: Storage) -> str:
    said = operation.node.get("x-action")
    if said is not None:
        return said.text or said.string("kind")
    path = f"{base_path(storage.contract.root)}{operation.path}"
    return _ENDINGS.get(names.snake(path.rstrip("/").rpartition("/")[2]), "")


def _by_key(operation: Operation, contract: Contract) -> Node | None:
    """The requirement by which a key alone lets somebody in; None where none does."""
    schemes = {name for name, scheme in _schemes(contract).items() if _is_usable(scheme)}
    for way in _ways(operation, contract):
        if len(way.mapping) == 1:
            for name, scopes in way.mapping.items():
                if name in schemes:
                    return scopes
    return None


def _ways(operation: Operation, contract: Contract) -> Iterator[Node]:
    written = operation.node.get("security") or contract.root.get("security")
    yield from written.items if written is not None else ()
