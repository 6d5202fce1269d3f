"""What one snapshot of `production` costs, against the same calls one after another and the longest chain of calls.

`python -m benchmarks.snapshot` starts a sandbox of its own and provisions it; `--endpoint URL` uses one that runs. To
every request 80 ms are added on the client's side (`--delay`), about what a call to AWS takes across a region.
Prints milliseconds, medians of `--rounds`, and the ratios that docs/performance.md quotes.
"""

import argparse
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from provisioning import blueprint
from services.aws import recording
from services.aws.lanes import Lanes
from services.aws.reader import CloudReader
from services.aws.session import Clients, Sessions, Wire
from services.aws.sources import Sources
from services.aws.stacks_writer import StackProvisioner
from services.domain.environment import Environment
from services.domain.snapshot import Snapshot
from services.ports import StackSpec

PRODUCTION = Environment(
    name="production",
    account="123456789012",
    region="us-east-1",
    blueprint="multi-az",
    stack_prefix="production",
    protected=False,
    slo_target=99.95,
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
)


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present."""
        return datetime.now(UTC)


class Delay:
    """A client hook that makes every request wait, and can be switched off while the sandbox is provisioned."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def instrument(self, client: Any) -> None:
        """Have a client's requests counted and delayed."""
        recording.attach(client)
        client.meta.events.register("before-send", self._wait)

    def _wait(self, **_: Any) -> None:
        if self.seconds:
            time.sleep(self.seconds)


class Recorded(Sources):
    """Sources that keep what was asked with which arguments, to ask it again one after another."""

    asked: list[tuple[str, tuple[Any, ...]]]
    _lock = threading.Lock()

    def __init__(self, clients: Callable[[], Clients]) -> None:
        super().__init__(clients)
        Recorded.asked = []

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name.startswith("_") or not callable(found):
            return found

        def asking(*arguments: Any) -> Any:
            with Recorded._lock:
                Recorded.asked.append((name, arguments))
            return found(*arguments)

        return asking


def measure(endpoint: str, delay: float, rounds: int, threads: int) -> None:
    """Provision if need be, then measure and print."""
    slow = Delay()
    sessions = Sessions(Wire(endpoint_url=endpoint, threads=threads), SystemClock(), slow.instrument)
    provision(sessions)
    reader = CloudReader(sessions, SystemClock(), lanes=Lanes(threads), sources=Recorded)
    first = reader.read(PRODUCTION, None, metrics=True)
    for gap in first.gaps:
        print(f"gap: {gap.part}: {gap.code}: {gap.why}", file=sys.stderr)
    slow.seconds = delay
    warm = reader.read(PRODUCTION, first, metrics=True)
    snapshot = statistics.median(timed(lambda: reader.read(PRODUCTION, warm, metrics=True)) for _ in range(rounds))
    asked, sources = list(Recorded.asked), Sources(lambda: sessions.reader(PRODUCTION))
    serial = statistics.median(timed(lambda: one_by_one(sources, asked)) for _ in range(rounds))
    chain = statistics.median(timed(lambda: longest_chain(sources, asked)) for _ in range(rounds))
    report(first, warm, snapshot, serial, chain, delay, threads)
    reader.close()


def one_by_one(sources: Sources, asked: list[tuple[str, tuple[Any, ...]]]) -> None:
    """Every call of a snapshot, one after another."""
    for name, arguments in asked:
        getattr(sources, name)(*arguments)


CHAIN = ("stacks", "running_tasks", "tasks")
"""The longest chain: stacks, then a list of tasks, then their descriptions (as long as stacks, services, metrics)."""


def longest_chain(sources: Sources, asked: list[tuple[str, tuple[Any, ...]]]) -> None:
    """Only the calls that cannot be made at the same time."""
    for wanted in CHAIN:
        name, arguments = next(call for call in asked if call[0] == wanted)
        getattr(sources, name)(*arguments)


def report(
    first: Snapshot, warm: Snapshot, snapshot: float, serial: float, chain: float, delay: float, threads: int
) -> None:
    """Print the figures."""
    print(f"one snapshot of production, {delay * 1000:.0f} ms added to each call, {threads} threads")
    print(f"calls: {warm.calls.count} with metrics ({first.calls.count} the first time, with the stacks' resources)")
    print(f"snapshot             {snapshot * 1000:8.0f} ms")
    print(f"one after another    {serial * 1000:8.0f} ms   {serial / snapshot:5.2f} times the snapshot")
    print(f"longest chain ({len(CHAIN)})    {chain * 1000:8.0f} ms   the snapshot is {snapshot / chain:5.2f} times it")
    for operation, count in warm.calls.by_operation:
        print(f"  {count:3d} {operation}")


def timed(work: Callable[[], object]) -> float:
    """Seconds that the work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def provision(sessions: Sessions) -> None:
    """Bring production up as Haven does; a stack that is there already is left alone."""
    provisioner, outputs = StackProvisioner(sessions), dict[str, dict[str, str]]()
    for planned in blueprint.load(PRODUCTION.blueprint).stacks(PRODUCTION.name):
        spec = StackSpec(**vars(planned))
        change_set = provisioner.change_set(PRODUCTION, spec, outputs)
        if change_set is not None:
            provisioner.execute(PRODUCTION, spec, change_set)
        outcome = provisioner.outcome(PRODUCTION, spec.name)
        while outcome is not None and not outcome.done:
            time.sleep(0.2)
            outcome = provisioner.outcome(PRODUCTION, spec.name)
        if outcome is None or not outcome.ok:
            raise SystemExit(f"{spec.name}: {outcome}")
        outputs[spec.name] = dict(outcome.outputs)
        print(f"{spec.name}: {outcome.status}", file=sys.stderr)


@contextmanager
def own_sandbox() -> Iterator[str]:
    """A sandbox of our own, ended with the block; yields its URL."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--speed", "200", "--limits", "off"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split(" ready at ")[1].split()[0]
        finally:
            process.terminate()


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--endpoint", help="a running sandbox; without it one is started")
    parser.add_argument("--delay", type=float, default=0.080, help="seconds added to each request")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=8)
    asked = parser.parse_args()
    os.environ.setdefault("AWS_ACCESS_KEY_ID", "benchmark")
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "benchmark")
    if asked.endpoint:
        measure(asked.endpoint, asked.delay, asked.rounds, asked.threads)
        return
    with own_sandbox() as endpoint:
        measure(endpoint, asked.delay, asked.rounds, asked.threads)


if __name__ == "__main__":
    main()
