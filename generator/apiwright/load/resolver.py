"""From the text of a reference to the object that it means."""

from __future__ import annotations

from dataclasses import dataclass

from apiwright.load import pointer
from apiwright.load.files import File, Files
from apiwright.load.grammar import KINDS, SECTIONS
from apiwright.load.node import Node
from apiwright.load.read_error import ReadError
from apiwright.load.references import Reference, parse_reference
from apiwright.load.walk import Place, kind_at, walk
from apiwright.load.wording import nearest, shown, with_article, worth_it
from apiwright.problems import Report

# Public contracts do this, validators let it pass, and the two are alike but for name and place.
_FORGIVEN = {("header", "parameter")}


@dataclass(frozen=True, slots=True)
class Target:
    """What a reference means: the `node` at `keys` of a `file`.

    `known` is false where it lies in data or in an extension, whose objects no walk visits.
    """

    file: File
    keys: tuple[str, ...]
    node: Node
    known: bool


class Resolver:
    """Finds targets, each text once; says in `report` what is wrong with a reference."""

    def __init__(self, files: Files, report: Report) -> None:
        self._files = files
        self._report = report
        self._found: dict[tuple[str, str, str], Target] = {}
        self._named: dict[str, dict[str, tuple[str, ...]]] = {}

    def target(self, text: Node, kind: str, file: File, place: Place | None) -> Target | None:
        """The target of a reference that stands, in `file`, for an object of `kind`.

        `text` is the string with the reference; `place` the object that it stands in, which counts
        where schemas have an `$id`.
        """
        names = self._names(file)
        key = (file.name, kind, text.text)
        if key in self._found and not names:
            return self._found[key]
        try:
            found = self._target(text, kind, file, place if names else None)
        except ReadError as error:
            self._report.add(error.problem)
            return None
        if found is not None:
            self._found[key] = found
        return found

    def _target(self, text: Node, kind: str, file: File, place: Place | None) -> Target | None:
        keys = self._names(file).get(text.text)
        if keys is None:
            reference = parse_reference(text)
            if reference.path:
                opened = self._files.open(reference.path, file, text.position)
                if opened is None:
                    return None
                file, place = opened, None
            keys = self._keys(text, reference, file, place)
        node = pointer.find(file.root, keys)
        if node is None:
            self._missing(text, keys, file)
            return None
        actual = _kind(file, keys)
        self._check_kind(text, kind, node, actual)
        return Target(file, keys, node, actual is not None)

    def _keys(
        self, text: Node, reference: Reference, file: File, place: Place | None
    ) -> tuple[str, ...]:
        """The way from the root of a file to what a reference into it names."""
        if reference.keys is not None:
            inner = _enclosing_resource(place) + reference.keys
            return inner if pointer.find(file.root, inner) is not None else reference.keys
        keys = self._names(file).get("#" + reference.anchor)
        if keys is None:
            meant = _elsewhere(file.root, reference.anchor)
            hint = "a JSON Pointer begins with '#/'"
            if meant:
                hint = f"did you mean '#{pointer.fragment(meant)}'?"
            message = f"no schema has the $anchor '{shown(reference.anchor)}'"
            raise ReadError("unresolved-reference", message, text.position, hint=hint)
        return keys

    def _check_kind(self, text: Node, kind: str, node: Node, actual: str | None) -> None:
        """Raise `ReadError` when a target is of another kind than the reference stands for."""
        wanted = with_article(KINDS[kind].label)
        what = with_article(KINDS[actual].label) if actual else "a group of objects"
        message = f"'{shown(text.text)}' is {what}, but {wanted} is wanted here"
        if (kind, actual) in _FORGIVEN:
            self._report.warning("reference-kind", message, text.position)
        elif actual is not None and actual != kind:
            raise ReadError("reference-kind", message, text.position)
        boolean_schema = kind == "schema" and isinstance(node.value, bool)
        if not isinstance(node.value, dict) and not boolean_schema:
            message = f"'{shown(text.text)}' is not an object, but {wanted} is wanted here"
            raise ReadError("reference-kind", message, text.position)

    def _names(self, file: File) -> dict[str, tuple[str, ...]]:
        if file.name not in self._named:
            self._named[file.name] = _named(file)
        return self._named[file.name]

    def _missing(self, text: Node, keys: tuple[str, ...], file: File) -> None:
        message = f"there is nothing at '#{shown(pointer.fragment(keys))}'"
        match keys:
            case ("components", section, name) if section in SECTIONS:
                message = f"there is no {KINDS[SECTIONS[section]].label} '{shown(name)}'"
        path = text.text.partition("#")[0]
        if path:
            message += f" in '{file.name}'"
        meant = _corrected(file.root, keys) if worth_it(self._report) else None
        hint = f"did you mean '{shown(path + '#' + pointer.fragment(meant))}'?" if meant else ""
        self._report.error("unresolved-reference", message, text.position, hint=hint)


def _kind(file: File, keys: tuple[str, ...]) -> str | None:
    """The kind of the object at a place of a file, as far as the file says what it is."""
    whole = "openapi" in file.root.mapping or "components" in file.root.mapping
    return kind_at("openapi", keys) if whole else None


def _named(file: File) -> dict[str, tuple[str, ...]]:
    """The schemas with an `$id`, or an `$anchor` (under `#` and its name), and the way to them.

    JSON Schema 2020-12 core, section 8.2.
    """
    if "$id" not in file.source.text and "$anchor" not in file.source.text:
        return {}
    start = "openapi" if "openapi" in file.root.mapping else "schema"
    names: dict[str, tuple[str, ...]] = {}
    for place in walk(file.root, start):
        if place.kind != "schema":
            continue
        identifier = place.node.get("$id")
        anchor = place.node.get("$anchor")
        if identifier is not None and identifier.text:
            names.setdefault(identifier.text, place.path)
        if anchor is not None and anchor.text:
            names.setdefault("#" + anchor.text, place.path)
    return names


def _enclosing_resource(place: Place | None) -> tuple[str, ...]:
    """The way to the nearest schema with an `$id` around a place: pointers begin there."""
    while place is not None:
        if place.kind == "schema" and "$id" in place.node.mapping:
            return place.path
        place = place.parent
    return ()


def _corrected(root: Node, keys: tuple[str, ...]) -> tuple[str, ...] | None:
    """Keys like the given ones that lead somewhere, or None."""
    node = root
    path: list[str] = []
    for key in keys:
        found, name = pointer.step(node, key), key
        if found is None:
            near = nearest(key, node.mapping)
            if near is None:
                return _elsewhere(root, keys[-1])
            found, name = node.mapping[near], near
        node = found
        path.append(name)
    return tuple(path)


def _elsewhere(root: Node, name: str) -> tuple[str, ...] | None:
    """The component of this name, of whatever kind."""
    for section in SECTIONS:
        if root.get("components", section, name) is not None:
            return ("components", section, name)
    return None
