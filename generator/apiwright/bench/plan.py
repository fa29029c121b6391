"""What the load generator is asked to do, and what it says afterwards; both travel as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request as it stands on the wire, and the answer that is right.

    `shortest` and `longest` bound the length of the body: an answer that is not as long as it was
    when somebody looked at it is another answer. `text` has one character for each byte.
    """

    text: str
    status: int
    shortest: int
    longest: int


@dataclass(frozen=True, slots=True)
class Load:
    """Connections that ask, one request after the other each, for some seconds.

    What happens during the warm-up is not counted. Where there is a `limit`, all ends after so many
    requests, and the seconds are how long that may take. `watched` names processes by their ids:
    their CPU time and memory are noted, with those of all their children.
    """

    host: str
    port: int
    exchanges: tuple[Exchange, ...]
    connections: int
    seconds: float
    warm_up: float = 0.0
    limit: int = 0
    watched: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> str:
        """The load as one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Load:
        """The load that `to_json` wrote."""
        values = json.loads(text)
        exchanges = tuple(Exchange(**exchange) for exchange in values.pop("exchanges"))
        return cls(exchanges=exchanges, **values)


@dataclass(frozen=True, slots=True)
class Latency:
    """How long requests took, in milliseconds."""

    mean: float
    p50: float
    p95: float
    p99: float
    worst: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a load.

    `errors` counts what went wrong, by what it was. `cpu` is seconds of CPU time by the name of
    what was watched; `memory` is bytes, from the end of the warm-up on, once a second.
    """

    requests: int
    seconds: float
    latency: Latency
    errors: Mapping[str, int]
    cpu: Mapping[str, float]
    memory: Mapping[str, tuple[int, ...]]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds if self.seconds else 0.0

    def microseconds(self, name: str) -> float:
        """The CPU time of what is watched as `name`, for each request."""
        return self.cpu[name] * 1e6 / self.requests if self.requests else 0.0

    def to_json(self) -> str:
        """The outcome as one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Outcome:
        """The outcome that `to_json` wrote."""
        values: dict[str, Any] = json.loads(text)
        latency = Latency(**values.pop("latency"))
        memory = {name: tuple(samples) for name, samples in values.pop("memory").items()}
        return cls(latency=latency, memory=memory, **values)
