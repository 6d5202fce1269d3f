"""API Gateway v2: the HTTP API in front and its VPC links."""

from typing import TYPE_CHECKING

from services.domain.snapshot import Gateway, VpcLink

if TYPE_CHECKING:
    from types_boto3_apigatewayv2.client import ApiGatewayV2Client


def read_api(client: "ApiGatewayV2Client", api_id: str) -> Gateway:
    """The API, without its links."""
    found = client.get_api(ApiId=api_id)
    return Gateway(api_id=found["ApiId"], name=found["Name"], endpoint=found["ApiEndpoint"])


def read_link(client: "ApiGatewayV2Client", link_id: str) -> VpcLink:
    """One VPC link."""
    found = client.get_vpc_link(VpcLinkId=link_id)
    return VpcLink(
        vpc_link_id=found["VpcLinkId"],
        name=found["Name"],
        status=found["VpcLinkStatus"],
        subnet_ids=tuple(found["SubnetIds"]),
    )
