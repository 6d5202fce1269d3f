"""The steps of a failover, from the outside in: asked for and done, available, reachable, served, moved, quiet."""

from datetime import timedelta

from services.domain.failover import commands, evidence
from services.domain.failover.facts import FailoverFacts
from services.domain.operation import Step, Target
from services.domain.snapshot import Part

_Step = Step[FailoverFacts]

DOING = {
    Target.DATABASE_INSTANCE: "RDS moves the primary to the standby",
    Target.DATABASE_CLUSTER: "RDS moves the writer to a reader",
    Target.CACHE: "ElastiCache makes a replica the primary (a test failover)",
}
COMPLETION = {
    Target.DATABASE_INSTANCE: "the event “Multi-AZ instance failover completed”, or the other zone in the API",
    Target.DATABASE_CLUSTER: "the event “Completed failover to DB instance”, or another writer in the API",
    Target.CACHE: "the event “Failover from primary node … completed”, or another primary in the API",
}
SWAPPED = {
    Target.DATABASE_INSTANCE: "The API shows the primary in the other zone",
    Target.DATABASE_CLUSTER: "The API shows the new writer",
    Target.CACHE: "The API shows the new primary",
}
COMPLETE_WITHIN = timedelta(minutes=5)
"""RDS takes 33 to 71 s, 60 to 120 s by its documentation, ElastiCache 63 s (aws-facts 1.1, 2.1): after five minutes
something is wrong, or the answer was lost and AWS never had the request."""
AVAILABLE_WITHIN = timedelta(minutes=10)
"""An instance takes 72 to 95 s after the call, more after large transactions."""
ACCEPTS_WITHIN = timedelta(minutes=3)
HEALTHY_WITHIN = timedelta(minutes=10)
"""Health checks need several rounds, and ECS may replace tasks that failed them."""
SWAPPED_WITHIN = timedelta(minutes=20)
"""The zones of an instance swap 1 to 9 min after the call, without an event."""
QUIET_WITHIN = timedelta(minutes=10)


def steps_for(
    kind: Target, *, can_probe: bool = True, name: str = "", region: str = ""
) -> tuple[Step[FailoverFacts], ...]:
    """The steps for a kind of target; raises KeyError for one that cannot be failed over.

    `can_probe` says that the endpoint was reachable from here before: only then does not reaching it mean anything, so
    without, that step is left out. It must stay the same for the whole life of an operation (keep it with the
    baseline). With `name` and `region` the sentences hold CLI lines that can be run as they are.
    """
    named = (kind, name or "<name>", region or "<region>")
    events, look = commands.events(*named), commands.state(*named)
    found = [_fail_over(kind, events), _available(kind, look)]
    if can_probe:
        found.append(_endpoint(look))
    return (*found, _targets_healthy(), _zone_swapped(kind, look), _alarms_quiet())


def _fail_over(kind: Target, events: str) -> _Step:
    return Step(
        name="fail-over",
        sentence=DOING[kind],
        done_when=lambda facts: evidence.done(kind, facts),
        refused_when=evidence.refusal,
        give_up_after=COMPLETE_WITHIN,
        acts=True,
        until=COMPLETION[kind],
        otherwise=(
            f"Read what AWS says: {events}. If it says nothing since, AWS never had the request, and nothing moved: "
            "give this up and ask again. If it started and did not end, go on watching and open a case with AWS."
        ),
    )


def _available(kind: Target, look: str) -> _Step:
    def done(facts: FailoverFacts) -> bool:
        now = evidence.standing(kind, facts)
        return now is not None and now.status == "available"

    return Step(
        name="available",
        sentence="Its status is available again",
        done_when=done,
        give_up_after=AVAILABLE_WITHIN,
        until="the status “available”",
        otherwise=f"Read the status: {look}. While it is not “available”, AWS takes no further change; if it does not "
        "move on, open a case with AWS.",
    )


def _endpoint(look: str) -> _Step:
    def done(facts: FailoverFacts) -> bool:
        probe = facts.probe
        return (
            probe is not None
            and evidence.after_act(facts, probe.at)
            and probe.accepts is True
            and probe.writable is not False
        )

    return Step(
        name="endpoint",
        sentence="The endpoint takes connections, and writes where Haven may ask",
        done_when=done,
        give_up_after=ACCEPTS_WITHIN,
        until="an accepted connection to the endpoint, which was reachable from here before",
        otherwise="Resolve the endpoint's name and connect by hand from a task's subnet; an old address in a "
        f"resolver's cache passes within seconds, a closed security group does not. The state: {look}",
    )


def _targets_healthy() -> _Step:
    return Step(
        name="targets-healthy",
        sentence="Every service has as many healthy targets as before",
        done_when=_healthy,
        give_up_after=HEALTHY_WITHIN,
        until="as many healthy targets of each service as before, or as it wants now",
        otherwise="See on the topology which service is short. Tasks that keep a dead connection recover when they are "
        "replaced: aws ecs update-service --force-new-deployment for that service.",
    )


def _healthy(facts: FailoverFacts) -> bool:
    """A service that is gone counts as unhealthy: none may vanish unnoticed. One that came after is not judged."""
    if not evidence.fresh(facts, Part.TARGETS, Part.SERVICES):
        return False
    services = {service.name: service for service in facts.snapshot.services}
    for name, before in facts.baseline_healthy:
        if before == 0:
            continue
        service = services.get(name)
        if service is None:
            return False
        targets = service.target_group.targets if service.target_group else ()
        if sum(target.state == "healthy" for target in targets) < min(before, service.desired):
            return False
    return True


def _zone_swapped(kind: Target, look: str) -> _Step:
    return Step(
        name="zone-swapped",
        sentence=SWAPPED[kind],
        done_when=lambda facts: evidence.arrived(kind, facts),
        give_up_after=SWAPPED_WITHIN,
        optional=True,
        until="the new place in AWS's API; for an RDS instance it comes 1 to 9 min after the call, without an event",
        otherwise=f"The failover itself is not in doubt. Look again later: {look}",
    )


def _alarms_quiet() -> _Step:
    return Step(
        name="alarms-quiet",
        sentence="No alarm has gone off that was quiet before",
        done_when=_quiet,
        give_up_after=QUIET_WITHIN,
        optional=True,
        until="no alarm that was not in ALARM before; those of target tracking are not counted",
        otherwise="Open the alarms that are new: they say what the failover left behind.",
    )


def _quiet(facts: FailoverFacts) -> bool:
    # It comes last, after the wait for the zones: alarms by the minute have had time to go off by then.
    ringing = {alarm.name for alarm in facts.snapshot.alarms if alarm.state == "ALARM" and not alarm.scaling}
    return evidence.fresh(facts, Part.ALARMS) and ringing <= set(facts.baseline_alarms)
