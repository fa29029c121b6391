"""Columns: how each property of a stored schema is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from apiwright import names
from apiwright.ir.schemas import Json, NamedSchema, Property, Schema
from apiwright.ir.shapes import flat, properties, takes_null, target
from apiwright.ir.storage import Bounds, Column, ColumnType, Fill, OnDelete, Reference
from apiwright.load import Node
from apiwright.understand.column_types import Kind, kind_of
from apiwright.understand.evolution import (
    backfill,
    deleted_values,
    renamed_column,
    renamed_values,
)
from apiwright.understand.patterns import for_postgres
from apiwright.understand.sites import Stored, is_password
from apiwright.understand.tenancy import names_tenant

_CREATED = frozenset({"created_at", "created", "created_on", "creation_date", "date_created"})
_UPDATED = frozenset(
    {"updated_at", "updated", "modified_at", "modified", "last_modified", "changed_at",
     "date_updated", "date_modified"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Inputs:
    """The properties that clients send when they make or change a thing, by name.

    `made` are those of the bodies that make one, `all` those of every body that writes one. `asked`
    are the parameters of paths that name a value of a property.
    """

    made: Mapping[str, tuple[Property, ...]]
    all: Mapping[str, tuple[Property, ...]]
    asked: Mapping[str, tuple[Schema, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ColumnReader:
    """Reads the columns of one stored schema; `identity` is that of the accounts, or ""."""

    named: Mapping[str, NamedSchema]
    stored: Mapping[str, Stored]
    identity: str
    inputs: Inputs
    attributes: Mapping[str, str]

    def column(self, name: str, prop: Property, key: str) -> Column:
        """The column that stores the property `name`; `key` is the property of the primary key."""
        whole = flat(prop.schema, self.named)
        kind = self._kind(name, prop)
        hashed = self._is_hashed(name, prop.schema, whole)
        enum = _texts(self._item(whole) if kind.array else whole)
        written = whole.extensions.get("x-column")
        made_by = self.inputs.made.get(name, ())
        fill = self._fill(name, whole, key)
        default = self._default(name, whole)
        column = Column(
            name=_column_name(name, written),
            attribute=self.attributes.get(name, names.attribute(name)),
            type=kind.type,
            position=prop.schema.position,
            property=name,
            nullable=self._nullable(name, prop, whole, fill, default),
            array=kind.array,
            precision=_number(written, "precision") or kind.precision,
            scale=_number(written, "scale") if _number(written, "precision") else kind.scale,
            enum=enum,
            enum_class=self._enum_class(prop.schema, kind.array),
            stored_as=written.string("type") if written is not None else "",
            enum_type=written.string("enum-type") if written is not None and enum else "",
            bounds=self._bounds(name, whole, kind.type, kind.array),
            default=default,
            fill=fill if made_by or fill is not Fill.CLIENT or not default else Fill.DEFAULT,
            reference=self._reference(name, whole),
            description=prop.schema.description or whole.description,
            renamed=renamed_column(prop.schema, "_hash" if hashed else ""),
            renamed_values=renamed_values(prop.schema, self.named) if enum else (),
            backfill=backfill(prop.schema),
            deleted_values=deleted_values(prop.schema, self.named) if enum else (),
        )
        return _hashed(column) if hashed else column

    def _kind(self, name: str, prop: Property) -> Kind:
        """The type of a column: numbers are kept, and compared, as large as clients may send."""
        kind = kind_of(prop.schema, self.named)
        if kind != Kind(ColumnType.INT32):
            return kind
        sent = [writer.schema for writer in self.inputs.all.get(name, ())]
        kinds = {kind_of(s, self.named) for s in (*sent, *self.inputs.asked.get(name, ()))}
        return Kind(ColumnType.INT64) if Kind(ColumnType.INT64) in kinds else kind

    def _item(self, whole: Schema) -> Schema:
        return flat(whole.items, self.named) if whole.items is not None else whole

    def _fill(self, name: str, whole: Schema, key: str) -> Fill:
        sent = name in self.inputs.made
        if name == key and (not sent or self._may_lack_key(name, whole)):
            return Fill.GENERATED
        written = whole.extensions.get("x-column")
        if written is not None and written.string("filled-by") == "database":
            return Fill.DATABASE
        if is_versioned(whole):
            return Fill.VERSION
        stamp = whole.extensions.get("x-timestamp")
        if stamp is not None:
            return Fill.CREATED if stamp.value == "created" else Fill.UPDATED
        if _is_owner(whole) or (names_tenant(whole) and name != key):
            return Fill.OWNER if _is_owner(whole) else Fill.TENANT
        if whole.format == "date-time" and not sent and name not in self.inputs.all:
            snake = names.snake(name)
            if snake in _CREATED:
                return Fill.CREATED
            if snake in _UPDATED:
                return Fill.UPDATED
        return Fill.CLIENT

    def _may_lack_key(self, name: str, whole: Schema) -> bool:
        """Whether clients may leave the key to the database, which can make keys of its type."""
        makes = kind_of(whole, self.named).type in {
            ColumnType.UUID,
            ColumnType.INT32,
            ColumnType.INT64,
        }
        return makes and not all(prop.required for prop in self.inputs.made[name])

    def _default(self, name: str, whole: Schema) -> tuple[Json, ...]:
        made = (flat(prop.schema, self.named).default for prop in self._made(name))
        for given in (whole.default, *made):
            if given and given[0] is not None:
                return given
        return ()

    def _made(self, name: str) -> tuple[Property, ...]:
        return self.inputs.made.get(name, ())

    def _nullable(
        self, name: str, prop: Property, whole: Schema, fill: Fill, default: tuple[Json, ...]
    ) -> bool:
        """Null is kept out unless the contract shows it, or clients may leave the value out."""
        if fill is Fill.DATABASE:
            return "null" in whole.types
        if fill is not Fill.CLIENT:
            return False
        if "null" in whole.types:
            return True
        writers = self.inputs.all.get(name, ())
        if any(takes_null(writer.schema, self.named) for writer in writers):
            return True
        return not default and not prop.required

    def _enum_class(self, schema: Schema, array: bool) -> str:
        whole = flat(schema, self.named)
        used = whole.items if array and whole.items is not None else schema
        name = target(used)
        return name if name in self.named and _texts(flat(used, self.named)) else ""

    def _bounds(self, name: str, whole: Schema, kind: ColumnType, array: bool) -> Bounds:
        """What holds for the column, whichever of the schemas that write and show it is asked.

        That is what all of them agree on, and the loosest of their limits.
        """
        if array or kind in {ColumnType.JSON, ColumnType.BYTES, ColumnType.UUID}:
            return Bounds()
        writers = [flat(p.schema, self.named) for p in self.inputs.all.get(name, ())]
        schemas = [whole, *writers]
        lengths = kind is ColumnType.TEXT
        numbers = kind in {ColumnType.INT32, ColumnType.INT64, ColumnType.DOUBLE}
        numbers = numbers or (kind is ColumnType.DECIMAL and "string" not in whole.types)
        pattern = _shared(schemas, "pattern") if lengths and not whole.enum else None
        return Bounds(
            min_length=_count(_loosest(schemas, "minLength", low=True)) if lengths else None,
            max_length=_count(_loosest(schemas, "maxLength", low=False)) if lengths else None,
            minimum=_loosest(schemas, "minimum", low=True) if numbers else None,
            exclusive_minimum=_shared(schemas, "exclusiveMinimum") if numbers else None,
            maximum=_loosest(schemas, "maximum", low=False) if numbers else None,
            exclusive_maximum=_shared(schemas, "exclusiveMaximum") if numbers else None,
            pattern=for_postgres(pattern) if isinstance(pattern, str) else "",
        )

    def _reference(self, name: str, whole: Schema) -> Reference | None:
        written = whole.extensions.get("x-references")
        if written is not None and written.value is False:
            return None
        if written is not None:
            schema = written.text or written.string("schema")
            on_delete = written.string("on-delete") or OnDelete.RESTRICT.value
        else:
            schema = self.identity if _is_owner(whole) else self._namesake(name)
            on_delete = OnDelete.RESTRICT.value
        if schema not in self.stored or not self.stored[schema].key:
            return None
        if written is None and not self._fits_key(whole, schema):
            return None
        return Reference(schema, OnDelete(on_delete))

    def _fits_key(self, whole: Schema, schema: str) -> bool:
        """Whether a value can be the key of a row of another schema."""
        found = properties(self.named[schema].schema, self.named)[self.stored[schema].key]
        own, other = kind_of(whole, self.named), kind_of(found.schema, self.named)
        return own == other or {own.type, other.type} == {ColumnType.INT32, ColumnType.INT64}

    def _namesake(self, name: str) -> str:
        """The stored schema that a property is named after: `book_id`, `bookId` -> Book."""
        stem, _, last = names.snake(name).rpartition("_")
        if last != "id" or not stem:
            return ""
        return next((known for known in self.stored if names.snake(known) == stem), "")

    def _is_hashed(self, name: str, schema: Schema, whole: Schema) -> bool:
        written = whole.extensions.get("x-hashed")
        if written is not None:
            return written.value is True
        return whole.write_only and is_password(schema, name, self.named)


def _hashed(column: Column) -> Column:
    return replace(
        column,
        name=f"{column.name}_hash",
        attribute=f"{column.attribute}_hash",
        bounds=Bounds(max_length=255),
        hashed=True,
        description=f"A hash of the {column.name}; the {column.name} itself is not stored",
    )


def _column_name(name: str, written: Node | None) -> str:
    given = (written.text or written.string("name")) if written is not None else ""
    return given or names.sql(names.snake(name, "column").rstrip("_"))


def _number(written: Node | None, key: str) -> int | None:
    node = written.get(key) if written is not None else None
    return node.value if node is not None and isinstance(node.value, int) else None


def is_versioned(whole: Schema) -> bool:
    """Whether a property shows the version of a row, or rows of a schema have a hidden one."""
    written = whole.extensions.get("x-versioned")
    return written is not None and written.value is True


def _is_owner(whole: Schema) -> bool:
    written = whole.extensions.get("x-owner")
    return written is not None and written.value is not False


def _texts(whole: Schema) -> tuple[str, ...]:
    values = [value for value in whole.enum if value is not None]
    return tuple(str(v) for v in values) if all(isinstance(v, str) for v in values) else ()


def _loosest(schemas: Iterable[Schema], word: str, *, low: bool) -> Json:
    """The loosest limit; None as soon as one schema has none."""
    limits = [schema.keywords.get(word) for schema in schemas]
    numbers = [limit for limit in limits if isinstance(limit, int | float)]
    if len(numbers) != len(limits) or not numbers:
        return None
    return min(numbers) if low else max(numbers)


def _shared(schemas: Iterable[Schema], word: str) -> Json:
    values = [schema.keywords.get(word) for schema in schemas]
    return values[0] if all(value == values[0] for value in values) else None


def _count(value: Json) -> int | None:
    return int(value) if isinstance(value, int | float) else None
