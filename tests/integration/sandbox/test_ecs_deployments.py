"""Service deployments, revisions and task protection in the sandbox (aws-facts 3.1, 3.2)."""

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.clock import clock
from tests.integration.sandbox.ground import Ground, fresh_ground


@pytest.fixture
def ground() -> Ground:
    return fresh_ground()


def steady(ground: Ground, **more: Any) -> None:
    ground.definition()
    ground.service(**more)
    clock.advance(120)


def listed(ground: Ground, **more: Any) -> list[dict[str, Any]]:
    asked = {"cluster": "main", "service": "web", **more}
    found: list[dict[str, Any]] = ground.aws("ecs").list_service_deployments(**asked)["serviceDeployments"]
    return found


def whole(ground: Ground, arn: str) -> dict[str, Any]:
    answer = ground.aws("ecs").describe_service_deployments(serviceDeploymentArns=[arn])
    assert answer["failures"] == []
    found: dict[str, Any] = answer["serviceDeployments"][0]
    return found


def service(ground: Ground) -> dict[str, Any]:
    found: dict[str, Any] = ground.aws("ecs").describe_services(cluster="main", services=["web"])["services"][0]
    return found


def newer(ground: Ground, **container: Any) -> str:
    """A second revision of the task definition, deployed; returns the service deployment's ARN."""
    definition = ground.definition(**{"image": "app:2", **container})
    ground.aws("ecs").update_service(cluster="main", service="web", taskDefinition=definition)
    return str(listed(ground)[0]["serviceDeploymentArn"])


def tasks(ground: Ground) -> list[str]:
    return list(ground.aws("ecs").list_tasks(cluster="main")["taskArns"])


def minutes_left(protected: dict[str, Any]) -> int:
    return round((protected["expirationDate"] - clock.now()).total_seconds() / 60)


def code_of(refusal: Any) -> str:
    return str(refusal.value.response["Error"]["Code"])


def test_a_service_deployment_goes_from_pending_to_successful(ground: Ground) -> None:
    ground.definition()
    ground.service()
    (new,) = listed(ground)
    assert new["status"] == "PENDING"
    assert ":service-deployment/main/web/" in new["serviceDeploymentArn"]
    clock.advance(5)
    (going,) = listed(ground, status=["IN_PROGRESS"])
    assert service(ground)["currentServiceDeployment"] == going["serviceDeploymentArn"]
    clock.advance(115)
    (done,) = listed(ground)
    assert done["status"] == "SUCCESSFUL"
    assert done["createdAt"] <= done["startedAt"] < done["finishedAt"]
    shown = whole(ground, done["serviceDeploymentArn"])
    counts = {"requestedTaskCount": 3, "runningTaskCount": 3, "pendingTaskCount": 0}
    assert shown["targetServiceRevision"] == {"arn": done["targetServiceRevisionArn"], **counts}
    assert shown["sourceServiceRevisions"] == []
    assert shown["deploymentCircuitBreaker"] == {"status": "DISABLED", "failureCount": 0, "threshold": 3}
    assert "currentServiceDeployment" not in service(ground)
    assert service(ground)["currentServiceRevisions"] == [{"arn": done["targetServiceRevisionArn"], **counts}]


def test_a_revision_keeps_what_the_service_said(ground: Ground) -> None:
    steady(ground)
    newer(ground)
    clock.advance(10)
    new, old = listed(ground)
    arns = [new["targetServiceRevisionArn"], old["targetServiceRevisionArn"]]
    first, second = ground.aws("ecs").describe_service_revisions(serviceRevisionArns=arns)["serviceRevisions"]
    assert first["taskDefinition"].endswith("web:2")
    assert second["taskDefinition"].endswith("web:1")
    assert [r["containerImages"][0]["image"] for r in (first, second)] == ["app:2", "app:1"]
    assert first["launchType"] == "FARGATE"
    subnets = first["networkConfiguration"]["awsvpcConfiguration"]["subnets"]
    assert set(subnets) == set(ground.subnets.values())
    sources = whole(ground, new["serviceDeploymentArn"])["sourceServiceRevisions"]
    assert [source["arn"] for source in sources] == [arns[1]]


def test_a_newer_deployment_stops_the_one_on_its_way(ground: Ground) -> None:
    steady(ground)
    newer(ground)
    clock.advance(5)
    newer(ground, image="app:3")
    assert [one["status"] for one in listed(ground)] == ["PENDING", "STOPPED", "SUCCESSFUL"]
    clock.advance(200)
    assert [one["status"] for one in listed(ground)] == ["SUCCESSFUL", "STOPPED", "SUCCESSFUL"]


def test_a_stopped_deployment_rolls_back(ground: Ground) -> None:
    steady(ground)
    before = service(ground)["taskDefinition"]
    arn = newer(ground)
    clock.advance(20)
    ecs = ground.aws("ecs")
    assert ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")["serviceDeploymentArn"] == arn
    assert whole(ground, arn)["status"] == "ROLLBACK_REQUESTED"
    clock.advance(5)
    rolling = whole(ground, arn)
    assert rolling["status"] == "ROLLBACK_IN_PROGRESS"
    assert rolling["rollback"]["serviceRevisionArn"] == listed(ground)[1]["targetServiceRevisionArn"]
    with pytest.raises(ClientError) as again:
        ecs.stop_service_deployment(serviceDeploymentArn=arn)
    assert code_of(again) == "ConflictException"
    clock.advance(200)
    assert whole(ground, arn)["status"] == "ROLLBACK_SUCCESSFUL"
    after = service(ground)
    assert (after["taskDefinition"], after["runningCount"], len(after["deployments"])) == (before, 3, 1)


@pytest.mark.parametrize(("rollback", "status"), [(True, "ROLLBACK_SUCCESSFUL"), (False, "STOPPED")])
def test_the_circuit_breaker_is_told_of(ground: Ground, rollback: bool, status: str) -> None:
    breaker = {"enable": True, "rollback": rollback}
    steady(ground, deploymentConfiguration={"deploymentCircuitBreaker": breaker})
    arn = newer(ground, image="app:missing")
    clock.advance(30)
    assert whole(ground, arn)["deploymentCircuitBreaker"]["status"] == "MONITORING"
    clock.advance(900)
    shown = whole(ground, arn)
    assert shown["status"] == status
    assert shown["deploymentCircuitBreaker"]["status"] == "TRIGGERED"
    assert shown["deploymentCircuitBreaker"]["failureCount"] >= 3
    assert "circuit breaker" in shown["statusReason"]


def test_what_is_unknown_or_too_much_is_refused(ground: Ground) -> None:
    steady(ground)
    ecs = ground.aws("ecs")
    with pytest.raises(ClientError) as nobody:
        listed(ground, service="nobody")
    assert code_of(nobody) == "ServiceNotFoundException"
    arn = listed(ground)[0]["serviceDeploymentArn"]
    answer = ecs.describe_service_deployments(serviceDeploymentArns=[arn[:-3] + "xyz"])
    assert answer["failures"] == [{"arn": arn[:-3] + "xyz", "reason": "MISSING"}]
    with pytest.raises(ClientError) as many:
        ecs.describe_service_deployments(serviceDeploymentArns=[arn] * 21)
    assert code_of(many) == "InvalidParameterException"
    with pytest.raises(ClientError) as missing:
        ecs.stop_service_deployment(serviceDeploymentArn=arn[:-3] + "xyz")
    assert code_of(missing) == "ServiceDeploymentNotFoundException"
    with pytest.raises(ClientError) as done:
        ecs.stop_service_deployment(serviceDeploymentArn=arn)
    assert code_of(done) == "ConflictException"


def test_deployments_are_listed_by_time_and_in_pages(ground: Ground) -> None:
    steady(ground)
    for number in range(2, 5):
        newer(ground, image=f"app:{number}")
        clock.advance(200)
    ecs = ground.aws("ecs")
    first = ecs.list_service_deployments(cluster="main", service="web", maxResults=3)
    rest = ecs.list_service_deployments(cluster="main", service="web", nextToken=first["nextToken"])
    assert (len(first["serviceDeployments"]), len(rest["serviceDeployments"])) == (3, 1)
    assert "nextToken" not in rest
    recent = listed(ground, createdAt={"after": clock.now() - timedelta(seconds=450)})
    assert len(recent) == 2
    assert len(listed(ground, createdAt={"before": clock.now() - timedelta(seconds=450)})) == 2


def test_a_protected_task_survives_scaling_in_and_deployments_until_it_expires(ground: Ground) -> None:
    steady(ground)
    ecs = ground.aws("ecs")
    mine = tasks(ground)[:2]
    answer = ecs.update_task_protection(cluster="main", tasks=mine, protectionEnabled=True, expiresInMinutes=60)
    assert [t["protectionEnabled"] for t in answer["protectedTasks"]] == [True, True]
    assert minutes_left(answer["protectedTasks"][0]) == 60
    ecs.update_service(cluster="main", service="web", desiredCount=2)
    clock.advance(300)
    assert set(tasks(ground)) == set(mine)
    newer(ground)
    clock.advance(300)
    assert len(tasks(ground)) == 4
    assert set(mine) < set(tasks(ground))
    ecs.update_service(cluster="main", service="web", desiredCount=1)
    clock.advance(300)
    assert set(mine) < set(tasks(ground))
    clock.advance(3600)
    assert not set(mine) & set(tasks(ground))
    assert len(tasks(ground)) == 1


def test_protection_can_be_read_and_taken_back(ground: Ground) -> None:
    steady(ground)
    ecs = ground.aws("ecs")
    one, other, _ = tasks(ground)
    ecs.update_task_protection(cluster="main", tasks=[one], protectionEnabled=True)
    found = ecs.get_task_protection(cluster="main", tasks=[one, other])["protectedTasks"]
    assert [t["protectionEnabled"] for t in found] == [True, False]
    assert minutes_left(found[0]) == 120
    assert "expirationDate" not in found[1]
    assert len(ecs.get_task_protection(cluster="main")["protectedTasks"]) == 3
    ecs.update_task_protection(cluster="main", tasks=[one], protectionEnabled=False)
    assert not ecs.get_task_protection(cluster="main", tasks=[one])["protectedTasks"][0]["protectionEnabled"]


def test_what_cannot_be_protected_is_a_failure_or_refused(ground: Ground) -> None:
    steady(ground)
    ecs = ground.aws("ecs")
    alone = ecs.run_task(
        cluster="main",
        taskDefinition="web",
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": list(ground.subnets.values())}},
    )["tasks"][0]["taskArn"]
    clock.advance(60)
    failures = ecs.update_task_protection(cluster="main", tasks=[alone, "0" * 32], protectionEnabled=True)["failures"]
    assert [(f["arn"].rpartition("/")[2], f["reason"]) for f in failures] == [
        (alone.rpartition("/")[2], "TASK_NOT_VALID"),
        ("0" * 32, "MISSING"),
    ]
    for wrong in ({"tasks": tasks(ground) * 4}, {"expiresInMinutes": 2881}):
        given = {"cluster": "main", "tasks": [alone], "protectionEnabled": True, **wrong}
        with pytest.raises(ClientError) as refusal:
            ecs.update_task_protection(**given)
        assert code_of(refusal) == "InvalidParameterException"
