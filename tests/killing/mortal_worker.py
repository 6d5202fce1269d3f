"""`python -m tests.killing.mortal_worker SANDBOX MOMENT`: has processes of Haven ready that may die.

Everything slow (imports, models of AWS's services) is done once; each line of JSON on standard input then forks a child
that builds Haven with `bootstrap.build` on the settings it is given, does its jobs and ends; its id is the answer. With
`{"wait": id}` the answer is how the child ended: its exit code, or the number of the signal that killed it, negated.
"""

import faulthandler
import gc
import json
import os
import select
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

from services import bootstrap
from services.aws.session import Sessions, Wire
from services.bootstrap import Haven
from services.domain.access import SYSTEM, Actor, Role
from services.domain.operation import Sent, State, Target
from services.domain.scaling.change import ScalingChange, state_of
from services.settings import Settings
from services.store.clock import SystemClock
from services.usecases.deployment_shapes import DeployRequest, PlanRequest
from services.usecases.failovers import FailoverRequest
from services.usecases.scalings import ScalingRequest
from services.worker.schedule import run
from tests import builders as b
from tests.killing.effects import Life, Point
from tests.killing.moment import Moment
from tests.sandbox_server import Sandbox

SERVICES = (
    "application-autoscaling",
    "cloudformation",
    "cloudwatch",
    "ec2",
    "ecs",
    "elasticache",
    "elbv2",
    "rds",
    "sqs",
)
"""Of which the models are loaded beforehand."""
ASKS, APPROVES = Actor("ana", Role.OPERATOR), Actor("ben", Role.OPERATOR)
PATIENCE = 30.0
"""Seconds after which a process that should end is believed to hang."""
BRIEFLY, AT_MOST = 2.0, 700.0
"""Seconds: before the call; and after it, when all is over (the zones swap at most 9 minutes later) or given up."""


class Nursery:
    """What all children have in common."""

    def __init__(self, sandbox: str, moment: Path) -> None:
        self._moment = Moment(moment, Sandbox(None, sandbox))  # type: ignore[arg-type]
        self._sessions = Sessions(Wire(endpoint_url=sandbox), self._moment)
        for clients in (self._sessions.reader(b.environment()), self._sessions.operator(b.environment())):
            for service in SERVICES:
                clients.client(service)
        _ = clients.writer.rds, clients.writer.elasticache, clients.writer.application_autoscaling, clients.writer.ecs

    def child(self, job: dict[str, Any]) -> None:
        """Do the jobs, and be mortal from the last one on."""
        point = Point(**job["at"]) if job.get("at") else None
        life = Life(Path(job["settings"]["home"]) / job.get("log", "effects"), point, job.get("signal", 9))

        def outside(part: Any) -> Any:
            if isinstance(part, SystemClock):
                return self._moment
            return self._sessions if isinstance(part, Sessions) else life.outside(part)

        settings = Settings(**job["settings"])
        haven = bootstrap.build(settings, pause=self._moment.passes, outside=outside)
        *first, last = job["do"].split()
        for each in first:
            JOBS[each](haven, self._moment, job)
        life.armed = True
        JOBS[last](haven, self._moment, job)


def found(haven: Haven, moment: Moment, job: dict[str, Any]) -> None:
    """Set up the database, with its environments."""
    bootstrap.migrate(haven.settings)
    for name in job["environments"]:
        haven.environments.register(SYSTEM, b.environment(name, protected=True, created_at=moment.now()))


def ask(haven: Haven, moment: Moment, job: dict[str, Any]) -> None:
    """Have a failover asked for by one person, on a fresh picture, and approved by another. What was left stuck before
    is given up first, as a person would have to."""
    for stuck in haven.operations.live(SYSTEM):
        haven.operations.give_up(ASKS, stuck.id, "AWS has no event of it.")
    for name in job["environments"]:
        lease = haven.leases.acquire(f"snapshots:{name}", haven.holder, timedelta(seconds=60))
        assert lease is not None
        snapshot = haven.snapshots.take(name, lease.token).snapshot
        haven.leases.release(lease)
        primary = snapshot.databases[0]
        request = FailoverRequest(
            name,
            Target.DATABASE_INSTANCE,
            primary.identifier,
            expected_zone=primary.zone or "",
            expected_primary=primary.identifier,
            typed_name=primary.identifier,
            reason="To see whether it survives.",
        )
        asked = haven.failovers.request(ASKS, request)
        haven.operations.approve(APPROVES, asked.id, asked.version)


def ask_scaling(haven: Haven, moment: Moment, job: dict[str, Any]) -> None:
    """Have the service's CPU target, count and bounds changed, on a fresh picture, whatever is not known. What was left
    stuck before is given up first."""
    for stuck in haven.operations.live(SYSTEM):
        haven.operations.give_up(SYSTEM, stuck.id, "AWS shows nothing of it.")
    seen(haven, "production")
    (service,) = haven.scalings.services(SYSTEM, "production")
    assert service.service.scaling is not None
    state = state_of(service.service.scaling)
    (policy,) = state.scaling.policies
    target, most, count = job["wants"]
    change = ScalingChange(policies=(replace(policy, target=target),), max_capacity=most, desired_once=count)
    preview = haven.scalings.preview(SYSTEM, "production", service.service.name, change)
    passed = tuple(check.key for check in preview.overridable)
    why = "To see whether it survives."
    request = ScalingRequest(
        "production", service.service.name, change, state, why, overrides=passed, override_reason=why
    )
    haven.scalings.request(SYSTEM, request)


def live_scaling(haven: Haven, moment: Moment, job: dict[str, Any]) -> None:
    """As `live`. The tasks are not counted, for no picture is taken meanwhile: that step is missed, and not needed."""
    haven.engine.recover()
    for _ in range(60):
        for operation in haven.engine.due():
            haven.engine.advance(operation.id)
        if not [each for each in haven.operations.live(SYSTEM) if each.state is not State.STUCK]:
            return
        moment.passes(20.0)
    raise AssertionError("it does not come to an end")


def ask_plan(haven: Haven, moment: Moment, job: dict[str, Any]) -> None:
    """Have a plan worked out that changes one value of the network, on a fresh picture. What was left stuck before is
    given up first."""
    for stuck in haven.operations.live(SYSTEM):
        haven.operations.give_up(SYSTEM, stuck.id, "AWS shows nothing of it.")
    seen(haven, "production")
    values = {"network": {"FlowLogDays": job["wants"]}}
    haven.deployments.plan(SYSTEM, PlanRequest("production", stacks=("network",), values=values))


def ask_deploy(haven: Haven, moment: Moment, job: dict[str, Any]) -> None:
    """Have such a plan worked out and its deployment asked for by one person, and approved by another."""
    ask_plan(haven, moment, job)
    live_deploy(haven, moment, job)
    seen(haven, "production")
    (ready, *_) = haven.deployments.plans(SYSTEM, "production")
    request = DeployRequest(
        ready.plan.id, ready.plan.fingerprint, "To see whether it survives.", confirmed=ready.to_confirm
    )
    asked = haven.deployments.request(SYSTEM, request)
    haven.operations.approve(Actor("ben", Role.ADMIN), asked.id, asked.version)


def live_deploy(haven: Haven, moment: Moment, job: dict[str, Any]) -> None:
    """Carry what is live to its end, or until it is stuck."""
    haven.engine.recover()
    for _ in range(80):
        for operation in haven.engine.due():
            haven.engine.advance(operation.id)
        if not [each for each in haven.operations.live(SYSTEM) if each.state is not State.STUCK]:
            return
        moment.passes(20.0)
    raise AssertionError("it does not come to an end")


def seen(haven: Haven, name: str) -> None:
    """A picture, kept."""
    lease = haven.leases.acquire(f"snapshots:{name}", haven.holder, timedelta(seconds=60))
    assert lease is not None
    haven.snapshots.take(name, lease.token)
    haven.leases.release(lease)


def live(haven: Haven, moment: Moment, job: dict[str, Any]) -> None:
    """Carry what is live to its end, or until it is stuck; time passes only here."""
    haven.engine.recover()
    for _ in range(40):
        for operation in haven.engine.due():
            haven.engine.advance(operation.id)
        left = [each for each in haven.operations.live(SYSTEM) if each.state is not State.STUCK]
        if not left:
            return
        moment.passes(BRIEFLY if any(each.sent is Sent.NO for each in left) else AT_MOST)
    raise AssertionError(f"it does not come to an end: {left}")


def resume(haven: Haven, moment: Moment, job: dict[str, Any]) -> None:
    """Have what is stuck watched on."""
    for stuck in haven.operations.live(SYSTEM):
        haven.operations.resume(ASKS, stuck.id, "AWS's events show it now.")


def work(haven: Haven, moment: Moment, job: dict[str, Any]) -> None:
    """Be a worker as it is, until SIGTERM."""
    bootstrap.log_as_json("worker")
    run(haven)


JOBS: dict[str, Callable[[Haven, Moment, dict[str, Any]], None]] = {
    each.__name__: each
    for each in (found, ask, ask_deploy, ask_plan, ask_scaling, live, live_deploy, live_scaling, resume, work)
}


def main() -> None:
    """Serve until standard input ends."""
    nursery = Nursery(sys.argv[1], Path(sys.argv[2]))
    gc.collect()
    gc.freeze()  # what is here already need not be looked through, and copied, by every child
    _say("ready")
    for line in sys.stdin:
        job = json.loads(line)
        if "wait" in job:
            _say(_end(job["wait"]))
            continue
        child = os.fork()
        if child == 0:
            _live_and_end(nursery, job)
        _say(child)


def _end(child: int) -> int:
    """How a child ended. One that does not is told to say where it hangs, and killed."""
    handle = os.pidfd_open(child)
    try:
        for number in (signal.SIGUSR1, signal.SIGKILL):
            if select.select([handle], [], [], PATIENCE)[0]:
                break
            os.kill(child, number)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    finally:
        os.close(handle)


def _say(answer: object) -> None:
    sys.stdout.write(f"{answer}\n")
    sys.stdout.flush()


def _live_and_end(nursery: Nursery, job: dict[str, Any]) -> NoReturn:
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        said = Path(job["settings"]["home"]) / f"{job.get('log', 'effects')}.out"
        os.dup2(os.open(said, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), 1)
        os.dup2(1, 2)
        faulthandler.register(signal.SIGUSR1)
        nursery.child(job)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main()
