"""Which rights the roles lack: a dry call for each, then what IAM says about the actions that Haven calls."""

from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.stub import ANY, Stubber

from services.aws.rights import missing_rights, principal_of
from services.aws.rights_needed import NEEDED, needed
from services.aws.session import Purpose
from services.domain.environment import Environment
from services.domain.errors import NotNow
from tests.builders.places import environment
from tests.unit.aws.stubs import ACCOUNT, client_of

ROLE = f"arn:aws:iam::{ACCOUNT}:role/haven/reader"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/haven-reader"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ALONE = environment("production")
OWN = environment("production", reader_role_arn=ROLE)


class Role:
    """The clients of one role: whose it is, and what the simulation says to each action that is not allowed."""

    def __init__(self, arn: str = ROOT, account: str = ACCOUNT, **answers: Any) -> None:
        self.sts, self.iam = client_of("sts"), client_of("iam")
        self.stubs = [Stubber(self.sts), Stubber(self.iam)]
        self.answers = answers
        identity = {"Arn": arn, "Account": account, "UserId": "X"}
        if "denied" not in answers:
            self.stubs[0].add_response("get_caller_identity", identity)

    def resolve(self) -> None:
        if "denied" in self.answers:
            raise self.answers["denied"]

    def client(self, service: str) -> Any:
        assert service == "iam"
        return self.iam

    def simulates(self, purpose: Purpose, principal: str, **decisions: Any) -> "Role":
        """Answers every request of a purpose; `decisions` by action's own name, all others are allowed."""
        for resource, actions in needed(purpose, ALONE, "aws").items():
            results = []
            for action in actions:
                decision = decisions.get(action.partition(":")[2], "allowed")
                told = {"EvalActionName": action, "EvalDecision": decision}
                results.append(told if isinstance(decision, str) else {"EvalActionName": action, **decision})
            asked = {
                "PolicySourceArn": principal,
                "ActionNames": list(actions),
                "ResourceArns": [resource],
                "ContextEntries": ANY,
            }
            self.stubs[1].add_response("simulate_principal_policy", {"EvaluationResults": results}, asked)
        return self


def asked(of: Environment, reader: Role, operator: Role | None = None, provisioner: Role | None = None) -> Any:
    roles = [reader, operator or Role(), provisioner or Role()]
    sessions: Any = SimpleNamespace(
        reader=lambda _: roles[0], operator=lambda _: roles[1], provisioner=lambda _: roles[2]
    )
    with ExitStack() as stack:
        stubs = [stack.enter_context(stub) for role in roles for stub in role.stubs]
        found = missing_rights(sessions, of)
        for stub in stubs:
            stub.assert_no_pending_responses()
    return found


def refused(code: str, words: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": words}, "ResponseMetadata": {"HTTPStatusCode": 403}}, "X")  # type: ignore[typeddict-item]


def test_roles_as_they_should_be_are_left_out() -> None:
    assert asked(OWN, Role(SESSION).simulates(Purpose.READER, ROLE)) == {}


def test_the_root_user_lacks_nothing_and_is_not_simulated() -> None:
    assert asked(ALONE, Role(ROOT)) == {}


def test_what_is_denied_is_named_however_it_is_denied() -> None:
    role = Role(SESSION).simulates(Purpose.READER, ROLE, GetMetricData="implicitDeny", DescribeTasks="explicitDeny")
    assert asked(OWN, role) == {"reader": ("cloudwatch:GetMetricData", "ecs:DescribeTasks")}


def test_a_condition_that_cannot_be_judged_from_here_is_told() -> None:
    unsure = {"EvalDecision": "implicitDeny", "MissingContextValues": ["aws:SourceIp"]}
    role = Role(SESSION).simulates(Purpose.READER, ROLE, DescribeVpcs=unsure)
    assert asked(OWN, role) == {"reader": ("ec2:DescribeVpcs (unless aws:SourceIp allow it)",)}


def test_deletion_that_is_denied_on_purpose_lacks_nothing() -> None:
    user = f"arn:aws:iam::{ACCOUNT}:user/haven"
    for decision, found in (("explicitDeny", {}), ("implicitDeny", {"provisioner": ("cloudformation:DeleteStack",)})):
        role = Role(user).simulates(Purpose.PROVISIONER, user, DeleteStack=decision)
        assert asked(ALONE, Role(), Role(), role) == found


def test_another_account_is_said_and_nothing_else_is_asked() -> None:
    found = asked(OWN, Role(SESSION, account="999999999999"))
    assert found == {"reader": (f"It belongs to the account 999999999999, and the environment to {ACCOUNT}.",)}


def test_a_role_that_cannot_be_assumed_is_one_sentence() -> None:
    found = asked(OWN, Role(denied=refused("AccessDenied", "is not authorized to perform: sts:AssumeRole")))
    (sentence,) = found["reader"]
    assert "sts:AssumeRole" in sentence
    assert list(found) == ["reader"]


def test_aws_out_of_reach_says_nothing_about_rights() -> None:
    with pytest.raises(NotNow):
        asked(OWN, Role(denied=EndpointConnectionError(endpoint_url="https://sts.amazonaws.com/")))


@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchEntity", "InvalidInput"])
def test_rights_that_could_not_be_checked_are_not_called_complete(code: str) -> None:
    role = Role(SESSION)
    role.stubs[1].add_client_error("simulate_principal_policy", code, "AWS's words", 403)
    (sentence,) = asked(OWN, role)["reader"]
    assert sentence.startswith("Its rights could not be checked, which takes iam:SimulatePrincipalPolicy")
    assert "AWS's words" in sentence


def test_a_sessions_role_is_found_by_its_name_unless_the_role_is_known() -> None:
    def principal(arn: str, role: str | None) -> str:
        identity: Any = {"Arn": arn}
        return principal_of(identity, role)

    assert principal(SESSION, ROLE) == ROLE
    assert principal(SESSION, None) == f"arn:aws:iam::{ACCOUNT}:role/reader"
    assert principal("arn:aws-cn:iam::1:user/x", None) == "arn:aws-cn:iam::1:user/x"


def test_every_right_has_a_resource_of_the_environment() -> None:
    for purpose in NEEDED:
        for resource, actions in needed(purpose, ALONE, "aws-cn").items():
            assert resource == "*" or resource.startswith("arn:aws-cn:")
            assert "{" not in resource
            assert len(set(actions)) == len(actions) > 0


def test_every_right_is_a_call_that_aws_knows() -> None:
    """By botocore's models; apigateway's rights are HTTP verbs, and some services sign under another name."""
    services = {"elasticloadbalancing": "elbv2"}
    for rights in NEEDED.values():
        for action in (action for actions in rights.values() for action in actions):
            service, _, operation = action.partition(":")
            if service != "apigateway":
                model = client_of(services.get(service, service)).meta.service_model
                assert operation in model.operation_names, action
