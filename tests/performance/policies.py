"""What each policy of a contract costs: the same work on services that differ in nothing else."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from tests.performance import checks
from tests.performance.measuring import SAMPLE_KEYS, Measuring, Plan, Sample, summaries, tell
from tests.performance.scene import Scene, sign_in
from tests.performance.variants import ALL_POLICIES, NO_POLICY, generate_from, generated, policies
from tests.performance.works import CREATE, LIST, ONE, Works

WORKS = (LIST, ONE, CREATE)


@dataclass(frozen=True)
class Cost:
    """Microseconds of CPU a request, of the server and of PostgreSQL, with a policy.

    `more` is the share that the server needs more than without any.
    """

    policy: str
    work: str
    cpu: float
    database_cpu: float
    more: float


def costs(here: Scene, plan: Plan) -> list[Cost]:
    """The policies of a plan at all works, in turns.

    What stands in the bars, all against none, is looked at twice as often again.
    """
    contracts, rounds = policies(), max(plan.rounds - 1, 1)
    with ExitStack() as stack:
        services = {
            name: stack.enter_context(_running(name, contracts[name], here))
            for name in plan.policies
        }
        both = {name: services[name] for name in (NO_POLICY, ALL_POLICIES)}
        samples = [
            sample
            for turn in range(3 * rounds)
            for work in WORKS
            for sample in _round(services if turn < rounds else both, work, plan, turn)
        ]
    used = {(found.variant, found.work): found for found in summaries(samples)}
    return [
        Cost(
            policy=name,
            work=work,
            cpu=used[name, work].cpu,
            database_cpu=used[name, work].database_cpu,
            more=used[name, work].cpu / used[NO_POLICY, work].cpu - 1,
        )
        for name in services
        for work in WORKS
    ]


def _round(services: dict[str, Measuring], work: str, plan: Plan, turn: int) -> Iterator[Sample]:
    """Each service once; the next round begins with another."""
    names = list(services)
    first = turn % len(names)
    for name in names[first:] + names[:first]:
        sample = services[name].sample(name, work, plan.connections, plan.seconds, plan.warm_up)
        tell(sample)
        yield sample


@contextmanager
def _running(name: str, contract: dict[str, object], here: Scene) -> Iterator[Measuring]:
    """The service of a contract, with tables of its own."""
    postgres = here.servers.postgres
    assert postgres is not None
    slug = name.replace(" ", "-").replace(",", "")
    service = generate_from(contract, here.folder / slug)
    database = f"bench_{secrets.token_hex(6)}"
    postgres.create_database(database)
    try:
        own = replace(here, database_url=postgres.url(database))
        own.migrate(service)
        own.fill()
        with checks.service(own, service) as server:
            token = sign_in(server.url)
        measuring = Measuring(own, Works(tuple(own.item_ids(SAMPLE_KEYS)), token), workers=1)
        with measuring.running([generated(name, name, service)], list(WORKS)):
            yield measuring
    finally:
        postgres.drop_database(database)
