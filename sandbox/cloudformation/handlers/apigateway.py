"""API Gateway v2: HTTP APIs and VPC links."""

from typing import Any

from sandbox.cloudformation.errors import Failed
from sandbox.cloudformation.handlers.base import (
    Handler,
    Properties,
    absent,
    changed,
    handles,
    only,
    retag,
    tag_map,
    without,
)
from sandbox.cloudformation.world import Target

SERVICE = "apigatewayv2"


def api_retag(target: Target, path: str, before: Properties, after: Properties) -> None:
    """Bring the tags of an API Gateway resource from before to after; `path` is the end of its ARN."""
    arn = f"arn:aws:apigateway:{target.region}::{path}"
    retag(
        before,
        after,
        lambda tags: target.call(SERVICE, "tag_resource", ResourceArn=arn, Tags=tags),
        lambda keys: target.call(SERVICE, "untag_resource", ResourceArn=arn, TagKeys=keys),
    )


@handles("AWS::ApiGatewayV2::Api")
class Api(Handler):
    def create(self, target: Target, properties: Properties) -> str:
        return str(target.call(SERVICE, "create_api", **properties)["ApiId"])

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        asked = changed(before, after, "Tags", "ProtocolType")
        if asked:
            target.call(SERVICE, "update_api", ApiId=physical, **asked)
        api_retag(target, f"/apis/{physical}", before, after)

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call(SERVICE, "delete_api", ApiId=physical)

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        found = target.call(SERVICE, "get_api", ApiId=physical)
        arn = f"arn:aws:execute-api:{target.region}:{target.account}:{physical}"
        return {"ApiId": physical, "ApiEndpoint": found["ApiEndpoint"], "ExecuteApiArn": arn}


@handles("AWS::ApiGatewayV2::VpcLink")
class VpcLink(Handler):
    def create(self, target: Target, properties: Properties) -> str:
        asked = {**properties, "Tags": tag_map(properties.get("Tags")) or None}
        return str(target.call(SERVICE, "create_vpc_link", **asked)["VpcLinkId"])

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        if "Name" in changed(before, after):
            target.call(SERVICE, "update_vpc_link", VpcLinkId=physical, Name=after["Name"])
        api_retag(target, f"/vpclinks/{physical}", before, after)

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call(SERVICE, "delete_vpc_link", VpcLinkId=physical)

    def ready(self, target: Target, physical: str, properties: Properties) -> bool:
        status = target.call(SERVICE, "get_vpc_link", VpcLinkId=physical).get("VpcLinkStatus", "AVAILABLE")
        if status == "FAILED":
            raise Failed(f"VpcLink {physical} is in state FAILED and hence failed to stabilize.")
        return bool(status == "AVAILABLE")

    def gone(self, target: Target, physical: str, properties: Properties) -> bool:
        return absent(lambda: target.call(SERVICE, "get_vpc_link", VpcLinkId=physical))

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        return {"VpcLinkId": physical}


class _Part(Handler):
    """A part of an API: an integration or a route."""

    kind = ""
    key = ""

    def create(self, target: Target, properties: Properties) -> str:
        return str(target.call(SERVICE, f"create_{self.kind}", **properties)[self.key])

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        asked = changed(before, after, "ApiId")
        if asked:
            target.call(SERVICE, f"update_{self.kind}", ApiId=after["ApiId"], **{self.key: physical}, **asked)

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call(SERVICE, f"delete_{self.kind}", ApiId=properties["ApiId"], **{self.key: physical})

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        return {self.key: physical}


@handles("AWS::ApiGatewayV2::Integration")
class Integration(_Part):
    kind = "integration"
    key = "IntegrationId"


@handles("AWS::ApiGatewayV2::Route")
class Route(_Part):
    kind = "route"
    key = "RouteId"


@handles("AWS::ApiGatewayV2::Stage")
class Stage(Handler):
    name_property = "StageName"

    def create(self, target: Target, properties: Properties) -> str:
        return str(target.call(SERVICE, "create_stage", **properties)["StageName"])

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        asked = without(changed(before, after), "ApiId", "StageName", "Tags")
        if asked:
            target.call(SERVICE, "update_stage", **only(after, "ApiId", "StageName"), **asked)
        api_retag(target, f"/apis/{after['ApiId']}/stages/{physical}", before, after)

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call(SERVICE, "delete_stage", ApiId=properties["ApiId"], StageName=physical)
