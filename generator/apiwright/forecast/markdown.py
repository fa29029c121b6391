"""A forecast as Markdown, for the description of a pull request or a comment on it."""

from __future__ import annotations

import html
from collections.abc import Iterator

from apiwright.forecast.model import Forecast, Verdict
from apiwright.forecast.telling import sql_lines, step_cost

_TITLES = {
    Verdict.NOTHING: "Nothing changes",
    Verdict.SAFE: "Safe to generate",
    Verdict.DECIDE: "Needs a decision",
}


def markdown(forecast: Forecast) -> str:
    """The forecast as one document; no text of a contract is markup in it."""
    return "\n".join(_lines(forecast)) + "\n"


def _lines(forecast: Forecast) -> Iterator[str]:
    yield f"## {_TITLES[forecast.verdict]}"
    yield ""
    yield f"Compared with {_text(forecast.against)}."
    if forecast.decisions:
        yield ""
        for decision in forecast.decisions:
            yield f"- [ ] {decision.kind}, {_code(decision.name)}: {_text(decision.message)}"
    yield from _api(forecast)
    yield from _database(forecast)
    yield from _overrides(forecast)
    yield from _files(forecast)


def _api(forecast: Forecast) -> Iterator[str]:
    if forecast.api:
        yield from ("", "### API", "", "| | rule | where | what |", "| --- | --- | --- | --- |")
        for changes in forecast.api_changes:
            change = changes.first
            cells = (change.level.value, _code(change.id), _text(changes.where))
            yield f"| {' | '.join(cells)} | {_text(change.message)} |"


def _database(forecast: Forecast) -> Iterator[str]:
    storage = forecast.storage
    if storage.steps:
        yield from ("", "### Database", "", "| phase | step | cost |", "| --- | --- | --- |")
        for step in storage.steps:
            yield f"| {step.phase} | {_text(step.what)} | {_text(step_cost(step))} |"
    told = [
        *(f"refused: {r.message} ({r.hint})" for r in storage.refusals),
        *(f"unclear: {q.message} ({q.hint})" for q in storage.questions),
        *(n.message for n in storage.notes),
    ]
    if told:
        yield ""
        yield from (f"- {_text(message)}" for message in told)
    for revision in forecast.revisions:
        yield ""
        yield f"<details><summary>{html.escape(revision.file)}</summary>"
        yield ""
        yield from ("```sql", *(line.replace("```", "` ``") for line in sql_lines(revision)), "```")
        yield ""
        yield "</details>"


def _overrides(forecast: Forecast) -> Iterator[str]:
    if forecast.overrides:
        yield from ("", "### Overrides", "")
        for problem in forecast.overrides:
            where = f" ({_code(str(problem.position))})" if problem.position else ""
            hint = f"; {_text(problem.hint)}" if problem.hint else ""
            yield f"- {problem.severity.value}: {_text(problem.message)}{where}{hint}"


def _files(forecast: Forecast) -> Iterator[str]:
    files = forecast.files
    counts = [
        f"{len(paths)} {name}"
        for name, paths in (
            ("created", files.created),
            ("changed", files.changed),
            ("removed", files.removed),
            ("edited by hand", files.edited),
        )
        if paths
    ]
    if counts:
        yield from ("", "### Files", "", f"{', '.join(counts)}.")


def _text(text: str) -> str:
    """A text that is no markup, on one line."""
    line = " ".join(text.split())
    escaped = "".join(f"\\{c}" if c in "\\`*_{}[]<>|#!~" else c for c in line)
    return escaped.replace("@", "@\u200b")


def _code(text: str) -> str:
    """A text as code, on one line of a table."""
    line = " ".join(text.split()).replace("`", "'").replace("|", "\\|")
    return f"`{line}`"
