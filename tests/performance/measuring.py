"""Measuring the variants in turn, in several rounds, so that a noisy machine is fair to all."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from apiwright.bench.measure import put
from apiwright.bench.plan import Exchange, Load, Outcome
from tests.performance.running import Server
from tests.performance.scene import Scene
from tests.performance.variants import ALL_POLICIES, EVERY_POLICY, FLOOR, NO_POLICY, Variant
from tests.performance.works import CREATE, EMBEDDED, LIST, ONE, Works, answers, does, protects

SAMPLE_KEYS = 500
COMPARED = frozenset({LIST, ONE, EMBEDDED})


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    `seconds` and `warm_up` of each load; rounds with one worker and with two; the numbers of
    connections for the curve of latency; runs of the reference load test; seconds of the storm;
    rounds for each feature; the policies whose costs are told. What is 0 or empty is left out.
    """

    seconds: float
    warm_up: float
    rounds: int
    rounds_of_two: int = 0
    steps: tuple[int, ...] = ()
    reference_runs: int = 0
    storm_seconds: float = 0.0
    connections: int = 32
    feature_rounds: int = 7
    policies: tuple[str, ...] = (NO_POLICY, ALL_POLICIES)


SHORT = Plan(2.0, 0.5, rounds=1)
FULL = Plan(
    3.0,
    1.0,
    rounds=4,
    rounds_of_two=2,
    steps=(1, 10, 32, 100, 316, 1000),
    reference_runs=10,
    storm_seconds=30.0,
    policies=EVERY_POLICY,
)
MANY = 300
"""So many connections that the first answers of a slow variant take some seconds."""


@dataclass(frozen=True)
class Sample:
    """One load on one variant: rates a second, milliseconds, microseconds a request, bytes."""

    variant: str
    work: str
    workers: int
    connections: int
    rate: float
    p50: float
    p95: float
    p99: float
    cpu: float
    database_cpu: float
    memory: int
    errors: Mapping[str, int]


@dataclass(frozen=True)
class Summary:
    """The samples of one variant and work: medians, and the spread of the rate."""

    variant: str
    work: str
    workers: int
    rate: float
    slowest: float
    fastest: float
    p50: float
    p95: float
    p99: float
    cpu: float
    database_cpu: float
    memory: int
    errors: int


class Measuring:
    """Variants that run, and the requests that each answers."""

    def __init__(self, scene: Scene, works: Works, workers: int) -> None:
        self.scene = scene
        self.works = works
        self.workers = workers
        self.servers: dict[str, Server] = {}
        self._exchanges: dict[tuple[str, str], tuple[Exchange, ...]] = {}

    @contextmanager
    def running(self, variants: Iterable[Variant], works: Sequence[str]) -> Iterator[None]:
        """All the variants, up and looked at: a wrong answer is not worth measuring."""
        with ExitStack() as stack:
            for variant in variants:
                log = self.scene.folder / f"{variant.name}-{self.workers}.log"
                server = stack.enter_context(variant.start(self.scene, log, self.workers))
                self.servers[variant.name] = server
            self._compare(works)
            yield
        self.servers.clear()

    def load(
        self, variant: str, work: str, connections: int, seconds: float, warm_up: float
    ) -> Outcome:
        """Put a load on a variant."""
        server = self.servers[variant]
        known = self._exchanges.get((variant, work))
        if known is None:
            known = self._exchanges[variant, work] = self.works.exchanges(server.url, work)
        host, _, port = server.url.removeprefix("http://").partition(":")
        watched = {"server": server.pid, "database": self.scene.postgres}
        outcome = put(
            Load(host, int(port), known, connections, seconds, warm_up=warm_up, watched=watched)
        )
        server.forget_log()
        if work == CREATE:
            self.scene.tidy()
        return outcome

    def sample(
        self, variant: str, work: str, connections: int, seconds: float, warm_up: float
    ) -> Sample:
        """The figures of one load."""
        outcome = self.load(variant, work, connections, seconds, warm_up)
        return Sample(
            variant=variant,
            work=work,
            workers=self.workers,
            connections=connections,
            rate=outcome.rate,
            p50=outcome.latency.p50,
            p95=outcome.latency.p95,
            p99=outcome.latency.p99,
            cpu=outcome.microseconds("server"),
            database_cpu=outcome.microseconds("database"),
            memory=outcome.memory["server"][-1],
            errors=outcome.errors,
        )

    def _compare(self, works: Sequence[str]) -> None:
        """Hold every answer to that of the floor, and every create to its need for a token."""
        key = self.works.keys[0]
        model = self.servers.get(FLOOR) or next(iter(self.servers.values()))
        for work in (work for work in works if work in COMPARED):
            right = answers(model.url, work, key)
            for name, server in self.servers.items():
                if does(name, work):
                    found = answers(server.url, work, key)
                    assert len(found) == len(right), f"{name}, {work}: {len(found)} items"
                    for item, expected in zip(found, right, strict=True):
                        assert item == expected, f"{name}, {work}: {item}, not {expected}"
        for name, server in self.servers.items() if CREATE in works else ():
            assert not does(name, CREATE) or protects(name, server.url), name


def in_turn(measuring: Measuring, works: Sequence[str], plan: Plan, rounds: int) -> list[Sample]:
    """Every variant at every work, round after round; each round begins with another variant."""
    found = []
    names = list(measuring.servers)
    for turn in range(rounds):
        for work in works:
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                if does(name, work):
                    seconds, warm_up = plan.seconds, plan.warm_up
                    sample = measuring.sample(name, work, plan.connections, seconds, warm_up)
                    tell(sample)
                    found.append(sample)
    return found


def over_connections(measuring: Measuring, plan: Plan) -> list[Sample]:
    """The list, from one client to many at the same time."""
    found = []
    for connections in plan.steps:
        times = 3 if connections > MANY else 1
        for name in measuring.servers:
            if does(name, LIST):
                seconds, warm_up = plan.seconds * times, plan.warm_up * times
                sample = measuring.sample(name, LIST, connections, seconds, warm_up)
                tell(sample)
                found.append(sample)
    return found


def summaries(samples: Sequence[Sample]) -> list[Summary]:
    """The medians of the samples, in the order in which they were first measured."""
    groups: dict[tuple[str, str, int], list[Sample]] = {}
    for sample in samples:
        groups.setdefault((sample.variant, sample.work, sample.workers), []).append(sample)
    return [_summary(group) for group in groups.values()]


def tell(sample: Sample) -> None:
    """Show a sample while the rest is still to come."""
    errors = f"  errors {dict(sample.errors)}" if sample.errors else ""
    print(
        f"{sample.variant:<17}{sample.work:<9}{sample.workers} x {sample.connections:<5}"
        f"{sample.rate:>8.0f}/s  p50 {sample.p50:>7.2f} ms  p99 {sample.p99:>7.2f} ms  "
        f"cpu {sample.cpu:>6.0f} us + {sample.database_cpu:>5.0f} us  "
        f"{sample.memory / 2**20:>4.0f} MB{errors}",
        flush=True,
    )


def _summary(samples: Sequence[Sample]) -> Summary:
    first = samples[0]

    def median(name: str) -> float:
        return float(statistics.median(getattr(sample, name) for sample in samples))

    return Summary(
        variant=first.variant,
        work=first.work,
        workers=first.workers,
        rate=median("rate"),
        slowest=min(sample.rate for sample in samples),
        fastest=max(sample.rate for sample in samples),
        p50=median("p50"),
        p95=median("p95"),
        p99=median("p99"),
        cpu=median("cpu"),
        database_cpu=median("database_cpu"),
        memory=max(sample.memory for sample in samples),
        errors=sum(sum(sample.errors.values()) for sample in samples),
    )
