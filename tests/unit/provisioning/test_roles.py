"""The roles that Haven assumes: they may do what Haven calls and what the templates need, and no more."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from provisioning.roles import roles_template
from provisioning.template import TEMPLATES, Template, parse
from services.aws.rights_needed import NEEDED, context, needed
from services.aws.session import Purpose
from tests import builders as b
from tests.unit.provisioning.facts import as_list, resources, schema

ROOT = Path(__file__).parents[3]
VALUES = {
    "Environment": "production",
    "StackPrefix": "production",
    "HavenPrincipal": "arn:aws:iam::111122223333:role/haven",
    "ExternalId": "a-long-random-text",
    "MayDelete": "false",
    "ProbeSecretArn": "",
    "AWS::Partition": "aws",
    "AWS::Region": b.REGION,
    "AWS::AccountId": b.ACCOUNT,
}
POLICIES = {
    "reader": ("ReaderPolicy",),
    "operator": ("OperatorPolicy",),
    "provisioner": ("StacksPolicy", "NetworkPolicy", "DataPolicy", "PlatformPolicy", "GuardPolicy"),
}
THROUGH_STACKS = {**context(b.environment(), "aws"), "aws:CalledVia": "cloudformation.amazonaws.com"}
NOT_USED = {
    "apigateway:*tagresource": "tags of API Gateway are set by POST and DELETE on /tags; there is no such action",
    "autoscaling:*": "flow logs of an Auto Scaling group",
    "cognito-idp:*": "listeners that log people in",
    "ec2:acceptaddresstransfer": "addresses taken over from another account",
    "ec2:*natgatewayaddress": "private NAT gateways",
    "ec2:attachvpngateway": "VPNs",
    "ec2:detachvpngateway": "VPNs",
    "ec2:createvpcencryptioncontrol": "encryption within the VPC",
    "ec2:modifyvpctenancy": "dedicated hosts",
    "ec2:*subnetcidrblock": "IPv6",
    "ecs:putaccountsetting*": "settings of the whole account",
    "elasticloadbalancing:registertargets": "ECS registers its tasks itself",
    "elasticloadbalancing:deregistertargets": "ECS registers its tasks itself",
    "firehose:*": "logs to Firehose",
    "iam:attachrolepolicy": "no template attaches a managed policy",
    "iam:detachrolepolicy": "no template attaches a managed policy",
    "iam:*permissionsboundary": "no template sets one",
    "iam:deleteservicelinkedrole": "AWS's own roles stay",
    "iam:getservicelinkedroledeletionstatus": "AWS's own roles stay",
    "iam:listroles": "monitoring roles of RDS",
    "lambda:*": "scaling of functions",
    "logs:*dataprotectionpolicy": "masked logs",
    "logs:*indexpolicy": "indexed logs",
    "logs:*bearertokenauthentication": "logs sent over HTTP",
    "logs:*kmskey": "log groups with a key of their own",
    "logs:deleteresourcepolicy": "a policy that other groups may stand on",
    "logs:putloggroupdeletionprotection": "protected log groups",
    "logs:createlogstream": "log streams are made by whom the logs come from",
    "logs:putlogevents": "log streams are made by whom the logs come from",
    "rds:*roletodbinstance": "roles of a database",
    "rds:*rolefromdbinstance": "roles of a database",
    "rds:*readreplica": "read replicas",
    "rds:restoredbinstance*": "restoring is done by hand",
    "rds:*automatedbackupsreplication": "backups in another region",
    "s3:*object*": "objects of the access log are nobody's to touch",
    "s3:rest.put.object": "objects of the access log are nobody's to touch",
    "s3:deletebucket?*": "not actions of IAM's: the settings are deleted by their Put",
    "s3:*metadata*tableconfiguration": "metadata tables",
    "s3:putreplicationconfiguration": "copies in another region",
    "s3:getbucketobjectlockconfiguration": "not an action of IAM's: it is GetBucketObjectLockConfiguration of a lock",
    "s3tables:*": "metadata tables",
    "sns:putdataprotectionpolicy": "masked messages",
    "vpc-lattice:*": "service networks",
    "vpce:*": "endpoints in another region",
}
"""What AWS's handlers may need for what our templates never use, and what that is."""


@cache
def roles() -> Template:
    return parse("roles", roles_template())


def said(value: Any, values: Mapping[str, str]) -> Any:
    """A value with its functions resolved."""
    if isinstance(value, list):
        return [each for inner in value if (each := said(inner, values)) is not None]
    if not isinstance(value, Mapping):
        return value
    if "Ref" in value:
        return None if value["Ref"] == "AWS::NoValue" else values.get(value["Ref"], value["Ref"])
    if "Fn::Sub" in value:
        return re.sub(r"\$\{([^}]+)\}", lambda found: values[found[1]], value["Fn::Sub"])
    if "Fn::If" in value:
        name, then, otherwise = value["Fn::If"]
        holds = {"KeepsAll": values["MayDelete"] == "false", "Probes": values["ProbeSecretArn"] != ""}[name]
        return said(then if holds else otherwise, values)
    return {key: said(inner, values) for key, inner in value.items()}


def statements(role: str, **values: str) -> list[Mapping[str, Any]]:
    found = roles().document["Resources"]
    whole = VALUES | values
    return [
        statement
        for name in POLICIES[role]
        for statement in said(found[name]["Properties"]["PolicyDocument"]["Statement"], whole)
    ]


def fits(text: str, pattern: str) -> bool:
    return fnmatchcase(text.lower(), pattern.lower())


def covers(statement: Mapping[str, Any], action: str, resource: str, about: Mapping[str, str]) -> bool:
    """Whether a statement speaks of a request; as IAM has it, for the operators the template uses."""
    if "NotAction" in statement:
        named = not any(fits(action, each) for each in as_list(statement["NotAction"]))
    else:
        named = any(fits(action, each) for each in as_list(statement["Action"]))
    placed = any(fits(resource, each) for each in as_list(statement["Resource"]))
    return named and placed and all(_holds(*each, about) for each in statement.get("Condition", {}).items())


def _holds(operator: str, wanted: Mapping[str, Any], about: Mapping[str, str]) -> bool:
    assert operator in ("StringEquals", "StringLike", "ArnEquals", "ForAnyValue:StringEquals")
    return all(
        key in about and any(fnmatchcase(about[key], each) for each in as_list(values))
        for key, values in wanted.items()
    )


def allowed(role: str, action: str, resource: str, about: Mapping[str, str], **values: str) -> bool:
    spoken = [each for each in statements(role, **values) if covers(each, action, resource, about)]
    return bool(spoken) and all(each["Effect"] == "Allow" for each in spoken)


def actions(role: str) -> set[str]:
    return {a for each in statements(role) if each["Effect"] == "Allow" for a in as_list(each["Action"])}


def test_cfn_lint_has_nothing_to_say_and_knows_every_action() -> None:
    config = ManualArgs(regions=["us-east-1", "eu-west-1"], include_checks=["I"])
    assert [str(match) for match in lint(roles_template(), config=config)] == []
    broken = roles_template().replace("rds:FailoverDBCluster", "rds:FailOverTheCluster")
    assert [match for match in lint(broken, config=config) if "failoverthecluster" in str(match)]


def test_it_is_no_stack_of_any_environment() -> None:
    assert "roles" not in TEMPLATES


def test_it_can_be_sent_inline() -> None:
    assert len(roles_template().encode()) <= 51_200


@pytest.mark.parametrize("role", ["ReaderRole", "OperatorRole", "ProvisionerRole"])
def test_a_role_is_taken_by_haven_alone_and_with_the_external_id(role: str) -> None:
    properties = said(roles().document["Resources"][role]["Properties"], VALUES)
    assert properties["AssumeRolePolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::111122223333:role/haven"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": "a-long-random-text"}},
        }
    ]
    assert properties["Path"] == "/haven/"
    assert {"Key": "haven:environment", "Value": "production"} in properties["Tags"]
    name = role.removesuffix("Role").lower()
    assert tuple(properties["ManagedPolicyArns"]) == POLICIES[name]
    external_id = next(each for each in roles().parameters if each.name == "ExternalId")
    assert (external_id.default, external_id.min_length) == (None, 16)


@pytest.mark.parametrize("purpose", list(NEEDED))
def test_every_right_that_haven_uses_is_given(purpose: Purpose) -> None:
    environment = b.environment()
    about = context(environment, "aws")
    lacking = [
        (action, resource)
        for resource, wanted in needed(purpose, environment, "aws").items()
        for action in wanted
        if not allowed(purpose.value, action, resource, about, MayDelete="true")
    ]
    assert lacking == []


@pytest.mark.parametrize("role", list(POLICIES))
def test_a_role_may_ask_what_it_lacks_itself_and_no_other(role: str) -> None:
    own = f"arn:aws:iam::{b.ACCOUNT}:role/haven/haven-production-{role}"
    for each in POLICIES:
        of = f"arn:aws:iam::{b.ACCOUNT}:role/haven/haven-production-{each}"
        assert allowed(role, "iam:SimulatePrincipalPolicy", of, {}) is (of == own)


def handled() -> Iterator[tuple[str, str]]:
    """(resource type, action) of what AWS's handlers need for the types of the templates."""
    for kind in sorted({resource["Type"] for _, _, resource in resources()}):
        handlers = schema(kind)["handlers"]
        done = [handlers.get(what, {}) for what in ("create", "read", "update", "delete")]
        for each in {action for handler in done for action in handler.get("permissions", ())}:
            yield kind, each


def test_the_templates_can_be_made_changed_read_and_taken_away() -> None:
    given = actions("provisioner")
    lacking = {
        f"{kind}: {action}"
        for kind, action in handled()
        if not any(fits(action, each) for each in given) and not any(fits(action, each) for each in NOT_USED)
    }
    assert lacking == set()


def test_every_exception_is_one() -> None:
    wanted = {action.lower() for _, action in handled()}
    assert [each for each in NOT_USED if not any(fits(action, each) for action in wanted)] == []


def called() -> set[str]:
    """The operations that the gateways name: as methods of clients, or as the names of paginators."""
    found: set[str] = set()
    own: set[str] = set()
    for path in (ROOT / "services" / "aws").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                own.add(node.name)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                if node.func.attr == "get_paginator" and isinstance(node.args[0], ast.Constant):
                    found.add(str(node.args[0].value))
                found.add(node.func.attr)
    return found - own


def test_nothing_is_called_that_no_role_may() -> None:
    session = botocore.session.get_session()
    named = {
        "autoscaling": "application-autoscaling",
        "monitoring": "cloudwatch",
    }
    clients = ("rds", "elasticache", "ecs", "elbv2", "application-autoscaling", "cloudformation", "cloudwatch", "sqs")
    operations: dict[str, set[str]] = {}
    for client in clients:
        model = session.get_service_model(client)
        prefix = client if client in ("application-autoscaling", "cloudwatch") else model.signing_name
        for name in model.operation_names:
            operations.setdefault(xform_name(name), set()).add(f"{named.get(prefix, prefix)}:{name}")
    every = {action for role in POLICIES for action in actions(role)}
    batch = {"delete_message_batch": "sqs:DeleteMessage"}
    lacking = {
        operation
        for operation in called() & operations.keys()
        if not any(fits(batch.get(operation, action), given) for action in operations[operation] for given in every)
    }
    assert lacking == set()


def test_looking_can_never_act() -> None:
    changing = [
        action
        for action in actions("reader")
        if not re.match(r"(Describe|List|Get|GET|Simulate)", action.partition(":")[2])
    ]
    assert changing == []
    assert not any("*" in action for action in actions("reader") | actions("operator"))


def test_what_stacks_are_made_of_is_touched_through_stacks_alone() -> None:
    direct = {"cloudformation", "iam"}
    for statement in statements("provisioner"):
        services = {action.partition(":")[0] for action in as_list(statement.get("Action", []))}
        if statement["Effect"] == "Allow" and services - direct:
            assert statement["Condition"]["ForAnyValue:StringEquals"] == {
                "aws:CalledVia": "cloudformation.amazonaws.com"
            }, statement["Sid"]
    database = f"arn:aws:rds:{b.REGION}:{b.ACCOUNT}:db:production-app"
    assert allowed("provisioner", "rds:ModifyDBInstance", database, THROUGH_STACKS)
    assert not allowed("provisioner", "rds:ModifyDBInstance", database, context(b.environment(), "aws"))


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("rds:DeleteDBInstance", f"arn:aws:rds:{b.REGION}:{b.ACCOUNT}:db:production-app"),
        ("elasticache:DeleteReplicationGroup", b.arn("elasticache", "replicationgroup:production-cache")),
        ("cloudformation:DeleteStack", f"arn:aws:cloudformation:{b.REGION}:{b.ACCOUNT}:stack/production-data/1"),
        ("kms:ScheduleKeyDeletion", f"arn:aws:kms:{b.REGION}:{b.ACCOUNT}:key/1"),
    ],
)
def test_nothing_that_holds_data_is_deleted_unless_its_owner_says_so(action: str, resource: str) -> None:
    assert not allowed("provisioner", action, resource, THROUGH_STACKS)
    assert allowed("provisioner", action, resource, THROUGH_STACKS, MayDelete="true")


@pytest.mark.parametrize(
    ("role", "action", "resource"),
    [
        ("operator", "rds:RebootDBInstance", "arn:aws:rds:us-east-1:123456789012:db:legacy-app"),
        ("operator", "ecs:UpdateService", "arn:aws:ecs:us-east-1:123456789012:service/legacy/rbac"),
        ("operator", "sqs:ReceiveMessage", "arn:aws:sqs:us-east-1:123456789012:production-events"),
        ("provisioner", "cloudformation:ExecuteChangeSet", b.arn("cloudformation", "stack/legacy-data/1")),
        ("provisioner", "cloudformation:UpdateStack", b.arn("cloudformation", "stack/production-data/1")),
        ("provisioner", "iam:PutRolePolicy", "arn:aws:iam::123456789012:role/haven/haven-production-provisioner"),
        ("provisioner", "iam:CreateRole", "arn:aws:iam::123456789012:role/admin"),
        ("provisioner", "iam:AttachRolePolicy", "arn:aws:iam::123456789012:role/production-platform-x"),
        ("provisioner", "s3:GetObject", "arn:aws:s3:::production-platform-accesslogbucket-1/log"),
        ("reader", "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!db-1"),
    ],
)
def test_what_is_somebody_else_s_stays_so(role: str, action: str, resource: str) -> None:
    assert not allowed(role, action, resource, THROUGH_STACKS | {"iam:PassedToService": "ecs-tasks.amazonaws.com"})


def test_change_sets_that_are_not_haven_s_are_not_executed() -> None:
    stack = f"arn:aws:cloudformation:{b.REGION}:{b.ACCOUNT}:stack/production-data/1"
    own = f"arn:aws:cloudformation:{b.REGION}:{b.ACCOUNT}:changeSet/haven-0123/1"
    for name, may in ((own, True), ("haven-0123", True), ("by-hand", False), (own.replace("haven-", "my-"), False)):
        about = {"cloudformation:ChangeSetName": name}
        assert allowed("provisioner", "cloudformation:ExecuteChangeSet", stack, about) is may


def test_one_secret_may_be_read_where_it_is_named() -> None:
    secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:probe-1"
    assert not allowed("reader", "secretsmanager:GetSecretValue", secret, {})
    assert allowed("reader", "secretsmanager:GetSecretValue", secret, {}, ProbeSecretArn=secret)


@pytest.mark.parametrize("policy", [name for names in POLICIES.values() for name in names])
def test_a_policy_fits_into_what_iam_keeps(policy: str) -> None:
    longest = VALUES | {"Environment": "e" * 28, "StackPrefix": "s" * 40, "AWS::Region": "ap-southeast-1"}
    document = said(roles().document["Resources"][policy]["Properties"]["PolicyDocument"], longest)
    assert len(json.dumps(document, separators=(",", ":"))) <= 6144
