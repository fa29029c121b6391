"""The benchmark: `nox -s bench -- [short | full | features | policies | servers]`.

`short` (the default) takes a minute or two and only shows its figures; `full` takes half an hour
and writes them into the documentation; `features` measures what each feature costs, `policies` what
each policy of a contract does, and `servers` what difference the ASGI server makes (granian is left
out unless it is installed).
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.performance import bars, checks, policies, report
from tests.performance.bars import Mark
from tests.performance.machine import machine
from tests.performance.measuring import (
    FULL,
    SAMPLE_KEYS,
    SHORT,
    Measuring,
    Plan,
    Sample,
    in_turn,
    over_connections,
    summaries,
)
from tests.performance.report import Results
from tests.performance.running import has_node
from tests.performance.scene import HERE, ROOT, Scene, scene, sign_in
from tests.performance.variants import (
    Variant,
    generate_offers,
    servers,
    variants,
)
from tests.performance.works import APART, LIST, ONE, TITLES, Works

DOCUMENTED = ROOT / "docs" / "benchmarks"
MODES = ("short", "full", "features", "policies", "servers")
ROUNDS_OF_SERVERS = 5
NO_NODE = "Fastify was left out: there is no Node here."
BUSY = (
    "The load average of the last quarter of an hour was {:.1f} on {} cores at the end. The "
    "benchmark itself makes 2 to 3; where it is more, others used the machine as well, and CPU "
    "time a request says more than requests a second."
)
NO_PORT = f"The reference load test was left out: port {checks.REFERENCE_PORT} is taken."


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(prog="bench", description=(__doc__ or "").strip())
    parser.add_argument("what", nargs="?", choices=MODES, default="short")
    parser.add_argument("--service", type=Path, default=ROOT / "generated", metavar="FOLDER")
    parser.add_argument("--works", nargs="+", choices=tuple(TITLES), default=list(TITLES))
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="where to write the results")
    arguments = parser.parse_args()
    service = arguments.service.resolve()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    with tempfile.TemporaryDirectory() as folder, scene(Path(folder)) as here:
        if arguments.what == "features":
            for feature, used in features(here, service, FULL):
                print(f"{feature:<52}{used:>8.1f} us")
            return
        if arguments.what == "policies":
            for cost in policies.costs(here, FULL):
                print(
                    f"{cost.policy:<24}{TITLES[cost.work]:<16}{cost.cpu:>6.0f} us{cost.more:>8.0%}"
                )
            return
        if arguments.what == "servers":
            compare_servers(here, service)
            return
        full = arguments.what == "full"
        results = measured(here, service, FULL if full else SHORT, arguments.works)
    for mark in results.marks:
        print(f"{mark.word:<14}{mark.work}: {mark.asked}; {mark.measured}")
    output = arguments.output or (DOCUMENTED if full else None)
    if output is not None:
        report.write(results, output)
    if full and arguments.output is None:
        report.write_readme(results, ROOT / "README.md", "docs/benchmarks")


def measured(here: Scene, service: Path, plan: Plan, works: list[str]) -> Results:
    """Everything, in one run."""
    known = prepared(here, service)
    keys = tuple(here.item_ids(SAMPLE_KEYS))
    token = account(here, service)
    samples: list[Sample] = []
    curve: list[Sample] = []
    for workers, rounds in ((1, plan.rounds), (2, plan.rounds_of_two)):
        measuring = Measuring(here, Works(keys, token), workers)
        if rounds:
            with measuring.running(known, works):
                samples += in_turn(measuring, works, plan, rounds)
                if workers == 1:
                    curve = over_connections(measuring, plan)
    notes = [] if has_node() else [NO_NODE]
    found = summaries(samples)
    marks: list[Mark] = [*bars.speed(found)]
    burst = storm = start = None
    if plan.reference_runs:
        burst = checks.burst(here, service, plan.reference_runs)
        if burst is None:
            notes.append(NO_PORT)
        else:
            marks.append(bars.burst(burst))
    marks.append(bars.memory(found))
    if plan.storm_seconds:
        start = checks.first_answer(here, service)
        storm = checks.storm(here, service, plan.storm_seconds)
        marks += [bars.start(start), bars.storm(storm)]
    costs = policies.costs(here, plan)
    marks += bars.policies(costs)
    notes.append(BUSY.format(os.getloadavg()[2], os.cpu_count()))
    return Results(
        machine=machine(here.postgres_version()),
        plan=plan,
        titles={variant.name: variant.title for variant in known},
        samples=samples,
        over_connections=curve,
        marks=marks,
        burst=burst,
        storm=storm,
        start=start,
        profile=checks.profile(here, service, plan.seconds),
        imports=checks.imported(here, service),
        features=features(here, service, plan),
        policies=costs,
        notes=notes,
    )


def compare_servers(here: Scene, service: Path) -> None:
    """The same service on different servers: their medians, by CPU time a request."""
    here.migrate(service)
    here.fill()
    known = Works(tuple(here.item_ids(SAMPLE_KEYS)), account(here, service))
    measuring = Measuring(here, known, workers=1)
    works = [LIST, APART, ONE]
    with measuring.running(servers(service), works):
        samples = in_turn(measuring, works, SHORT, ROUNDS_OF_SERVERS)
    for found in sorted(summaries(samples), key=lambda each: (each.work, each.cpu)):
        print(
            f"{TITLES[found.work]:<28}{found.variant:<12}{found.cpu:>6.0f} us{found.rate:>8.0f}/s"
            f"{found.p99:>8.1f} ms p99{found.memory / 2**20:>6.0f} MB"
        )


def prepared(here: Scene, service: Path) -> tuple[Variant, ...]:
    """All variants, and the rows that they share."""
    offers = generate_offers(here.folder / "offers")
    here.migrate(service)
    here.fill()
    return variants(service, offers)


def account(here: Scene, service: Path) -> str:
    """A token of an account that may create items."""
    with checks.service(here, service) as server:
        return sign_in(server.url)


def features(here: Scene, service: Path, plan: Plan) -> list[tuple[str, float]]:
    """What each feature costs, in the service and with FastAPI's own means."""
    rounds = str(plan.feature_rounds)
    ours = [sys.executable, str(HERE / "features.py"), "service", rounds]
    theirs = [sys.executable, "-m", "tests.performance.features", "fastapi", rounds]
    found = []
    for command, folder, environ in (
        (ours, service, {**here.service_environ(), "PYTHONPATH": ""}),
        (theirs, ROOT, here.peer_environ()),
    ):
        done = subprocess.run(
            command, cwd=folder, env=environ, check=True, capture_output=True, text=True
        )
        found += [(feature, cost) for feature, cost in json.loads(done.stdout)]
    return found


if __name__ == "__main__":
    main()
