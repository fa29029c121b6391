"""What every method of a service is made from: the service, and the names of its classes."""

from __future__ import annotations

from dataclasses import dataclass

from apiwright.code import Code, compose, constant, ident
from apiwright.ir.operations import LinkWrite, Location, Operation, View
from apiwright.ir.schemas import Direction
from apiwright.ir.service import Service
from apiwright.ir.storage import Entity, ManyToMany
from apiwright.names import argument
from apiwright.plan.schema_classes import SchemaClasses
from apiwright.plan.views.repositories import loads_name


@dataclass(frozen=True, slots=True)
class Known:
    """A service, and the classes that its schemas become."""

    service: Service
    classes: SchemaClasses

    def shown(self, schema: str) -> Code:
        """The class of a schema in answers; KeyError if there is none."""
        ref = self.classes.ref(schema, Direction.RESPONSE)
        if ref is None:
            raise KeyError(schema)
        return ident(ref.name)

    def view(self, view: View | None) -> Code:
        """The class that a row is shown as; empty where it isn't shown."""
        return self.shown(view.schema) if view is not None else constant("")

    def loads(self, view: View | None) -> Code:
        """The argument for the relations that a view needs; empty if it needs none."""
        if view is None or not view.loads:
            return constant("")
        return compose(", loads={}", ident(loads_name(view, self.service)))


def row_variable(operation: Operation, entity: Entity) -> Code:
    """What a method calls the row that it works with: not like one of its arguments."""
    name = argument(entity.module)
    taken = {parameter.attribute for parameter in operation.located(Location.PATH)}
    return ident(f"{name}_row" if name in taken else name)


def linked(entity: Entity, link: LinkWrite) -> ManyToMany:
    """The relation whose keys a body has; KeyError if there is none."""
    for relation in entity.relations:
        if isinstance(relation, ManyToMany) and relation.attribute == link.relation:
            return relation
    raise KeyError(link.relation)
