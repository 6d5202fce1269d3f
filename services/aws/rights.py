"""Whether an environment's roles can be used, and what they may not do that Haven does.

First a dry call: who am I, asked through the role. Then IAM is asked to simulate the role's policies on the actions
that Haven calls. Nothing is tried out.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from services.aws.errors import translated
from services.aws.rights_needed import DENIED_ON_PURPOSE, context, needed
from services.aws.session import Clients, Purpose, Sessions
from services.domain.environment import Environment
from services.domain.errors import Misconfigured, Refused

if TYPE_CHECKING:
    from types_boto3_sts.type_defs import GetCallerIdentityResponseTypeDef

RIGHT = "iam:SimulatePrincipalPolicy"


def missing_rights(sessions: Sessions, environment: Environment) -> Mapping[str, Sequence[str]]:
    """As `ports.StackReader.missing_rights`. Raises NotNow when AWS cannot be asked."""
    roles = {
        Purpose.READER: sessions.reader(environment),
        Purpose.OPERATOR: sessions.operator(environment),
        Purpose.PROVISIONER: sessions.provisioner(environment),
    }
    found = {purpose.value: _missing(clients, environment, purpose) for purpose, clients in roles.items()}
    return {role: lacking for role, lacking in found.items() if lacking}


def _missing(clients: Clients, environment: Environment, purpose: Purpose) -> Sequence[str]:
    try:
        with translated():
            clients.resolve()
            identity = clients.sts.get_caller_identity()
    except (Misconfigured, Refused) as denied:
        return (denied.message,)
    if identity["Account"] != environment.account:
        return (f"It belongs to the account {identity['Account']}, and the environment to {environment.account}.",)
    principal = principal_of(identity, _role(environment, purpose))
    if principal.endswith(":root"):
        return ()  # the account's own root user may do everything
    try:
        with translated():
            return tuple(dict.fromkeys(_denied(clients, environment, purpose, principal)))
    except (Misconfigured, Refused) as unknown:
        # One sentence, never an empty answer: that would say that nothing is missing.
        return (f"Its rights could not be checked, which takes {RIGHT} on itself: {unknown.message}",)


def principal_of(identity: "GetCallerIdentityResponseTypeDef", role_arn: str | None) -> str:
    """The ARN whose policies are simulated: the role's, or that of Haven's own user or role. A session tells its role
    without its path."""
    arn = identity["Arn"]
    if role_arn:
        return role_arn
    head, _, rest = arn.rpartition(":")
    if rest.startswith("assumed-role/"):
        return f"{head.replace(':sts:', ':iam:')}:role/{rest.split('/')[1]}"
    return arn


def _role(environment: Environment, purpose: Purpose) -> str | None:
    return {
        Purpose.READER: environment.reader_role_arn,
        Purpose.OPERATOR: environment.operator_role_arn,
        Purpose.PROVISIONER: environment.provisioner_role_arn,
    }.get(purpose)


def _denied(clients: Clients, environment: Environment, purpose: Purpose, principal: str) -> Iterator[str]:
    partition = principal.split(":")[1]
    entries = [
        {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
        for key, value in context(environment, partition).items()
    ]
    iam: Any = clients.client("iam")
    for resource, actions in needed(purpose, environment, partition).items():
        pages = iam.get_paginator("simulate_principal_policy").paginate(
            PolicySourceArn=principal,
            ActionNames=list(actions),
            ResourceArns=[resource],
            ContextEntries=entries,
        )
        for page in pages:
            yield from (_worded(result) for result in page["EvaluationResults"] if _lacks(result))


def _lacks(result: Mapping[str, Any]) -> bool:
    decision = result["EvalDecision"]
    if decision == "explicitDeny" and result["EvalActionName"] in DENIED_ON_PURPOSE:
        return False
    return bool(decision != "allowed")


def _worded(result: Mapping[str, Any]) -> str:
    """The action; with the conditions that nobody can judge from here, when there are such."""
    unknown = sorted(set(result.get("MissingContextValues", [])))
    return f"{result['EvalActionName']} (unless {', '.join(unknown)} allow it)" if unknown else result["EvalActionName"]
