"""Relations: properties that show, or list the keys of, rows of other tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from apiwright import names
from apiwright.ir.schemas import NamedSchema, Property
from apiwright.ir.shapes import array_items, flat, target
from apiwright.ir.storage import Column, ManyToMany, Relation, ToMany, ToOne
from apiwright.understand.sites import Stored


@dataclass(frozen=True, slots=True)
class Embedded:
    """A property whose values are rows of another stored schema: one, or (`many`) a list."""

    name: str
    target: str
    many: bool


def embedded(
    name: str, prop: Property, named: Mapping[str, NamedSchema], stored: Mapping[str, Stored]
) -> Embedded | None:
    """What a property shows of another stored schema, if it does."""
    whole = flat(prop.schema, named)
    one = target(prop.schema)
    if one in stored:
        return Embedded(name, one, many=False)
    items = array_items(prop.schema, named) if "array" in whole.types else None
    if items is not None and target(items) in stored:
        return Embedded(name, target(items), many=True)
    return None


def linked_keys(
    name: str, prop: Property, named: Mapping[str, NamedSchema], stored: Mapping[str, Stored]
) -> str:
    """The stored schema whose keys a property lists: by `x-references`, or by `author_ids`."""
    whole = flat(prop.schema, named)
    if "array" not in whole.types:
        return ""
    written = whole.extensions.get("x-references")
    if written is not None:
        return written.text or written.string("schema")
    stem, _, last = names.snake(name).rpartition("_")
    if last != "ids" or not stem:
        return ""
    return next((known for known in stored if names.snake(known) == stem), "")


def to_one_column(name: str, target_name: str, columns: Iterable[Column]) -> Column | None:
    """The foreign key behind an embedded row: `owner_id` for `owner`, or the only one there is."""
    fitting = [c for c in columns if c.reference and c.reference.entity == target_name]
    wanted = f"{names.snake(name)}_id"
    exact = [column for column in fitting if column.name == wanted]
    return exact[0] if exact else fitting[0] if len(fitting) == 1 else None


@dataclass(frozen=True, slots=True)
class RelationReader:
    """Reads the relations of stored schemas, once all their columns are known."""

    stored: Mapping[str, Stored]
    tables: Mapping[str, str]
    columns: Mapping[str, tuple[Column, ...]]
    embedded: Mapping[str, tuple[Embedded, ...]]
    linked: Mapping[str, Mapping[str, str]]

    def relations(self, schema: str) -> tuple[Relation, ...]:
        """The relations of one stored schema."""
        found: list[Relation] = []
        seen_keys: set[str] = set()
        for shown in self.embedded[schema]:
            if not shown.many:
                column = to_one_column(shown.name, shown.target, self.columns[schema])
                if column is not None:
                    found.append(
                        ToOne(shown.name, names.attribute(shown.name), shown.target, column.name)
                    )
                continue
            back = self._back_reference(schema, shown.target)
            if back is not None:
                found.append(
                    ToMany(shown.name, names.attribute(shown.name), shown.target, back.name)
                )
                continue
            keys = next((k for k, t in self.linked[schema].items() if t == shown.target), "")
            seen_keys.add(keys)
            found.append(self._pairs(schema, shown.target, shown.name, keys))
        for keys, target_name in self.linked[schema].items():
            if keys not in seen_keys:
                found.append(self._pairs(schema, target_name, "", keys))
        return tuple(found)

    def _back_reference(self, schema: str, target_name: str) -> Column | None:
        fitting = [
            c for c in self.columns[target_name] if c.reference and c.reference.entity == schema
        ]
        return fitting[0] if len(fitting) == 1 else None

    def _pairs(self, schema: str, target_name: str, shown: str, keys: str) -> ManyToMany:
        own, other = self.tables[schema], self.tables[target_name]
        first, second = sorted((own, other))
        table = names.sql(f"{first}_{second}") if own != other else names.sql(f"{own}_links")
        column = names.sql(f"{names.snake(schema)}_id")
        target_column = names.sql(f"{names.snake(target_name)}_id")
        if column == target_column:
            target_column = names.sql(f"linked_{target_column}")
        attribute = names.attribute(shown) if shown else names.plural(names.snake(target_name))
        return ManyToMany(shown, keys, attribute, target_name, table, column, target_column)
