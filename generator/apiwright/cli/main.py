"""The group of commands; each lives in a module of its own, loaded when it is called."""

from __future__ import annotations

import difflib
import gc
import importlib
import sys

import click

from apiwright import __version__

# In the order in which somebody meets them.
_COMMANDS = {
    "init": "Lay out a new project.",
    "generate": "Turn the contract into a service.",
    "plan": "Tell what generating would do to clients, database, overrides and files.",
    "check": "Report every problem of the contract and of the overrides.",
    "explain": "Tell what was understood of the contract, and why.",
    "routes": "List the operations and who answers them.",
    "override": "Write the stub of an override.",
    "migrate": "Bring a database up to date, and prove the revisions.",
    "dev": "Run the service, and follow every edit.",
    "bench": "Measure how fast the service is, and what a request costs it.",
    "schema": "Print the JSON Schema of contracts, for editors.",
}


class _Commands(click.Group):
    """A group that knows what its commands are about without loading them."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """The names of the commands."""
        return list(_COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """A command, or None for a name that is none."""
        if name not in _COMMANDS:
            return None
        module = importlib.import_module(f"apiwright.cli.commands.{name}")
        command: click.Command = module.command
        return command

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands in the help, without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is called; a misspelt one is answered with what was meant."""
        try:
            return super().resolve_command(context, args)
        except click.UsageError as error:
            near = difflib.get_close_matches(args[0], _COMMANDS, 1, 0.5)
            if near:
                raise click.UsageError(f"{error.message} Did you mean '{near[0]}'?") from error
            raise


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  apiwright init shop          a new project in the folder shop
  apiwright dev                run the service here, and follow every edit
  apiwright generate --check   is generated/ what the contract gives?
""",
)
@click.version_option(__version__, "--version", message="apiwright %(version)s")
def group() -> None:
    """A complete FastAPI service on PostgreSQL out of its OpenAPI contract."""


def main() -> None:
    """Run the command line."""
    # What a command makes it needs until its end: to look through all of it for garbage again and
    # again takes a tenth of its time.
    gc.set_threshold(100_000, 20, 20)
    sys.exit(group(prog_name="apiwright"))
