"""The contract is edited; the service follows, its tests still pass, overrides are looked after."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from apiwright.local import Servers
from tests.support.command import apiwright, reference_project, succeeded, tree
from tests.support.running import ROOT, run_python, scratch_database, service_environ

QUANTITY = (
    "        quantity:\n          description: How many pieces there are\n"
    "          $ref: '#/components/schemas/Quantity'\n"
)


NICKNAME_AT = (
    "        roles:\n          description: What the account may do\n          type: array\n"
)
NICKNAME = "        nickname:\n          type: [string, 'null']\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the reference project."""
    return reference_project(tmp_path)


def edit(project: Path, *replacements: tuple[str, str]) -> None:
    """Replace texts of the contract; each has to be there."""
    spec = project / "specs" / "openapi.yaml"
    text = spec.read_text()
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new)
    spec.write_text(text)


def without_operation(text: str, method: str, operation: str) -> str:
    """The contract without an operation: from its method to the next one or the next path."""
    lines = text.splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if f"operationId: {operation}" in line) - 1
    assert lines[at].strip() == f"{method}:"
    end = at + 1
    while lines[end].startswith("      ") or not lines[end].strip():
        end += 1
    return "".join(lines[:at] + lines[end:])


def add_field(project: Path) -> list[str]:
    """A new property with a default, in what is shown and in what is sent."""
    new = """        condition:
          description: How used it is
          type: string
          enum: [new, used]
          default: new
"""
    edit(project, (QUANTITY, new + QUANTITY))
    return []


def add_operation(project: Path) -> list[str]:
    """A new operation, which lists the caller's own items."""
    text = (project / "specs" / "openapi.yaml").read_text()
    start = text.index("  /items/{item_id}:\n")
    new = """  /items/mine:
    get:
      operationId: listMyItems
      tags: [Items]
      summary: List my items
      description: The items that I offer, newest first.
      security:
        - oauth2: ['items:write']
      x-action: {kind: list, schema: Item}
      x-rows: own
      parameters:
        - $ref: '#/components/parameters/Limit'
        - $ref: '#/components/parameters/Offset'
      responses:
        '200':
          description: A page of my items
          content:
            application/json:
              schema:
                $ref: '#/components/schemas/ItemPage'
        '400':
          $ref: '#/components/responses/BadRequest'
        '401':
          $ref: '#/components/responses/Unauthenticated'
        '403':
          $ref: '#/components/responses/Forbidden'
        '422':
          $ref: '#/components/responses/Invalid'

"""
    (project / "specs" / "openapi.yaml").write_text(text[:start] + new + text[start:])
    return []


def remove_operation(project: Path) -> list[str]:
    """An operation goes."""
    spec = project / "specs" / "openapi.yaml"
    spec.write_text(without_operation(spec.read_text(), "put", "replaceItem"))
    return []


def rename_schema(project: Path) -> list[str]:
    """A schema gets another name; its table has a name of its own, and stays."""
    edit(
        project,
        ("schema: Item}", "schema: Article}"),
        ("schemas/Item'", "schemas/Article'"),
        ("    Item:\n      description: A thing", "    Article:\n      description: A thing"),
    )
    override = project / "overrides" / "items.py"
    override.write_text(
        override.read_text()
        .replace(
            "from app.schemas.item import Item, ItemStatus, Reservation",
            "from app.schemas.article import Article, ItemStatus\n"
            "from app.schemas.item import Reservation",
        )
        .replace("-> Item:", "-> Article:")
        .replace("models.Item.id", "models.Article.id")
        .replace("Item.model_validate", "Article.model_validate")
        .replace("self.items", "self.articles")
    )
    return []


def remove_field(project: Path) -> list[str]:
    """A property goes, and its column with it, since that is said twice."""
    spec = project / "specs" / "openapi.yaml"
    text = spec.read_text()
    text = re.sub(
        r"        tags:\n          description: Words to find it by\n(          .*\n)+", "", text
    )
    text = re.sub(r"^ +(- tags|tags: \[office, brass\])\n", "", text, flags=re.MULTILINE)
    start = text.index("        - name: tag\n")
    end = text.index("        - name: min_price\n")
    spec.write_text(text[:start] + text[end:])
    return ["--allow-data-loss", "items.tags"]


EDITS: tuple[tuple[Callable[[Path], list[str]], ...], ...] = (
    (add_field, add_operation),
    (remove_operation, remove_field),
    (rename_schema,),
)


def test_the_service_follows_edits(project: Path, servers: Servers) -> None:
    """Regenerated, migrated from where it was, and green, one edit after the other.

    Each time the tests that an edit has changed are run; at the end, all of them.
    """
    with scratch_database(servers) as url:
        environ = service_environ(url)
        generated = project / "generated"
        pytest_of = ("-m", "pytest", "-q", "-p", "no:cacheprovider")
        run_python(generated, environ, "-m", "alembic", "upgrade", "head")
        for edits in EDITS:
            before = tree(generated / "tests")
            arguments = [argument for change in edits for argument in change(project)]
            succeeded(apiwright(project, "generate", "--no-verify", *arguments))
            assert "up to date" in succeeded(apiwright(project, "generate", "--check")).out
            run_python(generated, environ, "-m", "alembic", "upgrade", "head")
            run_python(generated, environ, "-m", "alembic", "check")
            after = tree(generated / "tests")
            changed = [path for path in after if after[path] != before.get(path)]
            tests = [f"tests/{path}" for path in changed if Path(path).name.startswith("test_")]
            assert tests
            if edits is not EDITS[-1]:
                assert " passed" in run_python(generated, environ, *pytest_of, *tests)
        assert " passed" in run_python(generated, environ, *pytest_of)


def test_what_would_lose_data_is_kept_until_it_is_said_twice(
    project: Path, servers: Servers
) -> None:
    """A property that goes leaves its column behind, of which the service knows nothing more."""
    arguments = remove_field(project)
    done = succeeded(apiwright(project, "generate", "--no-verify"))
    assert "note[retained]: the column items.tags is gone from the contract" in done.err
    assert "--allow-data-loss items.tags" in done.err
    assert "up to date" in succeeded(apiwright(project, "generate", "--check")).out
    generated = project / "generated"
    assert '"retained": true' in (generated / "alembic/schema/items.json").read_text()
    with scratch_database(servers) as url:
        environ = service_environ(url)
        run_python(generated, environ, "-m", "alembic", "upgrade", "head")
        run_python(generated, environ, "-m", "alembic", "check")
    succeeded(apiwright(project, "generate", "--no-verify", *arguments))
    assert "retained" not in (generated / "alembic/schema/items.json").read_text()
    assert "up to date" in succeeded(apiwright(project, "generate", "--check")).out


def test_a_type_that_holds_less_is_refused_until_it_is_said_twice(project: Path) -> None:
    """Nothing is written before that is clear."""
    before = tree(project / "generated")
    edit(project, (NICKNAME_AT, NICKNAME + NICKNAME_AT))
    succeeded(apiwright(project, "generate", "--no-verify"))
    between = tree(project / "generated")
    assert between != before
    edit(project, (NICKNAME, NICKNAME.replace("string", "integer")))
    refused = apiwright(project, "generate")
    assert refused.code == 1
    assert "error[data-loss]: users.nickname would become bigint, from text" in refused.err
    assert "--allow-data-loss users.nickname" in refused.err
    assert tree(project / "generated") == between
    allowed = ("--no-verify", "--allow-data-loss", "users.nickname")
    succeeded(apiwright(project, "generate", *allowed))


def test_a_column_without_a_value_for_old_rows_is_refused(project: Path) -> None:
    """A new property that is required and has no default can't be added to rows that exist."""
    weight = "        weight:\n          type: integer\n"
    owner = "        owner_id:\n          description: The account that offers it\n"
    price = (
        "        price:\n          description: What one piece costs\n"
        "          $ref: '#/components/schemas/Money'\n"
    )
    sent = price + QUANTITY + "          default: 1\n"
    edit(
        project,
        (
            "        - tags\n        - owner_id\n",
            "        - tags\n        - weight\n        - owner_id\n",
        ),
        (owner, weight + owner),
        ("      required: [title, price]\n", "      required: [title, price, weight]\n"),
        (sent, weight + sent),
    )
    refused = apiwright(project, "generate")
    assert refused.code == 1
    assert "error[no-value]: items.weight has to have a value" in refused.err


def test_an_override_that_no_longer_fits_is_reported(project: Path) -> None:
    """The message names the operation and the exact signature, and nothing is written."""
    before = tree(project / "generated")
    edit(project, ("      operationId: reserveItem\n", "      operationId: bookItem\n"))
    refused = apiwright(project, "generate")
    assert refused.code == 1
    assert "error[override-orphan]: ItemService has no operation 'reserve_item'" in refused.err
    assert "overrides/items.py:" in refused.err
    assert tree(project / "generated") == before

    path = (
        "/items/{item_id}/reserve:\n    parameters:\n"
        "      - $ref: '#/components/parameters/ItemId'\n"
    )
    notify = "      - {name: notify, in: query, schema: {type: boolean}}\n"
    edit(
        project,
        ("      operationId: bookItem\n", "      operationId: reserveItem\n"),
        (path, path + notify),
    )
    refused = apiwright(project, "check")
    assert refused.code == 1
    assert (
        "error[override-signature]: reserve_item no longer fits the operation reserveItem"
        in refused.err
    )
    parameters = "self, item_id: UUID, query: ReserveItemQuery, body: Reservation"
    assert f"async def reserve_item({parameters}) -> Item" in refused.err


def test_overrides_are_never_written(project: Path) -> None:
    """Whatever is generated, the hand-written files keep their bytes and their times."""
    override = project / "overrides" / "items.py"
    before = (override.read_bytes(), override.stat().st_mtime_ns)
    add_field(project)
    succeeded(apiwright(project, "generate", "--no-verify"))
    assert (override.read_bytes(), override.stat().st_mtime_ns) == before


def test_the_reference_service_is_what_its_contract_gives() -> None:
    """The committed `generated/` is the golden output."""
    assert "up to date" in succeeded(apiwright(ROOT, "generate", "--check")).out
