"""`apiwright schema`: what an editor needs to complete and check contracts."""

from __future__ import annotations

import click

from apiwright.check.schema_document import editor_schema
from apiwright.cli.session import print_json, quiet_pipe


@click.command(
    epilog="""\b
Example:
  apiwright schema > specs/apiwright.schema.json
and as the first line of the contract:
  # yaml-language-server: $schema=apiwright.schema.json
"""
)
def command() -> None:
    """Print the JSON Schema of contracts, extensions included, for editors."""
    with quiet_pipe():
        print_json(editor_schema())
