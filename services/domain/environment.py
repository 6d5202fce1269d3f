"""An environment: one deployment of the stacks in one account and region."""

import re
from dataclasses import dataclass
from datetime import datetime

from services.domain.errors import Invalid

NAME = re.compile(r"(?=.{3,28}$)[a-z]+[a-z0-9]*(-[a-z0-9]+)*")
"""Narrower than most of AWS: RDS forbids a doubled hyphen, and `<name>-alb` may have 32 characters."""


@dataclass(frozen=True)
class Environment:
    """Where and how one deployment lives.

    `account` is the 12-digit AWS account. The role ARNs are assumed through STS with `external_id`; None means
    Haven's own credentials. `stack_prefix` comes before every stack's name: `<prefix>-network`. `slo_target` is
    a percentage, such as 99.95.
    """

    name: str
    account: str
    region: str
    blueprint: str
    stack_prefix: str
    protected: bool
    slo_target: float
    created_at: datetime
    reader_role_arn: str | None = None
    operator_role_arn: str | None = None
    provisioner_role_arn: str | None = None
    external_id: str | None = None
    archived: bool = False

    def stack_name(self, stack: str) -> str:
        """The CloudFormation name of one of this environment's stacks, such as `production-service-rbac`."""
        return f"{self.stack_prefix}-{stack}"


def check_name(name: str) -> str:
    """Return the name, or raise Invalid saying what a name looks like."""
    if not NAME.fullmatch(name):
        message = "A name is 3 to 28 lower-case letters, digits and single hyphens, starting with a letter."
        raise Invalid(message, {"name": message})
    return name
