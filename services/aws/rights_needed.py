"""The rights that Haven uses, by role: what its own calls need and no more (aws-facts 11, by what is really called).

Each right stands with a resource that a policy may be scoped to: one of the environment's own by its usual name, which
is what a simulation is asked about. An empty one is for actions that only know `*`.
"""

from collections.abc import Mapping

from services.aws.session import Purpose
from services.domain.environment import Environment

_NO_ID = "00000000-0000-0000-0000-000000000000"

Rights = Mapping[str, tuple[str, ...]]
"""By resource, with `{region}`, `{account}`, `{partition}`, `{name}` and `{prefix}` in it: the actions."""

_STACK = f"arn:{{partition}}:cloudformation:{{region}}:{{account}}:stack/{{prefix}}-network/{_NO_ID}"
_DATABASE = "arn:{partition}:rds:{region}:{account}:db:{name}-app"
_CACHE = "arn:{partition}:elasticache:{region}:{account}:replicationgroup:{name}-cache"
_SERVICE = "arn:{partition}:ecs:{region}:{account}:service/{name}/rbac"
_TASK = f"arn:{{partition}}:ecs:{{region}}:{{account}}:task/{{name}}/{_NO_ID.replace('-', '')}"
_SCALING = "arn:{partition}:application-autoscaling:{region}:{account}:scalable-target/0000"

NEEDED: Mapping[Purpose, Rights] = {
    Purpose.READER: {
        "": (
            "application-autoscaling:DescribeScalableTargets",
            "application-autoscaling:DescribeScalingActivities",
            "application-autoscaling:DescribeScalingPolicies",
            "application-autoscaling:DescribeScheduledActions",
            "cloudformation:DescribeStacks",
            "cloudformation:ListStacks",
            "cloudwatch:DescribeAlarms",
            "cloudwatch:GetMetricData",
            "ec2:DescribeAvailabilityZones",
            "ec2:DescribeNatGateways",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
            "elasticache:DescribeCacheClusters",
            "elasticache:DescribeEvents",
            "elasticache:DescribeReplicationGroups",
            "elasticloadbalancing:DescribeListeners",
            "elasticloadbalancing:DescribeLoadBalancerAttributes",
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetHealth",
            "rds:DescribeDBClusters",
            "rds:DescribeDBInstances",
            "rds:DescribeEvents",
            "rds:DescribePendingMaintenanceActions",
        ),
        _STACK: ("cloudformation:ListStackResources",),
        _SERVICE: ("ecs:DescribeServices",),
        _TASK: ("ecs:DescribeTasks",),
        "arn:{partition}:ecs:{region}:{account}:container-instance/{name}/*": ("ecs:ListTasks",),
        "arn:{partition}:rds:{region}:{account}:pg:{name}-app": ("rds:DescribeDBParameters",),
        "arn:{partition}:sqs:{region}:{account}:{name}-events": ("sqs:GetQueueAttributes",),
        "arn:{partition}:apigateway:{region}::/apis/{name}": ("apigateway:GET",),
        "arn:{partition}:apigateway:{region}::/vpclinks/{name}": ("apigateway:GET",),
    },
    Purpose.OPERATOR: {
        _DATABASE: ("rds:RebootDBInstance",),
        "arn:{partition}:rds:{region}:{account}:cluster:{name}-app": ("rds:FailoverDBCluster",),
        _CACHE: ("elasticache:TestFailover",),
        _SERVICE: ("ecs:UpdateService",),
        _SCALING: (
            "application-autoscaling:DeleteScalingPolicy",
            "application-autoscaling:DeleteScheduledAction",
            "application-autoscaling:PutScalingPolicy",
            "application-autoscaling:PutScheduledAction",
            "application-autoscaling:RegisterScalableTarget",
        ),
        "arn:{partition}:sqs:{region}:{account}:{name}-haven-events": ("sqs:DeleteMessage", "sqs:ReceiveMessage"),
    },
    Purpose.PROVISIONER: {
        "": (
            "cloudformation:DescribeStackDriftDetectionStatus",
            "cloudformation:DescribeStacks",
            "cloudformation:ListStacks",
        ),
        _STACK: (
            "cloudformation:CancelUpdateStack",
            "cloudformation:ContinueUpdateRollback",
            "cloudformation:CreateChangeSet",
            "cloudformation:DeleteChangeSet",
            "cloudformation:DescribeChangeSet",
            "cloudformation:DescribeStackEvents",
            "cloudformation:DescribeStackResourceDrifts",
            "cloudformation:DetectStackDrift",
            "cloudformation:DetectStackResourceDrift",
            "cloudformation:ExecuteChangeSet",
            "cloudformation:GetStackPolicy",
            "cloudformation:GetTemplate",
            "cloudformation:ListChangeSets",
            "cloudformation:RollbackStack",
            "cloudformation:SetStackPolicy",
            "cloudformation:UpdateTerminationProtection",
            "cloudformation:DeleteStack",
        ),
    },
}
DENIED_ON_PURPOSE = frozenset({"cloudformation:DeleteStack"})
"""A role that is denied these outright is as its owner means it to be: production is often guarded like that."""


def needed(purpose: Purpose, environment: Environment, partition: str) -> Mapping[str, tuple[str, ...]]:
    """The actions of a role, by the ARN of a resource of this environment, or by `*`."""
    of = {
        "partition": partition,
        "region": environment.region,
        "account": environment.account,
        "name": environment.name,
        "prefix": environment.stack_prefix,
    }
    return {resource.format(**of) or "*": actions for resource, actions in NEEDED[purpose].items()}


def context(environment: Environment, partition: str) -> Mapping[str, str]:
    """What a policy may ask about a request of Haven's, by condition key."""
    cluster = f"arn:{partition}:ecs:{environment.region}:{environment.account}:cluster/{environment.name}"
    return {
        "aws:RequestedRegion": environment.region,
        "aws:ResourceAccount": environment.account,
        "aws:ResourceTag/haven:environment": environment.name,
        "cloudformation:ChangeSetName": "haven-0123456789abcdef0123456789abcdef",
        "ecs:cluster": cluster,
        "application-autoscaling:service-namespace": "ecs",
        "application-autoscaling:scalable-dimension": "ecs:service:DesiredCount",
    }
