"""Every question a snapshot asks of AWS, one method each: what `gather` composes and what a test can replace."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from services.aws import (
    apigatewayv2,
    applicationautoscaling,
    cloudwatch,
    ec2,
    ecs,
    elasticache,
    elbv2,
    failovers,
    rds,
    sqs,
    stacks,
)
from services.aws.resources import OwnService
from services.aws.session import Clients
from services.aws.wanted import Wanted
from services.domain import snapshot as shapes
from services.domain.environment import Environment

if TYPE_CHECKING:
    from types_boto3_application_autoscaling.type_defs import (
        ScalableTargetTypeDef,
        ScalingPolicyTypeDef,
        ScheduledActionTypeDef,
    )
    from types_boto3_ec2.type_defs import NatGatewayTypeDef
    from types_boto3_ecs.type_defs import TaskTypeDef
    from types_boto3_elasticache.type_defs import ReplicationGroupTypeDef
    from types_boto3_rds.type_defs import DBClusterTypeDef, DBInstanceTypeDef


class Sources:
    """The questions, asked with one environment's clients. Each blocks, and raises botocore's errors.

    The clients are had anew for every question, so that a failure to have any is a failure of that question.
    """

    def __init__(self, clients: Callable[[], Clients]) -> None:
        self._clients = clients

    @property
    def _at(self) -> Clients:
        return self._clients()

    def stacks(self, environment: Environment) -> tuple[shapes.Stack, ...]:
        return stacks.list_stacks(self._at.cloudformation, environment)

    def resources(self, stack: shapes.Stack) -> tuple[shapes.StackResource, ...]:
        return stacks.list_resources(self._at.cloudformation, stack)

    def zones(self) -> tuple[shapes.Zone, ...]:
        return ec2.list_zones(self._at.ec2)

    def vpc_cidr(self, vpc_id: str) -> str | None:
        return ec2.vpc_cidr(self._at.ec2, vpc_id)

    def subnets(self, vpc_id: str) -> tuple[shapes.Subnet, ...]:
        return ec2.list_subnets(self._at.ec2, vpc_id)

    def nat_gateways(self, vpc_id: str) -> tuple["NatGatewayTypeDef", ...]:
        return ec2.list_nat_gateways(self._at.ec2, vpc_id)

    def api(self, api_id: str) -> shapes.Gateway:
        return apigatewayv2.read_api(self._at.apigatewayv2, api_id)

    def link(self, link_id: str) -> shapes.VpcLink:
        return apigatewayv2.read_link(self._at.apigatewayv2, link_id)

    def balancer(self, arn: str) -> shapes.LoadBalancer:
        return elbv2.read_balancer(self._at.elbv2, arn)

    def balancer_attributes(self, arn: str) -> dict[str, str]:
        return elbv2.read_attributes(self._at.elbv2, arn)

    def listeners(self, arn: str) -> tuple[str, ...]:
        return elbv2.list_listeners(self._at.elbv2, arn)

    def target_groups(self, balancer_arn: str) -> tuple[shapes.TargetGroup, ...]:
        return elbv2.list_groups(self._at.elbv2, balancer_arn)

    def targets(self, group_arn: str) -> tuple[shapes.Target, ...]:
        return elbv2.list_targets(self._at.elbv2, group_arn)

    def services(self, own: Sequence[OwnService]) -> tuple[ecs.ServiceFacts, ...]:
        return ecs.describe_services(self._at.ecs, own)

    def running_tasks(self, cluster: str) -> tuple[str, ...]:
        return ecs.list_running(self._at.ecs, cluster)

    def stopped_tasks(self, cluster: str) -> tuple[str, ...]:
        return ecs.list_stopped(self._at.ecs, cluster)

    def tasks(self, cluster: str, arns: Sequence[str]) -> tuple["TaskTypeDef", ...]:
        return ecs.describe_tasks(self._at.ecs, cluster, arns)

    def scalable_targets(self, resource_ids: Sequence[str]) -> tuple["ScalableTargetTypeDef", ...]:
        return applicationautoscaling.list_targets(self._at.application_autoscaling, resource_ids)

    def scaling_policies(self) -> tuple["ScalingPolicyTypeDef", ...]:
        return applicationautoscaling.list_policies(self._at.application_autoscaling)

    def scheduled_actions(self) -> tuple["ScheduledActionTypeDef", ...]:
        return applicationautoscaling.list_scheduled(self._at.application_autoscaling)

    def databases(self, identifiers: Sequence[str]) -> tuple[shapes.Database, ...]:
        return rds.list_databases(self._at.rds, identifiers)

    def clusters(self, identifiers: Sequence[str]) -> tuple["DBClusterTypeDef", ...]:
        return rds.list_clusters(self._at.rds, identifiers)

    def cluster_members(self, clusters: Sequence[str]) -> dict[str, "DBInstanceTypeDef"]:
        return rds.list_members(self._at.rds, clusters)

    def maintenance(self, identifiers: Sequence[str], by: rds.By = "db-instance-id") -> dict[str, tuple[str, ...]]:
        return rds.list_maintenance(self._at.rds, identifiers, by)

    def cache_groups(self, ids: Sequence[str]) -> tuple["ReplicationGroupTypeDef", ...]:
        return elasticache.list_groups(self._at.elasticache, ids)

    def cache_members(self, ids: Sequence[str]) -> dict[str, elasticache.Member]:
        return elasticache.list_members(self._at.elasticache, ids)

    def queue(self, url: str) -> shapes.Queue | None:
        return sqs.read_queue(self._at.sqs, url)

    def alarms(self, names: Sequence[str]) -> tuple[shapes.Alarm, ...]:
        return cloudwatch.list_alarms(self._at.cloudwatch, names)

    def tracking_alarms(self, cluster: str) -> tuple[shapes.Alarm, ...]:
        return cloudwatch.list_tracking_alarms(self._at.cloudwatch, cluster)

    def metrics(self, wanted: Sequence[Wanted], now: datetime) -> tuple[shapes.Metric, ...]:
        return cloudwatch.read_metrics(self._at.cloudwatch, wanted, now)

    def database_failovers(
        self, identifiers: Sequence[str], kind: failovers.Kind = "db-instance"
    ) -> tuple[shapes.Failover, ...]:
        return failovers.list_database_failovers(self._at.rds, identifiers, kind)

    def cache_failovers(self, ids: Sequence[str]) -> tuple[shapes.Failover, ...]:
        return failovers.list_cache_failovers(self._at.elasticache, ids)
