"""What one refresh of the metrics of sixty services costs, against one call a metric, and what keeping them costs.

`python -m benchmarks.metrics` starts a sandbox of its own and provisions `production`; `--endpoint URL` uses one that
runs. The sandbox has three services; the sixty are these under twenty names each, so every query is answered with real
points over HTTP, and only the names are made up. To every request 80 ms are added on the client's side (`--delay`),
about what a call to AWS takes across a region. Prints milliseconds, medians of `--rounds` (one call a metric is
measured once), and the ratios that docs/performance.md quotes.
"""

import argparse
import json
import os
import statistics
import tempfile
import urllib.request
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.snapshot import PRODUCTION, Delay, SystemClock, own_sandbox, provision, timed
from services.aws import cloudwatch
from services.aws.reader import CloudReader
from services.aws.recording import Recorder, recorded
from services.aws.scaling_reader import ScalingReader
from services.aws.session import Sessions, Wire
from services.aws.wanted import Wanted, over_time
from services.domain.scaling.measured import FROM_AWS, OWN, Measured
from services.domain.scaling.series import Series, minute_of, time_of
from services.domain.snapshot import Snapshot
from services.store import migrate
from services.store.engine import make_engine
from services.store.unit import SqlUnit
from services.usecases.measuring import PIECES

SERVICES, MINUTES, DAY = 60, 4, 24 * 60
WARM_UP = 6
"""Minutes, so that each of the newest has its points."""


def measure(endpoint: str, delay: float, rounds: int, *, fresh: bool) -> None:
    """Provision if need be, then measure and print."""
    slow = Delay()
    sessions = Sessions(Wire(endpoint_url=endpoint), SystemClock(), slow.instrument)
    provision(sessions)
    if fresh:
        ripen(endpoint)
    until = time_of(minute_of(now_of(endpoint)))
    cloud = CloudReader(sessions, SystemClock())
    sixty = multiplied(cloud.read(PRODUCTION, None, metrics=False))
    cloud.close()
    reader, since = ScalingReader(sessions, SystemClock()), until - timedelta(minutes=MINUTES)
    recorder = Recorder()
    with recorded(recorder):
        found = reader.metrics(PRODUCTION, sixty, since, until, 1)
    calls = recorder.calls(0).count
    slow.seconds = delay
    refresh = statistics.median(
        timed(lambda: reader.metrics(PRODUCTION, sixty, since, until, 1)) for _ in range(rounds)
    )
    wanted = [each for service in sixty.services for _, each in over_time(service, balancers(sixty))]
    single = timed(lambda: one_by_one(sessions, wanted, minute_of(since), minute_of(until)))
    points = sum(len(each.series.points) for each in found)
    print(f"one refresh of {len(sixty.services)} services, {MINUTES} minutes of {len(wanted)} metrics")
    print(f"{delay * 1000:.0f} ms added to each call; {points} points in {len(found)} metrics")
    print(f"refresh, {calls} call{'s' if calls > 1 else ''}       {refresh * 1000:8.0f} ms")
    print(
        f"one call a metric, {len(wanted)} {single * 1000:8.0f} ms   {single / refresh:5.1f} times as long, "
        f"{len(wanted) / calls:.0f} times the calls"
    )
    sizes = ", ".join(f"{len(cloudwatch.calls(len(wanted), 0, long, step))}" for step, long in PIECES.items())
    print(f"a piece of the past (in steps of {', '.join(map(str, PIECES))} minutes): {sizes} calls")
    keep(found, until, rounds)


def ripen(endpoint: str) -> None:
    """Let a few minutes pass in a sandbox of our own, so that there is something to read."""
    for order in ({"freeze": True}, {"advance": WARM_UP * 60}, {"freeze": False}):
        request = urllib.request.Request(
            f"{endpoint}/haven-sandbox/clock",
            data=json.dumps(order).encode(),
            headers={"Content-Type": "application/json"},
            method="POST",
        )
        urllib.request.urlopen(request, timeout=120).close()


def now_of(endpoint: str) -> datetime:
    """The sandbox's present."""
    with urllib.request.urlopen(f"{endpoint}/haven-sandbox/status", timeout=30) as answer:
        return datetime.fromisoformat(json.load(answer)["time"])


def multiplied(snapshot: Snapshot) -> Snapshot:
    """The snapshot with sixty services, each one of those that there are under a name of its own."""
    known = snapshot.services
    services = [
        replace(known[number % len(known)], name=f"{known[number % len(known)].name}-{number}")
        for number in range(SERVICES)
    ]
    return replace(snapshot, services=tuple(services))


def balancers(snapshot: Snapshot) -> tuple[str, ...]:
    """The ARN of the load balancer."""
    return (snapshot.load_balancer.arn,) if snapshot.load_balancer else ()


def one_by_one(sessions: Sessions, wanted: Sequence[Wanted], since: int, until: int) -> None:
    """Each metric in a call of its own."""
    client = sessions.reader(PRODUCTION).cloudwatch
    for each in wanted:
        cloudwatch.read_points(client, [each], since, until, 1)


def keep(found: Sequence[Measured], until: datetime, rounds: int) -> None:
    """What keeping a refresh costs, and reading fifteen days of a service's eight metrics, on SQLite."""
    with tempfile.TemporaryDirectory() as home:
        url = f"sqlite:///{Path(home) / 'haven.db'}"
        migrate.upgrade(url)
        engine = make_engine(url)
        unit, end, names = SqlUnit(engine), minute_of(until), (*FROM_AWS, *OWN)[:8]
        values = tuple(20 + (minute * 7919 % 4001) / 100 for minute in range(15 * DAY))
        with unit() as store:
            past = Series(end - 15 * DAY, values)
            store.metrics.put(PRODUCTION.name, [Measured("rbac", name, past) for name in names])

        def put() -> None:
            with unit() as store:
                store.metrics.put(PRODUCTION.name, later(found, next(rising)))

        def read() -> None:
            with unit(readonly=True) as store:
                store.metrics.read(PRODUCTION.name, "rbac", names, end - 15 * DAY, end, 1)

        rising = iter(range(1, rounds + 1))
        kept = statistics.median(timed(put) for _ in range(rounds))
        shown = statistics.median(timed(read) for _ in range(rounds))
        engine.dispose()
    print(f"keeping a refresh            {kept * 1000:8.1f} ms, in three statements")
    print(f"fifteen days of 8 metrics    {shown * 1000:8.1f} ms, in one query")


def later(found: Sequence[Measured], minutes: int) -> list[Measured]:
    """The same a few minutes later, so that every block changes."""
    return [replace(each, series=replace(each.series, start=each.series.start + minutes)) for each in found]


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--endpoint", help="a running sandbox; without it one is started")
    parser.add_argument("--delay", type=float, default=0.080, help="seconds added to each request")
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    os.environ.setdefault("AWS_ACCESS_KEY_ID", "benchmark")
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "benchmark")
    if asked.endpoint:
        measure(asked.endpoint, asked.delay, asked.rounds, fresh=False)
        return
    with own_sandbox() as endpoint:
        measure(endpoint, asked.delay, asked.rounds, fresh=True)


if __name__ == "__main__":
    main()
