"""`apiwright routes`: the operations, and who answers them."""

from __future__ import annotations

from dataclasses import dataclass

import click

from apiwright.cli.session import Session, guarded, print_json, quiet_pipe
from apiwright.overriding import read_overrides
from apiwright.plan.describe import OperationStory, describe_operations
from apiwright.plan.describe_versions import describe_versions
from apiwright.problems import Report


@dataclass(frozen=True, slots=True)
class Route:
    """An operation and its state: "default", "overridden" (then `place` says where), "open"."""

    method: str
    path: str
    operation: str
    state: str
    place: str


_COLORS = {"default": "green", "overridden": "cyan", "open": "yellow"}


@click.command(
    epilog="""\b
Examples:
  apiwright routes
  apiwright routes --json | jq '.[] | select(.state == "open")'
"""
)
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
@guarded
def command(*, as_json: bool) -> None:
    """List the operations and who answers them.

    An operation is answered by its default, by an override (with its place), or it is still open
    and answers 501.
    """
    session = Session.here()
    understood = session.comprehend()
    overridden = _overridden(session)
    stories = describe_operations(understood.service)
    older = describe_versions(understood.versions, stories)
    offered = [s for s in stories if not understood.service.operations[s.id].home]
    routes = [_route(story, overridden) for story in (*offered, *older)]
    with quiet_pipe():
        if as_json:
            print_json(
                [{name: getattr(route, name) for name in Route.__slots__} for route in routes]
            )
        else:
            _show(routes)


def _overridden(session: Session) -> dict[tuple[str, str], str]:
    """The places of methods of overrides, by module and name."""
    project = session.project
    found = read_overrides(project.overrides, project.root, Report())
    return {
        (known.module, method.name): f"{method.position.file}:{method.position.line}"
        for known in found
        for method in known.methods
    }


def _route(story: OperationStory, overridden: dict[tuple[str, str], str]) -> Route:
    place = overridden.get((story.resource, story.name), "")
    state = "overridden" if place else "default" if story.answered else "open"
    return Route(story.method, story.path, story.id, state, place)


def _show(routes: list[Route]) -> None:
    widths = [max((len(getattr(r, n)) for r in routes), default=0) for n in ("path", "operation")]
    for route in routes:
        click.echo(f"{route.method:<7}{route.path:<{widths[0]}}  ", nl=False)
        click.echo(f"{route.operation:<{widths[1]}}  ", nl=False)
        click.secho(route.state, fg=_COLORS[route.state], nl=not route.place)
        if route.place:
            click.echo(f" {route.place}")
    counts = {state: sum(route.state == state for route in routes) for state in _COLORS}
    click.echo(", ".join(f"{count} {state}" for state, count in counts.items() if count))
