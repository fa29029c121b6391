"""The places of an operation that hold a schema, and how rules call them."""

from __future__ import annotations

from dataclasses import dataclass

from apiwright.breaking.change import Direction
from apiwright.load.wording import shown
from apiwright.problems import Position


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule about a schema is about: `prefix` begins the rule's id.

    `label` names it in the documentation. In `text`, values are written as text, not as JSON: in
    parameters and in headers. `nested` is a part of another value, which a property can be.
    """

    prefix: str
    label: str
    direction: Direction
    text: bool = False
    nested: bool = False


REQUEST_BODY = Subject("request-body", "a request body", Direction.REQUEST)
REQUEST_PROPERTY = Subject(
    "request-property", "a part of a request body", Direction.REQUEST, nested=True
)
PARAMETER = Subject("request-parameter", "a parameter", Direction.REQUEST, text=True)
PARAMETER_PROPERTY = Subject(
    "request-parameter-property", "a part of a parameter", Direction.REQUEST, nested=True
)
RESPONSE_BODY = Subject("response-body", "the body of a response", Direction.RESPONSE)
RESPONSE_PROPERTY = Subject(
    "response-property", "a part of a response", Direction.RESPONSE, nested=True
)
HEADER = Subject("response-header", "a header of a response", Direction.RESPONSE, text=True)

SUBJECTS = (
    REQUEST_BODY,
    REQUEST_PROPERTY,
    PARAMETER,
    PARAMETER_PROPERTY,
    RESPONSE_BODY,
    RESPONSE_PROPERTY,
    HEADER,
)
_INSIDE = {
    REQUEST_BODY: REQUEST_PROPERTY,
    PARAMETER: PARAMETER_PROPERTY,
    RESPONSE_BODY: RESPONSE_PROPERTY,
    HEADER: RESPONSE_PROPERTY,
}


@dataclass(frozen=True, slots=True)
class Site:
    """A schema of an operation: what it describes, where that stands, and its name for people."""

    operation: str
    subject: Subject
    where: str
    label: str
    position: Position

    @property
    def inside(self) -> Subject:
        """What a part of this value is."""
        return _INSIDE[self.subject]

    def described(self, path: tuple[str, ...]) -> str:
        """The value at `path` below this one, for a sentence."""
        if not path:
            return self.label
        return f"'{shown('/'.join(path))}' in {self.label}"

    def place(self, path: tuple[str, ...]) -> str:
        """The place of the value at `path` below this one."""
        return "/".join((self.where, *path))
