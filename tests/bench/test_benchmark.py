"""The benchmark itself, in small: all variants answer alike, and the results can be read."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.performance import bench, drawing, report, variants
from tests.performance.measuring import Plan
from tests.performance.report import README_MARKS
from tests.performance.scene import ROOT, scene
from tests.performance.works import TITLES

SMALL = Plan(0.4, 0.1, rounds=1, steps=(1, 4), connections=4, feature_rounds=2)


def test_a_small_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every variant but that of Node, every kind of work; no error, and every file is written."""
    monkeypatch.setattr(variants, "has_node", lambda: False)
    monkeypatch.setattr(bench, "has_node", lambda: False)
    with scene(tmp_path) as here:
        results = bench.measured(here, ROOT / "generated", SMALL, list(TITLES))
    assert [sample.errors for sample in (*results.samples, *results.over_connections)] == [{}] * 28
    assert all(sample.rate > 0 and sample.cpu > 0 for sample in results.samples)
    assert results.notes[0] == bench.NO_NODE
    assert len(results.marks) == 10
    assert {cost.policy for cost in results.policies} == {"none", "all, but kept answers"}
    assert all(cost.cpu > 0 and cost.database_cpu > 0 for cost in results.policies)
    assert dict(results.features)["log line in JSON"] > 0
    assert dict(results.imports)["sqlalchemy"] > 1
    assert sum(share for _, share in results.profile) > 0.3

    output = tmp_path / "results"
    report.write(results, output)
    text = (output / "results.md").read_text()
    assert "| **apiwright** |" in text
    assert "| list of 20 | 7 times the async ORM peer |" in text
    assert "| all, but kept answers |" in text
    assert bench.NO_NODE in text
    assert len(json.loads((output / "results.json").read_text())["samples"]) == 20
    for name in ("results.svg", "latency.svg"):
        assert ET.parse(output / name).getroot().tag.endswith("svg")

    readme = tmp_path / "README.md"
    start, end = README_MARKS
    readme.write_text(f"before\n{start}\nold\n{end}\nafter\n")
    report.write_readme(results, readme, "docs")
    shown = readme.read_text()
    assert "old" not in shown
    assert shown.startswith(f"before\n{start}\n")
    assert shown.endswith(f"{end}\nafter\n")
    assert "| **apiwright** |" in shown


def test_pictures_say_no_more_than_the_figures() -> None:
    """Names are text, whatever stands in them; names of curves do not cover each other."""
    colors = drawing.palette(["<a>", "b"])
    bars = (drawing.Bar("<a>", 10, 8, 12), drawing.Bar("b", 5, 5, 5))
    picture = drawing.bars("Bars & more", [drawing.Group("list", bars)], colors)
    texts = [text.text for text in ET.fromstring(picture) if text.tag.endswith("text")]
    assert texts == ["Bars & more", "list", "<a>", "10", "b", "5"]
    lines = [drawing.Line(name, ((1, 2.0), (10, 20.0))) for name in ("<a>", "b")]
    curves = ET.fromstring(drawing.curves("Curves", lines, colors))
    ends = {text.text: float(text.attrib["y"]) for text in curves if text.text in {"<a>", "b"}}
    assert abs(ends["<a>"] - ends["b"]) >= 16
