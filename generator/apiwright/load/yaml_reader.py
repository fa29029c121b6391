"""YAML text to nodes.

PyYAML's parser (the one in C where it is there) tells what stands where, as a flat stream of
events; tree, types, anchors and limits are made here, in one loop without recursion. That is three
times as fast as PyYAML's own composer, counts before it allocates, and types scalars by YAML 1.2.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from apiwright.load.limits import MAX_VALUES
from apiwright.load.node import Node, Source
from apiwright.load.read_error import EMPTY, ReadError
from apiwright.load.yaml_messages import translated
from apiwright.load.yaml_tree import Tree
from apiwright.problems import Report

# What YAML 1.2 (5.1) does not allow in a file as it is; libyaml refuses an inner BOM as well.
_UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
# Line breaks in YAML 1.1, which PyYAML reads, but ordinary characters in YAML 1.2 (5.4).
_OLD_BREAKS = "\x85\u2028\u2029"
_DIRECTIVE = re.compile(r"^%.*", re.MULTILINE)
_MAX_DIRECTIVES = 16


def read_yaml(source: Source, report: Report, limit: int = MAX_VALUES) -> Node | None:
    """The one document of a YAML file (YAML 1.2, core schema), with the place of every value.

    It may have `limit` values, with its aliases written out.

    Whatever is wrong goes to `report`. Returns None where the text cannot be understood at all;
    after a lesser error, such as a key given twice, the rest is still returned.
    """
    try:
        _refuse_bad_characters(source)
        return _read(source, report, limit)
    except ReadError as error:
        report.add(error.problem)
    except yaml.YAMLError as error:
        report.add(translated(error, source))
    return None


def _read(source: Source, report: Report, limit: int) -> Node:
    text, restored = _protect_old_breaks(source.text)
    tree = Tree(source, report, restored, limit)
    handlers: dict[type[Any], Any] = {
        yaml.ScalarEvent: tree.scalar,
        yaml.MappingStartEvent: tree.start,
        yaml.SequenceStartEvent: tree.start,
        yaml.MappingEndEvent: tree.end,
        yaml.SequenceEndEvent: tree.end,
        yaml.AliasEvent: tree.alias,
        yaml.DocumentStartEvent: tree.document,
    }
    for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        handler = handlers.get(type(event))
        if handler is not None:
            handler(event)
    if tree.root is None:
        place = source.position(0)
        raise ReadError("empty-file", "there is nothing in this file", place, hint=EMPTY)
    return tree.root


def _refuse_bad_characters(source: Source) -> None:
    found = _UNPRINTABLE.search(source.text)
    if found:
        raise ReadError(
            "control-character",
            f"the character U+{ord(found[0]):04X} must not stand in a YAML file as it is",
            source.position(found.start()),
            hint=f'write it as "\\u{ord(found[0]):04x}", in double quotes',
        )
    directives = list(_DIRECTIVE.finditer(source.text))
    # libyaml compares each %TAG line to all before it: 30 MB of them would take a day
    if len(directives) > _MAX_DIRECTIVES:
        raise ReadError(
            "yaml-directive",
            f"more than {_MAX_DIRECTIVES} lines begin with '%', as YAML directives do",
            source.position(directives[_MAX_DIRECTIVES].start()),
            hint="an OpenAPI document needs none",
        )


def _protect_old_breaks(text: str) -> tuple[str, dict[int, str]]:
    """The text with old line breaks as private characters, and the table to get them back."""
    restored: dict[int, str] = {}
    spare = 0xE000
    for old in _OLD_BREAKS:
        if old in text:
            while chr(spare) in text:
                spare += 1
            text = text.replace(old, chr(spare))
            restored[spare] = old
    return text, restored
