"""How PostgreSQL runs the lists of the reference service; a program for the folder of the service.

Prints, for each query, the nodes of the plan that scan a table, and the blocks that the page took.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

import asyncpg

from app.direct import items_answers
from app.schemas.item import ListItemsQuery


def scans(plan: dict[str, Any]) -> Iterator[str]:
    """The scans in a plan: which kind, of which index or table."""
    if "Scan" in plan["Node Type"]:
        yield f"{plan['Node Type']} {plan.get('Index Name') or plan.get('Relation Name', '')}"
    for inner in plan.get("Plans", ()):
        yield from scans(inner)


async def explained(connection: Any, query: ListItemsQuery) -> dict[str, Any]:
    """The scans and blocks of the page that `query` asks for."""
    form = items_answers.LIST_ITEMS.form(query)
    text = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {form.page.text}"
    found = json.loads(await connection.fetchval(text, *form.page.arguments(form.values)))[0]
    plan = found["Plan"]
    blocks = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return {"scans": list(scans(plan)), "blocks": blocks}


async def main() -> None:
    """Explain every query that is given as JSON, one a line."""
    connection = await asyncpg.connect(os.environ["DATABASE_URL"])
    for line in sys.stdin:
        query = ListItemsQuery.model_validate_json(line)
        print(json.dumps(await explained(connection, query)))
    await connection.close()


if __name__ == "__main__":
    asyncio.run(main())
