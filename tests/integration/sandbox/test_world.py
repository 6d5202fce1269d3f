"""What there is to measure is read from the backends: it is what the APIs say, whatever happens to an environment."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any

import pytest
from moto.core.base_backend import BackendDict

from sandbox.clock import clock
from sandbox.gaps import rds, reliance
from sandbox.gaps.ecs import find_service
from sandbox.inproc import client
from sandbox.state import Keeper
from sandbox.weather import minutes, world, zones
from sandbox.weather.world import Api, Balancer, CacheNode, Database, Group, Queue, Service, World, Zones, memory_of
from tests.integration.aws.conftest import deploy_both
from tests.integration.sandbox.ground import REGION, Ground, fresh_ground
from tests.sandbox_server import Seeded, made_once

pytestmark = pytest.mark.long
NOTHING = World({}, {}, {}, {}, {}, {}, {})


@dataclass(frozen=True)
class Account:
    """An account by its number."""

    account: str

    def aws(self, service: str) -> Any:
        return client(service, REGION, self.account)


class Told:
    """The world of an account and region as its APIs tell it: the truth that the reader is held to."""

    def __init__(self, account: str, region: str) -> None:
        self.account, self.region = account, region

    def world(self) -> World:
        return World(
            dict(self._services()),
            dict(self._balancers()),
            dict(self._groups()),
            dict(self._databases()),
            dict(self._caches()),
            dict(self._queues()),
            {a["ApiId"]: Api(a["ApiId"], a["Name"]) for a in self._aws("apigatewayv2").get_apis()["Items"]},
        )

    def _aws(self, service: str) -> Any:
        return client(service, self.region, self.account)

    def _all(self, service: str, operation: str, key: str, **given: Any) -> list[Any]:
        pages = self._aws(service).get_paginator(operation).paginate(**given)
        return [one for page in pages for one in page.get(key, ())]

    def _services(self) -> Iterator[tuple[tuple[str, str], Service]]:
        ecs, scaling = self._aws("ecs"), "application-autoscaling"
        scaled = self._all(scaling, "describe_scalable_targets", "ScalableTargets", ServiceNamespace="ecs")
        floors = {t["ResourceId"]: t["MinCapacity"] for t in scaled}
        for cluster in (arn.rpartition("/")[2] for arn in self._all("ecs", "list_clusters", "clusterArns")):
            names = self._all("ecs", "list_services", "serviceArns", cluster=cluster)
            arns = self._all("ecs", "list_tasks", "taskArns", cluster=cluster, desiredStatus="RUNNING")
            tasks = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
            described = ecs.describe_services(cluster=cluster, services=names)["services"] if names else []
            for s in (s for s in described if s["status"] == "ACTIVE"):
                name = s["serviceName"]
                mine = [t for t in tasks if (t.get("group"), t["lastStatus"]) == (f"service:{name}", "RUNNING")]
                running = counted(t.get("availabilityZone", "") for t in mine)
                floor = max(1, floors.get(f"service/{cluster}/{name}", s["desiredCount"]))
                groups = tuple(tail(b["targetGroupArn"]) for b in s.get("loadBalancers", ()) if "targetGroupArn" in b)
                known = find_service(self.account, self.region, cluster, name)  # no API tells what it relies on
                assert known
                relied = tuple(reliance.databases_of(known))
                yield (cluster, name), Service(cluster, name, floor, running, groups, relied)

    def _balancers(self) -> Iterator[tuple[str, Balancer]]:
        groups = self._all("elbv2", "describe_target_groups", "TargetGroups")
        for b in self._all("elbv2", "describe_load_balancers", "LoadBalancers"):
            arn = b["LoadBalancerArn"]
            mine = tuple(tail(g["TargetGroupArn"]) for g in groups if arn in g.get("LoadBalancerArns", ()))
            yield tail(arn), Balancer(tail(arn), tuple(sorted(z["ZoneName"] for z in b["AvailabilityZones"])), mine)

    def _groups(self) -> Iterator[tuple[str, Group]]:
        for arn in (g["TargetGroupArn"] for g in self._all("elbv2", "describe_target_groups", "TargetGroups")):
            health = self._aws("elbv2").describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
            found = [(h["TargetHealth"]["State"], h["Target"].get("AvailabilityZone", "")) for h in health]
            well, ill = (counted(z for s, z in found if s == state) for state in ("healthy", "unhealthy"))
            yield tail(arn), Group(tail(arn), well, ill)

    def _databases(self) -> Iterator[tuple[str, Database]]:
        clusters = self._all("rds", "describe_db_clusters", "DBClusters")
        members = [m for c in clusters for m in c.get("DBClusterMembers", ())]
        readers = {m["DBInstanceIdentifier"] for m in members if not m["IsClusterWriter"]}
        for d in self._all("rds", "describe_db_instances", "DBInstances"):
            name, size = d["DBInstanceIdentifier"], int(d.get("AllocatedStorage") or 20)
            follows = name in readers or bool(d.get("ReadReplicaSourceDBInstanceIdentifier"))
            memory = memory_of(d["DBInstanceClass"])
            status, twice = d["DBInstanceStatus"], bool(d.get("MultiAZ"))
            yield name, Database(name, status, twice, memory, size, d["DBInstanceArn"], follows)

    def _caches(self) -> Iterator[tuple[str, CacheNode]]:
        for g in self._all("elasticache", "describe_replication_groups", "ReplicationGroups"):
            for m in (m for shard in g.get("NodeGroups", ()) for m in shard.get("NodeGroupMembers", ())):
                primary, name = m.get("CurrentRole") == "primary", m["CacheClusterId"]
                yield name, CacheNode(name, m.get("CacheNodeId", "0001"), primary, g["Status"])

    def _queues(self) -> Iterator[tuple[str, Queue]]:
        sqs = self._aws("sqs")
        urls = self._all("sqs", "list_queues", "QueueUrls")
        asked = {url: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"] for url in urls}
        policies = [json.loads(a["RedrivePolicy"]) for a in asked.values() if a.get("RedrivePolicy")]
        dead = {policy["deadLetterTargetArn"] for policy in policies}
        for name, a in ((url.rpartition("/")[2], a) for url, a in asked.items()):
            yield name, Queue(name, int(a["ApproximateNumberOfMessages"]), a["QueueArn"] in dead)


def counted(found: Iterable[str]) -> Zones:
    return tuple(sorted(Counter(found).items()))


def tail(arn: str) -> str:
    return arn.rpartition(":")[2].removeprefix("loadbalancer/")


def read(account: str, region: str = REGION) -> World:
    """What is read, which is what the APIs tell, in the same order."""
    found, told = world.read(account, region), Told(account, region).world()
    assert found == told
    kinds = [kind.name for kind in fields(World)]
    assert {k: list(getattr(found, k)) for k in kinds} == {k: list(getattr(told, k)) for k in kinds}
    return found


@pytest.fixture(scope="module")
def both(seeded_sandbox: Seeded, tmp_path_factory: pytest.TempPathFactory) -> Account:
    """The account of `production` and `legacy`, of one blueprint each, as the tests of Haven's gateways deploy them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        seeded_sandbox("both", deploy_both).kill()
    clock.freeze()
    assert Keeper(made_once(tmp_path_factory, "seed-both", lambda _: None)).restore()
    clock.cancel(minutes.NAME)  # nobody looks at metrics here
    return Account("123456789012")


@pytest.fixture
def ground() -> Ground:
    """An account with what blueprints do not have: see the tests."""
    made = fresh_ground()
    given = {"SubnetIds": list(made.subnets.values())}
    made.aws("rds").create_db_subnet_group(DBSubnetGroupName="data", DBSubnetGroupDescription="data", **given)
    return made


def behind(seen: World, name: str) -> Group:
    """The target group of a service of production."""
    [group] = seen.services["production", name].groups
    return seen.groups[group]


def test_two_blueprints_deployed(both: Account) -> None:
    seen = read(both.account)
    assert all(getattr(seen, kind.name) for kind in fields(World))
    assert {cluster for cluster, _ in seen.services} == {"production", "legacy"}
    assert all(s.databases for s in seen.services.values())
    assert behind(seen, "rbac").count == seen.services["production", "rbac"].count >= 3


def test_a_task_stopped_and_replaced(both: Account) -> None:
    ecs = both.aws("ecs")
    task = ecs.list_tasks(cluster="production", serviceName="rbac")["taskArns"][0]
    before = read(both.account).services["production", "rbac"].count
    ecs.stop_task(cluster="production", task=task)
    counts = [read(both.account).services["production", "rbac"].count]
    for seconds in (10, 25, 30, 300):
        clock.advance(seconds)
        counts.append(read(both.account).services["production", "rbac"].count)
    assert (min(counts), counts[-1]) == (before - 1, before)


def test_a_service_scaled(both: Account) -> None:
    both.aws("ecs").update_service(cluster="production", service="rbac", desiredCount=5)
    clock.advance(20)
    starting = read(both.account)
    clock.advance(300)
    grown = read(both.account)
    assert behind(starting, "rbac").count < behind(grown, "rbac").count == 5
    both.aws("ecs").update_service(cluster="production", service="rbac", desiredCount=3)
    clock.advance(3)
    assert behind(read(both.account), "rbac").count == 3  # the others drain


def test_a_zone_that_fails_and_recovers(both: Account) -> None:
    zones.fail(f"{REGION}a")
    try:
        seen = []
        for seconds in (1, 30, 60, 120):
            clock.advance(seconds)
            seen.append(read(both.account))
        assert any(g.unhealthy for now in seen for g in now.groups.values())
    finally:
        zones.recover(f"{REGION}a")
    clock.advance(30)
    read(both.account)
    clock.advance(1800)
    assert not any(g.unhealthy for g in read(both.account).groups.values())


def test_a_database_that_fails_over_and_one_that_is_changed(both: Account) -> None:
    both.aws("rds").reboot_db_instance(DBInstanceIdentifier="production-app", ForceFailover=True)
    clock.advance(20)
    assert read(both.account).databases["production-app"].status == "rebooting"
    change = {"DBInstanceClass": "db.r6g.2xlarge", "ApplyImmediately": True}
    both.aws("rds").modify_db_instance(DBInstanceIdentifier="legacy-app", **change)
    clock.advance(60)
    assert read(both.account).databases["legacy-app"].status == "modifying"
    clock.advance(3600)
    assert read(both.account).databases["legacy-app"].memory == 64


def test_a_cache_that_fails_over(both: Account) -> None:
    def primaries(now: World) -> list[str]:
        return [c.id for c in now.caches.values() if c.primary and c.id.startswith("production")]

    before = primaries(read(both.account))
    both.aws("elasticache").test_failover(ReplicationGroupId="production-cache", NodeGroupId="0001")
    clock.advance(10)
    assert {c.status for c in read(both.account).caches.values()} == {"modifying", "available"}
    clock.advance(20)
    assert primaries(read(both.account)) != before
    clock.advance(900)
    read(both.account)


def test_messages_seen_in_flight_and_late_and_queues_for_the_dead(ground: Ground) -> None:
    sqs = ground.aws("sqs")
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})}
    url = sqs.create_queue(QueueName="work", Attributes={**policy, "VisibilityTimeout": "300"})["QueueUrl"]
    sqs.create_queue(QueueName="row.fifo", Attributes={"FifoQueue": "true"})
    for delay in (0, 0, 0, 200):
        sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=delay)
    seen = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1)["Messages"][0]["ReceiptHandle"]
    assert read(ground.account).queues["work"] == Queue("work", 2, dead=False)
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=seen, VisibilityTimeout=0)
    assert read(ground.account).queues["work"].visible == 3
    sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    assert read(ground.account).queues["dead"] == Queue("dead", 1, dead=True)
    sqs.delete_queue(QueueUrl=url)
    assert read(ground.account).queues["dead"] == Queue("dead", 1, dead=False)


def test_targets_in_every_state(ground: Ground) -> None:
    elb, used = ground.aws("elbv2"), ground.target_group()
    given = {"Protocol": "HTTP", "Port": 80, "VpcId": ground.vpc, "TargetType": "ip"}
    idle = elb.create_target_group(Name="idle", **given)["TargetGroups"][0]["TargetGroupArn"]
    [balancer] = [b["LoadBalancerArn"] for b in elb.describe_load_balancers()["LoadBalancers"]]
    subnets = list(ground.subnets.values())
    for arn in (idle, used):
        elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": f"10.0.{n}.{5 + n}"} for n in range(3)])
    assert not read(ground.account).groups[tail(used)].healthy
    clock.advance(120)
    seen = read(ground.account)
    assert (seen.groups[tail(used)].count, seen.groups[tail(idle)].count) == (3, 0)
    elb.set_subnets(LoadBalancerArn=balancer, Subnets=subnets[:2])
    elb.deregister_targets(TargetGroupArn=used, Targets=[{"Id": "10.0.0.5"}])
    elb.register_targets(TargetGroupArn=used, Targets=[{"Id": "10.0.1.77"}, {"Id": "192.168.0.1"}])
    assert read(ground.account).groups[tail(used)].healthy == ((f"{REGION}b", 1),)
    elb.delete_target_group(TargetGroupArn=idle)
    elb.delete_load_balancer(LoadBalancerArn=balancer)
    assert list(read(ground.account).groups) == [tail(used)]


def test_services_that_go_and_tasks_beside_them(ground: Ground) -> None:
    ecs = ground.aws("ecs")
    group = ground.target_group()
    ground.definition()
    ground.service(loadBalancers=[{"targetGroupArn": group, "containerName": "app", "containerPort": 8080}])
    ground.service("alone", count=2)
    ecs.create_cluster(clusterName="empty")
    network = {"awsvpcConfiguration": {"subnets": list(ground.subnets.values())}}
    beside = {"cluster": "main", "taskDefinition": "web", "launchType": "FARGATE", "networkConfiguration": network}
    for name in ("service:alone", "family:web"):
        ecs.run_task(**beside, count=2, group=name)
    clock.advance(600)
    assert read(ground.account).services["main", "alone"].count == 4
    ecs.delete_service(cluster="main", service="alone", force=True)
    for seconds in (1, 600):
        assert list(read(ground.account).services) == [("main", "web")]
        clock.advance(seconds)
    ecs.delete_cluster(cluster="empty")
    ecs.update_service(cluster="main", service="web", desiredCount=0)
    clock.advance(600)
    assert read(ground.account).services["main", "web"].floor == 1


def test_clusters_replicas_and_a_database_that_goes(ground: Ground) -> None:
    given = {"Engine": "postgres", "MasterUsername": "haven", "MasterUserPassword": "not-a-secret-1"}
    known = {"DBClusterIdentifier": "ledger", "DBClusterInstanceClass": "db.m6gd.large", "StorageType": "gp3"}
    data = {"AllocatedStorage": 100, "DBSubnetGroupName": "data"}
    client = ground.aws("rds")
    client.create_db_cluster(**known, **given, **data)
    client.create_db_instance(DBInstanceIdentifier="app", DBInstanceClass="db.t4g.medium", **given, **data)
    assert {d.status for d in read(ground.account).databases.values()} == {"creating"}
    clock.advance(600)
    client.create_db_instance_read_replica(DBInstanceIdentifier="copy", SourceDBInstanceIdentifier="app")
    clock.advance(600)
    before = {name for name, d in read(ground.account).databases.items() if d.follows}
    assert (len(before), "copy" in before) == (3, True)
    rds.fail_over_cluster(ground.account, REGION, "ledger", "host")
    during = []
    for _ in range(4):
        clock.advance(20)
        during.append(read(ground.account))
    assert any({name for name, d in now.databases.items() if d.follows} != before for now in during)
    client.stop_db_instance(DBInstanceIdentifier="app")
    read(ground.account)
    client.delete_db_instance(DBInstanceIdentifier="copy", SkipFinalSnapshot=True)
    assert read(ground.account).databases["copy"].status == "deleting"
    clock.advance(300)
    assert "copy" not in read(ground.account).databases


def test_a_cache_of_several_node_groups_shows_no_roles(ground: Ground) -> None:
    given = {"NumNodeGroups": 2, "ReplicasPerNodeGroup": 1, "CacheNodeType": "cache.t4g.small", "Engine": "valkey"}
    more = {"AutomaticFailoverEnabled": True, "ReplicationGroupDescription": "wide"}
    ground.aws("elasticache").create_replication_group(ReplicationGroupId="wide", **given, **more)
    assert {c.status for c in read(ground.account).caches.values()} == {"creating"}
    clock.advance(150)
    seen = read(ground.account).caches.values()
    assert (len(seen), any(c.primary for c in seen)) == (4, False)


def test_another_region_and_another_account_are_others(both: Account, ground: Ground) -> None:
    client("sqs", "eu-west-1", both.account).create_queue(QueueName="there")
    assert read(both.account, "eu-west-1") == World({}, {}, {}, {}, {}, {"there": Queue("there", 0, dead=False)}, {})
    assert "there" not in read(both.account).queues
    assert read(ground.account) == NOTHING


def test_to_read_makes_nothing(ground: Ground) -> None:
    def held() -> set[tuple[str, str, str]]:
        known = list(BackendDict._instances)
        return {(k.service_name, account, region) for k in known for account, region, _ in k.iter_backends()}

    ground.definition()
    ground.service()  # relies on databases, if there were any
    bare = client("ecs", "eu-west-2", ground.account)
    bare.create_cluster(clusterName="main")
    before = held()
    assert world.read("999999999999", REGION) == world.read(ground.account, "eu-west-2") == NOTHING
    assert list(world.read(ground.account, REGION).services) == [("main", "web")]
    assert held() == before
