"""The templates hold against AWS's own schemas, by cfn-lint, with no rule ignored, with the values that each blueprint
deploys them with. As they are written `tools/check.py` lints them."""

from collections.abc import Iterator, Mapping

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs
from cfnlint.context.parameters import ParameterSet

from provisioning.blueprint import load, names
from provisioning.roles import roles_template
from provisioning.stack import StackSpec
from provisioning.template import TEMPLATES, Parameter, template, template_body

ARN = "arn:aws:{service}:us-east-1:123456789012:{rest}"
FED = {
    "List<AWS::EC2::Subnet::Id>": "subnet-0a1b2c3d, subnet-1a1b2c3d, subnet-2a1b2c3d",
    "AWS::EC2::SecurityGroup::Id": "sg-0a1b2c3d",
    "AWS::EC2::VPC::Id": "vpc-0a1b2c3d",
    "ClusterName": "production",
    "ListenerArn": ARN.format(service="elasticloadbalancing", rest="listener/app/production-alb/50dc6c495c/f2f7dc8ef"),
    "LoadBalancerFullName": "app/production-alb/50dc6c495c0c9188",
    "AlarmTopicArn": ARN.format(service="sns", rest="production-alarms"),
    "KeyArn": ARN.format(service="kms", rest="key/1234abcd-12ab-34cd-56ef-1234567890ab"),
    "DatabaseEndpoint": "production-app.c9akciq32.us-east-1.rds.amazonaws.com",
    "DatabaseName": "app",
    "DatabaseSecretArn": ARN.format(service="secretsmanager", rest="secret:rds!db-1-AbCdEf"),
    "CacheEndpoint": "production-cache.abc123.use1.cache.amazonaws.com",
    "QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/production-events",
    "QueueArn": ARN.format(service="sqs", rest="production-events"),
    "Number": "5432",
}
"""What other stacks feed, by the parameter's name or its type: such values as AWS gives."""


def findings(body: str, *deployed: ParameterSet) -> list[str]:
    config = ManualArgs(regions=["us-east-1", "eu-west-1"], include_checks=["I"])
    if deployed:
        config["parameters"] = list(deployed)
    return [str(match) for match in lint(body, config=config)]


def as_deployed(spec: StackSpec, **changes: str) -> Mapping[str, object]:
    """All values that a stack of a blueprint is deployed with; lists as cfn-lint wants them."""
    declared = {each.name: each for each in template(spec.template).parameters}
    fed = {name: FED.get(name) or FED[declared[name].type] for name, _ in spec.inputs}
    values = {**template(spec.template).effective(dict(spec.parameters)), **fed, **changes}
    assert values.keys() == declared.keys(), "every parameter has its value"
    return {name: _value(declared[name], value) for name, value in values.items()}


def _value(parameter: Parameter, value: str) -> object:
    many = parameter.type == "CommaDelimitedList" or parameter.type.startswith("List<")
    return [each.strip() for each in value.split(",")] if many else value


def deployed(name: str) -> Iterator[ParameterSet]:
    """A template's values in every stack of both blueprints."""
    for blueprint in names():
        for spec in load(blueprint).stacks("production"):
            if spec.template == name:
                yield ParameterSet(f"{spec.name} of {blueprint}", dict(as_deployed(spec)))


@pytest.mark.parametrize("name", TEMPLATES)
def test_cfn_lint_has_nothing_to_say_of_what_the_blueprints_deploy(name: str) -> None:
    """Conditions, references and mappings resolved with each blueprint's values: no value that AWS would refuse."""
    sets = list(deployed(name))
    assert len(sets) == (6 if name == "service" else 2)
    assert findings(template_body(name), *sets) == []


@pytest.mark.parametrize(
    ("stack", "parameter", "wrong"), [("data", "DatabaseClass", "db.nope"), ("service-rbac", "KeyArn", "no-arn")]
)
def test_a_value_that_aws_would_refuse_would_be_seen(stack: str, parameter: str, wrong: str) -> None:
    spec = next(each for each in load("multi-az").stacks("production") if each.name == stack)
    values = ParameterSet(stack, dict(as_deployed(spec, **{parameter: wrong})))
    assert any(wrong in finding for finding in findings(template_body(spec.template), values))


@pytest.mark.parametrize("name", [*TEMPLATES, "roles"])
def test_no_rule_is_ignored(name: str) -> None:
    if name == "roles":
        assert "cfn-lint" not in roles_template()
        return
    body = template_body(name)
    assert "cfn-lint" not in body
    assert all("cfn-lint" not in (r.get("Metadata") or {}) for r in template(name).document["Resources"].values())


def test_the_linter_would_see_a_wrong_property() -> None:
    sound = template_body("data")
    broken = sound.replace("Port: 6379", "Prot: 6379").replace("SourceType: db-instance", "SourceTip: db-instance")
    found = findings(broken)
    assert any("Prot" in finding for finding in found)
    assert any("SourceTip" in finding for finding in found)


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_can_be_sent_inline(name: str) -> None:
    assert len(template_body(name).encode()) <= 51_200
