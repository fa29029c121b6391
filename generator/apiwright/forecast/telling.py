"""A forecast as lines for a terminal: clients, the database, overrides, and files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from apiwright.breaking import Level
from apiwright.forecast.model import Forecast, RevisionForecast, Verdict
from apiwright.plan import StepView


class Tone(Enum):
    """How a line is meant."""

    PLAIN = "plain"
    TITLE = "title"
    BAD = "bad"
    DOUBTFUL = "doubtful"
    GOOD = "good"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text, and how it is meant."""

    text: str
    tone: Tone = Tone.PLAIN


_LEVELS = {Level.BREAKING: Tone.BAD, Level.WARNING: Tone.DOUBTFUL, Level.INFO: Tone.QUIET}
_SENTENCES = {
    Verdict.NOTHING: "Nothing changes.",
    Verdict.SAFE: "Safe: `apiwright generate` does this.",
}


def lines(forecast: Forecast, *, with_sql: bool = True) -> Iterator[Line]:
    """The lines of a forecast."""
    yield Line(f"Compared with {forecast.against}.", Tone.QUIET)
    for title, part in (
        ("API", _api(forecast)),
        ("Database", _database(forecast, with_sql)),
        ("Overrides", _overrides(forecast)),
        ("Files", _files(forecast)),
    ):
        listed = list(part)
        if listed:
            yield Line("")
            yield Line(title, Tone.TITLE)
            yield from listed
    yield Line("")
    yield from verdict(forecast)


def verdict(forecast: Forecast) -> Iterator[Line]:
    """What to do with a forecast, in a sentence, and what there is to decide."""
    decisions = forecast.decisions
    if not decisions:
        tone = Tone.GOOD if forecast.verdict is Verdict.SAFE else Tone.PLAIN
        yield Line(_SENTENCES[forecast.verdict], tone)
        return
    many = "s" if len(decisions) > 1 else ""
    yield Line(f"Needs a decision, on {len(decisions)} point{many}:", Tone.BAD)
    for decision in decisions:
        yield Line(f"  {decision.kind}  {decision.name}: {decision.message}")


def _api(forecast: Forecast) -> Iterator[Line]:
    for problem in forecast.unread:
        yield Line(f"  unread    what was served can't be read: {problem.message}", Tone.BAD)
        yield Line(f"            {problem.position}", Tone.QUIET)
        yield Line("            hint: restore it from version control", Tone.QUIET)
    if forecast.api is None and not forecast.unread:
        yield Line("  there is no older contract: everything is new")
        return
    for changes in forecast.api_changes:
        change = changes.first
        yield Line(f"  {change.level.value:<9} {change.id}", _LEVELS[change.level])
        yield Line(f"            {changes.where}: {change.message}")
        yield Line(f"            {change.position}", Tone.QUIET)
        if change.hint:
            yield Line(f"            hint: {change.hint}", Tone.QUIET)


def _database(forecast: Forecast, with_sql: bool) -> Iterator[Line]:
    storage = forecast.storage
    for refusal in storage.refusals:
        yield Line(f"  refused   {refusal.name}: {refusal.message}", Tone.BAD)
        yield Line(f"            hint: {refusal.hint}", Tone.QUIET)
    for step in storage.steps:
        yield Line(f"  {step.phase:<9} {step.what}", _step_tone(step))
        yield Line(f"            {step_cost(step)}", Tone.QUIET)
    for question in storage.questions:
        yield Line(f"  unclear   {question.message}", Tone.DOUBTFUL)
        yield Line(f"            hint: {question.hint}", Tone.QUIET)
    for note in storage.notes:
        yield Line(f"  note      {note.message}")
        if note.hint:
            yield Line(f"            hint: {note.hint}", Tone.QUIET)
    for revision in forecast.revisions:
        yield Line(f"  {revision.file}")
        if with_sql:
            for line in sql_lines(revision):
                yield Line(f"    {line}".rstrip(), Tone.QUIET)


def step_cost(step: StepView) -> str:
    """The lock of a step, for how long it matters, and what can't be undone."""
    words = [f"{step.lock}, {step.duration.value}"]
    if step.loses_data:
        words.append("loses data")
    elif not step.reversible:
        words.append("no way back")
    return "; ".join(words)


def sql_lines(revision: RevisionForecast) -> list[str]:
    """The SQL of a revision, without lines that say nothing."""
    return [line for line in revision.sql.splitlines() if line.strip()]


def _step_tone(step: StepView) -> Tone:
    return Tone.DOUBTFUL if step.loses_data or step.holds_up else Tone.PLAIN


def _overrides(forecast: Forecast) -> Iterator[Line]:
    for problem in forecast.overrides:
        tone = Tone.BAD if problem.severity.value == "error" else Tone.PLAIN
        yield Line(f"  {problem.severity.value:<9} {problem.message}", tone)
        yield Line(f"            {problem.position}", Tone.QUIET)
        if problem.hint:
            yield Line(f"            hint: {problem.hint}", Tone.QUIET)


def _files(forecast: Forecast) -> Iterator[Line]:
    files = forecast.files
    for mark, paths, tone in (
        ("+", files.created, Tone.GOOD),
        ("~", files.changed, Tone.PLAIN),
        ("-", files.removed, Tone.DOUBTFUL),
        ("!", files.edited, Tone.BAD),
    ):
        for path in paths:
            yield Line(f"  {mark} {path}", tone)
    if forecast.storage.refusals:
        yield Line("  none is written as long as the database can't follow", Tone.QUIET)
