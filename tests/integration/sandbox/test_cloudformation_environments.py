"""The real templates in both shapes: everything comes up in its own service, changes in place, and goes again."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from provisioning.blueprint import load
from tests.integration.sandbox.environment_ground import DATA_STORES, Environment
from tests.integration.sandbox.inventory import inventory
from tests.integration.sandbox.stacks_ground import refusal

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]
ONCE_GROWN = {"data": {"DatabaseStorage": "100", "DatabaseStorageLimit": "500"}}
"""RDS storage grows and never shrinks: whoever goes back to single-az keeps what there is."""


UNPROTECTED = {"data": {"DeletionProtection": "false"}, "platform": {"DeletionProtection": "false"}}
"""Multi-AZ protects its database and its load balancer themselves: whoever deletes has to lift that first."""
STAYS = ["kms key", "rds DBSnapshots", "s3 Buckets"]
"""The templates retain the key and the log bucket; the database leaves its last snapshot."""


class Production:
    """`production` from nothing to multi-az and gone, with what was seen on the way."""

    def __init__(self) -> None:
        made = Environment("production")
        self.aws = aws = made.stacks.aws
        at_first = inventory(aws)
        made.bring_to("multi-az", "CREATE")
        self.kinds = [kind for _, kind, _, _ in made.resources()]
        self.missing, self.resolved, self.outputs = made.missing(), made.resolved(), made.outputs
        self.database = aws("rds").describe_db_instances(DBInstanceIdentifier="production-app")["DBInstances"][0]
        caches = aws("elasticache").describe_replication_groups(ReplicationGroupId="production-cache")
        self.cache = caches["ReplicationGroups"][0]
        names = ["rbac", "audit", "identity-sync"]
        self.services = aws("ecs").describe_services(cluster="production", services=names)["services"]
        targets = aws("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
        self.minimums = sorted(t["MinCapacity"] for t in targets)
        self.balancer = aws("elbv2").describe_load_balancers(Names=["production-alb"])["LoadBalancers"][0]
        arn = self.balancer["LoadBalancerArn"]
        self.attributes = aws("elbv2").describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
        self.tags = aws("elbv2").describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"]
        self.looks = [made.proposed(spec, "UPDATE") for spec in load("multi-az").stacks("production")]
        made.bring_to("multi-az", "UPDATE", UNPROTECTED)
        self.lifted = [proposed["StackName"] for proposed in made.proposals]
        made.tear_down()
        self.left = inventory(aws) - at_first


@pytest.fixture(scope="module")
def production() -> Production:
    return Production()


def test_every_resource_of_multi_az_is_in_its_own_service(production: Production) -> None:
    assert len(production.kinds) > 150
    assert set(production.kinds) >= {"AWS::ECS::Service", *DATA_STORES}
    assert production.missing == []


def test_its_properties_are_true(production: Production) -> None:
    database, cache = production.database, production.cache
    assert (database["MultiAZ"], database["DBInstanceStatus"], database["StorageEncrypted"]) == (
        True,
        "available",
        True,
    )
    assert database["SecondaryAvailabilityZone"] != database["AvailabilityZone"]
    zones = [m["PreferredAvailabilityZone"] for m in cache["NodeGroups"][0]["NodeGroupMembers"]]
    assert (cache["AutomaticFailover"], len(set(zones))) == ("enabled", 3)
    assert {s["serviceName"]: s["status"] for s in production.services} == dict.fromkeys(
        ("rbac", "audit", "identity-sync"), "ACTIVE"
    )
    assert all(s["deploymentConfiguration"]["deploymentCircuitBreaker"]["rollback"] for s in production.services)
    assert production.minimums == [3, 3, 3]
    assert production.outputs["data"]["DatabaseEndpoint"] == database["Endpoint"]["Address"]
    balancer = production.balancer
    assert (balancer["Scheme"], len(balancer["AvailabilityZones"])) == ("internal", 3)
    assert {"Key": "zonal_shift.config.enabled", "Value": "true"} in production.attributes
    assert {"Key": "haven:environment", "Value": "production"} in production.tags


def test_a_second_look_finds_nothing_to_change(production: Production) -> None:
    changes = [c["ResourceChange"]["LogicalResourceId"] for look in production.looks for c in look["Changes"]]
    assert ({look["Status"] for look in production.looks}, changes) == ({"FAILED"}, [])


def test_multi_az_goes_too_once_its_protection_is_lifted(production: Production) -> None:
    assert production.lifted == ["production-data", "production-platform"]
    assert sorted(kind for kind, _ in production.left) == STAYS


@dataclass
class Journey:
    """`legacy` from nothing to single-az, to multi-az, back, and gone, with what was seen at each stop."""

    environment: Environment
    at_first: set[tuple[str, str]]
    resolved: dict[str, dict[str, Any]]
    seen: list[dict[str, Any]] = field(default_factory=list)
    proposals: list[list[dict[str, Any]]] = field(default_factory=list)
    shrinking: list[str] = field(default_factory=list)
    protected: tuple[str, str, int] | None = None
    told: list[str] = field(default_factory=list)
    left: set[tuple[str, str]] = field(default_factory=set)

    def look(self) -> None:
        """Note what is there now."""
        aws = self.environment.stacks.aws
        nats = aws("ec2").describe_nat_gateways(Filters=[{"Name": "state", "Values": ["available"]}])["NatGateways"]
        caches = aws("elasticache").describe_replication_groups(ReplicationGroupId="legacy-cache")
        services = aws("ecs").describe_services(cluster="legacy", services=["rbac"])["services"]
        targets = aws("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
        self.proposals.append(self.environment.proposals)
        self.seen.append(
            {
                "stores": self.environment.data_stores(),
                "missing": self.environment.missing(),
                "database": aws("rds").describe_db_instances(DBInstanceIdentifier="legacy-app")["DBInstances"][0],
                "cache": caches["ReplicationGroups"][0],
                "nats": len(nats),
                "subnets": len(services[0]["networkConfiguration"]["awsvpcConfiguration"]["subnets"]),
                "targets": len(targets),
            }
        )


@pytest.fixture(scope="module")
def journey() -> Journey:
    legacy = Environment("legacy")
    aws = legacy.stacks.aws
    at_first = inventory(aws)
    legacy.bring_to("single-az", "CREATE")
    made = Journey(legacy, at_first, legacy.resolved())
    made.look()
    legacy.bring_to("multi-az", "UPDATE")
    made.look()
    with pytest.raises(ClientError) as refused:
        legacy.stacks.cfn.delete_stack(StackName="legacy-data")
    made.protected = refusal(refused.value)
    made.shrinking = _shrunk(legacy)
    legacy.bring_to("single-az", "UPDATE", ONCE_GROWN)
    made.look()
    events = aws("rds").describe_events(SourceIdentifier="legacy-app", SourceType="db-instance", Duration=20_000)
    made.told = [event["Message"] for event in events["Events"]]
    legacy.tear_down()
    made.left = inventory(aws) - at_first
    return made


def _shrunk(legacy: Environment) -> list[str]:
    """The stack's status after somebody tried to give the database less storage, and why it failed."""
    spec = next(s for s in load("multi-az").stacks("legacy", {"data": {"DatabaseStorage": "50"}}) if s.name == "data")
    done = legacy.executed(spec, legacy.proposed(spec, "UPDATE"))
    failed = [e for e in legacy.stacks.events("legacy-data") if e["ResourceStatus"] == "UPDATE_FAILED"]
    return [done["StackStatus"], *(f"{e['LogicalResourceId']}: {e['ResourceStatusReason']}" for e in failed[:1])]


def test_single_az_has_one_of_each(journey: Journey) -> None:
    seen = journey.seen[0]
    assert seen["missing"] == []
    assert not seen["database"]["MultiAZ"]
    assert (seen["nats"], len(seen["cache"]["MemberClusters"]), seen["subnets"], seen["targets"]) == (1, 1, 1, 0)


def test_it_becomes_multi_az_without_replacing_or_losing_a_data_store(journey: Journey) -> None:
    before, after = journey.seen[:2]
    assert after["stores"] == before["stores"]
    assert after["missing"] == []
    assert replaced(journey.proposals[1]) <= {"AWS::ECS::TaskDefinition"}
    database = after["database"]
    assert (database["MultiAZ"], database["DBInstanceClass"], database["AllocatedStorage"]) == (
        True,
        "db.r6g.large",
        100,
    )
    assert database["BackupRetentionPeriod"] == 14
    assert (after["cache"]["AutomaticFailover"], len(after["cache"]["MemberClusters"])) == ("enabled", 3)
    assert (after["nats"], after["subnets"], after["targets"]) == (3, 3, 3)


def test_it_goes_back_to_single_az_without_replacing_or_losing_a_data_store(journey: Journey) -> None:
    first, _, back = journey.seen
    assert back["stores"] == first["stores"]
    assert back["missing"] == []
    assert replaced(journey.proposals[2]) <= {"AWS::ECS::TaskDefinition"}
    assert not back["database"]["MultiAZ"]
    assert "SecondaryAvailabilityZone" not in back["database"]
    assert (back["nats"], len(back["cache"]["MemberClusters"]), back["subnets"], back["targets"]) == (1, 1, 1, 0)


def test_the_database_tells_of_its_conversion_and_of_the_way_back(journey: Journey) -> None:
    told = [message for message in journey.told if " to convert to a " in message]
    assert told == [
        "Applying modification to convert to a Multi-AZ DB Instance",
        "Finished applying modification to convert to a Multi-AZ DB Instance",
        "Applying modification to convert to a standard (Single-AZ) DB Instance",
        "Finished applying modification to convert to a standard (Single-AZ) DB Instance",
    ]


def test_storage_does_not_shrink_and_the_stack_says_why(journey: Journey) -> None:
    status, why = journey.shrinking
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert why.startswith("Database: ")
    assert "Cannot upgrade storage size to a lower value." in why


def test_multi_az_is_protected_from_deletion(journey: Journey) -> None:
    assert journey.protected == (
        "ValidationError",
        "Stack [legacy-data] cannot be deleted while TerminationProtection is enabled",
        400,
    )


def test_it_goes_and_leaves_only_what_is_meant_to_stay(journey: Journey) -> None:
    assert sorted(kind for kind, _ in journey.left) == STAYS


def test_what_each_blueprint_makes_holds_against_aws_s_own_schemas(journey: Journey, production: Production) -> None:
    assert len(journey.resolved) > 100
    assert schema_findings(journey.resolved) == []
    assert schema_findings(production.resolved) == []


def test_a_wrong_property_would_be_found(journey: Journey) -> None:
    name, database = next((n, r) for n, r in journey.resolved.items() if r["Type"] == "AWS::RDS::DBInstance")
    broken = {"Type": database["Type"], "Properties": {**database["Properties"], "MultiAS": True}}
    assert any("MultiAS" in finding for finding in schema_findings({name: broken}))


def replaced(proposals: Sequence[dict[str, Any]]) -> set[str]:
    """The types of what change sets say is replaced for certain."""
    changes = [change["ResourceChange"] for proposed in proposals for change in proposed["Changes"]]
    return {change["ResourceType"] for change in changes if change.get("Replacement") == "True"}


def schema_findings(resources: dict[str, dict[str, Any]]) -> list[str]:
    """What cfn-lint's checks of properties against the provider schemas (E3...) have against resolved resources."""
    found = lint(json.dumps({"Resources": resources}), config=ManualArgs(regions=["us-east-1"]))
    return [str(match) for match in found if match.rule.id.startswith("E3")]
