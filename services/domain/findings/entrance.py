"""Findings about the way in: API Gateway, its VPC link, the load balancer."""

from collections.abc import Iterator

from services.domain.finding import Finding, Requirement, Rule, Subject
from services.domain.snapshot import LoadBalancer, Part, Snapshot
from services.domain.states import balancer_state, link_state
from services.domain.status import Status
from services.domain.wording import listed, spelled

ZONES_REQUIRED = 3
"""How many zones a tier must span (product.md)."""
ERRORS_DEGRADE, ERRORS_DOWN = 1.0, 50.0
"""Percent of requests. The error budget of 99.95 % is gone twenty times as fast as it comes at the first."""
ENOUGH_REQUESTS = 30
"""Requests in the minute below which one failure says nothing about the share."""


def links(snapshot: Snapshot) -> Iterator[Finding]:
    """A VPC link that does not carry requests. With another one that does, the environment is only degraded."""
    every = snapshot.gateway.links if snapshot.gateway else ()
    works = any(link_state(link).status is Status.HEALTHY for link in every)
    for link in every:
        state = link_state(link)
        if state.status is not Status.HEALTHY:
            yield Finding(
                "vpc-link",
                state.status,
                Subject.GATEWAY,
                f"VPC link {link.name} is {state.word}",
                f"API Gateway says {link.status}; requests through it do not reach the load balancer.",
                Requirement.GATEWAY,
                "Wait while it is provisioned, or create it anew; a link is immutable.",
                Part.GATEWAY,
                detail=link.vpc_link_id,
                weighs=Status.DEGRADED if works and state.status is Status.DOWN else None,
            )


def answers(snapshot: Snapshot) -> Iterator[Finding]:
    """Requests that the whole system answers with an error of its own, by the newest minute of the HTTP API."""
    asked, failed = (snapshot.metric("environment", name) for name in ("Count", "5xx"))
    if asked is None or failed is None or asked.at != failed.at or asked.value < ENOUGH_REQUESTS:
        return
    share = 100 * failed.value / asked.value
    if share < ERRORS_DEGRADE:
        return
    yield Finding(
        "errors",
        Status.DOWN if share >= ERRORS_DOWN else Status.DEGRADED,
        Subject.GATEWAY,
        f"{share:.0f} % of requests fail" if share >= 1.5 else f"{share:.1f} % of requests fail",
        f"In the minute of {asked.at:%H:%M} UTC, {failed.value:,.0f} of {asked.value:,.0f} requests were answered "
        f"with a 5xx; {ERRORS_DEGRADE:g} % is the most that passes without remark.",
        Requirement.GATEWAY,
        "See which service fails: its targets, its tasks and the database behind them.",
        Part.METRICS,
    )


def balancer(snapshot: Snapshot) -> Iterator[Finding]:
    """State, zones and switches of the load balancer."""
    alb = snapshot.load_balancer
    if alb is None:
        return
    state = balancer_state(alb)
    if state.status is not Status.HEALTHY:
        yield _found(
            alb,
            "balancer-state",
            f"Load balancer is {state.word}",
            f"Elastic Load Balancing says “{alb.state}”.",
            "Read the load balancer's state reason; subnets with too few free addresses are the usual cause.",
            state.status,
        )
    zones = len(set(alb.zones))
    if zones < ZONES_REQUIRED:
        yield _found(
            alb,
            "balancer-zones",
            f"Load balancer has nodes in {spelled(zones)} of three zones",
            f"It has nodes in {listed(sorted(set(alb.zones))) or 'no zone'}.",
            "Add a subnet in each missing zone.",
        )
    if alb.deletion_protection is False:
        yield _found(
            alb,
            "balancer-deletable",
            "Load balancer can be deleted",
            "Deletion protection is off; one call removes the only way in.",
            "Set deletion_protection.enabled to true.",
        )
    if alb.zonal_shift_enabled is False:
        yield _found(
            alb,
            "balancer-no-shift",
            "Load balancer cannot shift away from a zone",
            "Zonal shift is off; a failing zone cannot be emptied of traffic by hand or by autoshift.",
            "Set zonal_shift.config.enabled to true.",
        )


def _found(
    alb: LoadBalancer, rule: str, title: str, why: str, mend: str, status: Status = Status.DEGRADED
) -> Finding:  # fmt: skip
    return Finding(
        rule, status, Subject.BALANCER, title, f"{alb.name}: {why}", Requirement.BALANCING, mend, Part.LOAD_BALANCER
    )


RULES = (Rule(links, (Part.GATEWAY,)), Rule(answers, (Part.METRICS,)), Rule(balancer, (Part.LOAD_BALANCER,)))
