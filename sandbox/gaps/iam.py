"""IAM: AWS's own managed policies can be attached.

moto loads them all (1,300) or none; here each is loaded when it is first named.
Fact: the service template attaches service-role/AmazonECSTaskExecutionRolePolicy (aws-facts 11).
Remove when: moto knows AWS's managed policies without MOTO_IAM_LOAD_MANAGED_POLICIES.
"""

import json
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, IAMBackend

from sandbox.gaps import iam_simulation

PREFIX = "arn:aws:iam::aws:policy/"


def load(backend: Any, arn: str) -> None:
    """Make one of AWS's policies known to an account; does nothing for any other ARN."""
    if not arn.startswith(PREFIX) or arn in backend.managed_policies:
        return
    name = arn.rpartition("/")[2]
    data = json.loads(aws_managed_policies_data).get(name)
    if data is None:
        return
    policy = AWSManagedPolicy.from_data(name, backend.account_id, backend.region_name, data)
    if policy.arn == arn:
        backend.managed_policies[arn] = policy
        backend.aws_managed_policies.append(policy)


def mend() -> None:
    """Look AWS's policies up before they are used, and let policies be simulated."""
    iam_simulation.mend()
    for name in ("attach_role_policy", "attach_user_policy", "attach_group_policy", "get_policy", "get_policy_version"):
        _before(name)


def _before(name: str) -> None:
    original = getattr(IAMBackend, name)

    def loading(self: Any, policy_arn: str, *args: Any, **kwargs: Any) -> Any:
        load(self, policy_arn)
        return original(self, policy_arn, *args, **kwargs)

    setattr(IAMBackend, name, loading)
