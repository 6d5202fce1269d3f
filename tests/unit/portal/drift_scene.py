"""production with drift: its database larger than its stack says, an accepted window, a task count that scaling moved,
and a stack that could not be compared."""

from datetime import timedelta

from services.catalogue import PackagedCatalogue
from services.domain.deployment.drift import Accepted, Difference, DriftedResource, DriftReport
from services.domain.operation import State, Target
from tests import builders as b
from tests.unit.portal.house import House
from tests.unit.usecases.drift_world import SCALES

LOOKED = b.NOW - timedelta(hours=2)
CLASS = Difference("/DBInstanceClass", "db.r6g.large", "db.r6g.xlarge", "NOT_EQUAL")
WINDOW = Difference("/PreferredBackupWindow", "02:00-03:00", "05:00-06:00", "NOT_EQUAL")
COUNT = Difference("/DesiredCount", "3", "7", "NOT_EQUAL")
OPEN = Difference("/SecurityGroupIngress/1", "", '{"CidrIp":"0.0.0.0/0"}' + " " * 200, "ADD")
DATABASE = DriftedResource("data", "Database", "production-app", "AWS::RDS::DBInstance", "MODIFIED", (CLASS, WINDOW))
GROUP = DriftedResource("network", "DoorGroup", "sg-1", "AWS::EC2::SecurityGroup", "MODIFIED", (OPEN,))
GONE = DriftedResource("network", "FlowLog", "fl-1", "AWS::EC2::FlowLog", "DELETED")
SERVICE = DriftedResource("service-rbac", "Service", "rbac", "AWS::ECS::Service", "MODIFIED", (COUNT,))
MEANT = Accepted("production", "data", "Database", WINDOW.path, WINDOW.actual, "root.admin", LOOKED, "The batch moved.")


def report(stack: str, *resources: DriftedResource, hours: float = 2, status: str = "") -> DriftReport:
    """A stack compared some hours ago; three more of its resources are as it says."""
    same = tuple(DriftedResource(stack, f"Same{n}", f"same-{n}", "AWS::SNS::Topic", "IN_SYNC", ()) for n in range(1, 4))
    word = status or ("DRIFTED" if resources else "IN_SYNC")
    return DriftReport("production", stack, f"arn:{stack}", b.NOW - timedelta(hours=hours), word, (*resources, *same))


def put(house: House, *reports: DriftReport, accepted: tuple[Accepted, ...] = ()) -> None:
    """Reports and what is accepted, as a look would have left them."""
    with house.unit() as store:
        for each in reports:
            store.drifts.put(each)
        for meant in accepted:
            store.drifts.accept(meant)


def fill(house: House) -> None:
    """All of it, after a look that could not compare `platform`."""
    version = PackagedCatalogue().version(SCALES)
    stacks = "network,data,platform,service-rbac,service-audit,service-identity-sync"
    look = b.operation(
        "look-1",
        kind="drift",
        target_kind=Target.ENVIRONMENT,
        target="production (drift)",
        requested_at=LOOKED,
        state=State.SUCCEEDED,
        wanted=(("what", "look for drift in production"), ("stacks", stacks)),
        notes=(("not_compared_platform", "It is UPDATE_IN_PROGRESS."), ("template_service-rbac", version)),
        finished_at=LOOKED,
    )
    with house.unit() as store:
        store.operations.add(look)
        store.templates.put(version, "service", SCALES, LOOKED)
    others = [report(name) for name in ("service-audit", "service-identity-sync")]
    put(
        house,
        report("network", GROUP, GONE),
        report("data", DATABASE),
        report("service-rbac", SERVICE),
        *others,
        accepted=(MEANT,),
    )
