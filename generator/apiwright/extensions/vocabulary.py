"""The extension words, each with the places it may stand and a JSON Schema of its value.

A word is data only: none of them can carry code, a path or an import. Where OpenAPI has a word of
its own (`security`, `readOnly`, `format`, `default`, `deprecated`), there is none here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

PROPERTY = "property"
"""A schema that is the value of a property: a place of its own, since columns are made there."""


@dataclass(frozen=True, slots=True)
class Word:
    """An extension: its name, the kinds of objects that may carry it, and the schema of its value.

    `places` are kinds of the OpenAPI grammar, and "property". `about` is one sentence for people.
    """

    name: str
    places: tuple[str, ...]
    about: str
    schema: dict[str, Any]


def _object(needed: str = "", **properties: dict[str, Any]) -> dict[str, Any]:
    named = {name.replace("_", "-"): schema for name, schema in properties.items()}
    required = {"required": [needed]} if needed else {}
    return {"type": "object", "properties": named, **required, "additionalProperties": False}


def _either(*schemas: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": list(schemas)}


def _text(about: str) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "description": about}


def _flag(about: str) -> dict[str, Any]:
    return {"type": "boolean", "description": about}


def _names(about: str) -> dict[str, Any]:
    return {
        "type": "array",
        "items": {"type": "string", "minLength": 1},
        "minItems": 1,
        "uniqueItems": True,
        "description": about,
    }


def _count(about: str, least: int) -> dict[str, Any]:
    # PostgreSQL 18, section 8.1.2: a number has up to a thousand digits
    return {"type": "integer", "minimum": least, "maximum": 1000, "description": about}


_SQL_NAME: dict[str, Any] = {
    "type": "string",
    "pattern": "^[a-z_][a-z0-9_]*$",
    "maxLength": 63,
    "description": "A name in the database: lower-case letters, digits and underscores",
}
_ENUM_TYPE: dict[str, Any] = {
    **_SQL_NAME,
    "description": "The enum type of PostgreSQL that holds the values; it has to be there already",
}
_ON_DELETE: dict[str, Any] = {
    "enum": ["restrict", "cascade", "set-null"],
    "description": "What becomes of this row when the one that it refers to is deleted",
}
_UNIQUE: dict[str, Any] = _either(
    _names("Columns that no two rows may share the values of"),
    _object(
        needed="columns",
        columns=_names("Columns that no two rows may share the values of"),
        ignore_case=_flag("Compare text without regard to case"),
    ),
)
_INDEX: dict[str, Any] = _either(
    _names("The columns of the index"),
    _object(
        needed="columns",
        columns=_names("The columns of the index"),
        method={"enum": ["btree", "gin"], "description": "The index method of PostgreSQL"},
    ),
)
_TABLE: dict[str, Any] = _either(
    {"const": False, "description": "Not stored"},
    {"const": True, "description": "Stored, in a table named after the schema"},
    _SQL_NAME,
    _object(
        name=_SQL_NAME,
        key=_text("The property that identifies a row"),
        soft_delete=_either(
            _flag("Keep deleted rows, marked by a column deleted_at"),
            _SQL_NAME,
        ),
        unique={"type": "array", "items": _UNIQUE, "description": "Rules across columns"},
        indexes={
            "type": "array",
            "items": _INDEX,
            "description": "Indexes beside those that keys, filters and sorts get by themselves",
        },
    ),
)
_COLUMN: dict[str, Any] = _either(
    {"const": False, "description": "Not stored: computed by an override"},
    _SQL_NAME,
    _object(
        name=_SQL_NAME,
        type={
            "type": "string",
            "pattern": r"^(smallint|real|timestamp|varchar|varchar\([1-9][0-9]{0,6}\)"
            r"|char\([1-9][0-9]{0,6}\))$",
            "description": "The type in the database, where it isn't the usual one: smallint, "
            "real, timestamp (without time zone, in UTC), varchar, varchar(80), char(2)",
        },
        enum_type=_ENUM_TYPE,
        filled_by={"const": "database", "description": "The database gives the value by itself"},
        precision=_count("How many digits a decimal number has in all", 1),
        scale=_count("How many of its digits stand behind the decimal point", 0),
    ),
)
_REFERENCES: dict[str, Any] = _either(
    {"const": False, "description": "It refers to no row, whatever it is called"},
    _text("The schema of the rows that are referred to"),
    _object(
        needed="schema",
        schema=_text("The schema of the rows that are referred to"),
        on_delete=_ON_DELETE,
        table=_SQL_NAME,
        columns={
            "type": "array",
            "items": _SQL_NAME,
            "minItems": 2,
            "maxItems": 2,
            "uniqueItems": True,
            "description": "The columns of the table of pairs: the one that refers to this "
            "schema, and the one that refers to the other",
        },
    ),
)
_DAY: dict[str, Any] = {
    "type": "string",
    "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "description": "A day, as in 2026-01-31",
}
_SECONDS: dict[str, Any] = {
    "type": "integer",
    "minimum": 1,
    "maximum": 86400,
    "description": "How many seconds an answer is kept, unless a write ends that",
}
_FORMER = _either(_text("The name of before"), _names("The names of before, newest first"))
_RENAMED: dict[str, Any] = _either(
    *_FORMER["anyOf"],
    {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": _FORMER,
        "description": "Values of an enum, each with what it was before",
    },
)
_RENAMED_TO: dict[str, Any] = _either(
    _text("The name in the newest version"),
    {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": _text("The value in the newest version"),
        "description": "Values of an enum, each with the one of the newest version",
    },
)
_FROM: dict[str, Any] = _either(
    _object(
        needed="join",
        join={
            **_names("Properties of the newest version whose texts make up this one"),
            "minItems": 2,
        },
        separator=_text("What stands between the texts; one space unless it is said"),
    ),
    _object(
        needed="value", value={"description": "What is shown where the newest version has nothing"}
    ),
    _object(
        needed="values",
        values={
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"type": "string"},
            "description": "Values of the newest version, each with the one that is shown here",
        },
    ),
)
_EVENT: dict[str, Any] = {
    "type": "string",
    "pattern": r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$",
    "maxLength": 100,
    "description": "The name of an event, as in item.created",
}
_NO_EVENT: dict[str, Any] = {"const": False, "description": "No event on this occasion"}
_EVENTS: dict[str, Any] = _either(
    _flag("Whether rows tell when they are created, updated, deleted and restored"),
    _object(
        created=_either(_NO_EVENT, _EVENT),
        updated=_either(_NO_EVENT, _EVENT),
        deleted=_either(_NO_EVENT, _EVENT),
        restored=_either(_NO_EVENT, _EVENT),
        published={
            "type": "array",
            "items": _EVENT,
            "minItems": 1,
            "uniqueItems": True,
            "description": "Events that overrides publish",
        },
    ),
)
_ACTIONS = (
    "list", "create", "read", "replace", "update", "delete", "restore",
    "bulk-create", "bulk-update", "bulk-delete", "export",
    "token", "refresh", "logout", "password", "request-reset", "reset", "custom",
)  # fmt: skip
_COMPARISONS = (
    "eq", "ne", "gt", "gte", "lt", "lte", "in", "contains", "starts-with", "is-null",
)  # fmt: skip
_ACTION: dict[str, Any] = _either(
    {"enum": list(_ACTIONS), "description": "What the operation does"},
    _object(
        kind={"enum": list(_ACTIONS), "description": "What the operation does"},
        schema=_text("The stored schema that it works on"),
        key={
            "enum": ["path", "caller"],
            "description": "Which row: the one that the path names, or the caller's own account",
        },
    ),
)
_LIMIT: dict[str, Any] = _object(
    needed="limit",
    limit={
        "type": "integer",
        "minimum": 1,
        "maximum": 1_000_000_000,
        "description": "How many requests a caller may make in a window",
    },
    window={
        "type": "integer",
        "minimum": 1,
        "maximum": 31 * 86_400,
        "description": "How long a window is, in seconds; a minute unless said",
    },
    burst={
        "type": "integer",
        "minimum": 1,
        "maximum": 1_000_000_000,
        "description": "How many of them may come at once; all unless said",
    },
    per={
        "enum": ["address", "user", "key"],
        "description": "Who the requests are counted of: an address, the account that is signed "
        "in (unless said), or an API key; the next one where there is none",
    },
)
_LIMITS: dict[str, Any] = _either(
    {"const": False, "description": "No limit, not even a usual one"},
    _LIMIT,
    {
        "type": "array",
        "items": _LIMIT,
        "minItems": 1,
        "maxItems": 5,
        "description": "Limits that all have to hold",
    },
)

WORDS: Final[dict[str, Word]] = {
    word.name: word
    for word in (
        Word("x-table", ("schema",), "Rows of this schema are stored, and how.", _TABLE),
        Word(
            "x-identity",
            ("schema",),
            "The accounts that sign in, and the properties by which they do.",
            _object(
                login=_text("The property to sign in with"),
                password=_text("The property that holds the password"),
                roles=_text("The property that holds the role, or the roles"),
                active=_text("The property that says whether the account may sign in"),
            ),
        ),
        Word(
            "x-api-key",
            ("schema",),
            "Rows of this schema are API keys, each of which lets programs in for an account.",
            _either(
                _flag("Whether they are"),
                _object(
                    key=_text("The property that shows the key itself, to who has just made it"),
                    scopes=_text("The property that lists what the key is good for"),
                    expires=_text("The property that says until when it is good"),
                    last_used=_text("The property that shows when it was last used"),
                    prefix=_text("The property that shows how it begins"),
                ),
            ),
        ),
        Word("x-column", (PROPERTY,), "The column that stores this property.", _COLUMN),
        Word(
            "x-references",
            (PROPERTY,),
            "This property holds the key of a row of another schema, or a list of such keys.",
            _REFERENCES,
        ),
        Word(
            "x-unique",
            (PROPERTY,),
            "No two rows have the same value here.",
            _either(
                _flag("No two rows have the same value here"),
                _object(ignore_case=_flag("Compare text without regard to case")),
            ),
        ),
        Word(
            "x-renamed-from",
            ("schema", PROPERTY),
            "What this schema, this property or the values of this enum were called before.",
            _RENAMED,
        ),
        Word(
            "x-backfill",
            (PROPERTY,),
            "What rows that exist already get here: an expression of other columns.",
            {
                "type": "string",
                "minLength": 1,
                "maxLength": 1000,
                "description": "A small SQL expression of columns of the same table",
            },
        ),
        Word(
            "x-deleted",
            ("openapi", "schema"),
            "What is gone for good: properties or values of this schema, or whole schemas.",
            _names("What may be dropped together with its data"),
        ),
        Word(
            "x-versioned",
            ("schema", PROPERTY),
            "Rows of this schema have a version, which this property shows, or none does.",
            _flag("Whether every change of a row raises its version"),
        ),
        Word("x-index", (PROPERTY,), "This column has an index.", _flag("Whether it has one")),
        Word(
            "x-owner",
            (PROPERTY,),
            "This property holds the account that a row belongs to.",
            _either(
                _flag("Whether it does"),
                _object(unless=_text("The scope that lets a caller touch the rows of others")),
            ),
        ),
        Word(
            "x-tenant",
            (PROPERTY,),
            "This property holds the tenant that a row belongs to, or that an account is of.",
            _either(
                _flag("Whether it does"),
                _object(unless=_text("The scope that lets a caller touch rows of every tenant")),
            ),
        ),
        Word(
            "x-hashed",
            (PROPERTY,),
            "Only a hash of this value is stored, as of a password.",
            _flag("Whether only a hash is stored"),
        ),
        Word(
            "x-timestamp",
            (PROPERTY,),
            "The service sets this property to the present time.",
            {"enum": ["created", "updated"], "description": "When the service sets it"},
        ),
        Word(
            "x-events",
            ("schema",),
            "What is told of the rows of this schema, to streams, webhooks and handlers.",
            _EVENTS,
        ),
        Word(
            "x-event",
            ("operation",),
            "The events that this webhook tells of.",
            _either(
                _EVENT,
                {
                    "type": "array",
                    "items": _EVENT,
                    "minItems": 1,
                    "uniqueItems": True,
                    "description": "Several events of one schema",
                },
            ),
        ),
        Word(
            "x-audit",
            ("openapi", "schema"),
            "Writes of this schema, or of all that are stored, are kept in the audit trail.",
            _flag("Whether they are"),
        ),
        Word("x-action", ("operation",), "What this operation does.", _ACTION),
        Word(
            "x-rows",
            ("operation",),
            "Whose rows this operation works on, where rows have an owner.",
            {"enum": ["own", "all"], "description": "The caller's own rows, or all"},
        ),
        Word(
            "x-bulk",
            ("operation",),
            "Whether an operation on many rows does all of it or nothing.",
            _object(
                needed="mode",
                mode={
                    "enum": ["all-or-nothing", "partial"],
                    "description": "What becomes of the other rows when one can't be written",
                },
            ),
        ),
        Word(
            "x-idempotent",
            ("operation",),
            "A request that is sent again with the same Idempotency-Key has no second effect.",
            _either(
                _flag("Whether clients may send a key"),
                _object(
                    required=_flag("Whether they have to"),
                    hours={
                        "type": "integer",
                        "minimum": 1,
                        "maximum": 8760,
                        "description": "How many hours the answer is kept for; 24 unless said",
                    },
                ),
            ),
        ),
        Word(
            "x-cache",
            ("operation",),
            "How long answers are kept in Redis, and for whom.",
            _either(
                _SECONDS,
                _object(
                    needed="seconds",
                    seconds=_SECONDS,
                    public=_flag("Whether everybody who may have the answer gets the same one"),
                    vary=_names("Request headers that make another answer"),
                    depends_on=_names("Further schemas whose changes end what is kept"),
                ),
            ),
        ),
        Word(
            "x-if-match",
            ("operation",),
            "Whether clients have to say which version of a row they change (RFC 6585, section 3).",
            {"enum": ["required", "optional"], "description": "Whether they have to"},
        ),
        Word(
            "x-deprecated-since",
            ("openapi", "operation"),
            "Since when an operation, or all of the document, has been deprecated (RFC 9745).",
            _DAY,
        ),
        Word(
            "x-sunset",
            ("openapi", "operation", "parameter"),
            "The day from which something deprecated may be gone (RFC 8594).",
            _DAY,
        ),
        Word(
            "x-replaced-by",
            ("operation",),
            "In an older version: the operation of the newest one that answers this.",
            _text("An operationId of the newest version"),
        ),
        Word(
            "x-renamed-to",
            ("schema", PROPERTY, "parameter"),
            "In an older version: what the newest one calls this, or the values of this enum.",
            _RENAMED_TO,
        ),
        Word(
            "x-from",
            ("schema", PROPERTY),
            "In an older version: how this is made of what the newest one has.",
            _FROM,
        ),
        Word(
            "x-implies",
            ("schema",),
            "In an older version: what requests with this schema mean without saying so.",
            {
                "type": "object",
                "minProperties": 1,
                "description": "Properties of the newest version, each with its value",
            },
        ),
        Word(
            "x-filter",
            ("parameter",),
            "How this parameter leaves rows out of a list.",
            _either(
                {"const": False, "description": "It doesn't; an override looks at it"},
                _object(
                    column=_text("The property to compare"),
                    compare={
                        "enum": list(_COMPARISONS),
                        "description": "How the property is compared with the parameter",
                    },
                ),
            ),
        ),
        Word(
            "x-search",
            ("parameter",),
            "The properties in which the words of this parameter are looked for.",
            _names("Properties that hold text"),
        ),
        Word(
            "x-rate-limit",
            ("openapi", "tag", "operation"),
            "How many requests a caller may make: to all operations, those of a tag, or this one.",
            _LIMITS,
        ),
        Word(
            "x-roles",
            ("security-scheme",),
            "The roles that accounts can have, and the scopes that each grants.",
            {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": _object(
                    scopes={
                        "type": "array",
                        "items": {"type": "string"},
                        "description": "The scopes that the role grants",
                    },
                    includes={
                        "type": "array",
                        "items": {"type": "string"},
                        "description": "Roles whose scopes this one grants as well",
                    },
                    default=_flag("Whether new accounts have this role"),
                ),
            },
        ),
    )
}


def place_of(name: str) -> tuple[str, ...]:
    """The places where the extension `name` may stand; empty for an unknown one."""
    word = WORDS.get(name)
    return word.places if word else ()
