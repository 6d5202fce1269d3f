"""The real templates in both shapes: everything comes up in its own service, changes in place, and goes again."""

from collections.abc import Iterator
from typing import Any

import pytest

from provisioning.blueprint import StackSpec, load, template_body
from sandbox.cloudformation import state
from tests.integration.sandbox.presence import present
from tests.integration.sandbox.stacks_ground import REGION, fresh, values

pytestmark = pytest.mark.timeout(240)
DATA_STORES = ("AWS::RDS::DBInstance", "AWS::ElastiCache::ReplicationGroup", "AWS::SQS::Queue", "AWS::KMS::Key")
LEFT_BEHIND = {"AWS::KMS::Key", "AWS::S3::Bucket"}
"""What the templates retain on purpose; a retained bucket keeps nothing of its policy."""


class Environment:
    """An environment made of a blueprint's stacks, each fed with the outputs of those before it."""

    def __init__(self, name: str) -> None:
        self.name, self.stacks = name, fresh()
        self.outputs: dict[str, dict[str, str]] = {}
        self.proposals: list[dict[str, Any]] = []

    def bring_to(self, blueprint: str, kind: str) -> None:
        """Deploy every stack of the blueprint in order; a stack that has nothing to change is left."""
        for spec in load(blueprint).stacks(self.name):
            self._deploy(spec, kind)

    def _deploy(self, spec: StackSpec, kind: str) -> None:
        fed = {parameter: self.outputs[stack][output] for parameter, (stack, output) in spec.inputs}
        given = values(**dict(spec.parameters), **fed)
        name = self.stack(spec.name)
        proposed = self.stacks.proposed(name, template_body(spec.template), kind, Parameters=given)
        assert proposed["Status"] == "CREATE_COMPLETE", (name, proposed.get("StatusReason"))
        self.proposals.append(proposed)
        self.stacks.cfn.execute_change_set(ChangeSetName=proposed["ChangeSetId"], DisableRollback=False)
        done = self.stacks.settled(name)
        failed = [e for e in self.stacks.events(name) if e["ResourceStatus"].endswith("FAILED")]
        assert done["StackStatus"] == f"{kind}_COMPLETE", failed
        self.outputs[spec.name] = {o["OutputKey"]: o["OutputValue"] for o in done["Outputs"]}

    def stack(self, name: str) -> str:
        return f"{self.name}-{name}"

    def resources(self) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
        """(logical id, type, physical id, resolved properties) of everything in the environment's stacks."""
        for stack in state.ledger(self.stacks.account, REGION).stacks.values():
            for r in stack.resources.values():
                yield r.logical, r.type, r.physical, r.properties

    def missing(self) -> list[tuple[str, str]]:
        """What its own service does not know of."""
        return [(n, kind) for n, kind, it, p in self.resources() if not present(self.stacks.aws, kind, it, p)]

    def tear_down(self) -> None:
        """Delete every stack, the last deployed first."""
        for name in reversed(list(self.outputs)):
            stack = self.stacks.stack(self.stack(name))["StackId"]
            self.stacks.cfn.delete_stack(StackName=stack)
            assert self.stacks.settled(stack)["StackStatus"] == "DELETE_COMPLETE", name


@pytest.fixture(scope="module")
def production() -> Environment:
    made = Environment("production")
    made.bring_to("multi-az", "CREATE")
    return made


def test_every_resource_of_multi_az_is_in_its_own_service(production: Environment) -> None:
    resources = list(production.resources())
    assert len(resources) > 150
    assert {kind for _, kind, _, _ in resources} >= {"AWS::ECS::Service", *DATA_STORES}
    assert production.missing() == []


def test_its_properties_are_true(production: Environment) -> None:
    aws = production.stacks.aws
    database = aws("rds").describe_db_instances(DBInstanceIdentifier="production-app")["DBInstances"][0]
    assert (database["MultiAZ"], database["DBInstanceStatus"], database["StorageEncrypted"]) == (
        True,
        "available",
        True,
    )
    assert database["SecondaryAvailabilityZone"] != database["AvailabilityZone"]
    cache = aws("elasticache").describe_replication_groups(ReplicationGroupId="production-cache")["ReplicationGroups"][
        0
    ]
    zones = [m["PreferredAvailabilityZone"] for m in cache["NodeGroups"][0]["NodeGroupMembers"]]
    assert (cache["AutomaticFailover"], len(set(zones))) == ("enabled", 3)
    services = aws("ecs").describe_services(cluster="production", services=["rbac", "audit", "identity-sync"])[
        "services"
    ]
    assert {s["serviceName"]: s["status"] for s in services} == dict.fromkeys(
        ("rbac", "audit", "identity-sync"), "ACTIVE"
    )
    assert all(s["deploymentConfiguration"]["deploymentCircuitBreaker"]["rollback"] for s in services)
    targets = aws("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    assert sorted(t["MinCapacity"] for t in targets) == [3, 3, 3]
    endpoint = production.outputs["data"]["DatabaseEndpoint"]
    assert endpoint == database["Endpoint"]["Address"]
    balancer = aws("elbv2").describe_load_balancers(Names=["production-alb"])["LoadBalancers"][0]
    assert (balancer["Scheme"], len(balancer["AvailabilityZones"])) == ("internal", 3)
    attributes = aws("elbv2").describe_load_balancer_attributes(LoadBalancerArn=balancer["LoadBalancerArn"])[
        "Attributes"
    ]
    assert {"Key": "zonal_shift.config.enabled", "Value": "true"} in attributes
    tags = aws("elbv2").describe_tags(ResourceArns=[balancer["LoadBalancerArn"]])["TagDescriptions"][0]["Tags"]
    assert {"Key": "haven:environment", "Value": "production"} in tags


def test_a_second_look_finds_nothing_to_change(production: Environment) -> None:
    for spec in load("multi-az").stacks("production"):
        fed = {p: production.outputs[stack][output] for p, (stack, output) in spec.inputs}
        given = values(**dict(spec.parameters), **fed)
        name = production.stack(spec.name)
        proposed = production.stacks.proposed(name, template_body(spec.template), "UPDATE", Parameters=given)
        assert proposed["Status"] == "FAILED", [c["ResourceChange"]["LogicalResourceId"] for c in proposed["Changes"]]


def test_single_az_comes_up_becomes_multi_az_and_goes() -> None:
    legacy = Environment("legacy")
    legacy.bring_to("single-az", "CREATE")
    has_one_of_each(legacy)
    becomes_multi_az_without_replacing_a_data_store(legacy)
    goes_and_leaves_only_what_is_meant_to_stay(legacy)


def has_one_of_each(legacy: Environment) -> None:
    assert legacy.missing() == []
    aws = legacy.stacks.aws
    assert not aws("rds").describe_db_instances(DBInstanceIdentifier="legacy-app")["DBInstances"][0]["MultiAZ"]
    assert len(aws("ec2").describe_nat_gateways()["NatGateways"]) == 1
    cache = aws("elasticache").describe_replication_groups(ReplicationGroupId="legacy-cache")["ReplicationGroups"][0]
    assert len(cache["MemberClusters"]) == 1


def becomes_multi_az_without_replacing_a_data_store(legacy: Environment) -> None:
    before = {n: it for n, kind, it, _ in legacy.resources() if kind in DATA_STORES}
    legacy.proposals.clear()
    legacy.bring_to("multi-az", "UPDATE")
    after = {n: it for n, kind, it, _ in legacy.resources() if kind in DATA_STORES}
    assert after == before
    replaced = [
        c["ResourceChange"]["ResourceType"]
        for p in legacy.proposals
        for c in p["Changes"]
        if c["ResourceChange"].get("Replacement") == "True"
    ]
    assert set(replaced) <= {"AWS::ECS::TaskDefinition"}
    assert legacy.missing() == []
    aws = legacy.stacks.aws
    database = aws("rds").describe_db_instances(DBInstanceIdentifier="legacy-app")["DBInstances"][0]
    assert (database["MultiAZ"], database["DBInstanceClass"], database["AllocatedStorage"]) == (
        True,
        "db.r6g.large",
        100,
    )
    assert database["BackupRetentionPeriod"] == 14
    nats = aws("ec2").describe_nat_gateways(Filters=[{"Name": "state", "Values": ["available"]}])["NatGateways"]
    assert len(nats) == 3
    cache = aws("elasticache").describe_replication_groups(ReplicationGroupId="legacy-cache")["ReplicationGroups"][0]
    assert (cache["AutomaticFailover"], len(cache["MemberClusters"])) == ("enabled", 3)
    service = aws("ecs").describe_services(cluster="legacy", services=["rbac"])["services"][0]
    assert len(service["networkConfiguration"]["awsvpcConfiguration"]["subnets"]) == 3


def goes_and_leaves_only_what_is_meant_to_stay(legacy: Environment) -> None:
    aws = legacy.stacks.aws
    # Multi-AZ protects its database and load balancer; whoever deletes has to lift that first.
    aws("rds").modify_db_instance(DBInstanceIdentifier="legacy-app", DeletionProtection=False, ApplyImmediately=True)
    arn = legacy.outputs["platform"]["LoadBalancerArn"]
    off = [{"Key": "deletion_protection.enabled", "Value": "false"}]
    aws("elbv2").modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=off)
    made = list(legacy.resources())
    legacy.tear_down()
    left = [(n, kind) for n, kind, it, p in made if present(aws, kind, it, p)]
    assert {kind for _, kind in left} == LEFT_BEHIND
    assert len(aws("rds").describe_db_snapshots()["DBSnapshots"]) == 1
