"""What commands share: the project, the terminal, and how they end."""

from __future__ import annotations

import difflib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn, ParamSpec, TypeVar

import click

from apiwright.cli.printer import print_problems
from apiwright.cli.sources import sources_of
from apiwright.history import HistoryError
from apiwright.local import LocalServerError
from apiwright.migrate.errors import MigrateError
from apiwright.pipeline import Timings, Understood, comprehend
from apiwright.problems import Report
from apiwright.project import Project, ProjectError, find_project
from apiwright.render import RenderError
from apiwright.render.templates import builtin_templates
from apiwright.write import WriteError

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

PROBLEMS = 1
WRONG_USE = 2


@dataclass(slots=True)
class Session:
    """One run of a command on a project."""

    project: Project
    report: Report = field(default_factory=Report)
    timings: Timings = field(default_factory=Timings)
    today: date = field(default_factory=lambda: datetime.now(UTC).date())

    @classmethod
    def here(cls) -> Session:
        """A session on the project of the working directory."""
        return cls(find_project(Path.cwd(), builtin_templates()))

    def comprehend(self) -> Understood:
        """The contract, understood; ends the command with its problems where it has errors."""
        understood = comprehend(self.project, self.report, self.timings)
        if understood is None:
            self.show_problems()
            raise click.exceptions.Exit(PROBLEMS)
        return understood

    def show_problems(self) -> None:
        """Print the problems, with excerpts, to standard error."""
        show_problems(self.report, self.project.root)

    def show_timings(self) -> None:
        """Print how long each stage took, to standard error."""
        stages = self.timings.stages
        for name, seconds in stages.items():
            click.echo(f"  {name:<12}{seconds * 1000:8.1f} ms", err=True)
        click.echo(f"  {'together':<12}{sum(stages.values()) * 1000:8.1f} ms", err=True)


def show_problems(report: Report, root: Path) -> None:
    """Print problems, with excerpts of files below `root`, to standard error."""
    color = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    print_problems(report, sources_of(root, report), sys.stderr, color=color)


def guarded(command: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """`command`, with what can go wrong told in one line instead of a traceback."""

    @wraps(command)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        try:
            return command(*args, **kwargs)
        except ProjectError as error:
            fail(str(error), error.hint, WRONG_USE)
        except (HistoryError, RenderError, WriteError) as error:
            fail(str(error))
        except MigrateError as error:
            fail(str(error), error.hint)
        except LocalServerError as error:
            fail(error.message, error.hint)
        raise AssertionError("fail() does not return")

    return run


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """A hint for a name that nothing has: what was probably meant."""
    near = difflib.get_close_matches(name, list(known), 1, 0.5)
    return f"did you mean {near[0]}?" if near else otherwise


def fail(message: str, hint: str = "", code: int = PROBLEMS) -> NoReturn:
    """End the command with an error."""
    click.secho("error: ", fg="red", bold=True, nl=False, err=True)
    click.echo(message, err=True)
    if hint:
        click.echo(f"  = hint: {hint}", err=True)
    raise click.exceptions.Exit(code)


def json_text(value: Any) -> str:
    """A value as JSON, laid out for reading."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def print_json(value: Any) -> None:
    """Print a value for programs."""
    click.echo(json_text(value))


@contextmanager
def quiet_pipe() -> Iterator[None]:
    """Let a reader such as `head` stop listening without a traceback."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stderr.close()
