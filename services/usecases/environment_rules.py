"""What an environment may be: its fields' limits, what stays once stacks are known, how two versions differ. Pure."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields

from services.domain.environment import Environment
from services.domain.errors import Conflict
from services.domain.wording import listed

_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d", re.ASCII)
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::(?P<account>\d{12}):role/[\w+=,.@/-]{1,512}", re.ASCII)
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
_BLUEPRINT = re.compile(r"[a-z][a-z0-9-]{0,63}")
_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_LIKE = {
    "account": (_ACCOUNT, "The 12 digits of the AWS account."),
    "region": (_REGION, "An AWS region, such as us-east-1."),
    "blueprint": (_BLUEPRINT, "A blueprint's name, such as multi-az."),
    "stack_prefix": (_PREFIX, "Up to 64 letters, digits and hyphens, starting with a letter."),
}
ROLES = {"reader": "reader_role_arn", "operator": "operator_role_arn", "provisioner": "provisioner_role_arn"}
"""The field of each role."""
WHERE = ("account", "region", "stack_prefix")
"""Which stacks an environment is: together they say what is read, acted on and deployed."""
LABELS = {
    "name": "name",
    "account": "account",
    "region": "region",
    "blueprint": "blueprint",
    "stack_prefix": "stack prefix",
    "protected": "protection",
    "slo_target": "SLO target",
    "reader_role_arn": "reader role",
    "operator_role_arn": "operator role",
    "provisioner_role_arn": "provisioner role",
    "external_id": "external id",
    "archived": "archived",
}
RESERVED = frozenset({"new"})
"""Names that are pages of the portal."""
NAME_STAYS = "A name is never changed: snapshots, operations and the ledger are kept under it."


class Changed(Conflict):
    """The environment is not as the person saw it. `now` is how it is stored, `wanted` how they would have it; `by`
    says who changed it and when, empty when that is not known."""

    def __init__(self, now: Environment, wanted: Environment, by: str = "") -> None:
        told = "; ".join(f"{LABELS[name]}: now {was}, yours {is_}" for name, (was, is_) in changes(now, wanted).items())
        who = f" by {by}" if by else ""
        super().__init__(f"{now.name} was changed{who} since you opened it. {told or 'It is as you want it now'}.")
        self.now, self.wanted, self.by = now, wanted, by


def problems(environment: Environment, blueprints: Sequence[str] = ()) -> dict[str, str]:
    """What is wrong with an environment's values, by field; empty when nothing is. `blueprints` are those there are;
    without any, every name that looks like one will do."""
    found: dict[str, str] = {}
    if environment.name in RESERVED:
        found["name"] = "Haven uses this name itself; choose another."
    for field, (pattern, words) in _LIKE.items():
        if not pattern.fullmatch(getattr(environment, field)):
            found[field] = words
    if "blueprint" not in found and blueprints and environment.blueprint not in blueprints:
        found["blueprint"] = f"There is no such blueprint; there are {listed(list(blueprints))}."
    if not 90 <= environment.slo_target < 100:
        found["slo_target"] = "A percentage from 90 to below 100, such as 99.95."
    for field in ROLES.values():
        if problem := _role_problem(getattr(environment, field), environment.account):
            found[field] = problem
    if environment.external_id is not None and not _EXTERNAL_ID.fullmatch(environment.external_id):
        found["external_id"] = "2 to 1224 letters, digits and + = , . @ : / -."
    return found


def _role_problem(arn: str | None, account: str) -> str:
    if arn is None:
        return ""
    fits = _ROLE.fullmatch(arn)
    if not fits:
        return "The ARN of an IAM role: arn:aws:iam::123456789012:role/name."
    if _ACCOUNT.fullmatch(account) and fits["account"] != account:
        return f"This role belongs to account {fits['account']}; the environment is in {account}."
    return ""


def fixed(stacks: Sequence[str], live: Sequence[str]) -> dict[str, str]:
    """The fields that cannot be changed now, each with why. `stacks` are the names of those known to AWS, `live` what
    operations are not over."""
    found = {"name": NAME_STAYS}
    if stacks:
        known = listed(sorted(stacks)[:3]) + (f" and {len(stacks) - 3} more" if len(stacks) > 3 else "")
        why = f"Stacks of it are known ({known}); elsewhere it would be another environment. Add that one instead."
    elif live:
        why = f"It is in use by {listed(list(live))}; change it when that is over."
    else:
        return found
    return found | dict.fromkeys(WHERE, why)


def changes(before: Environment, after: Environment) -> dict[str, tuple[str, str]]:
    """The fields that differ, in words: before and after."""
    return {
        each.name: (_word(getattr(before, each.name)), _word(getattr(after, each.name)))
        for each in fields(Environment)
        if each.name in LABELS and getattr(before, each.name) != getattr(after, each.name)
    }


def told(changed: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Changes as the ledger keeps them. An external id is half of what opens a role, so it is only said to differ."""
    return {
        name: "changed" if name == "external_id" else f"{before} -> {after}"
        for name, (before, after) in changed.items()
    }


def version(environment: Environment) -> str:
    """What a person saw of an environment: it differs when any of its values does."""
    content = json.dumps(asdict(environment), sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value or "none")
