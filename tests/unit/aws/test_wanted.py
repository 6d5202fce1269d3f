"""Which metrics are asked for."""

from services.aws.ecs import ServiceFacts
from services.aws.wanted import Wanted, wanted
from services.domain.snapshot import Zone
from tests.builders.data import cache
from tests.builders.fargate import service
from tests.unit.aws.stubs import arn
from tests.unit.aws.test_clusters import cluster
from tests.unit.aws.world import ALB, GROUP, URL


def names(found: tuple[Wanted, ...], subject: str) -> set[str]:
    return {each.name for each in found if each.subject == subject}


def everything() -> tuple[Wanted, ...]:
    return wanted(
        [ServiceFacts(service("rbac"), GROUP)],
        [Zone("us-east-1a", "use1-az4"), Zone("us-east-1b", "use1-az6")],
        [cache()],
        apis=["a1"],
        balancers=[ALB],
        databases=["production-app"],
        clusters=[cluster()],
        queue_urls=[URL],
    )


def test_everything_an_environment_has_is_asked_about() -> None:
    found = everything()
    assert names(found, "environment") == {"Count", "5xx", "Latency"}
    assert names(found, "us-east-1b") == {"RequestCount"}
    assert names(found, "rbac") == {
        "CPUUtilization",
        "MemoryUtilization",
        "RequestCountPerTarget",
        "TargetResponseTime",
        "UnHealthyHostCount",
    }
    assert names(found, "production-app") == {
        "CPUUtilization",
        "DatabaseConnections",
        "FreeStorageSpace",
        "WriteLatency",
    }
    assert "ReplicaLag" not in names(found, "production-main-instance-2"), "the writer follows nobody"
    for reader in ("production-main-instance-1", "production-main-instance-3"):
        assert names(found, reader) == {*names(found, "production-app"), "ReplicaLag"}
    for node in cache().nodes:
        assert names(found, node.cluster_id) == {
            "EngineCPUUtilization",
            "ReplicationLag",
            "DatabaseMemoryUsagePercentage",
        }
    assert names(found, "production-events") == {"ApproximateAgeOfOldestMessage"}


def test_dimensions_are_the_ones_aws_publishes_under() -> None:
    found = {(each.subject, each.name): dict(each.dimensions) for each in everything()}
    alb, group = "app/production-alb/50dc", GROUP.rpartition(":")[2]
    assert group.startswith("targetgroup/")
    assert found["rbac", "CPUUtilization"] == {"ClusterName": "production", "ServiceName": "rbac"}
    assert found["rbac", "RequestCountPerTarget"] == {"TargetGroup": group}
    assert found["rbac", "UnHealthyHostCount"] == {"LoadBalancer": alb, "TargetGroup": group}
    assert found["us-east-1a", "RequestCount"] == {"LoadBalancer": alb, "AvailabilityZone": "us-east-1a"}
    assert found["production-events", "ApproximateAgeOfOldestMessage"] == {"QueueName": "production-events"}


def test_no_metric_is_asked_for_twice() -> None:
    subjects = [(each.subject, each.name) for each in everything()]
    assert len(subjects) == len(set(subjects))


def test_a_service_without_a_target_group_has_only_its_own_metrics() -> None:
    facts = ServiceFacts(service("worker", arn=arn("ecs", "service/production/worker")), None)
    found = wanted([facts], [], [], apis=[], balancers=[ALB], databases=[], queue_urls=[])
    assert names(found, facts.service.name) == {"CPUUtilization", "MemoryUtilization"}
