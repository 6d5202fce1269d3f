"""Deployments by hand: a reviewed upgrade of legacy with a bit of every danger, one that runs, one that failed, and a
desk that answers with what a test has put there, asks for the same rights as the real one, and remembers what it was
told."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from services.domain.access import Actor, Permission
from services.domain.check import Answer
from services.domain.deployment.change_set import ChangeSet, PropertyChange, ResourceChange
from services.domain.deployment.cost import Estimate, Line
from services.domain.deployment.event import Rollout, StackEvent
from services.domain.deployment.expected import Expectation
from services.domain.deployment.plan import Deed, ParameterChange, Plan, PlanState, StackPlan
from services.domain.deployment.risk import Danger, Level, Risk
from services.domain.errors import NotFound
from services.domain.operation import Operation, Sent, State, Target
from services.domain.scaling.edited import Edited
from services.domain.scaling.overwritten import Overwritten
from services.usecases.deployment_history import again
from services.usecases.deployment_shapes import (
    DeploymentForm,
    DeploymentRecord,
    DeployRequest,
    Expected,
    ParameterField,
    PlanRequest,
    Progressing,
    RecoverRequest,
    Reviewed,
    StackForm,
)
from tests import builders as b
from tests.unit.portal.desks import Desk

LEGACY = "/environments/legacy/deployments"
MIN = timedelta(minutes=1)
DATABASE = "legacy-app"


def property_change(path: str, before: str | None, after: str | None, **more: object) -> PropertyChange:
    """A change of a property in place, by a parameter, unless said."""
    name = path.split("/")[2] if path.startswith("/Properties/") else ""
    made = PropertyChange(path, name, "Properties", before, after, "Never", True, "ParameterReference", name)
    return replace(made, **more)  # type: ignore[arg-type]


def resource(logical_id: str, type: str, action: str = "Modify", **more: object) -> ResourceChange:
    """A resource changed in place, unless said."""
    made = ResourceChange(logical_id, f"legacy-{logical_id.lower()}", type, action, "False")
    return replace(made, **more)  # type: ignore[arg-type]


def change_set(stack: str, *resources: ResourceChange, creates: bool = False) -> ChangeSet:
    """One that CloudFormation has worked out."""
    arn = f"arn:aws:cloudformation:us-east-1:123456789012:changeSet/haven-{stack}/1111"
    status = ("CREATE_COMPLETE", "AVAILABLE")
    return ChangeSet(arn, f"haven-{stack}", stack, f"legacy-{stack}", creates, *status, b.NOW, resources=resources)


def plan(state: PlanState = PlanState.READY, **changes: object) -> Plan:
    """The upgrade of legacy: network and data change, platform stays, rbac is not known yet."""
    multi_az = property_change("/Properties/MultiAZ", "false", "true", cause="DatabaseMultiAz")
    name = property_change("/Properties/DBName", "app", "orders", recreation="Always", cause="DatabaseName")
    nodes = property_change("/Properties/NumCacheClusters", "1", "3", recreation="Conditionally", cause="CacheNodes")
    route = property_change("/Properties/NatGatewayId", "nat-1", None, known=False, source="ResourceReference")
    stacks = (
        StackPlan(
            "network",
            "legacy-network",
            "network",
            "a1b2c3d4e5f60718",
            "00ff00ff00ff00ff",
            parameters=(
                ParameterChange("NatPerZone", "false", "true"),
                ParameterChange("Cidr", "10.0.0.0/16", "10.0.0.0/16"),
            ),
            change_set=change_set(
                "network",
                resource(
                    "NatB", "AWS::EC2::NatGateway", "Add", physical_id="", replacement="", after='{"Properties": {}}'
                ),
                resource("RouteB", "AWS::EC2::Route", properties=(route,)),
            ),
        ),
        StackPlan(
            "data",
            "legacy-data",
            "data",
            "bbbbccccddddeeee",
            "bbbbccccddddeeee",
            parameters=(
                ParameterChange("DatabaseMultiAz", "false", "true"),
                ParameterChange("DatabaseName", "app", "orders"),
                ParameterChange("CacheNodes", "1", "3"),
                ParameterChange("Secret", "x", "y", secret=True),
            ),
            after=("network",),
            policy="data",
            base="2026-11-01T00:00:00+00:00",
            lifts_policy=True,
            change_set=change_set(
                "data",
                resource(
                    "Database",
                    "AWS::RDS::DBInstance",
                    physical_id=DATABASE,
                    replacement="True",
                    policy_action="ReplaceAndSnapshot",
                    properties=(multi_az, name),
                ),
                resource("Cache", "AWS::ElastiCache::ReplicationGroup", replacement="Conditional", properties=(nodes,)),
            ),
        ),
        StackPlan(
            "platform",
            "legacy-platform",
            "platform",
            "9" * 16,
            "9" * 16,
            after=("network",),
            unchanged=True,
            base="2026-11-01T00:00:00+00:00",
        ),
        StackPlan(
            "service-rbac",
            "legacy-service-rbac",
            "service",
            "7" * 16,
            "7" * 16,
            parameters=(ParameterChange("SubnetIds", "subnet-1", None, fed_by="network.ComputeSubnetIds"),),
            after=("data", "platform"),
            unknown="It is fed by network.ComputeSubnetIds, which this deployment may change.",
        ),
    )
    made = Plan(
        "plan-1",
        "legacy",
        "upgrade to multi-az",
        "ada",
        b.NOW - 10 * MIN,
        "multi-az",
        state,
        stacks=stacks,
        operation="op-plan",
        prepared_at=b.NOW - 9 * MIN,
        version=2,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def risk(level: Level = Level.HIGH, **changes: object) -> Risk:
    """The database is replaced."""
    made = Risk(
        Danger.DATA_LOSS,
        level,
        "data",
        "Database",
        "AWS::RDS::DBInstance",
        "The database legacy-app is replaced by an empty one.",
        "DBName changes from app to orders, which AWS can only do by making a new instance.",
        "CloudFormation",
        DATABASE if level is Level.HIGH else "",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


RISKS = (
    risk(),
    risk(
        Level.MEDIUM,
        danger=Danger.OUTAGE,
        logical_id="Cache",
        type="AWS::ElastiCache::ReplicationGroup",
        sentence="The cache may lose its connections for seconds.",
        because="Replicas are added while it serves.",
        source="AWS's documentation, aws-facts 2.1",
    ),
    risk(
        Level.LOW,
        danger=Danger.COST,
        stack="network",
        logical_id="NatB",
        type="AWS::EC2::NatGateway",
        sentence="One more NAT gateway.",
        because="NatPerZone is true.",
        source="Haven's rule",
    ),
)


def estimate() -> Estimate:
    """Three lines: one dearer, one new, one without a price."""
    return Estimate(
        (
            Line("data", "Database", "AWS::RDS::DBInstance", 164.25, 328.5, "USD 0.45 × 730 h", 164.25),
            Line("network", "NatB", "AWS::EC2::NatGateway", None, 32.85, "USD 0.045 × 730 h", 32.85),
            Line("data", "Events", "AWS::SQS::Queue", 0.0, 0.0, "by request"),
            Line("data", "Cache", "AWS::ElastiCache::ReplicationGroup", None, None, "", unknown="cache.t9.huge"),
        ),
        date(2026, 11, 1),
        "Traffic, requests, taxes and discounts are left out.",
    )


def reviewed(made: Plan | None = None, **changes: object) -> Reviewed:
    """The upgrade of legacy, reviewed; legacy is not protected."""
    made = made or plan()
    whole = made.state in (PlanState.READY, PlanState.ASKED, PlanState.OVER)
    found = Reviewed(
        environment=b.environment("legacy", blueprint="single-az", protected=False),
        plan=made,
        risks=RISKS if whole else (),
        to_confirm=(DATABASE,) if whole else (),
        expectations={
            ("data", "Cache", "/Properties/NumCacheClusters"): Expectation(
                True, "Replicas are added while the primary serves.", "AWS's documentation, aws-facts 6.6"
            )
        },
        estimate=estimate(),
        budget_seconds=1296.0,
        overwritten=(
            Overwritten(
                "rbac",
                "service-rbac",
                Edited("maximum", "Maximum", "MaxTasks", "9", "12"),
                "9",
                "ScalableTarget",
                ("ServiceZones",),
            ),
        ),
        checks=(b.check("plan", title="Nothing under it changed", fact="Every stack is as it was."),),
        expected=(
            Expected("network", 2 * MIN, 3),
            Expected("data", 14 * MIN, 1),
            Expected("service-rbac", None, 0),
        ),
        commands=("aws cloudformation execute-change-set --change-set-name arn:one",),
        operation=None,
    )
    return replace(found, **changes)  # type: ignore[arg-type]


def operation(kind: str = "deploy", state: State = State.RUNNING, **changes: object) -> Operation:
    """A deployment of the upgrade."""
    wanted = (("what", "upgrade to multi-az"), ("plan", "plan-1"))
    values: dict[str, object] = {"kind": kind, "target_kind": Target.ENVIRONMENT, "target": "legacy", "wanted": wanted}
    values |= {"checks": (), "reason": "single points of failure go", "requested_at": b.NOW - 8 * MIN}
    if state not in (State.REQUESTED, State.AWAITING_APPROVAL):
        values |= {"started_at": b.NOW - 7 * MIN}
    return b.operation("op-deploy", "legacy", state, **(values | changes))


def event(number: int, stack: str, logical_id: str, status: str, reason: str = "") -> StackEvent:
    """One of CloudFormation's."""
    at = b.NOW - 7 * MIN + number * timedelta(seconds=40)
    return StackEvent(
        f"e{number}", at, stack, f"arn:stack/{stack}", logical_id, "", "AWS::RDS::DBInstance", status, reason, "haven-1"
    )


def rollout(stack: str, status: str, ended: float | None, failure: str = "", *spans: object) -> Rollout:
    """One that began seven minutes ago and ended so many minutes later."""
    began = b.NOW - 7 * MIN
    end = began + ended * MIN if ended is not None else None
    return Rollout(stack, f"arn:stack/{stack}", began, end, status, "haven-1", failure, spans)  # type: ignore[arg-type]


def running() -> Progressing:
    """The network is done, data changes."""
    began, made = b.NOW - 7 * MIN, plan(PlanState.ASKED)
    nat = ("NatB", "AWS::EC2::NatGateway", began, began + MIN, "CREATE_COMPLETE")
    route = ("RouteB", "AWS::EC2::Route", began + MIN, began + 2 * MIN, "UPDATE_COMPLETE")
    database = ("Database", "AWS::RDS::DBInstance", began + 3 * MIN, None, "UPDATE_IN_PROGRESS")
    data = replace(rollout("data", "UPDATE_IN_PROGRESS", None, "", database), began_at=began + 3 * MIN)
    return Progressing(
        plan=made,
        operation=operation(sent=Sent.YES, sent_at=began),
        rollouts={"network": rollout("network", "UPDATE_COMPLETE", 2, "", nat, route), "data": data},
        events=(
            event(1, "network", "NatB", "CREATE_COMPLETE"),
            event(5, "data", "Database", "UPDATE_IN_PROGRESS", "Requested update requires a modification."),
        ),
        expected=reviewed().expected,
        recoveries={"data": ("cancel",)},
    )


WORDS = "Database: Insufficient capacity (Service: Rds, Status Code: 400)"


def failed() -> Progressing:
    """Data failed, and its rollback did too."""
    began, before = b.NOW - 7 * MIN, running()
    database = ("Database", "AWS::RDS::DBInstance", began + 3 * MIN, began + 5 * MIN, "UPDATE_FAILED")
    ended = operation(state=State.FAILED, sent=Sent.YES, sent_at=began, because=WORDS, finished_at=b.NOW - MIN)
    return replace(
        before,
        operation=ended,
        rollouts={**before.rollouts, "data": rollout("data", "UPDATE_ROLLBACK_FAILED", 6, WORDS, database)},
        events=(*before.events, event(8, "data", "Database", "UPDATE_FAILED", WORDS)),
        recoveries={"data": ("continue", "delete")},
    )


def records() -> Sequence[DeploymentRecord]:
    """One of Haven's, one from outside that failed, one of Haven's long ago."""
    done = operation(state=State.SUCCEEDED, finished_at=b.NOW - 5 * MIN, approved_by="bob")
    outside = rollout("data", "UPDATE_ROLLBACK_COMPLETE", 3, WORDS)
    outside = replace(outside, token="console-1", began_at=b.NOW - 90 * MIN, ended_at=b.NOW - 80 * MIN)
    old = replace(done, id="op-old", finished_at=b.NOW - timedelta(days=3) + 9 * MIN)
    over = plan(PlanState.OVER, because="It was deployed.")
    one = DeploymentRecord(
        "legacy", b.NOW - 8 * MIN, b.NOW - 5 * MIN, "ada", "bob", done.reason, done.what, ("network", "data"),
        "deployed", over, done,
    )  # fmt: skip
    two = DeploymentRecord(
        "legacy", outside.began_at, outside.ended_at, "outside Haven", "", "Its token is console-1.", "update of data",
        ("data",), "UPDATE_ROLLBACK_COMPLETE", rollout=outside,
    )  # fmt: skip
    three = replace(
        one,
        at=b.NOW - timedelta(days=3),
        ended_at=b.NOW - timedelta(days=3) + 9 * MIN,
        what="first deployment",
        plan=plan(PlanState.OVER, id="plan-0", what="first deployment", stacks=plan().stacks[:2]),
        operation=old,
    )
    return one, two, three


def form(blueprint: str = "") -> DeploymentForm:
    """Two stacks: data as deployed, and one that is not there yet."""
    chosen = blueprint or "single-az"
    many = chosen == "multi-az"
    classes = ("db.t4g.medium", "db.r6g.large")
    size, said, storage = classes[many], "Instance class of the database.", "100" if many else "20"
    fields = (
        ParameterField("DatabaseClass", said, "String", classes[0], classes[0], size, classes),
        ParameterField("DatabaseStorage", "GiB.", "Number", "20", "20", storage, constraint="From 20 to 65536."),
        ParameterField("DatabaseName", "Name of the first database.", "String", "app", "app", None),
        ParameterField("ApiKey", "Sent with every call.", "String", None, "", None, secret=True),
        ParameterField("DataSubnetIds", "", "String", "subnet-1", "subnet-1", None, fed_by="network.DataSubnetIds"),
    )  # fmt: skip
    new = (ParameterField("PoolSize", "Connections of a task.", "Number", None, "10", "10"),)
    return DeploymentForm(
        b.environment("legacy", blueprint="single-az", protected=False),
        chosen,
        ("multi-az", "single-az"),
        (
            StackForm("data", "legacy-data", "data", "bbbbccccddddeeee", "aaaa000011112222", "UPDATE_COMPLETE", fields),
            StackForm("service-rbac", "legacy-service-rbac", "service", "7" * 16, "", "", new),
        ),
        b.NOW,
    )


@dataclass
class FakeDeployments(Desk):
    """`services.usecases.deployments.Deployments`."""

    reviews: dict[str, Reviewed] = field(
        default_factory=lambda: {
            "plan-1": reviewed(),
            "plan-0": reviewed(plan(PlanState.OVER, id="plan-0", because="It was deployed.")),
        }
    )
    progressing: dict[str, Progressing] = field(default_factory=lambda: {"op-deploy": running()})
    past: Sequence[DeploymentRecord] = field(default_factory=records)
    asked: list[tuple[str, str, str, datetime | None]] = field(default_factory=list)
    stood: list[tuple[str, datetime]] = field(default_factory=list)
    then: Sequence[DeploymentRecord] | None = None
    known: Sequence[str] = ("legacy",)

    def form(self, actor: Actor, environment: str, blueprint: str = "") -> DeploymentForm:
        self.look(actor)
        if environment not in self.known:
            raise NotFound(f"There is no environment {environment}.")
        return form(blueprint)

    def plan(self, actor: Actor, request: PlanRequest, *, client: str = "") -> Operation:
        self.act(actor, Permission.DEPLOY, request)
        return operation("plan", State.REQUESTED)

    def review(self, actor: Actor, plan: str) -> Reviewed:
        self.look(actor)
        if plan not in self.reviews:
            raise NotFound(f"There is no plan {plan}.")
        return self.reviews[plan]

    def request(self, actor: Actor, request: DeployRequest, *, client: str = "") -> Operation:
        self.act(actor, Permission.DEPLOY, request)
        return operation(state=State.REQUESTED)

    def discard(self, actor: Actor, plan: str, *, client: str = "") -> Plan:
        self.act(actor, Permission.DEPLOY, "discard", plan)
        return self.reviews[plan].plan

    def recover(self, actor: Actor, request: RecoverRequest, *, client: str = "") -> Operation:
        self.act(actor, Permission.DEPLOY, request)
        return operation("recover", State.REQUESTED)

    def progress(self, actor: Actor, operation: str) -> Progressing:
        self.look(actor)
        if operation not in self.progressing:
            raise NotFound(f"There is no deployment {operation}.")
        return self.progressing[operation]

    def plans(self, actor: Actor, environment: str, limit: int = 50) -> Sequence[Reviewed]:
        self.look(actor)
        own = [each for each in self.reviews.values() if each.environment.name == environment]
        return [each for each in own if each.plan.state is not PlanState.OVER]

    def history(
        self,
        actor: Actor,
        environment: str = "",
        *,
        stack: str = "",
        who: str = "",
        before: datetime | None = None,
        limit: int = 50,
    ) -> Sequence[DeploymentRecord]:
        self.look(actor)
        self.asked.append((environment, stack, who, before))
        found = [each for each in self.past if environment in ("", each.environment)]
        found = [each for each in found if stack in ("", *each.stacks) and who in ("", each.who)]
        return [each for each in found if before is None or each.at < before][:limit]

    def in_force(self, actor: Actor, environment: str, when: datetime) -> Sequence[DeploymentRecord]:
        self.look(actor)
        self.stood.append((environment, when))
        if self.then is not None:
            return self.then
        newest: dict[str, DeploymentRecord] = {}
        for each in self.past:
            by = each.operation
            done = by is not None and by.kind == "deploy" and by.state is State.SUCCEEDED
            if done and each.environment == environment and each.ended_at is not None and each.ended_at <= when:
                for stack in each.stacks:
                    newest.setdefault(stack, replace(each, stacks=(stack,)))
        return tuple(newest.values())

    def back_to(self, actor: Actor, plan: str, *, undo: bool = False) -> PlanRequest:
        return again(self.review(actor, plan).plan, undo=undo)

    def compare(self, actor: Actor, first: str, second: str) -> tuple[Reviewed, Reviewed]:
        return self.review(actor, first), self.review(actor, second)


def deletion() -> Reviewed:
    """Of everything: the database is snapshotted, the rest goes."""
    stacks = [
        replace(
            each, deed=Deed.DELETE, change_set=None, unchanged=False, unknown="", parameters=(),
            removed=("Database", "Cache") if each.name == "data" else ("NatB",),
            kept=("EventsKey",) if each.name == "data" else (),
        )
        for each in reversed(plan().stacks)
    ]  # fmt: skip
    return reviewed(plan(id="plan-gone", what="deletion of legacy", stacks=tuple(stacks)))


def blocked() -> Reviewed:
    """One change stopped, one check in the way."""
    stopped = risk(Level.STOPPED, sentence="The database would be deleted with no snapshot.")
    check = b.check("stacks", Answer.FAIL, title="Every stack is settled", fact="legacy-data is UPDATE_IN_PROGRESS.")
    return reviewed(risks=(stopped, *RISKS), checks=(check,))
