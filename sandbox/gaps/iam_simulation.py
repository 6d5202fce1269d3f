"""IAM: policies can be simulated, and keys that nobody made are the account's root user's.

moto has no SimulatePrincipalPolicy, and says that an unknown key is `sts:...:user/moto`, which no account has; here
such keys may do everything, so they are root's. Policies are weighed as AWS weighs them: an explicit denial wins, then
a permission within the boundary, else it is denied. A condition on a key that the request did not tell does not hold (a
negated one does) and the key is told as missing.
Fact: aws-facts 11, and the shapes of botocore's model. Remove when moto simulates policies with their conditions.
"""

import fnmatch
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.exceptions import IAMException, NotFoundException
from moto.iam.responses import IamResponse
from moto.sts.models import STSBackend

PAGE = 100
_NEGATED = {"StringNotEquals": "StringEquals", "StringNotLike": "StringLike", "ArnNotLike": "ArnLike"}
_EXACT = ("StringEquals", "Bool", "NumericEquals", "DateEquals")
_LIKE = ("StringLike", "ArnLike", "ArnEquals")


class _Invalid(IAMException):
    code = "InvalidInput"


@dataclass
class Weighing:
    """What policies say about one action on one resource."""

    context: Mapping[str, Sequence[str]]
    missing: set[str] = field(default_factory=set)

    def decision(self, documents: Iterable[Mapping[str, Any]], action: str, resource: str) -> str:
        """`explicitDeny`, `allowed` or `implicitDeny`."""
        effects = {
            statement["Effect"]
            for document in documents
            for statement in _many(document["Statement"])
            if self._applies(statement, action, resource)
        }
        return "explicitDeny" if "Deny" in effects else "allowed" if "Allow" in effects else "implicitDeny"

    def _applies(self, statement: Mapping[str, Any], action: str, resource: str) -> bool:
        if not _covers(statement, "Action", action.lower(), str.lower):
            return False
        if not _covers(statement, "Resource", resource, str):
            return False
        conditions = statement.get("Condition", {})
        asked = [(operator, key, wanted) for operator, keys in conditions.items() for key, wanted in keys.items()]
        return all(self._holds(operator, key, _many(wanted)) for operator, key, wanted in asked)

    def _holds(self, operator: str, key: str, wanted: Sequence[Any]) -> bool:
        name = operator.rpartition(":")[2].removesuffix("IfExists")
        actual = next((values for told, values in self.context.items() if told.lower() == key.lower()), None)
        if name == "Null":
            return (actual is None) == (str(wanted[0]).lower() == "true")
        if actual is None:
            self.missing.add(key)
            return operator.endswith("IfExists") or name in _NEGATED
        if name in _NEGATED:
            return not _matches(_NEGATED[name], actual, wanted)
        return _matches(name, actual, wanted)


def _matches(name: str, actual: Sequence[str], wanted: Sequence[Any]) -> bool:
    values = [json.dumps(value) if isinstance(value, bool) else str(value) for value in wanted]
    if name in _LIKE:
        return any(_like(value, one) for one in actual for value in values)
    if name in _EXACT:
        return any(one in values for one in actual)
    if name == "StringEqualsIgnoreCase":
        return any(one.lower() in [value.lower() for value in values] for one in actual)
    raise _Invalid(f"The sandbox does not weigh the condition operator {name}.")


def _like(pattern: str, value: str) -> bool:
    return fnmatch.fnmatchcase(value, pattern.replace("[", "[[]"))


def _covers(statement: Mapping[str, Any], element: str, value: str, form: Any) -> bool:
    if f"Not{element}" in statement:
        return not any(_like(form(one), value) for one in _many(statement[f"Not{element}"]))
    return any(_like(form(one), value) for one in _many(statement.get(element, [])))


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _documents(backend: Any, arn: str) -> tuple[list[Any], list[Any] | None]:
    """The policies of a user or role, and its boundary's."""
    kind, _, name = arn.rpartition(":")[2].partition("/")
    if kind not in ("role", "user") or ":iam:" not in arn:
        raise _Invalid(f"Invalid Entity Arn: {arn} does not clearly define entity type and name.")
    owner = next((one for one in (backend.roles if kind == "role" else backend.users).values() if one.arn == arn), None)
    if owner is None:
        raise NotFoundException(f"The {kind} with name {name.rpartition('/')[2]} cannot be found.")
    holders = [owner, *(g for g in backend.groups.values() if kind == "user" and owner in g.users)]
    found = [_parsed(text) for each in holders for text in _inline(each)]
    found += [_parsed(_default(policy)) for each in holders for policy in each.managed_policies.values()]
    boundary = getattr(owner, "permissions_boundary_arn", None)
    return found, [_parsed(_default(backend.get_policy(boundary)))] if boundary else None


def _inline(owner: Any) -> list[Any]:
    return list(owner.policies.values() if isinstance(owner.policies, dict) else owner.policies)


def _default(policy: Any) -> Any:
    return next(version.document for version in policy.versions if version.is_default)


def _parsed(document: Any) -> Any:
    return json.loads(document) if isinstance(document, str) else document


def simulate_principal_policy(self: Any) -> ActionResult:
    """SimulatePrincipalPolicy: one result for each action on each resource, in pages."""
    documents, boundary = _documents(self.backend, str(self._get_param("PolicySourceArn")))
    context = {e["ContextKeyName"]: e.get("ContextKeyValues", []) for e in self._get_param("ContextEntries") or []}
    results = []
    for action in self._get_param("ActionNames") or []:
        for resource in self._get_param("ResourceArns") or ["*"]:
            weighing = Weighing(context)
            decision = weighing.decision(documents, action, resource)
            told = {"EvalActionName": action, "EvalResourceName": resource, "MatchedStatements": []}
            if boundary is not None:
                within = weighing.decision(boundary, action, resource)
                told["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": within == "allowed"}
                if decision == "allowed" and within != "allowed":
                    decision = within
            results.append({**told, "EvalDecision": decision, "MissingContextValues": sorted(weighing.missing)})
    start = int(self._get_param("Marker") or 0)
    end = start + int(self._get_param("MaxItems") or PAGE)
    more = {"Marker": str(end)} if end < len(results) else {}
    return ActionResult({"EvaluationResults": results[start:end], "IsTruncated": bool(more), **more})


def mend() -> None:
    """Patch moto once."""
    if hasattr(IamResponse, "simulate_principal_policy"):
        return
    IamResponse.simulate_principal_policy = simulate_principal_policy
    original = STSBackend.get_caller_identity

    def get_caller_identity(self: Any, access_key_id: str, region: str) -> tuple[str, str, str]:
        user, arn, account = original(self, access_key_id, region)
        if arn.endswith(":user/moto"):
            return account, f"arn:{self.partition}:iam::{account}:root", account
        return user, arn, account

    STSBackend.get_caller_identity = get_caller_identity
