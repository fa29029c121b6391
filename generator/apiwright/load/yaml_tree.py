"""The tree that a stream of YAML events describes, within limits."""

from __future__ import annotations

import re
from typing import TypeAlias

import yaml

from apiwright.load.limits import MAX_DEPTH, MAX_VALUES
from apiwright.load.node import Node, Scalar, Source
from apiwright.load.read_error import ReadError, check_problems
from apiwright.load.wording import did_you_mean, shown
from apiwright.load.yaml_frames import Anchored, Open
from apiwright.load.yaml_values import place, scalar_value, standard_tag
from apiwright.problems import Position, Report

_Collection: TypeAlias = yaml.MappingStartEvent | yaml.SequenceStartEvent
_MERGE = "<<"
_SURROGATE = re.compile("[\ud800-\udfff]")


class Tree:
    """Takes the events of one YAML document, in order; `root` is the result.

    An alias gives the very node that its anchor names, so a tree may share parts. `limit`, a number
    of values, and `MAX_DEPTH` hold for what it would be with every alias written out. Raises
    `ReadError` where nothing sensible can follow, and reports anything less.
    """

    def __init__(
        self, source: Source, report: Report, restored: dict[int, str], limit: int
    ) -> None:
        self.root: Node | None = None
        self._file = source.file
        self._report = report
        self._restored = restored
        self._stack: list[Open] = []
        self._anchors: dict[str, Anchored | None] = {}
        self._limit = limit
        self._count = 0
        self._first_document: Position | None = None

    def document(self, event: yaml.DocumentStartEvent) -> None:
        """A document begins: there may be one, without tag shorthands."""
        position = self._position(event)
        if event.tags:
            raise ReadError(
                "yaml-directive",
                "tag shorthands (%TAG) have no use in an OpenAPI document",
                position,
                hint="remove the %TAG line",
            )
        if self._first_document is not None:
            raise ReadError(
                "several-documents",
                "this file holds more than one YAML document",
                position,
                hint="keep one document in a file; '---' may stand only at its top",
                related=((self._first_document, "the first document begins here"),),
            )
        self._first_document = position

    def scalar(self, event: yaml.ScalarEvent) -> None:
        """A text, number, boolean or null; or a key, which is always text."""
        top = self._stack[-1] if self._stack else None
        text = self._text(event)
        if top is not None and top.wants_key:
            node = self._node(text, event, None)
            self._key(top, text, event, plain=not event.style)
        else:
            self._spend(1, event)
            value = scalar_value(text, event, self._file, self._report)
            node = self._node(value, event, top)
            self._attach(top, node, 1, 0)
        if event.anchor is not None:
            self._anchors[event.anchor] = Anchored(node, text, 1, 0)

    def start(self, event: _Collection) -> None:
        """A list or mapping begins."""
        top = self._stack[-1] if self._stack else None
        if top is not None and top.wants_key:
            raise self._key_not_text(event)
        self._check_depth(len(self._stack) + 1, event)
        self._spend(1, event)
        mapping = isinstance(event, yaml.MappingStartEvent)
        standard_tag(event, ("map",) if mapping else ("seq",), self._file, self._report)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        node = self._node({} if mapping else [], event, top)
        self._stack.append(Open(node, event.anchor, mapping))

    def end(self, _event: yaml.CollectionEndEvent) -> None:
        """The innermost list or mapping ends."""
        done = self._stack.pop()
        if done.merged:
            done.merge()
        if done.anchor is not None:
            self._anchors[done.anchor] = Anchored(done.node, None, done.size, done.height)
        self._attach(self._stack[-1] if self._stack else None, done.node, done.size, done.height)

    def alias(self, event: yaml.AliasEvent) -> None:
        """`*name`: the value that `&name` was put before."""
        anchored = self._anchored(event)
        top = self._stack[-1]
        if top.wants_key:
            if anchored.text is None:
                raise self._key_not_text(event)
            self._key(top, anchored.text, event, plain=False)
            return
        self._spend(anchored.size, event, alias=True)
        self._check_depth(len(self._stack) + anchored.height, event)
        self._attach(top, anchored.node, anchored.size, anchored.height)

    def _text(self, event: yaml.ScalarEvent) -> str:
        text = event.value
        if not text.isascii() and _SURROGATE.search(text):  # PyYAML's parser in C refuses it itself
            message = "this text holds half of a character"
            hint = "write the character itself, or an escape such as \\U0001F600"
            raise ReadError("lone-surrogate", message, self._position(event), hint=hint)
        return text.translate(self._restored) if self._restored else text

    def _anchored(self, event: yaml.AliasEvent) -> Anchored:
        name = event.anchor or ""
        if name not in self._anchors:
            raise ReadError(
                "unknown-alias",
                f"no value before this one has the anchor '&{shown(name)}'",
                self._position(event),
                hint=did_you_mean(name, self._anchors),
            )
        anchored = self._anchors[name]
        if anchored is None:
            raise ReadError(
                "alias-cycle",
                f"'*{shown(name)}' stands inside the value that it repeats",
                self._position(event),
                hint="write a schema that contains itself with $ref",
            )
        return anchored

    def _key(self, top: Open, text: str, event: yaml.NodeEvent, *, plain: bool) -> None:
        top.key = text
        top.key_at = place(event)
        top.merging = plain and text == _MERGE
        if top.merging:
            if top.merge_at is not None:
                self._duplicate(text, event, top.merge_at, "write one '<<: [*a, *b]' instead")
            top.merge_at = top.merge_at or self._position(event)
        elif text in top.node.mapping:
            first = top.node.mapping[text].key_position
            self._duplicate(text, event, first, "rename or remove one of them")

    def _duplicate(self, key: str, event: yaml.NodeEvent, first: Position, hint: str) -> None:
        self._report.error(
            "duplicate-key",
            f"the key '{shown(key)}' stands twice in this mapping",
            self._position(event),
            hint=hint,
            related=[(first, "it stands here first")],
        )
        check_problems(self._report, self._position(event))

    def _attach(self, top: Open | None, node: Node, size: int, height: int) -> None:
        if top is None:
            self.root = node
            return
        top.count(size, height)
        if top.merging:
            self._add_merged(top, node)
            top.key, top.merging = None, False
        else:
            top.attach(node)

    def _add_merged(self, top: Open, node: Node) -> None:
        """Remember the mapping, or the mappings, that `<<` merges (the YAML 1.1 merge type)."""
        for mapping in node.items if isinstance(node.value, list) else [node]:
            if isinstance(mapping.value, dict):
                top.merged.append(mapping)
            else:
                self._report.error(
                    "bad-merge",
                    "'<<' can only merge a mapping, or a list of mappings",
                    mapping.position,
                    hint="put '<<' in quotes if it is meant as a name",
                )

    def _spend(self, values: int, event: yaml.Event, *, alias: bool = False) -> None:
        self._count += values
        if self._count > self._limit:
            raise ReadError(
                "alias-bomb" if alias else "too-large",
                f"the contract has more than {MAX_VALUES:,} values"
                + (", with its aliases written out" if alias else ""),
                self._position(event),
                hint="repeat parts with $ref, not with YAML aliases" if alias else "",
            )

    def _check_depth(self, depth: int, event: yaml.Event) -> None:
        if depth > MAX_DEPTH:
            raise ReadError(
                "too-deep",
                f"more than {MAX_DEPTH} lists and mappings stand inside each other here",
                self._position(event),
                hint="name the inner part in components and refer to it",
            )

    def _key_not_text(self, event: yaml.Event) -> ReadError:
        return ReadError(
            "key-not-text",
            "a key must be text, not a list or a mapping",
            self._position(event),
            hint="if this is text, put it in quotes",
        )

    def _node(
        self, value: Scalar | list[Node] | dict[str, Node], event: yaml.Event, top: Open | None
    ) -> Node:
        line, column = place(event)
        key_line, key_column = (top and top.key_at) or (line, column)
        return Node(value, self._file, line, column, key_line, key_column)

    def _position(self, event: yaml.Event) -> Position:
        return Position(self._file, *place(event))
