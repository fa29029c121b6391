"""The results as people and programs read them: Markdown, JSON, and two pictures."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.performance import drawing
from tests.performance.bars import Mark
from tests.performance.checks import Burst, Storm
from tests.performance.drawing import Bar, Group, Line
from tests.performance.machine import Machine
from tests.performance.measuring import Plan, Sample, summaries
from tests.performance.policies import Cost
from tests.performance.variants import OFFERS, OURS
from tests.performance.works import TITLES

MEGABYTE = 2**20
README_MARKS = ("<!-- results of nox -s bench -->", "<!-- end of results -->")


@dataclass(frozen=True)
class Results:
    """Everything that was measured in one run. What was left out is None, or empty."""

    machine: Machine
    plan: Plan
    titles: Mapping[str, str]
    samples: Sequence[Sample]
    over_connections: Sequence[Sample]
    marks: Sequence[Mark]
    burst: Burst | None
    storm: Storm | None
    start: float | None
    profile: Sequence[tuple[str, float]]
    imports: Sequence[tuple[str, float]]
    features: Sequence[tuple[str, float]]
    policies: Sequence[Cost]
    notes: Sequence[str]


def write(results: Results, folder: Path) -> None:
    """Write all files into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "results.md": markdown(results),
        "results.json": json.dumps(asdict(results), indent=1) + "\n",
        "results.svg": picture(results),
        "latency.svg": latency_picture(results),
    }
    for name, text in texts.items():
        if text:
            (folder / name).write_text(text, encoding="utf-8")


def write_readme(results: Results, readme: Path, folder: str) -> None:
    """Put the table and the picture between the marks of the README."""
    start, end = README_MARKS
    text = readme.read_text(encoding="utf-8")
    lines = [start, "", f"![Requests a second]({folder}/results.svg)", ""]
    lines += _rates(results, 1)
    lines += ["", _where(results.machine), "", end]
    pattern = re.escape(start) + ".*?" + re.escape(end)
    readme.write_text(
        re.sub(pattern, lambda _: "\n".join(lines), text, flags=re.DOTALL), encoding="utf-8"
    )


def markdown(results: Results) -> str:
    """The report."""
    return "\n".join(_lines(results)) + "\n"


def picture(results: Results) -> str:
    """Requests a second with one worker: a group of bars for each kind of work."""
    names = [_title(results, name) for name in results.titles]
    groups = []
    for work, title in TITLES.items():
        found = [s for s in summaries(results.samples) if s.work == work and s.workers == 1]
        if found:
            shown = [Bar(_title(results, s.variant), s.rate, s.slowest, s.fastest) for s in found]
            groups.append(Group(title, tuple(sorted(shown, key=lambda bar: -bar.value))))
    title = "Requests a second, one worker (the line is from the slowest to the fastest round)"
    return drawing.bars(title, groups, drawing.palette(list(dict.fromkeys(names))))


def latency_picture(results: Results) -> str:
    """The latency of the list over the number of connections."""
    if not results.over_connections:
        return ""
    names = [_title(results, name) for name in results.titles]
    lines = []
    for variant in dict.fromkeys(sample.variant for sample in results.over_connections):
        points = tuple(
            (float(sample.connections), sample.p50)
            for sample in results.over_connections
            if sample.variant == variant and sample.p50
        )
        lines.append(Line(_title(results, variant), points))
    title = "List of 20, one worker: median latency over connections"
    return drawing.curves(title, lines, drawing.palette(list(dict.fromkeys(names))))


def _lines(results: Results) -> Iterator[str]:
    plan = results.plan
    yield "# How fast the reference service is"
    yield ""
    yield (
        "Written by `nox -s bench`; every figure is from one run. The service answers with "
        "everything on that it offers: checked parameters, authentication where the contract asks "
        "for it, metrics, request ids, security headers and a log line for each request. "
        "[The peers](../../tests/performance/README.md) offer the same, as far as the "
        "documentation of their framework teaches it; the floor offers nothing."
    )
    yield ""
    yield _where(results.machine)
    yield ""
    yield (
        f"Load comes from another process over loopback: {plan.connections} connections, each of "
        f"which asks again as soon as it has its answer, for {plan.seconds:g} s after a warm-up. "
        "The variants take turns; shown are the medians of all rounds. All answers are checked by "
        "status and length, and before the run by what they say. CPU is the time that the server's "
        "own processes use for a request, and what PostgreSQL uses for it."
    )
    yield ""
    yield "![Requests a second](results.svg)"
    for workers in dict.fromkeys(sample.workers for sample in results.samples):
        yield ""
        yield f"## {'One worker' if workers == 1 else f'{workers} workers'}"
        yield ""
        yield from _rates(results, workers)
        yield ""
        yield from _details(results, workers)
    if results.marks:
        yield ""
        yield "## The bars"
        yield ""
        yield "| work | at least | measured | |"
        yield "| --- | --- | --- | --- |"
        for mark in results.marks:
            yield f"| {mark.work} | {mark.asked} | {mark.measured} | {_word(mark)} |"
    if results.burst is not None:
        yield ""
        others = "; ".join(f"{s:.2f} s for {name}" for name, s in results.burst.others.items())
        yield f"The reference load test runs beside its client. Its median is {others}."
    if results.over_connections:
        yield ""
        yield "## Latency over connections"
        yield ""
        yield "![Median latency over connections](latency.svg)"
    if results.profile:
        yield ""
        yield "## Where the time of a list goes"
        yield ""
        yield "Shares of the CPU time of one worker, by module, under Python's own profiler."
        yield ""
        shares = [(f"`{module}`", share * 100) for module, share in results.profile]
        yield from _pairs("module", "%", shares)
    if results.imports:
        yield ""
        yield "## What holds the memory of an idle worker"
        yield ""
        yield from _pairs("package", "MB", results.imports)
    if results.features:
        yield ""
        yield "## What each feature costs"
        yield ""
        yield "Microseconds of CPU time a request, in one process, without a network."
        yield ""
        yield from _pairs("feature", "us", results.features)
    if results.policies:
        yield ""
        yield "## What each policy costs"
        yield ""
        yield from _policies(results.policies)
    for note in (*results.notes, *_errors(results)):
        yield ""
        yield note


def _policies(costs: Sequence[Cost]) -> Iterator[str]:
    """A line for each policy, with a column for each kind of work."""
    yield (
        "Microseconds of CPU time a request, of the server and (behind the plus) of PostgreSQL: "
        "services of the reference contract without any policy, with one, and with all. Limits are "
        "counted in Redis; no client sends a key or a condition."
    )
    works = list(dict.fromkeys(cost.work for cost in costs))
    yield ""
    yield f"| policy | {' | '.join(TITLES[work] for work in works)} |"
    yield "| --- |" + " ---: |" * len(works)
    for policy in dict.fromkeys(cost.policy for cost in costs):
        cells = [
            f"{cost.cpu:,.0f} + {cost.database_cpu:,.0f} ({cost.more:+.0%})"
            for cost in costs
            if cost.policy == policy
        ]
        yield f"| {policy} | {' | '.join(cells)} |"


def _errors(results: Results) -> Iterator[str]:
    """What went wrong while it was measured."""
    for sample in (*results.samples, *results.over_connections):
        for error, count in sample.errors.items():
            load = (
                f"{TITLES[sample.work]}, {sample.workers} workers, {sample.connections} connections"
            )
            yield f"{_title(results, sample.variant)} ({load}): {count} times {error}."


def _rates(results: Results, workers: int) -> Iterator[str]:
    """Requests a second: a line for each variant, a column for each kind of work."""
    found = [s for s in summaries(results.samples) if s.workers == workers]
    works = [work for work in TITLES if any(s.work == work for s in found)]
    yield f"| requests a second | {' | '.join(TITLES[work] for work in works)} |"
    yield "| --- |" + " ---: |" * len(works)
    for title in dict.fromkeys(results.titles.values()):
        rates = {s.work: s.rate for s in found if results.titles[s.variant] == title}
        cells = (f"{rates[work]:,.0f}" if work in rates else "" for work in works)
        yield f"| {_bold(title, results)} | {' | '.join(cells)} |"


def _details(results: Results, workers: int) -> Iterator[str]:
    yield "| work | variant | p50 ms | p95 ms | p99 ms | CPU us | database CPU us | memory MB |"
    yield "| --- | --- |" + " ---: |" * 6
    for work, title in TITLES.items():
        for s in summaries(results.samples):
            if s.workers == workers and s.work == work:
                times = " | ".join(f"{value:.1f}" for value in (s.p50, s.p95, s.p99))
                used = f"{s.cpu:,.0f} | {s.database_cpu:,.0f} | {s.memory / MEGABYTE:.0f}"
                yield f"| {title} | {_title(results, s.variant)} | {times} | {used} |"


def _pairs(name: str, unit: str, pairs: Sequence[tuple[str, float]]) -> Iterator[str]:
    yield f"| {name} | {unit} |"
    yield "| --- | ---: |"
    for what, value in pairs:
        yield f"| {what} | {value:.1f} |"


def _where(machine: Machine) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions.items())
    where = f"{machine.cores} cores of {machine.processor}, {machine.system}"
    return f"{machine.date}, {where}; {versions}."


def _title(results: Results, variant: str) -> str:
    return results.titles[variant]


def _bold(title: str, results: Results) -> str:
    return (
        f"**{title}**" if title in {results.titles.get(OURS), results.titles.get(OFFERS)} else title
    )


def _word(mark: Mark) -> str:
    return mark.word if mark.word == "hit" else f"**{mark.word}**"
