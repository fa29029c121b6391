"""Entities: the tables that the stored schemas of a contract imply."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from apiwright import names
from apiwright.ir.operations import Location, Operation
from apiwright.ir.schemas import NamedSchema, Property, Schema
from apiwright.ir.shapes import flat, properties
from apiwright.ir.storage import (
    Column,
    ColumnType,
    Entity,
    Fill,
    Identity,
    Index,
    IndexMethod,
    OnDelete,
    Ownership,
    Reference,
    Relation,
    Renamed,
    Unique,
)
from apiwright.load import Node
from apiwright.understand.api_keys import KeySchema
from apiwright.understand.columns import ColumnReader, Inputs, is_versioned
from apiwright.understand.evolution import deleted_columns, renamed_column, renamed_table
from apiwright.understand.exchange import body_content
from apiwright.understand.operations import Written
from apiwright.understand.relations import Embedded, RelationReader, embedded, linked_keys
from apiwright.understand.sites import Site, SiteKind, Stored
from apiwright.understand.tenancy import tenancy_of

_LOGINS = ("email", "username", "login", "user_name", "name", "phone")
_ROLES = ("roles", "role")
_TAKEN_MODULES = ("base", "constraints", "idempotency", "session", "shared", "types")
_TAKEN_TABLES = ("alembic_version", "auth_sessions", "idempotency_keys", "refresh_tokens")
_ACTIVE = ("is_active", "active", "enabled", "is_enabled")


@dataclass(frozen=True, slots=True)
class EntityReader:
    """Builds the entities of a contract from its stored schemas and the sites they live at.

    `own_tables` are those that the service has beside the contract's; `keys` is the schema of API
    keys, which are shown, and not stored.
    """

    named: Mapping[str, NamedSchema]
    stored: Mapping[str, Stored]
    sites: Mapping[str, Site]
    written: tuple[Written, ...]
    identity: str
    own_tables: tuple[str, ...] = ()
    keys: KeySchema | None = None

    def entities(self) -> dict[str, Entity]:
        """The entities by the name of their schema, without the indexes that lists want."""
        tables, modules = self._tables(), self._modules()
        plurals = self._plurals(modules)
        inputs = self._all_inputs()
        words: dict[str, dict[str, Mapping[str, Node]]] = {}
        shown: dict[str, tuple[Embedded, ...]] = {}
        linked: dict[str, dict[str, str]] = {}
        columns: dict[str, tuple[Column, ...]] = {}
        keys: dict[str, dict[str, str]] = {}
        attributes: dict[str, dict[str, str]] = {}
        past: dict[str, dict[str, Renamed]] = {}
        for name in self.stored:
            props = self._all_properties(name, inputs[name])
            attributes[name] = names.distinct((key, names.attribute(key)) for key in props)
            past[name] = {
                key: old
                for key, prop in props.items()
                if (old := renamed_column(prop.schema, "_id")) is not None
            }
            words[name] = {
                key: flat(prop.schema, self.named).extensions for key, prop in props.items()
            }
            shown[name] = tuple(
                found
                for key, prop in props.items()
                if (found := embedded(key, prop, self.named, self.stored)) is not None
            )
            linked[name] = {
                key: other
                for key, prop in props.items()
                if (other := linked_keys(key, prop, self.named, self.stored)) in self.stored
            }
            relational = {item.name for item in shown[name]} | set(linked[name])
            plain = {key: prop for key, prop in props.items() if key not in relational}
            reader = ColumnReader(
                self.named, self.stored, self.identity, inputs[name], attributes[name]
            )
            columns[name], keys[name] = self._columns(name, plain, shown[name], reader, past[name])
        relations = RelationReader(
            tables, columns, keys, shown, linked, attributes, words, past
        ).relations()
        return {
            name: self._entity(
                name,
                (modules[name], plurals[name], tables[name]),
                columns[name],
                words[name],
                relations[name],
            )
            for name in self.stored
        }

    def _modules(self) -> dict[str, str]:
        """The modules of models, clear of those that every service has."""
        taken = [*_TAKEN_MODULES, *(("audit", "outbox") if self.own_tables else ())]
        taken += ["password_reset"] if "password_resets" in self.own_tables else []
        return names.distinct(((n, names.module(n, "schema")) for n in self.stored), taken)

    def _plurals(self, modules: Mapping[str, str]) -> dict[str, str]:
        """What repositories are called in services, clear of the methods there."""
        methods = {item.operation.name for item in self.written}
        wanted = []
        for name, module in modules.items():
            plural = names.plural(names.module(name, "schema").rstrip("_"))
            alone = plural != module and names.method(plural) == plural and plural not in methods
            wanted.append((name, plural if alone else f"{plural}_rows"))
        return names.distinct(wanted, methods)

    def _tables(self) -> dict[str, str]:
        wanted = []
        for name in self.stored:
            written = self.named[name].schema.extensions.get("x-table")
            given = (written.text or written.string("name")) if written is not None else ""
            wanted.append((name, given or names.sql(names.plural(names.snake(name).rstrip("_")))))
        found = names.distinct(wanted, (*_TAKEN_TABLES, *self.own_tables))
        return {name: names.sql(table) for name, table in found.items()}

    def _all_inputs(self) -> dict[str, Inputs]:
        """What clients send to make, change or find things, by the names of their schemas."""
        writers: dict[str, list[tuple[Operation, bool]]] = {}
        asked: dict[str, dict[str, list[Schema]]] = {}
        for item in self.written:
            for name, makes in self._written_by(item):
                writers.setdefault(name, []).append((item.operation, makes))
            for name, key, schema in self._asked_by(item.operation):
                asked.setdefault(name, {}).setdefault(key, []).append(schema)
        return {
            name: self._inputs(writers.get(name, []), asked.get(name, {})) for name in self.stored
        }

    def _inputs(
        self, writers: Iterable[tuple[Operation, bool]], asked: Mapping[str, list[Schema]]
    ) -> Inputs:
        made: dict[str, list[Property]] = {}
        sent: dict[str, list[Property]] = {}
        for operation, makes in writers:
            content = body_content(operation)
            schema = content.schema if content is not None else None
            for key, prop in properties(schema, self.named).items() if schema else ():
                if prop.schema.read_only or flat(prop.schema, self.named).read_only:
                    continue
                sent.setdefault(key, []).append(prop)
                if makes:
                    made.setdefault(key, []).append(prop)
        return Inputs(
            {key: tuple(found) for key, found in made.items()},
            {key: tuple(found) for key, found in sent.items()},
            {key: tuple(found) for key, found in asked.items()},
        )

    def _written_by(self, item: Written) -> Iterator[tuple[str, bool]]:
        """The schema of which an operation writes a thing, and whether it makes a new one."""
        operation = item.operation
        said = item.node.get("x-action")
        kind = (said.text or said.string("kind")) if said is not None else ""
        site = self.sites.get(operation.path)
        schema = said.string("schema") if said is not None else ""
        collection = site is not None and site.kind is SiteKind.COLLECTION
        makes = kind == "create" or (not kind and collection and operation.method == "post")
        changes = not kind and not collection and operation.method in {"put", "patch"}
        if makes or changes or kind in {"replace", "update"}:
            yield schema or (site.schema if site is not None else ""), makes

    def _asked_by(self, operation: Operation) -> Iterator[tuple[str, str, Schema]]:
        """The parameters that name a value: the schema and the property, and their own schema."""
        site = self.sites.get(operation.path)
        if site is None or site.schema not in self.stored:
            return
        for parameter in operation.parameters:
            if parameter.location is Location.PATH and parameter.name == site.key:
                yield site.schema, self.stored[site.schema].key, parameter.schema

    def _all_properties(self, name: str, inputs: Inputs) -> dict[str, Property]:
        """The properties of the schema itself, and those that only its inputs have."""
        own = properties(self.named[name].schema, self.named)
        extra = {key: found[0] for key, found in inputs.all.items() if key not in own}
        shown = self.keys.shown if self.keys is not None and self.keys.name == name else ""
        return {
            key: prop
            for key, prop in {**own, **extra}.items()
            if key != shown and not self._computed(prop)
        }

    def _computed(self, prop: Property) -> bool:
        written = flat(prop.schema, self.named).extensions.get("x-column")
        return written is not None and written.value is False

    def _columns(
        self,
        name: str,
        plain: Mapping[str, Property],
        shown: Iterable[Embedded],
        reader: ColumnReader,
        past: Mapping[str, Renamed],
    ) -> tuple[tuple[Column, ...], dict[str, str]]:
        """The columns of a schema, and the foreign keys behind the rows that its properties show.

        The second is the name of a column by that of a property.
        """
        key = self.stored[name].key
        columns = [reader.column(prop_name, prop, key) for prop_name, prop in plain.items()]
        if key not in plain:
            columns.insert(0, self._hidden_key(name))
        ones = [item for item in shown if not item.many]
        places = {item.name: self._key_place(name, item, ones, columns) for item in ones}
        for prop, place in places.items():
            if prop in past and not columns[place].property:
                columns[place] = replace(columns[place], renamed=past[prop])
        deleted = self._soft_delete(name)
        if deleted and not any(column.name == deleted for column in columns):
            columns.append(self._deleted_column(name, deleted))
        if is_versioned(self.named[name].schema):
            columns.append(self._version_column(name))
        start = () if key in reader.inputs.made else (1,)
        done = tuple(
            replace(column, fill=Fill.DELETED, nullable=True)
            if column.name == deleted
            else replace(column, type=ColumnType.INT64, default=start)
            if column.fill is Fill.VERSION
            else column
            for column in _distinct(columns)
        )
        return done, {prop: done[place].name for prop, place in places.items()}

    def _key_place(
        self, name: str, item: Embedded, ones: Iterable[Embedded], columns: list[Column]
    ) -> int:
        """Where among `columns` the foreign key behind a row that is shown stands.

        It is called after the property, or is the only one that can be meant; where there is none,
        one that no property shows is added.
        """
        hidden = self._hidden_reference(name, item)
        for place, column in enumerate(columns):
            fits = column.type is hidden.type and not column.array
            if column.name != hidden.name or not fits:
                continue
            if column.reference is None or column.reference.entity == item.target:
                columns[place] = replace(column, reference=column.reference or hidden.reference)
                return place
        only = _only_key(item, ones, columns)
        if only is None:
            columns.append(hidden)
            return len(columns) - 1
        return only

    def _hidden_key(self, name: str) -> Column:
        return Column(
            name="id",
            attribute="id",
            type=ColumnType.INT64,
            position=self.named[name].schema.position,
            fill=Fill.GENERATED,
            description="Identifies a row",
        )

    def _hidden_reference(self, name: str, item: Embedded) -> Column:
        """The foreign key behind a row that is shown, where no property holds it."""
        key = self.stored[item.target].key
        target_key = self._hidden_key(item.target)
        if key:
            found = properties(self.named[item.target].schema, self.named)[key]
            reader = ColumnReader(self.named, self.stored, self.identity, Inputs({}, {}), {})
            target_key = reader.column(key, found, key)
        column = _key_name(item)
        return Column(
            name=column,
            attribute=column,
            type=target_key.type,
            position=self.named[name].schema.position,
            nullable=True,
            reference=Reference(item.target, OnDelete.RESTRICT),
        )

    def _deleted_column(self, name: str, column: str) -> Column:
        return Column(
            name=column,
            attribute=names.attribute(column),
            type=ColumnType.TIMESTAMP,
            position=self.named[name].schema.position,
            description="When the row was deleted",
        )

    def _version_column(self, name: str) -> Column:
        return Column(
            name="version",
            attribute="version",
            type=ColumnType.INT64,
            position=self.named[name].schema.position,
            fill=Fill.VERSION,
            description="How often the row was changed, and once more",
        )

    def _soft_delete(self, name: str) -> str:
        written = self.named[name].schema.extensions.get("x-table")
        node = written.get("soft-delete") if written is not None else None
        if node is None or node.value is False:
            return ""
        return node.text or "deleted_at"

    def _entity(
        self,
        name: str,
        called: tuple[str, str, str],
        columns: tuple[Column, ...],
        words: Mapping[str, Mapping[str, Node]],
        relations: tuple[Relation, ...],
    ) -> Entity:
        schema = self.named[name].schema
        stored = self.stored[name]
        by_property = {column.property: column.name for column in columns if column.property}
        module, plural, table = called
        deleted = self._soft_delete(name)
        identity = self._identity(name, columns)
        return Entity(
            name=name,
            class_name=self.named[name].class_name,
            module=module,
            plural=plural,
            table=table,
            position=schema.position,
            columns=columns,
            key=by_property.get(stored.key) or next(c.name for c in columns if _is_hidden_key(c)),
            uniques=self._uniques(name, table, by_property, words, identity, bool(deleted)),
            indexes=self._indexes(name, table, by_property, words, bool(deleted)),
            relations=relations,
            soft_delete=deleted,
            owner=_owner(columns, words),
            tenant=tenancy_of(columns, words),
            identity=identity,
            description=schema.description,
            evidence=(stored.evidence,),
            renamed=renamed_table(schema),
            deleted=deleted_columns(schema),
        )

    def _uniques(
        self,
        name: str,
        table: str,
        by_property: Mapping[str, str],
        words: Mapping[str, Mapping[str, Node]],
        identity: Identity | None,
        partial: bool,
    ) -> tuple[Unique, ...]:
        found: dict[tuple[str, ...], bool] = {}
        for prop, column in by_property.items():
            written = words.get(prop, {}).get("x-unique")
            if written is not None and written.value is not False:
                found[(column,)] = written.flag("ignore-case")
        if identity is not None:
            found.setdefault((identity.login,), True)
        table_node = self.named[name].schema.extensions.get("x-table")
        for rule in table_node.list_of("unique") if table_node is not None else []:
            listed = rule.items or rule.list_of("columns")
            key = tuple(by_property.get(item.text, item.text) for item in listed)
            found[key] = rule.flag("ignore-case")
        return tuple(
            Unique(names.sql(f"uq_{table}_{'_'.join(key)}"), key, ignore_case, partial)
            for key, ignore_case in found.items()
        )

    def _indexes(
        self,
        name: str,
        table: str,
        by_property: Mapping[str, str],
        words: Mapping[str, Mapping[str, Node]],
        partial: bool,
    ) -> tuple[Index, ...]:
        written = self.named[name].schema.extensions.get("x-table")
        found = [
            Index(
                names.sql(f"ix_{table}_{column}"),
                (column,),
                partial=partial,
                reason="x-index asks for it",
            )
            for prop, column in by_property.items()
            if (said := words.get(prop, {}).get("x-index")) is not None and said.value is True
        ]
        for rule in written.list_of("indexes") if written is not None else []:
            listed = rule.items or rule.list_of("columns")
            key = tuple(by_property.get(item.text, item.text) for item in listed)
            method = IndexMethod(rule.string("method") or IndexMethod.BTREE.value)
            index = names.sql(f"ix_{table}_{'_'.join(key)}")
            found.append(Index(index, key, method, partial=partial, reason="x-table asks for it"))
        return tuple(found)

    def _identity(self, name: str, columns: Iterable[Column]) -> Identity | None:
        if name != self.identity:
            return None
        listed = list(columns)
        written = self.named[name].schema.extensions.get("x-identity")
        login = _said(written, "login", listed) or _first(listed, _LOGINS)
        hashed = next((column for column in listed if column.hashed), None)
        password = _said(written, "password", listed) or hashed
        if login is None or password is None:
            return None
        roles = _said(written, "roles", listed) or _first(listed, _ROLES)
        active = _said(written, "active", listed) or _first(listed, _ACTIVE)
        return Identity(
            login=login.name,
            password=password.name,
            roles=roles.name if roles is not None else "",
            roles_many=roles.array if roles is not None else False,
            active=active.name if active is not None else "",
        )


def _owner(columns: Iterable[Column], words: Mapping[str, Mapping[str, Node]]) -> Ownership | None:
    for column in columns:
        if column.fill is Fill.OWNER:
            written = words.get(column.property, {}).get("x-owner")
            return Ownership(column.name, written.string("unless") if written else "")
    return None


def _said(written: Node | None, word: str, columns: Iterable[Column]) -> Column | None:
    wanted = written.string(word) if written is not None else ""
    return next((c for c in columns if wanted and c.property == wanted), None)


def _first(columns: list[Column], wanted: Iterable[str]) -> Column | None:
    by_name = {names.snake(column.property): column for column in columns if column.property}
    return next((by_name[name] for name in wanted if name in by_name), None)


def _key_name(item: Embedded) -> str:
    """What the foreign key behind a row that is shown is called: `owner_id` for `owner`."""
    return f"{names.snake(item.name)}_id"


def _only_key(item: Embedded, ones: Iterable[Embedded], columns: list[Column]) -> int | None:
    """The place of a foreign key of another name, where no other property can mean it."""
    rivals = {_key_name(other) for other in ones if other.target == item.target}
    keys = {
        place: column.name
        for place, column in enumerate(columns)
        if column.property and column.reference and column.reference.entity == item.target
    }
    free = [place for place, name in keys.items() if name not in rivals]
    unserved = rivals - set(keys.values())
    return free[0] if len(free) == 1 and len(unserved) == 1 else None


def _is_hidden_key(column: Column) -> bool:
    return column.fill is Fill.GENERATED and not column.property


def _distinct(columns: list[Column]) -> list[Column]:
    """The columns, with names and attributes that no two share; those without property give way."""
    shown = [c for c in columns if c.property]
    hidden = [c for c in columns if not c.property]
    order = [*((f"p {c.property}", c) for c in shown), *((f"c {c.name}", c) for c in hidden)]
    sql_names = names.distinct((key, c.name) for key, c in order)
    attributes = names.distinct((key, c.attribute) for key, c in order)
    done = {
        id(c): replace(c, name=names.sql(sql_names[key]), attribute=attributes[key])
        for key, c in order
    }
    return [done[id(c)] for c in columns]
