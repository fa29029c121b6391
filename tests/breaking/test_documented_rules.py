"""The documentation of the rules and the rules agree."""

from __future__ import annotations

from apiwright.breaking import RULES, Direction
from apiwright.breaking.aspects import ASPECTS
from apiwright.breaking.places import SUBJECTS
from apiwright.breaking.rules import OPERATION_RULES, schema_id
from tests.support.running import ROOT

TEXT = (ROOT / "docs" / "api-changes.md").read_text(encoding="utf-8")


def rows(heading: str, end: str = "\0") -> list[list[str]]:
    """The cells of the tables below a heading, without their heads; ids without backquotes."""
    part = TEXT.partition(heading)[2].partition(end)[0]
    lines = [line for line in part.splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in line[1:-1].split(" | ")] for line in lines]
    return [[first.strip("`"), *others] for first, *others in cells]


def test_rules_that_stand_for_themselves_are_documented() -> None:
    documented = [tuple(row) for row in rows("## Rules", "### Values")]
    assert documented == [
        (rule.id, " or ".join(level.value for level in rule.levels), rule.meaning, rule.why)
        for rule in OPERATION_RULES
    ]


def test_rules_about_values_are_documented() -> None:
    places = [row for row in rows("### Values") if len(row) == 2]
    assert places == [[subject.prefix, subject.label] for subject in SUBJECTS]
    changes = [row for row in rows("### Values") if len(row) == 6]
    assert [row[0] for row in changes] == list(ASPECTS)
    documented: set[str] = set()
    for name, request, response, meaning, effect, missing in changes:
        aspect = ASPECTS[name]
        assert (meaning, effect) == (aspect.meaning, aspect.effect.value)
        for subject in SUBJECTS:
            if subject.prefix in missing.replace("`", "").split(", "):
                continue
            rule = RULES[schema_id(subject, name)]
            level = request if subject.direction is Direction.REQUEST else response
            assert [each.value for each in rule.levels] == [level]
            documented.add(rule.id)
    assert documented == set(RULES) - {rule.id for rule in OPERATION_RULES}
