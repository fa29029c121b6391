"""What the parameters of a list mean: pages, filters, search, order; and the indexes for them."""

from __future__ import annotations

import pytest

from apiwright.ir.operations import Compare, Filter, ListAction, Search, SortKey
from apiwright.ir.storage import Index, IndexMethod
from tests.support.contracts import (
    INTEGER,
    MOMENT,
    TEXT,
    Contract,
    action,
    contract,
    crud,
    entity,
    many,
    obj,
    parameter,
    ref,
    thing,
    things,
    understood,
)

TEXTS = {"type": "array", "items": TEXT}
BOOLEAN = {"type": "boolean"}
PROPERTIES = {
    "price": {"type": "number"},
    "createdAt": {**MOMENT, "readOnly": True},
    "tags": TEXTS,
    "color": {"type": "string", "enum": ["red", "blue"]},
    "secret": {**TEXT, "x-hashed": True},
}


def listing(*query: Contract, page: Contract | None = None, **schemas: Contract) -> ListAction:
    """What a list of things with these parameters does."""
    document = things(PROPERTIES, query=list(query), page=page, schemas=schemas)
    found = action(document, "list things")
    assert isinstance(found, ListAction), found
    return found


def unknown(*query: Contract) -> str:
    """Why a list with these parameters is left to an override."""
    found = action(things(PROPERTIES, query=list(query)), "list things")
    assert not isinstance(found, ListAction)
    return str(found)


@pytest.mark.parametrize(
    ("name", "schema", "field"),
    [
        ("limit", INTEGER, "limit"),
        ("per-page", INTEGER, "limit"),
        ("pageSize", INTEGER, "limit"),
        ("offset", INTEGER, "offset"),
        ("skip", INTEGER, "offset"),
        ("page", INTEGER, "number"),
        ("cursor", TEXT, "cursor"),
        ("page_token", TEXT, "cursor"),
        ("starting_after", {"anyOf": [TEXT, {"type": "null"}]}, "cursor"),
    ],
)
def test_pages_are_known_by_the_names_of_their_parameters(
    name: str, schema: Contract, field: str
) -> None:
    page = listing(parameter(name, schema)).page
    assert getattr(page, field)
    assert [getattr(page, other) for other in ("limit", "offset", "number", "cursor")].count(
        ""
    ) == 3


@pytest.mark.parametrize(
    ("words", "usual", "most"),
    [
        ({}, 20, 100),
        ({"default": 50}, 50, 100),
        ({"maximum": 10}, 10, 10),
        ({"default": 5, "maximum": 500}, 5, 500),
    ],
)
def test_a_page_is_as_long_as_the_contract_says(words: Contract, usual: int, most: int) -> None:
    page = listing(parameter("limit", {**INTEGER, **words})).page
    assert (page.default_limit, page.max_limit) == (usual, most)


def test_a_list_without_pages_shows_a_thousand_things() -> None:
    page = listing().page
    assert (page.limit, page.default_limit, page.max_limit) == ("", 1000, 1000)


def test_a_page_says_what_its_properties_are_called() -> None:
    names = {
        "items": many("Thing"), "total_count": INTEGER, "nextCursor": TEXT, "per_page": INTEGER,
        "skip": INTEGER, "currentPage": INTEGER, "total_pages": INTEGER, "has_next": BOOLEAN,
    }  # fmt: skip
    page = listing(page=ref("Page"), Page=obj(names, "*")).page
    assert (page.envelope, page.items, page.total, page.next_cursor) == (
        "Page",
        "items",
        "total_count",
        "nextCursor",
    )
    assert (page.shown_limit, page.shown_offset, page.shown_number) == (
        "per_page",
        "skip",
        "currentPage",
    )
    assert (page.shown_pages, page.has_more) == ("total_pages", "has_next")
    bare = listing().page
    assert (bare.envelope, bare.items, bare.total) == ("", "", "")


def test_a_page_may_have_what_it_does_not_need() -> None:
    page = listing(page=ref("Page"), Page=obj({"data": many("Thing"), "mood": TEXT}, "data")).page
    assert (page.items, page.total) == ("data", "")


@pytest.mark.parametrize(
    ("name", "schema", "column", "compare"),
    [
        ("name", TEXT, "name", Compare.EQ),
        ("Name", TEXT, "name", Compare.EQ),
        ("price", {"type": "number"}, "price", Compare.EQ),
        ("name", TEXTS, "name", Compare.IN),
        ("tag", TEXT, "tags", Compare.CONTAINS),
        ("tags", TEXTS, "tags", Compare.CONTAINS),
        ("min_price", {"type": "number"}, "price", Compare.GTE),
        ("price_min", {"type": "number"}, "price", Compare.GTE),
        ("priceMax", {"type": "number"}, "price", Compare.LTE),
        ("price_gt", {"type": "number"}, "price", Compare.GT),
        ("price_lt", {"type": "number"}, "price", Compare.LT),
        ("created_after", MOMENT, "created_at", Compare.GT),
        ("createdBefore", MOMENT, "created_at", Compare.LT),
        ("since_created", MOMENT, "created_at", Compare.GTE),
        ("created_to", MOMENT, "created_at", Compare.LTE),
        ("name_not", TEXT, "name", Compare.NE),
        ("name_in", TEXTS, "name", Compare.IN),
        ("name__in", TEXTS, "name", Compare.IN),
        ("name_prefix", TEXT, "name", Compare.STARTS_WITH),
        ("name_starts_with", TEXT, "name", Compare.STARTS_WITH),
        ("name_is_null", BOOLEAN, "name", Compare.IS_NULL),
    ],
)
def test_filters_are_known_by_their_names(
    name: str, schema: Contract, column: str, compare: Compare
) -> None:
    (found,) = listing(parameter(name, schema)).filters
    assert (found.column, found.compare, found.relation) == (column, compare, "")


@pytest.mark.parametrize(
    ("words", "column", "compare"),
    [
        ({"column": "price"}, "price", Compare.EQ),
        ({"column": "created_at", "compare": "gte"}, "created_at", Compare.GTE),
        ({"column": "createdAt", "compare": "lt"}, "created_at", Compare.LT),
        ({"column": "tags"}, "tags", Compare.CONTAINS),
    ],
)
def test_x_filter_says_what_a_parameter_compares(
    words: Contract, column: str, compare: Compare
) -> None:
    (found,) = listing(parameter("z") | {"x-filter": words}).filters
    assert (found.column, found.compare) == (column, compare)


def test_x_filter_may_name_the_comparison_alone() -> None:
    (found,) = listing(parameter("name") | {"x-filter": {"compare": "ne"}}).filters
    assert found.compare is Compare.NE


def test_what_is_written_wins_over_what_a_name_usually_means() -> None:
    found = listing(parameter("size", INTEGER) | {"x-filter": {"column": "price"}})
    assert found.page.limit == ""
    assert [rule.column for rule in found.filters] == ["price"]


def test_x_filter_leaves_a_parameter_to_an_override() -> None:
    found = listing(parameter("weather") | {"x-filter": False})
    assert found.filters == ()


@pytest.mark.parametrize(
    "query",
    [
        parameter("weather"),
        parameter("secret"),
        parameter("min_weather"),
        parameter("sort"),
        parameter("sort", {"type": "string", "enum": ["name", "weather"]}),
        parameter("x") | {"x-filter": {"column": "weather"}},
        parameter("limit", TEXT),
    ],
)
def test_parameters_that_mean_nothing_are_not_passed_over(query: Contract) -> None:
    assert f"parameter '{query['name']}' is no filter that we know" in unknown(query)


def test_parameters_of_other_places_choose_no_rows() -> None:
    found = listing(parameter("X-Trace", TEXT, "header"), parameter("session", TEXT, "cookie"))
    assert found.filters == ()


def test_search_looks_into_prose_or_where_x_search_says() -> None:
    assert listing(parameter("q")).search == Search("q", ("name",))
    assert listing(parameter("find") | {"x-search": ["color"]}).search == Search("find", ("color",))
    wordless = obj({"id": {**INTEGER, "readOnly": True}, "size": INTEGER}, "id")
    document = contract(crud("Thing", "things", query=[parameter("q")]), {"Thing": wordless})
    assert not isinstance(action(document, "list things"), ListAction)


@pytest.mark.parametrize("many_values", [False, True])
def test_a_sort_has_the_orders_that_its_values_name(many_values: bool) -> None:
    values = ["name", "-name", "+price", "price:desc", "created_at_asc", "createdAt.DESC"]
    enum = {"type": "string", "enum": values}
    schema = {"type": "array", "items": enum} if many_values else enum
    sort = listing(parameter("order_by", schema)).sort
    assert sort is not None
    assert sort.many is many_values
    assert sort.keys == (
        SortKey("name", "name", False),
        SortKey("-name", "name", True),
        SortKey("+price", "price", False),
        SortKey("price:desc", "price", True),
        SortKey("created_at_asc", "created_at", False),
        SortKey("createdAt.DESC", "created_at", True),
    )


@pytest.mark.parametrize(
    ("default", "order"),
    [
        ("-name", [("name", True)]),
        (["price", "-name"], [("price", False), ("name", True)]),
    ],
)
def test_the_default_of_a_sort_is_the_usual_order(
    default: object, order: list[tuple[str, bool]]
) -> None:
    enum = {"type": "string", "enum": ["name", "-name", "price"]}
    schema = {"type": "array", "items": enum} if isinstance(default, list) else enum
    found = listing(parameter("sort", {**schema, "default": default}))
    assert [(step.column, step.descending) for step in found.order] == order


def test_a_filter_may_ask_for_related_rows() -> None:
    schemas = {"Book": thing({"authors": many("Author")}),
               "Author": {**thing(), "x-table": True}}  # fmt: skip
    query = [parameter("author_id", INTEGER), parameter("author", TEXTS)]
    document = contract(crud("Book", "books", takes=obj({"name": TEXT}, "*"), query=query), schemas)
    found = action(document, "list books")
    assert isinstance(found, ListAction)
    assert found.filters == (
        Filter("author_id", "", Compare.EQ, "authors"),
        Filter("author", "", Compare.IN, "authors"),
    )


def indexes(*query: Contract, **words: object) -> dict[tuple[str, ...], Index]:
    """The indexes of things whose list has these parameters, by their columns."""
    document = things(PROPERTIES, query=list(query))
    document["components"]["schemas"]["Thing"].update(words)
    return {index.columns: index for index in entity(document).indexes}


def test_each_filter_search_and_sort_has_its_index() -> None:
    found = indexes(
        parameter("name"),
        parameter("tag"),
        parameter("min_price", {"type": "number"}),
        parameter("q"),
        parameter("sort", {"type": "string", "enum": ["price", "-created_at", "id"]}),
    )
    assert set(found) == {
        ("created_at", "id"),
        ("name", "created_at", "id"),
        ("tags",),
        ("price", "id"),
        ("name",),
    }
    assert found[("tags",)].method is IndexMethod.GIN
    assert found[("name",)].search
    assert found[("name",)].method is IndexMethod.GIN
    assert found[("name",)].name == "ix_things_name_words"
    assert found[("name", "created_at", "id")].reason == "list things filters by it"
    assert not any(index.partial for index in found.values())


def test_indexes_leave_out_the_rows_that_are_gone() -> None:
    found = indexes(parameter("name"), **{"x-table": {"soft-delete": True}})
    assert all(index.partial for index in found.values())


def test_an_index_that_begins_like_a_longer_one_is_not_made_twice() -> None:
    sort = parameter("sort", {"type": "string", "enum": ["name"]})
    document = things(query=[parameter("name"), sort])
    assert [index.columns for index in entity(document).indexes] == [("name", "id")]


def test_declared_indexes_stay_unless_a_list_wants_the_same() -> None:
    rules = {"indexes": [["name", "created_at", "id"], ["price", "name"]]}
    found = indexes(parameter("name"), **{"x-table": rules})
    assert found[("price", "name")].reason == "x-table asks for it"
    assert found[("name", "created_at", "id")].reason == "list things filters by it"


def test_what_is_json_has_no_index_of_its_own() -> None:
    document = things({"it": {"type": ["string", "integer"]}}, query=[parameter("it")])
    assert {index.columns for index in entity(document).indexes} == set()


def test_every_foreign_key_has_an_index_over_all_rows() -> None:
    schemas = {"Owner": {**thing(), "x-table": True}}
    document = things({"owner_id": INTEGER}, schemas=schemas, query=[parameter("owner_id")])
    found = entity(document).indexes
    assert [index.columns for index in found] == [("owner_id", "id")]
    document["components"]["schemas"]["Thing"]["x-table"] = {"soft-delete": True}
    found = entity(document).indexes
    assert [(index.columns, index.partial) for index in found] == [
        (("owner_id", "id"), True),
        (("owner_id",), False),
    ]
    assert found[1].reason == "it is a foreign key"


def test_names_of_indexes_fit_into_postgresql() -> None:
    long = "b" * 60
    document = things({long: {**TEXT, "x-index": True}, f"{long}b": {**TEXT, "x-unique": True}})
    found = understood(document).entities["Thing"]
    names = [*(index.name for index in found.indexes), *(rule.name for rule in found.uniques)]
    assert len(set(names)) == 2
    assert all(len(name) <= 63 for name in names)
