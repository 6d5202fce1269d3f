"""Haven whole, built as in production, fails over a Multi-AZ DB cluster and a cache in the sandbox: one call each."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services import bootstrap
from services.bootstrap import Haven
from services.domain.access import SYSTEM
from services.domain.check import Answer
from services.domain.failover.episode import Episode, Origin, Result
from services.domain.operation import Operation, State, Target
from services.domain.snapshot import Snapshot
from services.settings import Settings
from services.store.clock import SystemClock
from services.usecases.failover_history import Filter
from services.usecases.failovers import FailoverRequest
from tests import builders as b
from tests.integration.aws.conftest import SandboxClock
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(300)]

DATA = """
Resources:
    Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
    A: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24, AvailabilityZone: us-east-1a}}
    B: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24, AvailabilityZone: us-east-1b}}
    C: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.2.0/24, AvailabilityZone: us-east-1c}}
    DatabaseSubnets:
      Type: AWS::RDS::DBSubnetGroup
      Properties: {DBSubnetGroupDescription: data, SubnetIds: [!Ref A, !Ref B, !Ref C]}
    Database:
      Type: AWS::RDS::DBCluster
      Properties:
        DBClusterIdentifier: production-main
        Engine: postgres
        DBClusterInstanceClass: db.m6gd.large
        StorageType: gp3
        AllocatedStorage: 100
        MasterUsername: haven
        ManageMasterUserPassword: true
        DBSubnetGroupName: !Ref DatabaseSubnets
        BackupRetentionPeriod: 7
        StorageEncrypted: true
    CacheSubnets:
      Type: AWS::ElastiCache::SubnetGroup
      Properties: {Description: data, SubnetIds: [!Ref A, !Ref B, !Ref C]}
    Cache:
      Type: AWS::ElastiCache::ReplicationGroup
      Properties:
        ReplicationGroupId: production-cache
        ReplicationGroupDescription: cache
        Engine: valkey
        CacheNodeType: cache.r7g.large
        NumCacheClusters: 3
        AutomaticFailoverEnabled: true
        MultiAZEnabled: true
        TransitEncryptionEnabled: true
        CacheSubnetGroupName: !Ref CacheSubnets
    Alarm:
      Type: AWS::CloudWatch::Alarm
      Properties:
        Namespace: AWS/RDS
        MetricName: CPUUtilization
        Dimensions: [{Name: DBInstanceIdentifier, Value: production-main-instance-1}]
        Statistic: Average
        Period: 60
        EvaluationPeriods: 3
        Threshold: 95
        ComparisonOperator: GreaterThanThreshold
        TreatMissingData: notBreaching
"""
TAGS = [{"Key": "haven:environment", "Value": "production"}, {"Key": "haven:stack", "Value": "data"}]
ASKS, APPROVES = b.actor(name="ana"), b.actor(name="ben")


class Run:
    """Haven against the sandbox, at the sandbox's time."""

    def __init__(self, haven: Haven, sandbox: Sandbox) -> None:
        self.haven, self.sandbox = haven, sandbox

    def seen(self) -> Snapshot:
        """A fresh picture, kept as the worker keeps one."""
        lease = self.haven.leases.acquire("snapshots:production", self.haven.holder, timedelta(seconds=60))
        assert lease is not None
        try:
            return self.haven.snapshots.take("production", lease.token).snapshot
        finally:
            self.haven.leases.release(lease)

    def calls(self, operation: str) -> int:
        """How often AWS was asked for it."""
        return int(self.sandbox.control("calls")["calls"].get(operation, 0))

    def asked(self, kind: Target, name: str, to_member: str = "") -> Operation:
        """Asked for by one person and approved by another."""
        target = self.haven.failovers.preview(ASKS, "production", kind, name, to_member).target
        request = FailoverRequest(
            "production",
            kind,
            name,
            expected_zone=target.zone or "",
            expected_primary=target.primary,
            typed_name=name,
            reason="Maintenance of the host.",
            to_member=to_member,
        )
        made = self.haven.failovers.request(ASKS, request)
        return self.haven.operations.approve(APPROVES, made.id, made.version)

    def carried_out(self, operation: Operation) -> Operation:
        """Advanced as the worker does until it is over."""
        for _ in range(200):
            for due in self.haven.engine.due():
                self.haven.engine.advance(due.id)
            found = self.haven.operations.view(ASKS, operation.id).operation
            if not found.live or found.state is State.STUCK:
                return found
            self.sandbox.advance(5)
        raise AssertionError(f"{operation.id} does not come to an end: {found}")

    def episode(self, operation: Operation) -> Episode:
        """What the history has of it once AWS's last events are read."""
        self.sandbox.advance(120)
        self.seen()
        self.haven.intake.poll("production")
        (found,) = [e for e in self.haven.failover_history.page(ASKS, Filter()) if e.target == operation.target]
        return found


@pytest.fixture(scope="module")
def run(start_sandbox: Callable[..., Sandbox], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The stack `production-data` stands for hours, and Haven has seen it."""
    sandbox = start_sandbox("--frozen", "--limits", "off")
    cloudformation = sandbox.client("cloudformation")
    made = cloudformation.create_change_set(
        StackName="production-data", ChangeSetName="first", ChangeSetType="CREATE", TemplateBody=DATA, Tags=TAGS
    )
    sandbox.advance(30)
    cloudformation.execute_change_set(ChangeSetName=made["Id"])
    sandbox.advance(3 * 3600)
    assert cloudformation.describe_stacks(StackName="production-data")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    clock = SandboxClock(sandbox)

    def outside(part: Any) -> Any:
        return clock if isinstance(part, SystemClock) else part

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        home: Path = tmp_path_factory.mktemp("haven")
        settings = Settings(home=home, aws_endpoint_url=sandbox.url, aws_read_timeout=30)
        bootstrap.migrate(settings)
        haven = bootstrap.build(settings, outside=outside)
        haven.environments.register(SYSTEM, b.environment("production", created_at=clock.now()))
        made_run = Run(haven, sandbox)
        made_run.seen()
        yield made_run
    sandbox.stop()


def test_a_cluster_is_failed_over_to_the_reader_that_was_chosen(run: Run) -> None:
    (before,) = run.seen().clusters
    assert before.writer is not None
    assert before.multi_az
    assert {member.zone for member in before.members} == set(b.ZONES)
    chosen = before.members[-1]  # not the one that would be taken by itself
    preview = run.haven.failovers.preview(
        ASKS, "production", Target.DATABASE_CLUSTER, before.identifier, chosen.identifier
    )
    lag = next(check for check in preview.checks if check.key == "lag")
    assert lag.answer is Answer.PASS, lag.fact
    assert f"ReplicaLag of {chosen.identifier} is" in lag.fact
    ended = run.carried_out(run.asked(Target.DATABASE_CLUSTER, before.identifier, chosen.identifier))
    assert ended.state is State.SUCCEEDED, ended
    assert run.calls("rds:FailoverDBCluster") == 1
    (after,) = run.seen().clusters
    assert after.writer is not None
    assert (after.writer.identifier, after.writer.zone) == (chosen.identifier, chosen.zone)
    episode = run.episode(ended)
    assert (episode.target_kind, episode.result, episode.origin) == (
        Target.DATABASE_CLUSTER,
        Result.COMPLETED,
        Origin.HAVEN,
    )
    assert (episode.from_member, episode.from_zone) == (before.writer.identifier, before.writer.zone)
    assert (episode.to_member, episode.to_zone) == (chosen.identifier, chosen.zone)
    assert (episode.operation_id, episode.who) == (ended.id, "ana")
    assert run.calls("rds:FailoverDBCluster") == 1


def test_a_cache_of_three_nodes_is_failed_over_once(run: Run) -> None:
    (before,) = run.seen().caches
    (lead,) = [node for node in before.nodes if node.role == "primary"]
    assert len(before.nodes) == 3
    ended = run.carried_out(run.asked(Target.CACHE, before.identifier))
    assert ended.state is State.SUCCEEDED, ended
    assert run.calls("elasticache:TestFailover") == 1
    (after,) = run.seen().caches
    (heir,) = [node for node in after.nodes if node.role == "primary"]
    assert heir.cluster_id != lead.cluster_id
    episode = run.episode(ended)
    assert (episode.target_kind, episode.result, episode.origin) == (Target.CACHE, Result.COMPLETED, Origin.HAVEN)
    assert (episode.from_member, episode.from_zone) == (lead.cluster_id, lead.zone)
    assert (episode.to_member, episode.to_zone) == (heir.cluster_id, heir.zone)
    assert (episode.operation_id, episode.who) == (ended.id, "ana")
    assert run.calls("elasticache:TestFailover") == 1
