"""Views: which schemas can be filled from the rows of an entity, and what has to be loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from apiwright.ir.operations import LinkWrite, Load, View, Write
from apiwright.ir.schemas import Direction, NamedSchema, Property, Schema
from apiwright.ir.shapes import array_items, dropped, flat, properties, target
from apiwright.ir.storage import Column, Entity, Fill, ManyToMany, Relation, ToOne


class NotUnderstoodError(Exception):
    """Something of an operation can't be mapped to storage; the text says what, for people."""


@dataclass(frozen=True, slots=True)
class ViewReader:
    """Maps schemas to the columns and relations of entities."""

    named: Mapping[str, NamedSchema]
    entities: Mapping[str, Entity]

    def view(self, schema: str, entity: Entity, computed: str = "") -> View:
        """How `schema` shows rows of `entity`; raises NotUnderstoodError where it can't.

        `computed` is an attribute that rows have although no column stores it.
        """
        return View(schema, entity.name, self._loads(schema, entity, (schema,), computed))

    def _loads(
        self, schema: str, entity: Entity, path: tuple[str, ...], computed: str = ""
    ) -> tuple[Load, ...]:
        loads: list[Load] = []
        for name, prop in properties(self.named[schema].schema, self.named).items():
            if dropped(flat(prop.schema, self.named), Direction.RESPONSE):
                continue
            relation = shown_by(name, entity)
            if relation is not None:
                loads.append(self._load(name, prop, relation, path))
            elif column_for(name, entity) is None and prop.required and prop.attribute != computed:
                raise NotUnderstoodError(
                    f"{schema} needs '{name}', which {entity.name} doesn't store"
                )
        return tuple(loads)

    def _load(self, name: str, prop: Property, relation: Relation, path: tuple[str, ...]) -> Load:
        keys_only = isinstance(relation, ManyToMany) and relation.ids_property == name
        if keys_only:
            return Load(relation.attribute, relation.target)
        inner = self._inner(prop.schema)
        if inner not in self.named or not flat(self.named[inner].schema, self.named).properties:
            raise NotUnderstoodError(f"'{name}' shows nothing of {relation.target}")
        if inner in path:
            raise NotUnderstoodError(f"{' > '.join((*path, inner))} show each other without end")
        target_entity = self.entities[relation.target]
        loads = self._loads(inner, target_entity, (*path, inner))
        return Load(relation.attribute, relation.target, loads)

    def _inner(self, schema: Schema) -> str:
        one = target(schema)
        if one in self.named and flat(schema, self.named).properties:
            return one
        items = array_items(schema, self.named)
        return target(items) if items is not None else one

    def writes(
        self, schema: Schema, entity: Entity
    ) -> tuple[tuple[Write, ...], tuple[LinkWrite, ...]]:
        """Where the properties of a body are stored.

        Raises NotUnderstoodError for one that nothing stores.
        """
        writes: list[Write] = []
        links: list[LinkWrite] = []
        found = properties(schema, self.named)
        if not found:
            raise NotUnderstoodError("the body is no object with properties")
        for name, prop in found.items():
            if prop.schema.read_only or flat(prop.schema, self.named).read_only:
                continue
            relation = shown_by(name, entity)
            column = column_for(name, entity, hashed=True)
            if column is not None and column.fill is Fill.TENANT:
                continue  # that of the caller, whatever a client sends
            if isinstance(relation, ManyToMany) and relation.ids_property == name:
                links.append(LinkWrite(prop.attribute, relation.attribute))
            elif relation is not None or column is None:
                raise NotUnderstoodError(f"nothing stores '{name}' of the body")
            else:
                writes.append(Write(prop.attribute, column.name))
        return tuple(writes), tuple(links)


def column_for(name: str, entity: Entity, *, hashed: bool = False) -> Column | None:
    """The column that stores the property `name`; one that holds a hash only where asked for."""
    for column in entity.columns:
        if column.property == name and (hashed or not column.hashed):
            return column
    return None


def shown_by(name: str, entity: Entity) -> Relation | None:
    """The relation that the property `name` shows, or lists the keys of."""
    for relation in entity.relations:
        keys = relation.ids_property if isinstance(relation, ManyToMany) else ""
        if name in {relation.property, keys}:
            return relation
    return None


def to_one_columns(entity: Entity) -> frozenset[str]:
    """The foreign keys behind the rows that `entity` shows."""
    return frozenset(r.column for r in entity.relations if isinstance(r, ToOne))
