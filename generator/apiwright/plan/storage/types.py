"""Types of columns: PostgreSQL's names for them, and what Python and SQLAlchemy call them."""

from __future__ import annotations

import re

from apiwright.code import Code, compose, constant, literal
from apiwright.ir.storage import Column, ColumnType
from apiwright.plan.storage.tables import TableColumn

_SQL = {
    ColumnType.TEXT: "text",
    ColumnType.INT32: "integer",
    ColumnType.INT64: "bigint",
    ColumnType.DOUBLE: "double precision",
    ColumnType.DECIMAL: "numeric",
    ColumnType.BOOLEAN: "boolean",
    ColumnType.UUID: "uuid",
    ColumnType.DATE: "date",
    ColumnType.TIMESTAMP: "timestamp with time zone",
    ColumnType.BYTES: "bytea",
    ColumnType.JSON: "jsonb",
}
_PYTHON = {
    ColumnType.TEXT: "str",
    ColumnType.INT32: "int",
    ColumnType.INT64: "int",
    ColumnType.DOUBLE: "float",
    ColumnType.DECIMAL: "Decimal",
    ColumnType.BOOLEAN: "bool",
    ColumnType.UUID: "UUID",
    ColumnType.DATE: "date",
    ColumnType.TIMESTAMP: "datetime",
    ColumnType.BYTES: "bytes",
    ColumnType.JSON: "Any",
}
_SQLALCHEMY = {
    "text": "{}Text()",
    "integer": "{}Integer()",
    "bigint": "{}BigInteger()",
    "double precision": "{}Double()",
    "numeric": "{}Numeric()",
    "boolean": "{}Boolean()",
    "uuid": "{}Uuid()",
    "date": "{}Date()",
    "timestamp with time zone": "{}DateTime(timezone=True)",
    "bytea": "{}LargeBinary()",
    "jsonb": "JSONB()",
    "smallint": "{}SmallInteger()",
    "real": "{}REAL()",
    "character varying": "{}String()",
    "timestamp without time zone": "{}DateTime(timezone=False)",
}
_SIZED = re.compile(r"numeric\((\d+),(\d+)\)")
_LONG = re.compile(r"(character varying|character)\((\d+)\)")
_WORDS = {"varchar": "character varying", "char": "character"}
NAIVE = "timestamp without time zone"
"""Times without an offset, which are taken to be in UTC."""


def sql_type(column: Column) -> str:
    """The type of a column as PostgreSQL writes it."""
    base = _SQL[column.type]
    if column.enum_type:
        base = column.enum_type
    elif column.stored_as:
        word, sign, size = column.stored_as.partition("(")
        base = NAIVE if word == "timestamp" else f"{_WORDS.get(word, word)}{sign}{size}"
    elif column.type is ColumnType.DECIMAL and column.precision is not None:
        base = f"numeric({column.precision},{column.scale or 0})"
    return f"{base}[]" if column.array else base


def python_type(column: Column) -> Code:
    """The Python type of the values of a column, null aside."""
    one = constant(_PYTHON[column.type])
    return compose("list[{}]", one) if column.array else one


def annotation(column: Column) -> Code:
    """The type that a model declares for a column."""
    kind = python_type(column)
    optional = column.nullable and column.type is not ColumnType.JSON
    return compose("{} | None", kind) if optional else kind


def sqlalchemy_type(sql: str, prefix: str = "") -> Code:
    """The SQLAlchemy type for a type of PostgreSQL; `prefix` is "sa." where it needs one."""
    module = constant(prefix)
    if sql.endswith("[]"):
        return compose("{}ARRAY({})", module, sqlalchemy_type(sql[:-2], prefix))
    long = _LONG.fullmatch(sql)
    if long is not None:
        kind = constant("String" if long[1] == "character varying" else "CHAR")
        return compose("{}{}({})", module, kind, literal(int(long[2])))
    sized = _SIZED.fullmatch(sql)
    if sized is None and sql not in _SQLALCHEMY:
        # A type that is there already: what matters is what it is called.
        named = "ENUM(name={}, create_type=False)" if prefix else "NamedType({})"
        return compose(named, literal(sql))
    if sized is None:
        return compose(_SQLALCHEMY[sql], module)
    return compose("{}Numeric({}, {})", module, literal(int(sized[1])), literal(int(sized[2])))


def converted(name: str, before: str, after: str) -> str:
    """SQL that makes a value of the column `name` one of another type; "" where there is no way."""
    if after == "jsonb":
        return f"to_jsonb({name})"
    if after.endswith("[]"):
        if before.endswith("[]"):
            return f"{name}::{after}"
        return f"ARRAY[{name}]" if before == after[:-2] else ""
    if before == "jsonb":
        return f"({name} #>> '{{}}')::{after}"
    if after == "text" or before == "text" or _family(before) == _family(after):
        return f"{name}::{after}"
    if {_family(before), _family(after)} == {"boolean", "number"}:
        return f"{name} <> 0" if after == "boolean" else f"{name}::integer::{after}"
    return ""


def default_of(column: TableColumn) -> str:
    """The default of a column as a value of its type, in SQL; null where it has none."""
    return f"({column.default})::{column.type}" if column.default else f"NULL::{column.type}"


def _family(sql: str) -> str:
    """What types have in common that PostgreSQL makes each other of."""
    if sql in {"smallint", "integer", "bigint", "real", "double precision"} or sql.startswith(
        "numeric"
    ):
        return sql if sql.endswith("[]") else "number"
    if sql.startswith("character") and not sql.endswith("[]"):
        return "text"
    return "time" if sql in {"date", "timestamp with time zone", NAIVE} else sql


INFERRED = frozenset(
    {"text", "bigint", "double precision", "numeric", "boolean", "uuid", "date",
     "timestamp with time zone", "bytea"}
)  # fmt: skip
"""Types that the annotation alone tells (see the type map of the generated models' base)."""
