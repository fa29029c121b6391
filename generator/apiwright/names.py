"""Names: from whatever a contract calls a thing to what Python and PostgreSQL can call it.

Every function is pure and gives the same name for the same text, whatever else the contract holds;
collisions are solved by a suffix made from the original text, so that an edit elsewhere in the
contract renames nothing. This module imports nothing of the package.
"""

from __future__ import annotations

import builtins
import hashlib
import keyword
import re
import unicodedata
from collections.abc import Iterable

import inflection

SQL_NAME_BYTES = 63
"""The longest identifier that PostgreSQL keeps (NAMEDATALEN - 1)."""

_NOT_A_WORD = re.compile(r"[^A-Za-z0-9]+")
_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LONGEST = 60

_RESERVED = frozenset(keyword.kwlist) | frozenset(keyword.softkwlist) | frozenset({"self", "cls"})
_BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_"))

# Attributes that pydantic, SQLAlchemy or the generated base classes need for themselves.
_TAKEN_ATTRIBUTES = frozenset(
    {
        "metadata", "registry", "query", "copy", "json", "dict", "schema", "schema_json",
        "validate", "construct", "parse_obj", "parse_raw", "parse_file", "from_orm",
        "update_forward_refs", "fields", "mro", "config", "awaitable_attrs",
        "type_annotation_map",
    }
    # What the bodies of generated classes call, and what the types in them are called.
    | {
        "bool", "bytes", "date", "datetime", "float", "func", "int", "is_none", "list",
        "mapped_column", "property", "relationship", "str", "text",
    }
)  # fmt: skip

# Names in generated handlers and methods that an argument would hide.
_TAKEN_ARGUMENTS = frozenset(
    {
        "body", "changes", "cookies", "headers", "made", "models", "page", "pair", "query",
        "request", "respond", "row", "sent", "service",
    }
)  # fmt: skip

# Names of generated modules and base classes that a method or a handler would hide.
_TAKEN_METHODS = frozenset(
    {
        "add", "answered", "authenticate", "bindparam", "body_of", "caller", "callers", "calls",
        "change", "complete", "context", "date", "datetime", "exact", "export", "find", "flush",
        "from_body", "from_cookie", "from_header", "from_path", "from_query", "get", "get_all",
        "granted", "holds", "holds_any", "literal_column", "matches", "model", "models", "new_key",
        "nobody", "once", "override", "owned", "owns", "page", "passed_on", "path_of", "policies",
        "publish", "query_of", "quote", "remove", "require", "require_owner", "respond", "restore",
        "router", "rows", "select", "selectinload", "send_password_reset", "sent", "session",
        "sessions", "shapes", "statements", "tagged", "unless_known", "uuid4", "wide",
    }
)  # fmt: skip

# Names that the generated modules import or define themselves.
_TAKEN_CLASSES = frozenset(
    {
        "Any", "Annotated", "ApiModel", "Base", "BaseModel", "Code", "ConfigDict", "Decimal",
        "Depends", "Enum", "Field", "Generic", "IntEnum", "Literal", "Mapped", "Model", "None_",
        "Optional", "Request", "Response", "RootModel", "Self", "Service", "StrEnum", "TypeAlias",
        "TypeVar", "Union", "UUID", "Security", "Caller", "Repository",
    }
    # Tables, repositories, services and routers.
    | {
        "APIRouter", "ARRAY", "AsyncSession", "AuthSession", "BEARER", "Base64", "BadRequest",
        "BigInteger", "Boolean", "CalendarDate", "CheckConstraint", "Column", "Condition",
        "Conflict", "Context", "Date", "DateTime", "DbSession", "DecimalNumber", "DecimalText",
        "Double", "Forbidden", "ForeignKey", "Identity", "Index", "Integer", "InvalidTokenError",
        "JSONB", "Json", "JsonValue", "LargeBinary", "NotAnswered", "NotAuthenticated", "NotFound",
        "Numeric", "Page", "Paging", "RefreshToken", "RequestContext", "Row", "SecurityScopes",
        "Select", "Sequence", "Sessions", "Step", "String", "Table", "Text", "Timestamp", "Tokens",
        "UnitOfWorkRoute", "Uuid", "AccessToken", "InstrumentedAttribute", "ColumnElement",
        "PasswordHasher", "Settings", "AliasChoices", "Database", "Environment", "ACCOUNTS", "NOW",
        "UNSET", "UTC", "TYPE_CHECKING", "PATHS", "OVERRIDES", "Iterator", "ORMOption", "Steps",
        "CHAR", "FetchedValue", "NaiveTimestamp", "NamedType", "REAL", "SQLColumnExpression",
        "SmallInteger", "AuditEntry", "DeadLetter", "EventDelivery", "EventHandlers", "EventOf",
        "EventType", "OutboxEvent", "ApiError", "Attempts", "Bulk", "Conditions", "Export",
        "IdempotencyKey", "PasswordReset", "PasswordResets",
    }
)  # fmt: skip


def words(text: str) -> list[str]:
    """The words of a text: split at anything that is no ASCII letter or digit, and at humps.

    Compatibility characters are folded first (NFKC), accents dropped.
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text))
    ascii_only = "".join(c for c in folded if not unicodedata.combining(c))
    parts = _NOT_A_WORD.split(ascii_only)
    return [word for part in parts for word in _HUMPS.split(part) if word]


def short_hash(text: str) -> str:
    """Six hexadecimal digits that stand for a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]


def snake(text: str, fallback: str = "value") -> str:
    """A lower-case Python identifier: `userId` -> `user_id`, `class` -> `class_`."""
    name = _shorten("_".join(word.lower() for word in words(text)), text)
    if not name:
        return f"{fallback}_{short_hash(text)}" if text else fallback
    if name[0].isdigit():
        name = f"{fallback}_{name}"
    return f"{name}_" if name in _RESERVED else name


def attribute(text: str) -> str:
    """The name of a field of a model: `snake`, clear of what base classes use themselves."""
    name = snake(text, "field")
    taken = name in _TAKEN_ATTRIBUTES or name.startswith("model_")
    return f"{name}_" if taken else name


def argument(text: str) -> str:
    """The name of a function's argument: `snake`, clear of builtins."""
    name = snake(text, "value")
    return f"{name}_" if name in _BUILTINS or name in _TAKEN_ARGUMENTS else name


def method(text: str) -> str:
    """The name of an operation in Python: `snake`, clear of what it would hide."""
    name = snake(text, "operation")
    return f"{name}_" if name in _BUILTINS or name in _TAKEN_METHODS else name


def module(text: str, fallback: str = "value") -> str:
    """The name of a module: `snake`, with an underscore at its end only where it has to be."""
    name = snake(text, fallback)
    return name if keyword.iskeyword(name.rstrip("_")) else name.rstrip("_")


def pascal(text: str, fallback: str = "Schema") -> str:
    """The name of a class: `order-line` -> `OrderLine`; words in capitals stay (`URL`)."""
    name = prefix(text, fallback)
    clash = name in _TAKEN_CLASSES or name in _BUILTINS or keyword.iskeyword(name)
    return f"{name}Schema" if clash else name


def prefix(text: str, fallback: str = "Schema") -> str:
    """What the names of several classes begin with: `pascal`, whatever it would hide."""
    parts = [word[0].upper() + word[1:] for word in words(text)]
    name = _shorten("".join(parts), text)
    if not name:
        return f"{fallback}{short_hash(text).upper()}" if text else fallback
    return f"{fallback}{name}" if name[0].isdigit() else name


def constant(text: str) -> str:
    """The name of an enum member: `sold out` -> `SOLD_OUT`, `-price` -> `PRICE_DESC`."""
    sign = text[:1]
    name = snake(text, "value").rstrip("_").upper()
    if sign == "-" and words(text):
        name = f"{name}_DESC"
    return f"{name}_" if name in {"MRO", "NAME", "VALUE"} else name


def plural(name: str) -> str:
    """The plural of a snake-case English noun: `order_line` -> `order_lines`."""
    return inflection.pluralize(name)


def singular(name: str) -> str:
    """The singular of a snake-case English noun: `order_lines` -> `order_line`."""
    return inflection.singularize(name)


def sql(text: str) -> str:
    """An SQL identifier of at most 63 bytes; a longer one ends in a hash of the whole."""
    encoded = text.encode("utf-8", "surrogatepass")
    if len(encoded) <= SQL_NAME_BYTES:
        return text
    suffix = f"_{short_hash(text)}"
    kept = encoded[: SQL_NAME_BYTES - len(suffix)].decode("ascii", "ignore")
    return f"{kept}{suffix}"


def distinct(wanted: Iterable[tuple[str, str]], taken: Iterable[str] = ()) -> dict[str, str]:
    """Names for keys, no two alike (compared without regard to case).

    `wanted` are pairs of a key and the name it would like. The first key of a name keeps it;
    each later one gets a suffix made from its key, so that the result for one key depends on no
    other key but those that want the same name.
    """
    used = {name.lower() for name in taken}
    result: dict[str, str] = {}
    for key, name in wanted:
        free = name
        while free.lower() in used:
            between = "_" if free.islower() and not free.endswith("_") else ""
            free = f"{free}{between}{short_hash(key)}"
        used.add(free.lower())
        result[key] = free
    return result


def _shorten(name: str, text: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 7]}_{short_hash(text)}"
