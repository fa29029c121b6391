"""What comes after: changes of a contract whose tables were there before it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from apiwright.local import Servers
from tests.adopt.adopting import Adopted, adopted, catalog, execute
from tests.support.command import apiwright, succeeded
from tests.support.running import run_python, service_environ


@pytest.fixture
def plain(servers: Servers, tmp_path: Path) -> Any:
    """A database that is recorded."""
    with adopted("plain", servers, tmp_path) as one:
        succeeded(apiwright(one.project, "migrate", "up", environ=one.environ))
        yield one


def edited(found: Adopted, edit: Any) -> None:
    """The contract after an edit, in force on the database, and back."""
    spec = found.project / "specs/openapi.yaml"
    document = yaml.safe_load(spec.read_text())
    edit(document["components"]["schemas"], document["paths"])
    spec.write_text(yaml.safe_dump(document, sort_keys=False))
    succeeded(apiwright(found.project, "generate"))
    succeeded(apiwright(found.project, "migrate", "up", environ=found.environ))
    status = succeeded(apiwright(found.project, "migrate", "status", environ=found.environ))
    assert "as the snapshots say" in status.out
    said = run_python(found.output, service_environ(found.url), "-m", "alembic", "check")
    assert "No new upgrade operations" in said


def in_all(schemas: Any, stem: str, name: str, change: Any) -> None:
    """Change a property of a thing in all its shapes."""
    for shape in (stem, f"{stem}Input", f"{stem}Update"):
        if name in schemas[shape]["properties"]:
            change(schemas[shape]["properties"], schemas[shape])


def test_what_the_contract_drops_is_dropped_under_its_own_name(plain: Adopted) -> None:
    """A rule of the contract goes as what the database calls it; what isn't there isn't dropped."""

    def edit(schemas: Any, _: Any) -> None:
        del schemas["Book"]["properties"]["isbn"]["x-unique"]
        for shape in ("Book", "BookInput", "BookUpdate"):
            del schemas[shape]["properties"]["pages"]["exclusiveMinimum"]

    assert any("constraint book_isbn_key UNIQUE" in line for line in plain.before)
    edited(plain, edit)
    after = catalog(plain.url)
    gone = [line for line in plain.before if line not in after]
    assert [line.split()[1] for line in gone] == ["book_isbn_key", "book_pages_check"]
    assert set(after) < set(plain.before)


def test_what_the_contract_adds_is_added(plain: Adopted) -> None:
    """A column, a filter and a longer name, beside all that was found."""

    def edit(schemas: Any, paths: Any) -> None:
        for shape in ("Book", "BookInput", "BookUpdate"):
            schemas[shape]["properties"]["subtitle"] = {"type": ["string", "null"]}
        for shape in ("Author", "AuthorInput", "AuthorUpdate"):
            schemas[shape]["properties"]["name"]["maxLength"] = 200
        parameter = {"name": "title", "in": "query", "schema": {"type": "string"}}
        paths["/book"]["get"]["parameters"].append(parameter)

    edited(plain, edit)
    after = catalog(plain.url)
    added = [line.strip() for line in after if line not in plain.before]
    assert added == [
        "constraint ck_author_name_max_length CHECK ((char_length(name) <= 200))",
        "column subtitle text",
        "index ix_book_title_id btree (title, id)",
    ]
    assert [line.split()[1] for line in plain.before if line not in after] == ["author_name_check"]


def test_what_was_found_follows_new_names(plain: Adopted) -> None:
    """A renamed column and a renamed table take along what looks at them."""

    def edit(schemas: Any, _: Any) -> None:
        def rename(properties: Any, schema: Any) -> None:
            properties["state"] = {**properties.pop("status"), "x-renamed-from": "status"}
            if "status" in schema.get("required", ()):
                schema["required"] = [
                    "state" if name == "status" else name for name in schema["required"]
                ]

        in_all(schemas, "Book", "status", rename)
        schemas["Author"]["x-table"]["name"] = "writer"
        schemas["Author"]["x-renamed-from"] = "author"

    edited(plain, edit)
    after = catalog(plain.url)
    assert "table writer" in after
    assert "  constraint author_pkey PRIMARY KEY (id)" in after
    assert any("book_status_check CHECK ((state = ANY" in line for line in after)


def test_what_was_found_goes_with_its_column(plain: Adopted) -> None:
    """A column that may go takes along what looks at it; one that isn't acknowledged stays."""

    def edit(schemas: Any, _: Any) -> None:
        for name in ("rating", "weight"):
            for shape in (
                "Author",
                "AuthorInput",
                "AuthorUpdate",
                "Book",
                "BookInput",
                "BookUpdate",
            ):
                if schemas[shape]["properties"].pop(name, None) and name in schemas[shape].get(
                    "required", ()
                ):
                    schemas[shape]["required"].remove(name)
        schemas["Author"]["x-deleted"] = ["rating"]

    edited(plain, edit)
    after = catalog(plain.url)
    gone = [line.split()[1] for line in plain.before if line not in after]
    assert gone == ["rating", "author_rating_check"]


def test_names_that_are_taken_are_refused(servers: Servers, tmp_path: Path) -> None:
    """A table or a column that the service leaves alone is not made a second time."""
    with adopted("odd", servers, tmp_path) as odd:
        spec = odd.project / "specs/openapi.yaml"
        document = yaml.safe_load(spec.read_text())
        schemas = document["components"]["schemas"]
        for shape in ("Thing", "ThingInput", "ThingUpdate"):
            schemas[shape]["properties"]["place"] = {"type": ["string", "null"]}
        schemas["Loose"] = {
            "type": "object",
            "x-table": "loose",
            "properties": {"id": {"type": "integer"}},
        }
        spec.write_text(yaml.safe_dump(document, sort_keys=False))
        refused = apiwright(odd.project, "generate")
        assert refused.code == 1
        assert "there is a column thing.place in the database already, inet" in refused.err
        assert "there is a table loose in the database already" in refused.err


def test_some_of_the_tables_are_not_enough(plain: Adopted) -> None:
    """Where only some are there, nothing is made and nothing is recorded."""
    succeeded(apiwright(plain.project, "migrate", "down", "base", "--yes", environ=plain.environ))
    execute(plain.url, "DROP TABLE shelf_books")
    failed = apiwright(plain.project, "migrate", "up", environ=plain.environ)
    assert failed.code == 1
    assert "some of the tables are there, and some are not: shelf_books" in failed.err
