"""What the templates promise about reach, rights and secrets."""

from typing import Any

import pytest

from provisioning.template import template
from tests.unit.provisioning.facts import as_list, resources, statements

ANYWHERE = ("0.0.0.0/0", "::/0")


def properties(name: str, logical_id: str) -> Any:
    return template(name).document["Resources"][logical_id]["Properties"]


def test_nothing_comes_in_from_anywhere() -> None:
    rules = [resource["Properties"] for _, _, resource in resources("AWS::EC2::SecurityGroupIngress")]
    assert len(rules) == 5
    assert all("SourceSecurityGroupId" in rule for rule in rules)
    assert not any(rule.get("CidrIp") in ANYWHERE or "CidrIpv6" in rule for rule in rules)


def test_security_groups_have_no_rules_of_their_own_but_the_one_that_stops_the_default() -> None:
    groups = [resource["Properties"] for _, _, resource in resources("AWS::EC2::SecurityGroup")]
    assert len(groups) == 6
    for group in groups:
        assert "SecurityGroupIngress" not in group
        assert [rule["CidrIp"] for rule in group["SecurityGroupEgress"]] == ["127.0.0.1/32"]


def test_the_only_path_is_api_to_load_balancer_to_service_to_stores() -> None:
    def end(value: Any) -> str:
        return str(value["Ref"]) if "Ref" in value else str(value["Fn::GetAtt"][0]) + "Id"

    paths = {
        (end(resource["Properties"]["SourceSecurityGroupId"]), end(resource["Properties"]["GroupId"]))
        for _, _, resource in resources("AWS::EC2::SecurityGroupIngress")
    }
    assert paths == {
        ("VpcLinkSecurityGroupId", "LoadBalancerSecurityGroupId"),
        ("LoadBalancerSecurityGroupId", "ServiceSecurityGroupId"),
        ("ServiceSecurityGroupId", "DatabaseSecurityGroupId"),
        ("ServiceSecurityGroupId", "CacheSecurityGroupId"),
        ("ServiceSecurityGroupId", "EndpointSecurityGroupId"),
    }
    ways_out = {
        end(resource["Properties"]["GroupId"])
        for _, _, resource in resources("AWS::EC2::SecurityGroupEgress")
        if resource["Properties"].get("CidrIp") in ANYWHERE
    }
    assert ways_out == {"ServiceSecurityGroupId"}


def test_the_data_tier_has_no_route_out() -> None:
    routed = {
        resource["Properties"]["RouteTableId"]["Ref"]
        for _, _, resource in resources("AWS::EC2::Route")
        if resource["Properties"]["DestinationCidrBlock"] in ANYWHERE
    }
    assert routed == {"PublicRouteTable", "ComputeRouteTableA", "ComputeRouteTableB", "ComputeRouteTableC"}


def test_the_load_balancer_is_internal_and_tasks_have_no_public_address() -> None:
    assert properties("platform", "LoadBalancer")["Scheme"] == "internal"
    network = properties("service", "Service")["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert network["AssignPublicIp"] == "DISABLED"
    assert properties("data", "Database")["PubliclyAccessible"] is False


@pytest.mark.parametrize("logical_id", ["ExecutionRole", "TaskRole"])
def test_a_role_is_assumed_by_tasks_of_this_account_only(logical_id: str) -> None:
    (trust,) = statements(properties("service", logical_id)["AssumeRolePolicyDocument"])
    assert trust["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}


def test_roles_may_name_no_star_but_where_aws_leaves_no_choice() -> None:
    starred = set()
    for name, logical_id, resource in resources("AWS::IAM::Role"):
        assert "ManagedPolicyArns" not in resource["Properties"], logical_id
        for policy in resource["Properties"]["Policies"]:
            for statement in statements(policy["PolicyDocument"]):
                actions = as_list(statement["Action"])
                assert not any("*" in action for action in actions), (name, logical_id)
                if statement["Resource"] == "*":
                    starred |= set(actions)
    assert starred == {"ecr:GetAuthorizationToken"}


def test_the_key_opens_only_through_the_services_that_need_it() -> None:
    for logical_id in ("ExecutionRole", "TaskRole"):
        found = [
            statement
            for policy in properties("service", logical_id)["Policies"]
            for statement in statements(policy["PolicyDocument"])
            if any(action.startswith("kms:") for action in as_list(statement["Action"]))
        ]
        assert len(found) == 1
        assert "kms:ViaService" in found[0]["Condition"]["StringEquals"]


def test_a_container_cannot_write_its_root_and_gets_secrets_by_reference() -> None:
    (container,) = properties("service", "TaskDefinition")["ContainerDefinitions"]
    assert container["ReadonlyRootFilesystem"] is True
    assert container["HealthCheck"]["Command"][0] == "CMD-SHELL"
    assert {secret["Name"] for secret in container["Secrets"]} == {"DATABASE_USER", "DATABASE_PASSWORD"}
    assert not any("PASSWORD" in variable["Name"] for variable in container["Environment"])


def test_the_database_makes_its_own_password_and_takes_tls_only() -> None:
    database = properties("data", "Database")
    assert database["ManageMasterUserPassword"] is True
    assert "MasterUserPassword" not in database
    assert properties("data", "DatabaseParameterGroup")["Parameters"]["rds.force_ssl"] == "1"


def test_everything_at_rest_is_encrypted() -> None:
    key = {"Fn::GetAtt": ["Key", "Arn"]}
    assert properties("data", "Database")["StorageEncrypted"] is True
    assert properties("data", "Database")["KmsKeyId"] == key
    assert properties("data", "Cache")["AtRestEncryptionEnabled"] is True
    assert properties("data", "Cache")["TransitEncryptionMode"] == "required"
    assert properties("data", "Queue")["KmsMasterKeyId"] == {"Ref": "Key"}
    assert properties("data", "DeadLetterQueue")["KmsMasterKeyId"] == {"Ref": "Key"}
    assert properties("platform", "AccessLogBucket")["BucketEncryption"]
    assert all(properties("platform", "AccessLogBucket")["PublicAccessBlockConfiguration"].values())


def test_the_cache_publishes_to_a_topic_it_can_publish_to() -> None:
    topic = properties("data", "CacheTopic")
    assert properties("data", "Cache")["NotificationTopicArn"] == {"Ref": "CacheTopic"}
    assert "KmsMasterKeyId" not in topic, "ElastiCache cannot publish to an encrypted topic"
    (statement,) = statements(properties("data", "CacheTopicPolicy")["PolicyDocument"])
    assert statement["Condition"]["StringEquals"] == {"AWS:SourceOwner": {"Ref": "AWS::AccountId"}}
