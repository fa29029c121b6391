"""Events: what is told of the rows of a resource, and the webhooks that tell it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from apiwright.ir.operations import View


class Occasion(Enum):
    """What happens to a row by itself, without anybody publishing it."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class ResourceEvents:
    """The events of an entity; its rows are the aggregates that they are ordered by.

    `occasions` are told by themselves, each under the name of its event; `published` are those
    that only overrides publish. `view` shows a row as the contract does.
    """

    entity: str
    aggregate: str
    view: View
    occasions: tuple[tuple[Occasion, str], ...]
    published: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every event, in the order of the contract."""
        return (*(name for _, name in self.occasions), *self.published)

    def on(self, occasion: Occasion) -> str:
        """The event that is told on an occasion; empty for none."""
        return dict(self.occasions).get(occasion, "")


class WebhookPart(Enum):
    """What a property of the body of a webhook tells."""

    DATA = "data"
    ID = "id"
    TYPE = "type"
    TIME = "timestamp"


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook of the contract and the events that feed it.

    `fields` are the properties of its body; none means that the body is the thing itself.
    """

    name: str
    events: tuple[str, ...]
    fields: tuple[tuple[str, WebhookPart], ...] = ()
