"""HTTP APIs and VPC links in the sandbox (aws-facts 7.3)."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.clock import clock
from tests.integration.sandbox.ground import REGION, Ground, fresh_ground


@pytest.fixture
def ground() -> Ground:
    return fresh_ground()


def link(ground: Ground) -> dict[str, Any]:
    made: dict[str, Any] = ground.aws("apigatewayv2").create_vpc_link(
        Name="private", SubnetIds=list(ground.subnets.values()), SecurityGroupIds=[ground.group], Tags={"a": "b"}
    )
    return made


def api(ground: Ground) -> str:
    name: str = ground.aws("apigatewayv2").create_api(Name="production-api", ProtocolType="HTTP")["ApiId"]
    return name


def test_a_vpc_link_is_pending_before_it_is_available(ground: Ground) -> None:
    new = link(ground)
    gateway = ground.aws("apigatewayv2")
    assert new["VpcLinkStatus"] == "PENDING"
    clock.advance(60)
    found = gateway.get_vpc_link(VpcLinkId=new["VpcLinkId"])
    assert (found["VpcLinkStatus"], found["VpcLinkVersion"]) == ("AVAILABLE", "V2")
    assert found["SubnetIds"] == list(ground.subnets.values())
    assert (found["SecurityGroupIds"], found["Tags"]) == ([ground.group], {"a": "b"})


def test_an_api_reaches_a_listener_through_the_link(ground: Ground) -> None:
    gateway = ground.aws("apigatewayv2")
    name, vpc_link = api(ground), link(ground)["VpcLinkId"]
    listener = f"arn:aws:elasticloadbalancing:{REGION}:{ground.account}:listener/app/alb/1/2"
    given = {
        "IntegrationType": "HTTP_PROXY",
        "IntegrationMethod": "ANY",
        "IntegrationUri": listener,
        "ConnectionType": "VPC_LINK",
        "ConnectionId": vpc_link,
        "PayloadFormatVersion": "1.0",
        "TimeoutInMillis": 29000,
    }
    made = gateway.create_integration(ApiId=name, **given)["IntegrationId"]
    shown = gateway.get_integration(ApiId=name, IntegrationId=made)
    assert {key: shown[key] for key in given} == given
    route = gateway.create_route(ApiId=name, RouteKey="ANY /{proxy+}", Target=f"integrations/{made}")
    assert gateway.get_routes(ApiId=name)["Items"][0]["RouteId"] == route["RouteId"]
    with pytest.raises(ClientError) as used:
        gateway.delete_vpc_link(VpcLinkId=vpc_link)
    assert used.value.response["Error"]["Code"] == "BadRequestException"
    with pytest.raises(ClientError) as unlinked:
        gateway.create_integration(ApiId=name, **{**given, "ConnectionId": "nobody"})
    assert unlinked.value.response["Error"]["Code"] == "BadRequestException"


def test_a_deleted_link_disappears(ground: Ground) -> None:
    gateway = ground.aws("apigatewayv2")
    name = link(ground)["VpcLinkId"]
    gateway.delete_vpc_link(VpcLinkId=name)
    assert gateway.get_vpc_link(VpcLinkId=name)["VpcLinkStatus"] == "DELETING"
    clock.advance(30)
    with pytest.raises(ClientError) as gone:
        gateway.get_vpc_link(VpcLinkId=name)
    assert gone.value.response["Error"]["Code"] == "NotFoundException"


def test_a_stage_is_echoed_changed_and_tagged(ground: Ground) -> None:
    gateway = ground.aws("apigatewayv2")
    name = api(ground)
    logs = {"DestinationArn": f"arn:aws:logs:{REGION}:{ground.account}:log-group:api", "Format": "$context.requestId"}
    settings = {"DetailedMetricsEnabled": True, "ThrottlingBurstLimit": 100, "ThrottlingRateLimit": 50.0}
    gateway.create_stage(
        ApiId=name, StageName="$default", AutoDeploy=True, AccessLogSettings=logs, DefaultRouteSettings=settings
    )
    stage = gateway.get_stage(ApiId=name, StageName="$default")
    assert (stage["AutoDeploy"], stage["AccessLogSettings"]) == (True, logs)
    assert stage["DefaultRouteSettings"] == settings
    assert stage["DeploymentId"] in stage["LastDeploymentStatusMessage"]
    gateway.update_stage(ApiId=name, StageName="$default", Description="all", StageVariables={"a": "b"})
    after = gateway.get_stage(ApiId=name, StageName="$default")
    assert (after["Description"], after["StageVariables"], after["AutoDeploy"]) == ("all", {"a": "b"}, True)
    arn = f"arn:aws:apigateway:{REGION}::/apis/{name}/stages/$default"
    gateway.tag_resource(ResourceArn=arn, Tags={"haven:environment": "production", "x": "y"})
    gateway.untag_resource(ResourceArn=arn, TagKeys=["x"])
    assert gateway.get_tags(ResourceArn=arn)["Tags"] == {"haven:environment": "production"}
    assert gateway.get_stage(ApiId=name, StageName="$default")["Tags"] == {"haven:environment": "production"}
