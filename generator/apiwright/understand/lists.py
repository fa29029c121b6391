"""Lists: the pages, filters, search and order that the parameters of an operation stand for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from apiwright import names
from apiwright.ir.operations import (
    Compare,
    Filter,
    Location,
    Page,
    Parameter,
    Search,
    Sort,
    SortKey,
)
from apiwright.ir.schemas import NamedSchema
from apiwright.ir.shapes import flat, properties
from apiwright.ir.storage import Column, ColumnType, Entity, ManyToMany
from apiwright.load import Node
from apiwright.understand.exchange import Many
from apiwright.understand.operations import Written

MOST = 1000
"""How many things a list without pages shows."""

_LIMITS = ("limit", "per_page", "page_size", "pagesize", "size", "max_results", "first", "take")
_OFFSETS = ("offset", "skip", "start")
_NUMBERS = ("page", "page_number")
_CURSORS = ("cursor", "after", "page_token", "next_token", "starting_after", "next_cursor")
_SEARCHES = ("q", "search", "query", "text")
_SORTS = ("sort", "sort_by", "order_by", "ordering", "order")

_PAGE_PROPERTIES: Mapping[str, tuple[str, ...]] = {
    "total": ("total", "total_count", "count", "total_items", "total_results", "items_count"),
    "next_cursor": ("next_cursor", "next", "next_page_token", "next_token", "cursor", "end_cursor"),
    "shown_limit": ("limit", "per_page", "page_size", "size"),
    "shown_offset": ("offset", "skip"),
    "shown_number": ("page", "page_number", "current_page"),
    "shown_pages": ("pages", "total_pages", "page_count", "last_page"),
    "has_more": ("has_more", "has_next", "more", "has_next_page"),
}
_AFFIXES: tuple[tuple[re.Pattern[str], Compare], ...] = (
    (re.compile(r"^(?:min|from|since)_(.+)$|^(.+)_(?:min|gte|from|since|ge)$"), Compare.GTE),
    (re.compile(r"^(?:max|to|until)_(.+)$|^(.+)_(?:max|lte|to|until|le)$"), Compare.LTE),
    (re.compile(r"^(.+)_(?:gt|after)$|^after_(.+)$"), Compare.GT),
    (re.compile(r"^(.+)_(?:lt|before)$|^before_(.+)$"), Compare.LT),
    (re.compile(r"^(.+)_(?:ne|not)$|^not_(.+)$"), Compare.NE),
    (re.compile(r"^(.+)_in$|^(.+)__in$"), Compare.IN),
    (re.compile(r"^(.+)_(?:prefix|starts_with)$"), Compare.STARTS_WITH),
    (re.compile(r"^(.+)_is_null$|^(.+)_isnull$"), Compare.IS_NULL),
)


@dataclass(frozen=True, slots=True)
class Listing:
    """What the parameters of a list mean; `unknown` are those that mean nothing to us."""

    page: Page
    filters: tuple[Filter, ...]
    search: Search | None
    sort: Sort | None
    unknown: tuple[Parameter, ...]


def read_listing(
    written: Written, entity: Entity, held: Many, named: Mapping[str, NamedSchema]
) -> Listing:
    """The pages, filters, search and order of a list of `entity`."""
    whole = Page(items=held.items, envelope=held.envelope, default_limit=MOST, max_limit=MOST)
    page = _answered(whole, held, named)
    filters: list[Filter] = []
    unknown: list[Parameter] = []
    search: Search | None = None
    sort: Sort | None = None
    for node, parameter in written.parameters:
        if parameter.location is not Location.QUERY:
            continue
        # What is written down wins over what a name usually means: `size` may be a filter.
        paged = None if node.get("x-filter") else _paging(page, parameter, named)
        searched = None if paged else _search(node, parameter, entity)
        sorted_by = None if paged or searched else _sort(parameter, entity, named)
        found = None if paged or searched or sorted_by else _filter(node, parameter, entity, named)
        page = paged or page
        search = searched or search
        sort = sorted_by or sort
        if found is not None:
            filters.append(found)
        elif not (paged or searched or sorted_by or _is_off(node)):
            unknown.append(parameter)
    return Listing(page, tuple(filters), search, sort, tuple(unknown))


def _answered(page: Page, held: Many, named: Mapping[str, NamedSchema]) -> Page:
    if not held.envelope:
        return page
    found = {names.snake(key): key for key in properties(named[held.envelope].schema, named)}

    def shown(field: str) -> str:
        names_of_it = (found[want] for want in _PAGE_PROPERTIES[field] if want in found)
        return next((name for name in names_of_it if name != held.items), "")

    return replace(
        page,
        total=shown("total"),
        next_cursor=shown("next_cursor"),
        shown_limit=shown("shown_limit"),
        shown_offset=shown("shown_offset"),
        shown_number=shown("shown_number"),
        shown_pages=shown("shown_pages"),
        has_more=shown("has_more"),
    )


def _paging(page: Page, parameter: Parameter, named: Mapping[str, NamedSchema]) -> Page | None:
    """`page` with the parameter's part in it, if it has one."""
    name = names.snake(parameter.name)
    types = flat(parameter.schema, named).types
    if "integer" in types and name in _LIMITS:
        words = flat(parameter.schema, named)
        given = words.default[0] if words.default else None
        most = words.keywords.get("maximum")
        largest = most if isinstance(most, int) else 100
        usual = given if isinstance(given, int) else min(largest, 20)
        return replace(page, limit=parameter.attribute, default_limit=usual, max_limit=largest)
    if "integer" in types and name in _OFFSETS:
        return replace(page, offset=parameter.attribute)
    if "integer" in types and name in _NUMBERS:
        return replace(page, number=parameter.attribute)
    if "string" in types and name in _CURSORS:
        return replace(page, cursor=parameter.attribute)
    return None


def _search(node: Node, parameter: Parameter, entity: Entity) -> Search | None:
    listed = [item.text for item in node.list_of("x-search")]
    if not listed and names.snake(parameter.name) not in _SEARCHES:
        return None
    by_property = {column.property: column for column in entity.columns if column.property}
    if listed:
        columns = [by_property[name].name for name in listed if name in by_property]
    else:
        columns = [column.name for column in entity.columns if _is_prose(column)]
    return Search(parameter.attribute, tuple(columns)) if columns else None


def _is_prose(column: Column) -> bool:
    text = column.type is ColumnType.TEXT and not column.array
    return text and not (column.enum or column.hashed or column.reference)


def _sort(parameter: Parameter, entity: Entity, named: Mapping[str, NamedSchema]) -> Sort | None:
    if names.snake(parameter.name) not in _SORTS:
        return None
    whole = flat(parameter.schema, named)
    many = "array" in whole.types
    values = flat(whole.items, named).enum if many and whole.items is not None else whole.enum
    keys = [_sort_key(str(value), entity) for value in values]
    if not keys or any(key is None for key in keys):
        return None
    return Sort(parameter.attribute, tuple(key for key in keys if key is not None), many)


def _sort_key(value: str, entity: Entity) -> SortKey | None:
    """The order that a value stands for: `-price`, `price:desc`, `price_desc`, `price`."""
    match = re.fullmatch(r"([+-]?)(.+?)(?:[:. _](asc|desc|ASC|DESC))?", value)
    if match is None:
        return None
    name = names.snake(match[2])
    for column in entity.columns:
        shown = column.property and not (column.hashed or column.array)
        if shown and name in {names.snake(column.property), column.name}:
            down = match[1] == "-" or (match[3] or "").lower() == "desc"
            return SortKey(value, column.name, down)
    return None


def _is_off(node: Node) -> bool:
    written = node.get("x-filter")
    return written is not None and written.value is False


def _filter(
    node: Node, parameter: Parameter, entity: Entity, named: Mapping[str, NamedSchema]
) -> Filter | None:
    if _is_off(node):
        return None
    several = "array" in flat(parameter.schema, named).types
    written = node.get("x-filter")
    wanted = written.string("column") if written is not None else ""
    said = written.string("compare") if written is not None else ""
    for name, compare in _readings(wanted or parameter.name, explicit=bool(wanted)):
        column = _column(name, entity)
        if column is not None:
            chosen = Compare(said) if said else _natural(compare, column, several)
            return Filter(parameter.attribute, column.name, chosen)
        relation = _relation(name, entity)
        if relation is not None:
            chosen = Compare.IN if several else Compare.EQ
            return Filter(parameter.attribute, "", chosen, relation.attribute)
    return None


def _readings(name: str, *, explicit: bool) -> Iterable[tuple[str, Compare]]:
    """What a parameter's name may mean: a column, or a column and a comparison."""
    yield name, Compare.EQ
    if explicit:
        return
    snake = names.snake(name)
    yield snake, Compare.EQ
    for pattern, compare in _AFFIXES:
        match = pattern.match(snake)
        if match is not None:
            stem = next(group for group in match.groups() if group)
            yield from ((f"{stem}{ending}", compare) for ending in ("", "_at", "_on", "_date"))


def _column(name: str, entity: Entity) -> Column | None:
    for column in entity.columns:
        if column.hashed or not column.property:
            continue
        own = {column.property, names.snake(column.property), column.name}
        if name in own or (column.array and names.plural(name) in own):
            return column
    return None


def _relation(name: str, entity: Entity) -> ManyToMany | None:
    """The many-to-many relation that a parameter like `author_id` asks for."""
    stem = names.snake(name).removesuffix("_id")
    for relation in entity.relations:
        if isinstance(relation, ManyToMany) and names.snake(relation.target) == stem:
            return relation
    return None


def _natural(compare: Compare, column: Column, several: bool) -> Compare:
    if compare is not Compare.EQ:
        return compare
    if column.array:
        return Compare.CONTAINS
    return Compare.IN if several else Compare.EQ
