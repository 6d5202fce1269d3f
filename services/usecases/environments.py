"""Environments: which deployments of the stacks Haven looks after."""

import re
from collections.abc import Sequence

from services.domain.access import Actor, Permission
from services.domain.environment import NAME, Environment, check_name
from services.domain.errors import Invalid, NotFound
from services.ports import Clock, Entry, UnitOfWork

_ACCOUNT = re.compile(r"\d{12}")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,512}", re.ASCII)
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
_BLUEPRINT = re.compile(r"[a-z][a-z0-9-]{0,63}")
_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")


def problems(environment: Environment) -> dict[str, str]:
    """What is wrong with an environment to be registered, by field; empty when nothing is."""
    found: dict[str, str] = {}
    if not _ACCOUNT.fullmatch(environment.account):
        found["account"] = "The 12 digits of the AWS account."
    if not _REGION.fullmatch(environment.region):
        found["region"] = "An AWS region, such as us-east-1."
    if not _BLUEPRINT.fullmatch(environment.blueprint):
        found["blueprint"] = "A blueprint's name, such as multi-az."
    if not _PREFIX.fullmatch(environment.stack_prefix):
        found["stack_prefix"] = "Up to 64 letters, digits and hyphens, starting with a letter."
    if not 90 <= environment.slo_target < 100:
        found["slo_target"] = "A percentage from 90 to below 100, such as 99.95."
    for field in ("reader_role_arn", "operator_role_arn", "provisioner_role_arn"):
        role = getattr(environment, field)
        if role is not None and not _ROLE.fullmatch(role):
            found[field] = "The ARN of an IAM role: arn:aws:iam::123456789012:role/name."
    if environment.external_id is not None and not _EXTERNAL_ID.fullmatch(environment.external_id):
        found["external_id"] = "2 to 1224 letters, digits and + = , . @ : / -."
    return found


class Environments:
    """Looking environments up, and registering new ones."""

    def __init__(self, unit: UnitOfWork, clock: Clock) -> None:
        self._unit, self._clock = unit, clock

    def all(self, actor: Actor) -> Sequence[Environment]:
        """Those in use, by name."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            return store.environments.all()

    def get(self, actor: Actor, name: str) -> Environment:
        """The environment of that name. Raises NotFound."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        if NAME.fullmatch(name):
            with self._unit(readonly=True) as store:
                environment = store.environments.get(name)
            if environment:
                return environment
        raise NotFound(f"There is no environment {name[:32]}.")

    def register(self, actor: Actor, environment: Environment, *, client: str = "") -> None:
        """Let Haven look after an environment. Raises Invalid with what to mend, Conflict when the name is taken."""
        actor.require(Permission.MANAGE_ENVIRONMENTS)
        check_name(environment.name)
        found = problems(environment)
        if found:
            raise Invalid(" ".join(f"{field}: {why}" for field, why in found.items()), found)
        detail = {
            "account": environment.account,
            "region": environment.region,
            "blueprint": environment.blueprint,
            "protected": "yes" if environment.protected else "no",
            "slo_target": f"{environment.slo_target:g}",
        }
        at = self._clock.now()
        with self._unit() as store:
            store.environments.add(environment)
            store.ledger.append(
                Entry(at, actor.name, "register environment", "done", environment.name, "", detail, client[:256])
            )
