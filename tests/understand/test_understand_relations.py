"""Rows that show, or list the keys of, rows of other tables."""

from __future__ import annotations

import pytest

from apiwright.ir.operations import CreateAction, CustomAction, LinkWrite, Load, RowAction
from apiwright.ir.storage import ColumnType, Entity, ManyToMany, OnDelete, ToMany, ToOne
from tests.support.contracts import (
    INTEGER,
    TEXT,
    Contract,
    action,
    contract,
    crud,
    many,
    obj,
    operation,
    parameter,
    ref,
    thing,
    understood,
)

KEYS = {"type": "array", "items": INTEGER}


def entities(schemas: Contract, **paths: Contract) -> dict[str, Entity]:
    """What is stored of schemas, all of which are."""
    stored = {name: {"x-table": True, **schema} for name, schema in schemas.items()}
    return dict(understood(contract(paths, stored)).entities)


def test_a_row_that_is_shown_has_a_foreign_key() -> None:
    found = entities({"Book": thing({"author": ref("Author")}), "Author": thing()})["Book"]
    assert found.relations == (ToOne("author", "author", "Author", "author_id"),)
    key = found.column("author_id")
    assert (key.property, key.nullable, key.type) == ("", True, ColumnType.INT64)
    assert key.reference is not None
    assert (key.reference.entity, key.reference.on_delete) == ("Author", OnDelete.RESTRICT)


def test_a_foreign_key_that_is_a_property_is_used() -> None:
    schemas = {"Book": thing({"author": ref("Author"), "authorId": INTEGER}), "Author": thing()}
    found = entities(schemas)["Book"]
    assert found.relations == (ToOne("author", "author", "Author", "author_id"),)
    assert found.column("author_id").property == "authorId"
    assert len(found.columns) == 3


def test_a_property_of_the_right_name_and_type_becomes_the_foreign_key() -> None:
    schemas = {
        "Book": thing({"writer": ref("Author"), "writer_id": INTEGER}),
        "Author": thing(),
    }
    found = entities(schemas)["Book"]
    assert found.relations == (ToOne("writer", "writer", "Author", "writer_id"),)
    reference = found.column("writer_id").reference
    assert reference is not None
    assert reference.entity == "Author"
    schemas["Book"] = thing({"writer": ref("Author"), "writer_id": TEXT})
    found = entities(schemas)["Book"]
    assert found.column("writer_id").reference is None
    (relation,) = found.relations
    assert isinstance(relation, ToOne)
    assert relation.column.startswith("writer_id_")
    assert found.column(relation.column).property == ""


def test_the_only_foreign_key_to_a_table_is_the_one_that_is_meant() -> None:
    schemas = {
        "Book": thing({"writer": ref("Author"), "by": {**INTEGER, "x-references": "Author"}}),
        "Author": thing(),
    }
    found = entities(schemas)["Book"]
    assert found.relations == (ToOne("writer", "writer", "Author", "by"),)
    assert len(found.columns) == 3


def keys(properties: Contract) -> dict[str, str]:
    """The foreign keys behind the teams that a match shows."""
    found = entities({"Match": thing(properties), "Team": thing()})["Match"]
    known = {relation.property: relation for relation in found.relations}
    return {name: one.column for name, one in known.items() if isinstance(one, ToOne)}


def test_several_foreign_keys_to_one_table_are_told_apart() -> None:
    both = {"home": ref("Team"), "guest": ref("Team")}
    team = {**INTEGER, "x-references": "Team"}
    usual = {"home": "home_id", "guest": "guest_id"}
    assert keys(both) == usual
    assert keys({**both, "home_id": INTEGER}) == usual
    assert keys({**both, "guest_id": team, "home_id": team}) == usual
    assert keys({**both, "by": team}) == usual
    assert keys({**both, "home_id": team, "by": team}) == {"home": "home_id", "guest": "by"}
    assert keys({"home": ref("Team"), "by": team, "to": team}) == {"home": "home_id"}
    other = {**INTEGER, "x-references": "Match"}
    assert keys({"home": ref("Team"), "home_id": other})["home"].startswith("home_id_")


def test_rows_that_refer_back_are_shown_as_many() -> None:
    schemas = {"Author": thing({"books": many("Book")}), "Book": thing({"author_id": INTEGER})}
    assert entities(schemas)["Author"].relations == (ToMany("books", "books", "Book", "author_id"),)


def test_a_key_of_another_type_is_followed() -> None:
    author = obj({"slug": TEXT, "name": TEXT}, "slug", **{"x-table": {"key": "slug"}})
    found = entities({"Book": thing({"author": ref("Author")}), "Author": author})["Book"]
    assert found.column("author_id").type is ColumnType.TEXT
    hidden = obj({"name": TEXT})
    found = entities({"Book": thing({"author": ref("Author")}), "Author": hidden})["Book"]
    assert found.column("author_id").type is ColumnType.INT64


def test_two_that_show_each_other_share_a_table_of_pairs() -> None:
    schemas = {"Book": thing({"authors": many("Author")}), "Author": thing({"books": many("Book")})}
    found = entities(schemas)
    assert found["Book"].relations == (
        ManyToMany("authors", "", "authors", "Author", "authors_books", "book_id", "author_id"),
    )
    assert found["Author"].relations == (
        ManyToMany("books", "", "books", "Book", "authors_books", "author_id", "book_id"),
    )


@pytest.mark.parametrize(
    ("properties", "relation"),
    [
        (
            {"author_ids": KEYS},
            ManyToMany("", "author_ids", "authors", "Author", "authors_books", "book_id",
                       "author_id"),
        ),
        (
            {"authors": many("Author"), "author_ids": KEYS},
            ManyToMany("authors", "author_ids", "authors", "Author", "authors_books", "book_id",
                       "author_id"),
        ),
        (
            {"writers": many("Author"), "by": {**KEYS, "x-references": "Author"}},
            ManyToMany("writers", "by", "writers", "Author", "authors_books", "book_id",
                       "author_id"),
        ),
        (
            {"authors": TEXT, "author_ids": KEYS},
            ManyToMany("", "author_ids", "authors_rows", "Author", "authors_books", "book_id",
                       "author_id"),
        ),
        (
            {"by": {**KEYS, "x-references": {"schema": "Author", "table": "writing"}}},
            ManyToMany("", "by", "bies", "Author", "writing", "book_id", "author_id"),
        ),
    ],
)  # fmt: skip
def test_lists_of_keys_are_pairs_as_well(properties: Contract, relation: ManyToMany) -> None:
    found = entities({"Book": thing(properties), "Author": thing()})["Book"]
    assert found.relations == (relation,)
    assert all(column.property not in {"author_ids", "by"} for column in found.columns)


def test_rows_of_one_table_may_be_tied_to_each_other() -> None:
    found = entities({"Thing": thing({"related": many("Thing")})})["Thing"]
    assert found.relations == (
        ManyToMany(
            "related", "", "related", "Thing", "things_links", "thing_id", "linked_thing_id"
        ),
    )


def test_several_relations_between_two_tables_have_tables_of_their_own() -> None:
    book = thing({"authors": many("Author"), "editors": many("Author"), "readers": many("Author")})
    found = entities({"Book": book, "Author": thing()})["Book"].relations
    tables = [relation.table for relation in found if isinstance(relation, ManyToMany)]
    assert tables == ["authors_books", "books_editors", "books_readers"]


def test_lists_of_keys_that_lead_nowhere_are_columns() -> None:
    found = entities({"Book": thing({"nobody_ids": KEYS, "ids": KEYS, "_ids": KEYS})})["Book"]
    assert found.relations == ()
    assert found.column("nobody_ids").array


def test_what_is_shown_and_stored_nowhere_is_json() -> None:
    found = understood(
        contract(schemas={"Book": {**thing({"cover": ref("Cover")}), "x-table": True},
                          "Cover": obj({"color": TEXT})})
    ).entities["Book"]  # fmt: skip
    assert found.relations == ()
    assert found.column("cover").type is ColumnType.JSON


BOOK_IN = obj({"name": TEXT, "author_ids": KEYS}, "name")


def library(book: Contract, author: Contract | None = None, **schemas: Contract) -> Contract:
    """A contract of books, made from a name and the keys of authors."""
    known = {"Book": book, "BookIn": BOOK_IN, "Author": author or thing(), **schemas}
    stored = {**crud("Book", "books", takes=ref("BookIn")),
              **crud("Author", "authors", takes=obj({"name": TEXT}, "*"))}  # fmt: skip
    return contract(stored, known)


def test_views_load_what_they_show() -> None:
    document = library(
        thing({"authors": many("Author"), "author_ids": {**KEYS, "readOnly": True}}),
        thing({"country": ref("Country")}),
        Country={**thing(), "x-table": True},
    )
    read, made = action(document, "read Book"), action(document, "create Book")
    assert isinstance(read, RowAction)
    assert isinstance(made, CreateAction)
    assert read.view is not None
    load = Load("authors", "Author", (Load("country", "Country"),))
    assert read.view.loads == (load, Load("authors", "Author"))
    assert made.links == (LinkWrite("author_ids", "authors"),)
    assert [write.column for write in made.writes] == ["name"]


def test_rows_that_show_each_other_without_end_are_left_to_an_override() -> None:
    document = library(thing({"authors": many("Author")}), thing({"books": many("Book")}))
    found = action(document, "read Book")
    assert found == CustomAction("Book > Author > Book show each other without end")


def test_a_summary_of_related_rows_may_be_shown() -> None:
    document = library(thing({"authors": many("Author")}), thing({"books": many("Brief")}),
                       Brief=obj({"name": TEXT}))  # fmt: skip
    assert isinstance(action(document, "read Book"), RowAction)


def test_related_rows_cannot_be_written_as_a_whole() -> None:
    book = thing({"author": ref("Author")})
    document = contract({**crud("Book", "books"), **crud("Author", "authors")},
                        {"Book": book, "Author": thing()})  # fmt: skip
    found = action(document, "create Book")
    assert found == CustomAction("nothing stores 'author' of the body")


def test_related_rows_that_show_nothing_are_left_to_an_override() -> None:
    stored = {"Book": {**thing({"author": ref("Author")}), "x-table": True},
              "Author": {"type": "object", "x-table": True}}  # fmt: skip
    show = operation("it", gives=ref("Book"), parameters=[parameter("id", INTEGER, "path")])
    found = action(contract({"/books/{id}": {"get": show}}, stored), "it")
    assert found == CustomAction("'author' shows nothing of Author")
