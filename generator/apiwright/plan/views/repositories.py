"""Repositories: the queries behind the lists of an entity, and the relations that views need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from apiwright import names
from apiwright.code import Code, compose, constant, ident, joined, literal
from apiwright.ir.operations import (
    Action,
    Compare,
    CreateAction,
    ExportAction,
    Filter,
    ListAction,
    Load,
    OnRows,
    Operation,
    Order,
    Page,
    Parameter,
    RowAction,
    View,
)
from apiwright.ir.service import Service
from apiwright.ir.storage import Column, Entity, ManyToMany
from apiwright.plan.models.document import has_default
from apiwright.plan.schema_classes import SchemaClasses
from apiwright.plan.storage.build import search_vector
from apiwright.plan.storage.types import python_type
from apiwright.plan.views.widths import width_beyond

_OPERATORS = {
    Compare.EQ: "{column} == {value}",
    Compare.NE: "{column} != {value}",
    Compare.GT: "{column} > {value}",
    Compare.GTE: "{column} >= {value}",
    Compare.LT: "{column} < {value}",
    Compare.LTE: "{column} <= {value}",
    Compare.IN: "{column}.in_({value})",
    Compare.CONTAINS: "holds({column}, {value})",
    Compare.STARTS_WITH: "{column}.startswith({value}, autoescape=True)",
}


@dataclass(frozen=True, slots=True)
class ConditionView:
    """A condition that holds when a parameter is given."""

    parameter: Code
    condition: Code


@dataclass(frozen=True, slots=True)
class StepView:
    """A value of the sort parameter, and the step of the order that it stands for."""

    value: str
    step: Code


@dataclass(frozen=True, slots=True)
class ListView:
    """The query behind one list operation."""

    method: Code
    signature: Code
    query: Code
    given: Code
    operation: Code
    conditions: tuple[ConditionView, ...]
    steps: tuple[StepView, ...]
    steps_name: Code
    order_name: Code
    order: Code
    chosen_order: Code
    paging: Code
    count: Code
    loads: Code


@dataclass(frozen=True, slots=True)
class LoadsView:
    """The relations that a view needs, as options of a query."""

    name: Code
    options: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class RepositoryView:
    """The repository of an entity."""

    class_name: Code
    model: Code
    module: Code
    label: Code
    soft_delete: Code
    lists: tuple[ListView, ...]
    exports: tuple[ListView, ...]
    loads: tuple[LoadsView, ...]
    links_name: Code
    links: tuple[Code, ...]
    schema_imports: tuple[Code, ...]
    model_imports: Code
    key_name: Code
    key_step: Code
    gets_all: bool
    key: Code
    key_type: Code


def views_of(action: Action) -> Iterator[View]:
    """The view of an action, if it shows rows."""
    if isinstance(action, ListAction | CreateAction | RowAction) and action.view is not None:
        yield action.view


def loads_name(view: View, service: Service) -> str:
    """The name of the constant that holds the relations of a view."""
    class_name = service.schemas[view.schema].class_name
    return f"{names.snake(class_name).upper().rstrip('_')}_LOADS"


def links_name(entity: Entity) -> str:
    """The name of the constant that holds the relations that clients write."""
    return f"{entity.module.upper().rstrip('_')}_LINKS"


def repository_view(entity: Entity, service: Service, classes: SchemaClasses) -> RepositoryView:
    """The repository of `entity`."""
    operations = [
        operation
        for operation in service.operations.values()
        if isinstance(operation.action, OnRows) and operation.action.entity == entity.name
    ]
    lists = [o for o in operations if isinstance(o.action, ListAction)]
    exports = [
        replace(o, action=o.action.listing)
        for o in operations
        if isinstance(o.action, ExportAction)
    ]
    views = {view.schema: view for o in operations for view in views_of(o.action) if view.loads}
    told = (known.view for known in service.events if known.entity == entity.name)
    views |= {view.schema: view for view in told if view.loads}
    imports = sorted(
        ref
        for o in (*lists, *exports)
        if (ref := classes.parameter_class(o.id, "query")) is not None
    )
    models = {entity.class_name} | {
        service.entities[name].class_name
        for view in views.values()
        for name in _entities(view.loads)
    }
    models |= {_filtered(rule, entity, service) for o in lists for rule in _rules(o)}
    return RepositoryView(
        class_name=ident(f"{entity.class_name}Repository"),
        model=ident(entity.class_name),
        module=ident(entity.module),
        label=constant(entity.plural.replace("_", " ")),
        soft_delete=_attribute(entity, entity.soft_delete),
        lists=tuple(_list(o, entity, service, classes) for o in lists),
        exports=tuple(_list(o, entity, service, classes) for o in exports),
        loads=tuple(
            LoadsView(ident(loads_name(v, service)), tuple(_options(v.loads, entity, service)))
            for v in views.values()
        ),
        links_name=ident(links_name(entity)),
        links=tuple(
            compose("selectinload({}.{})", ident(entity.class_name), ident(relation.attribute))
            for relation in entity.relations
            if isinstance(relation, ManyToMany) and relation.ids_property
        ),
        schema_imports=tuple(
            compose("from app.schemas.{} import {}", ident(ref.module), ident(ref.name))
            for ref in imports
        ),
        model_imports=joined([ident(name) for name in sorted(models)]),
        key_name=ident(f"{entity.module.upper().rstrip('_')}_KEY"),
        key_step=_step(Order(entity.key, descending=False), entity),
        gets_all=_is_linked(entity, service),
        key=ident(entity.key_column.attribute),
        key_type=python_type(entity.key_column),
    )


def _rules(operation: Operation) -> Iterator[Filter]:
    """The filters of a list that look at related rows."""
    if isinstance(operation.action, ListAction):
        yield from (rule for rule in operation.action.filters if rule.relation)


def _filtered(rule: Filter, entity: Entity, service: Service) -> str:
    """The class of the related rows that a filter looks at."""
    relation = next(r for r in entity.relations if r.attribute == rule.relation)
    return service.entities[relation.target].class_name


def _is_linked(entity: Entity, service: Service) -> bool:
    """Whether clients name rows of this entity by lists of keys."""
    return any(
        isinstance(r, ManyToMany) and r.target == entity.name and r.ids_property
        for other in service.entities.values()
        for r in other.relations
    )


def _attribute(entity: Entity, column: str) -> Code:
    return ident(entity.column(column).attribute) if column else constant("")


def _entities(loads: tuple[Load, ...]) -> Iterator[str]:
    for load in loads:
        if load.loads:
            yield load.target
            yield from _entities(load.loads)


def _options(loads: tuple[Load, ...], entity: Entity, service: Service) -> Iterator[Code]:
    """One option for each chain of relations, such as `selectinload(A.b).selectinload(B.c)`."""
    for load in loads:
        target = service.entities[load.target]
        step = compose("selectinload({}.{})", ident(entity.class_name), ident(load.attribute))
        inner = list(_options(load.loads, target, service))
        if not inner:
            yield step
        for further in inner:
            yield compose("{}.{}", step, further)


def _list(
    operation: Operation, entity: Entity, service: Service, classes: SchemaClasses
) -> ListView:
    action = operation.action
    assert isinstance(action, ListAction)
    ref = classes.parameter_class(operation.id, "query")
    steps = tuple(
        StepView(key.value, _step(Order(key.column, key.descending), entity))
        for key in (action.sort.keys if action.sort is not None else ())
    )
    constant_name = operation.name.upper().rstrip("_")
    steps_name, order_name = ident(f"{constant_name}_STEPS"), ident(f"{constant_name}_ORDER")
    chosen = _chosen_order(action, entity, operation, service, steps_name)
    query = compose("query: {}, ", ident(ref.name)) if ref is not None else constant("")
    return ListView(
        method=ident(operation.name),
        signature=compose("self, {}*conditions: Condition", query),
        query=compose("query: {}", ident(ref.name)) if ref is not None else constant(""),
        given=constant("query" if ref is not None else ""),
        operation=constant(operation.name),
        conditions=tuple(_conditions(action, entity, service, operation)),
        steps=steps,
        steps_name=steps_name,
        order_name=order_name,
        order=constant("")
        if order_name not in chosen
        else joined([_step(step, entity) for step in action.order]),
        chosen_order=chosen,
        paging=_paging(action.page, operation, service),
        count=constant(", count=True" if counts(action.page) else ""),
        loads=compose(", loads={}", ident(loads_name(action.view, service)))
        if action.view.loads
        else constant(""),
    )


def counts(page: Page) -> bool:
    """Whether a page tells of the number of rows on all pages."""
    return bool(page.total or page.shown_pages)


def _chosen_order(
    action: ListAction, entity: Entity, operation: Operation, service: Service, steps: Code
) -> Code:
    """The order that the client asks for, or else the usual one."""
    order = ident(f"{operation.name.upper().rstrip('_')}_ORDER")
    # An export that nobody wants sorted begins at once.
    order = order if action.order else constant("()")
    if action.sort is None:
        return order
    asked = compose("query.{}", ident(action.sort.attribute))
    key = ident(f"{entity.module.upper().rstrip('_')}_KEY")
    if action.sort.many:
        chosen = compose("complete([{}[value] for value in {}], {})", steps, asked, key)
    else:
        chosen = compose("complete([{}[{}]], {})", steps, asked, key)
    given = next(p for p in operation.parameters if p.attribute == action.sort.attribute)
    if given.required or has_default(given.schema, service.schemas):
        return chosen
    return compose("{} if {} is None else {}", order, asked, chosen)


def _paging(page: Page, operation: Operation, service: Service) -> Code:
    limit = paging_value(page.limit, page.default_limit, operation, service)
    arguments = [compose("limit={}", limit)]
    if page.offset:
        arguments.append(compose("offset={}", paging_value(page.offset, 0, operation, service)))
    elif page.number:
        number = paging_value(page.number, 1, operation, service)
        arguments.append(compose("offset=({} - 1) * {}", number, limit))
    if page.cursor:
        arguments.append(compose("cursor=query.{}", ident(page.cursor)))
    return compose("Paging({})", joined(arguments))


def page_values(
    page: Page, operation: Operation, service: Service, *, total: Code, more: Code
) -> Iterator[tuple[str, Code]]:
    """What a page shows beside its items: properties, each with the code of its value."""
    limit = paging_value(page.limit, page.default_limit, operation, service)
    for name, code in (
        (page.total, total),
        (page.next_cursor, constant("page.next_cursor")),
        (page.shown_limit, limit),
        (page.shown_offset, paging_value(page.offset, 0, operation, service)),
        (page.shown_number, paging_value(page.number, 1, operation, service)),
        (page.shown_pages, compose("-(-{} // {})", total, limit)),
        (page.has_more, more),
    ):
        if name:
            yield name, code


def paging_value(attribute: str, otherwise: int, operation: Operation, service: Service) -> Code:
    """The value of a parameter that pages, or what stands in for it."""
    if not attribute:
        return literal(otherwise)
    value = compose("query.{}", ident(attribute))
    given = next(p for p in operation.parameters if p.attribute == attribute)
    if given.required or has_default(given.schema, service.schemas):
        return value
    return compose("({} if {} is None else {})", literal(otherwise), value, value)


def _step(order: Order, entity: Entity) -> Code:
    column = entity.column(order.column)
    arguments = [
        compose("{}.{}", ident(entity.class_name), ident(column.attribute)),
        python_type(column),
    ]
    if order.descending:
        arguments.append(constant("descending=True"))
    if column.nullable:
        arguments.append(constant("nullable=True"))
    return compose("Step({})", joined(arguments))


def _conditions(
    action: ListAction, entity: Entity, service: Service, operation: Operation
) -> Iterator[ConditionView]:
    parameters = {parameter.attribute: parameter for parameter in operation.parameters}
    required = {attribute for attribute, known in parameters.items() if known.required}
    for rule in action.filters:
        yield ConditionView(
            constant("") if rule.attribute in required else ident(rule.attribute),
            _condition(rule, entity, service, parameters[rule.attribute]),
        )
    if action.search is not None:
        vector = search_vector(entity, action.search.columns)
        parameter = action.search.attribute
        yield ConditionView(
            constant("") if parameter in required else ident(parameter),
            compose(
                "matches({}, query.{})",
                literal(vector),
                ident(action.search.attribute),
            ),
        )


def _condition(rule: Filter, entity: Entity, service: Service, parameter: Parameter) -> Code:
    value = compose("query.{}", ident(rule.attribute))
    if rule.relation:
        relation = next(r for r in entity.relations if r.attribute == rule.relation)
        target = service.entities[relation.target]
        key = compose("{}.{}", ident(target.class_name), ident(target.key_column.attribute))
        compared = _compared(value, rule, parameter, target.key_column, service)
        inner = compose(_OPERATORS[rule.compare], column=key, value=compared)
        owner, attribute = ident(entity.class_name), ident(rule.relation)
        return compose("{}.{}.any({})", owner, attribute, inner)
    column = entity.column(rule.column)
    attribute = compose("{}.{}", ident(entity.class_name), ident(column.attribute))
    if rule.compare is Compare.IS_NULL:
        return compose("{}.is_(None) if {} else {}.is_not(None)", attribute, value, attribute)
    if not column.array:
        value = _compared(value, rule, parameter, column, service)
    return compose(_template(rule.compare, column), column=attribute, value=value)


def _compared(
    value: Code, rule: Filter, parameter: Parameter, column: Column, service: Service
) -> Code:
    """What a column is compared with: a value of its type, if the contract allows no other."""
    reading = width_beyond(parameter.schema, column, service.schemas)
    if not reading:
        return value
    if rule.compare is Compare.IN:
        return compose("[{}(value) for value in {}]", ident(reading), value)
    return compose("{}({})", ident(reading), value)


def _template(compare: Compare, column: Column) -> str:
    if compare is Compare.IN and column.array:
        return "holds_any({column}, {value})"
    return _OPERATORS[compare]
