"""Relations: properties that show, or list the keys of, rows of other tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from apiwright import names
from apiwright.ir.schemas import NamedSchema, Property
from apiwright.ir.shapes import array_items, flat, target
from apiwright.ir.storage import Column, ManyToMany, Relation, Renamed, ToMany, ToOne
from apiwright.load import Node
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
        return "" if written.value is False else written.text or written.string("schema")
    stem, _, last = names.snake(name).rpartition("_")
    if last != "ids" or not stem:
        return ""
    return next((known for known in stored if names.snake(known) == stem), "")


@dataclass(frozen=True, slots=True)
class Pairing:
    """A property that shows rows (`shown`), or lists their keys (`keys`), by way of pairs."""

    schema: str
    shown: str
    keys: str
    target: str

    @property
    def name(self) -> str:
        """The property, by which the relation is known."""
        return self.shown or self.keys


@dataclass(frozen=True, slots=True)
class RelationReader:
    """Reads the relations of stored schemas, once all their columns are known.

    `keys` are the foreign keys behind the rows that properties show, by schema and property.
    """

    tables: Mapping[str, str]
    columns: Mapping[str, tuple[Column, ...]]
    keys: Mapping[str, Mapping[str, str]]
    embedded: Mapping[str, tuple[Embedded, ...]]
    linked: Mapping[str, Mapping[str, str]]
    attributes: Mapping[str, Mapping[str, str]]
    words: Mapping[str, Mapping[str, Mapping[str, Node]]]
    past: Mapping[str, Mapping[str, Renamed]]

    def relations(self) -> dict[str, tuple[Relation, ...]]:
        """The relations of every stored schema."""
        pairings = {schema: tuple(self._pairings(schema)) for schema in self.tables}
        tables = self._pair_tables([pairing for listed in pairings.values() for pairing in listed])
        return {
            schema: (
                *self._plain(schema),
                *(self._many_to_many(pairing, tables[pairing]) for pairing in pairings[schema]),
            )
            for schema in self.tables
        }

    def _plain(self, schema: str) -> Iterator[Relation]:
        """The relations that are foreign keys, here or there."""
        for shown in self.embedded[schema]:
            attribute = self.attributes[schema][shown.name]
            if shown.many:
                back = self._back_reference(schema, shown.target)
                if back is not None:
                    yield ToMany(shown.name, attribute, shown.target, back.name)
            else:
                column = self.keys[schema][shown.name]
                yield ToOne(shown.name, attribute, shown.target, column)

    def _back_reference(self, schema: str, target_name: str) -> Column | None:
        fitting = [
            c for c in self.columns[target_name] if c.reference and c.reference.entity == schema
        ]
        return fitting[0] if len(fitting) == 1 else None

    def _pairings(self, schema: str) -> Iterator[Pairing]:
        taken: set[str] = set()
        for shown in self.embedded[schema]:
            if shown.many and self._back_reference(schema, shown.target) is None:
                keys = self._keys_of(schema, shown)
                taken.add(keys)
                yield Pairing(schema, shown.name, keys, shown.target)
        for keys, target_name in self.linked[schema].items():
            if keys not in taken:
                yield Pairing(schema, "", keys, target_name)

    def _keys_of(self, schema: str, shown: Embedded) -> str:
        """The property that lists the keys of what another one shows: its namesake, or the only."""
        linked = [k for k, t in self.linked[schema].items() if t == shown.target]
        stem = names.singular(names.snake(shown.name))
        namesakes = [k for k in linked if names.snake(k) == f"{stem}_ids"]
        rivals = [s for s in self.embedded[schema] if s.many and s.target == shown.target]
        only = linked if len(rivals) == 1 else []
        return next(iter([*namesakes, *only]), "")

    def _pair_tables(self, pairings: Iterable[Pairing]) -> dict[Pairing, str]:
        """The table of each pairing: what `x-references` says, or one for the two schemas.

        Two sides that show each other share it; what else is between the same two has its own.
        """
        found: dict[Pairing, str] = {}
        firsts: dict[tuple[str, str], Pairing] = {}
        others: list[Pairing] = []
        for pairing in pairings:
            said = self._said_table(pairing)
            ends = (pairing.schema, pairing.target)
            if said:
                found[pairing] = said
            elif firsts.setdefault(ends, pairing) is not pairing:
                others.append(pairing)
        taken = {*self.tables.values(), *found.values()}
        ends_of = {tuple(sorted(ends)) for ends in firsts}
        shared = names.distinct(
            ((str(ends), self._usual_table(*ends)) for ends in sorted(ends_of)), taken
        )
        for ends, pairing in firsts.items():
            found[pairing] = names.sql(shared[str(tuple(sorted(ends)))])
        wanted = [(p, f"{self.tables[p.schema]}_{names.snake(p.name)}") for p in others]
        apart = names.distinct(((str(p), name) for p, name in wanted), {*taken, *found.values()})
        return {**found, **{p: names.sql(apart[str(p)]) for p in others}}

    def _usual_table(self, schema: str, target_name: str) -> str:
        own, other = self.tables[schema], self.tables[target_name]
        first, second = sorted((own, other))
        return names.sql(f"{first}_{second}" if own != other else f"{own}_links")

    def _said_columns(self, pairing: Pairing) -> tuple[str, str] | None:
        """The columns of the pairs that `x-references` names, here or on the other side."""
        for name in (pairing.keys, pairing.shown):
            written = self.words[pairing.schema].get(name, {}).get("x-references")
            listed = [item.text for item in written.list_of("columns")] if written else []
            if len(listed) == 2:
                return listed[0], listed[1]
        return None

    def _said_table(self, pairing: Pairing) -> str:
        """The table that `x-references` names."""
        for name in (pairing.keys, pairing.shown):
            written = self.words[pairing.schema].get(name, {}).get("x-references")
            if written is not None and written.string("table"):
                return written.string("table")
        return ""

    def _many_to_many(self, pairing: Pairing, table: str) -> ManyToMany:
        schema, target_name = pairing.schema, pairing.target
        attribute = self.attributes[schema].get(pairing.shown) or self._unseen(schema, pairing.keys)
        column = names.sql(f"{names.snake(schema)}_id")
        other = names.sql(f"{names.snake(target_name)}_id")
        if column == other:
            other = names.sql(f"linked_{other}")
        column, other = self._said_columns(pairing) or (column, other)
        past = self.past[schema]
        return ManyToMany(
            pairing.shown,
            pairing.keys,
            attribute,
            target_name,
            table,
            column,
            other,
            past.get(pairing.shown) or past.get(pairing.keys),
        )

    def _unseen(self, schema: str, keys: str) -> str:
        """The attribute of related rows of which only the keys are shown: `author_ids`, authors."""
        taken = {c.attribute for c in self.columns[schema]}
        plural = names.attribute(names.plural(names.snake(keys).removesuffix("_ids")))
        used = taken | set(self.attributes[schema].values())
        return f"{plural}_rows" if plural in used else plural
