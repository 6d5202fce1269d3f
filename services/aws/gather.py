"""What each part of a snapshot is gathered from: which questions, which at the same time, which after which."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from services.aws import applicationautoscaling, cloudwatch, ec2, ecs, elasticache, elbv2, failovers, rds, sqs
from services.aws.ecs import ServiceFacts, TaskKey
from services.aws.lanes import Caller
from services.aws.resources import Resources
from services.aws.sources import Sources
from services.aws.stacks import unchanged
from services.aws.wanted import wanted
from services.domain import snapshot as shapes
from services.domain.environment import Environment

T = TypeVar("T")
Databases = tuple[tuple[shapes.Database, ...], tuple[shapes.DatabaseCluster, ...]]
"""What the part `database` is made of: instances that stand alone, and DB clusters."""


class Gather:
    """The parts of one environment. Runs within an event loop; raises whatever asking raises."""

    def __init__(self, caller: Caller, sources: Sources) -> None:
        self._ask = caller.ask
        self._at = sources

    async def stacks(self, environment: Environment, before: Sequence[shapes.Stack]) -> tuple[shapes.Stack, ...]:
        """The stacks with their resources, those that cannot have changed taken from `before`."""
        found = await self._ask("cloudformation", self._at.stacks, environment)
        known = {stack.stack_id: stack for stack in before}

        async def whole(stack: shapes.Stack) -> shapes.Stack:
            if unchanged(stack, known.get(stack.stack_id)):
                return replace(stack, resources=known[stack.stack_id].resources)
            return replace(stack, resources=await self._ask("cloudformation", self._at.resources, stack))

        return tuple(await asyncio.gather(*(whole(stack) for stack in found)))

    async def zones(self) -> tuple[shapes.Zone, ...]:
        """The region's Availability Zones."""
        return await self._ask("ec2", self._at.zones)

    async def network(self, resources: Resources) -> shapes.Network | None:
        """The environment's VPC; None without one."""
        for vpc_id in resources.ids("AWS::EC2::VPC")[:1]:
            cidr, subnets, gateways = await asyncio.gather(
                self._ask("ec2", self._at.vpc_cidr, vpc_id),
                self._ask("ec2", self._at.subnets, vpc_id),
                self._ask("ec2", self._at.nat_gateways, vpc_id),
            )
            return None if cidr is None else ec2.to_network(vpc_id, cidr, subnets, gateways)
        return None

    async def gateway(self, resources: Resources) -> shapes.Gateway | None:
        """The HTTP API; None without one."""
        for api_id in resources.ids("AWS::ApiGatewayV2::Api")[:1]:
            links = resources.ids("AWS::ApiGatewayV2::VpcLink")
            api, found = await asyncio.gather(
                self._ask("apigatewayv2", self._at.api, api_id),
                asyncio.gather(*(self._ask("apigatewayv2", self._at.link, link) for link in links)),
            )
            return replace(api, links=tuple(found))
        return None

    async def load_balancer(self, resources: Resources) -> shapes.LoadBalancer | None:
        """The ALB; None without one."""
        for arn in _balancers(resources)[:1]:
            balancer, attributes, listeners = await asyncio.gather(
                self._ask("elbv2", self._at.balancer, arn),
                self._ask("elbv2", self._at.balancer_attributes, arn),
                self._ask("elbv2", self._at.listeners, arn),
            )
            return elbv2.with_attributes(balancer, attributes, listeners)
        return None

    async def targets(self, resources: Resources) -> dict[str, shapes.TargetGroup]:
        """The target groups with their targets, by ARN."""
        arns = resources.ids("AWS::ElasticLoadBalancingV2::TargetGroup")
        balancers = _balancers(resources) if arns else ()
        groups, targets = await asyncio.gather(
            asyncio.gather(*(self._ask("elbv2", self._at.target_groups, arn) for arn in balancers)),
            asyncio.gather(*(self._ask("elbv2", self._at.targets, arn) for arn in arns)),
        )
        listed = [group for some in groups for group in some]
        return elbv2.join(listed, dict(zip(arns, targets, strict=True)))

    async def services(self, resources: Resources) -> tuple[ServiceFacts, ...]:
        """The ECS services, without what other parts know of them."""
        own = resources.services()
        calls = [
            batch
            for cluster in dict.fromkeys(service.cluster for service in own)
            for batch in _batches([service for service in own if service.cluster == cluster], ecs.SERVICES_PER_CALL)
        ]
        found = await asyncio.gather(*(self._ask("ecs", self._at.services, batch) for batch in calls))
        return tuple(sorted((facts for some in found for facts in some), key=lambda facts: facts.service.name))

    async def tasks(self, resources: Resources) -> dict[TaskKey, tuple[shapes.FargateTask, ...]]:
        """The services' tasks, with recently stopped ones."""
        clusters = dict.fromkeys(service.cluster for service in resources.services())

        async def of(cluster: str) -> dict[TaskKey, tuple[shapes.FargateTask, ...]]:
            running, stopped = await asyncio.gather(
                self._ask("ecs", self._at.running_tasks, cluster),
                self._ask("ecs", self._at.stopped_tasks, cluster),
            )
            batches = ecs.to_describe(running, stopped)
            found = await asyncio.gather(*(self._ask("ecs", self._at.tasks, cluster, batch) for batch in batches))
            return ecs.group_tasks([task for some in found for task in some])

        found = await asyncio.gather(*(of(cluster) for cluster in clusters))
        return {key: tasks for some in found for key, tasks in some.items()}

    async def scaling(self, resources: Resources) -> dict[str, shapes.Scaling]:
        """The services' scaling, by resource id."""
        ids = [service.resource_id for service in resources.services()]
        if not ids:
            return {}
        api, batches = "application-autoscaling", _batches(ids, applicationautoscaling.TARGETS_PER_CALL)
        targets, policies, scheduled = await asyncio.gather(
            asyncio.gather(*(self._ask(api, self._at.scalable_targets, batch) for batch in batches)),
            self._ask(api, self._at.scaling_policies),
            self._ask(api, self._at.scheduled_actions),
        )
        return applicationautoscaling.join((each for some in targets for each in some), policies, scheduled)

    async def databases(self, resources: Resources) -> Databases:
        """The databases and DB clusters with their pending maintenance. A cluster's instances are its members alone."""
        ids = resources.ids("AWS::RDS::DBInstance")
        (databases, maintenance), (clusters, members) = await asyncio.gather(
            self._instances(ids), self._clusters(resources.ids("AWS::RDS::DBCluster"))
        )
        alone = [database for database in databases if database.identifier not in members]
        return rds.join(alone, maintenance), clusters

    async def _instances(self, ids: Sequence[str]) -> tuple[Sequence[shapes.Database], dict[str, tuple[str, ...]]]:
        if not ids:
            return (), {}
        return await asyncio.gather(
            self._ask("rds", self._at.databases, ids), self._ask("rds", self._at.maintenance, ids)
        )

    async def _clusters(self, ids: Sequence[str]) -> tuple[tuple[shapes.DatabaseCluster, ...], frozenset[str]]:
        if not ids:
            return (), frozenset()
        found, members, maintenance = await asyncio.gather(
            self._ask("rds", self._at.clusters, ids),
            self._ask("rds", self._at.cluster_members, ids),
            self._ask("rds", self._at.maintenance, ids, "db-cluster-id"),
        )
        clusters = sorted((rds.to_cluster(each, members) for each in found), key=lambda each: each.identifier)
        return rds.join(clusters, maintenance), frozenset(members)

    async def caches(self, resources: Resources) -> tuple[shapes.Cache, ...]:
        """The caches with their nodes."""
        ids = resources.ids("AWS::ElastiCache::ReplicationGroup")
        if not ids:
            return ()
        groups, members = await asyncio.gather(
            self._ask("elasticache", self._at.cache_groups, ids), self._ask("elasticache", self._at.cache_members, ids)
        )
        return tuple(elasticache.to_cache(group, members) for group in groups)

    async def queues(self, resources: Resources) -> tuple[shapes.Queue, ...]:
        """The queues."""
        urls = resources.queues()
        return sqs.join(await asyncio.gather(*(self._ask("sqs", self._at.queue, url) for url in urls)))

    async def alarms(self, resources: Resources) -> tuple[shapes.Alarm, ...]:
        """The stacks' alarms and those of target tracking."""
        names = _batches(resources.ids("AWS::CloudWatch::Alarm"), cloudwatch.ALARMS_PER_CALL)
        clusters = dict.fromkeys(service.cluster for service in resources.services())
        found = await asyncio.gather(
            *(self._ask("cloudwatch", self._at.alarms, batch) for batch in names),
            *(self._ask("cloudwatch", self._at.tracking_alarms, cluster) for cluster in clusters),
        )
        return cloudwatch.join(found)

    async def metrics(
        self,
        resources: Resources,
        services: Sequence[ServiceFacts],
        zones: Sequence[shapes.Zone],
        clusters: Sequence[shapes.DatabaseCluster],
        caches: Sequence[shapes.Cache],
        now: datetime,
    ) -> tuple[shapes.Metric, ...]:
        """The newest point of every metric that has one."""
        queries = wanted(
            services,
            zones,
            caches,
            apis=resources.ids("AWS::ApiGatewayV2::Api"),
            balancers=_balancers(resources),
            databases=resources.ids("AWS::RDS::DBInstance"),
            clusters=clusters,
            queue_urls=resources.queues(),
        )
        batches = _batches(queries, cloudwatch.METRICS_PER_CALL)
        found = await asyncio.gather(*(self._ask("cloudwatch", self._at.metrics, batch, now) for batch in batches))
        return tuple(metric for some in found for metric in some)

    async def failovers(self, resources: Resources) -> tuple[shapes.Failover, ...]:
        """The newest failovers of the databases and the caches."""
        databases, clusters = resources.ids("AWS::RDS::DBInstance"), resources.ids("AWS::RDS::DBCluster")
        caches = resources.ids("AWS::ElastiCache::ReplicationGroup")
        asks = [
            *([self._ask("rds", self._at.database_failovers, databases)] if databases else []),
            *([self._ask("rds", self._at.database_failovers, clusters, "db-cluster")] if clusters else []),
            *([self._ask("elasticache", self._at.cache_failovers, caches)] if caches else []),
        ]
        return failovers.newest(each for some in await asyncio.gather(*asks) for each in some)


def _balancers(resources: Resources) -> tuple[str, ...]:
    return resources.ids("AWS::ElasticLoadBalancingV2::LoadBalancer")


def _batches(all: Sequence[T], size: int) -> list[Sequence[T]]:
    return [all[start : start + size] for start in range(0, len(all), size)]
