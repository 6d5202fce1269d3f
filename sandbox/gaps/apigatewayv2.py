"""Mends moto's apigatewayv2: VPC links take their time, stages can be changed and tagged, times are the sandbox's.

Facts: aws-facts 7.3 (VPC link statuses), moto.md 2 ("create_deployment, update_stage missing"). Remove when moto has a
status per VPC link, UpdateStage, and tags of stages under their ARN.
"""

import json
from collections.abc import Callable
from datetime import datetime
from random import Random
from string import ascii_lowercase, digits
from typing import Any
from urllib.parse import unquote

from moto.apigatewayv2 import models, urls
from moto.apigatewayv2.exceptions import APIGatewayV2Error
from moto.apigatewayv2.responses import ApiGatewayV2Response

from sandbox.clock import clock, transition

LINKING, UNLINKING = 60, 30  # seconds
STAGE_TAGS = "{0}/v2/tags/(?P<resource_arn_pt1>[^/]+)/apis/(?P<api_id>[^/]+)/stages/(?P<stage_name>[^/]+)$"
STAGE_SETTINGS = {
    "accessLogSettings": "access_log_settings",
    "autoDeploy": "auto_deploy",
    "clientCertificateId": "client_certificate_id",
    "defaultRouteSettings": "default_route_settings",
    "description": "description",
    "routeSettings": "route_settings",
    "stageVariables": "stage_variables",
}
_draw = Random()


class Unfit(APIGatewayV2Error):
    """A request that cannot be carried out."""

    code = 400

    def __init__(self, message: str) -> None:
        super().__init__("BadRequestException", message)


def _now() -> datetime:
    """moto keeps its times naive."""
    return clock.now().replace(tzinfo=None)


@transition("apigatewayv2.linked")
def linked(account: str, region: str, link: str) -> None:
    """The network interfaces of a VPC link are there."""
    found = models.apigatewayv2_backends[account][region].vpc_links.get(link)
    if found is not None and found.status == "PENDING":
        found.status = "AVAILABLE"


@transition("apigatewayv2.unlinked")
def unlinked(account: str, region: str, link: str) -> None:
    """A VPC link is gone."""
    models.apigatewayv2_backends[account][region].vpc_links.pop(link, None)


def _place(backend: Any, link: Any) -> dict[str, str]:
    return {"account": backend.account_id, "region": backend.region_name, "link": link.id}


def _create_vpc_link(original: Callable[..., Any]) -> Callable[..., Any]:
    def create(self: Any, name: str, sg_ids: list[str], subnet_ids: list[str], tags: Any) -> Any:
        if not subnet_ids:
            raise Unfit("At least one subnet must be specified.")
        link = original(self, name, sg_ids or [], subnet_ids, tags)
        link.status, link.created = "PENDING", _now()
        clock.after(LINKING, "apigatewayv2.linked", **_place(self, link))
        return link

    return create


def _delete_vpc_link(self: Any, vpc_link_id: str) -> None:
    link = self.get_vpc_link(vpc_link_id)
    for api in self.apis.values():
        if any(integration.connection_id == vpc_link_id for integration in api.integrations.values()):
            raise Unfit(f"Cannot delete VPC link {vpc_link_id}: it is used by an integration of API {api.api_id}.")
    link.status = "DELETING"
    clock.after(UNLINKING, "apigatewayv2.unlinked", **_place(self, link))


def _link_shape(original: Callable[[Any], dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    def shape(self: Any) -> dict[str, Any]:
        words = {"PENDING": "VPC link is provisioning ENIs", "AVAILABLE": "VPC link is ready to route traffic"}
        shown = {**original(self), "vpcLinkStatus": self.status}
        return {**shown, "vpcLinkStatusMessage": words[self.status]} if self.status in words else shown

    return shape


def _create_integration(original: Callable[..., Any]) -> Callable[..., Any]:
    def create(self: Any, *args: Any, **given: Any) -> Any:
        if given.get("connection_type") == "VPC_LINK" and given.get("connection_id") not in self.vpc_links:
            raise Unfit(f"Invalid VPC link identifier specified {given.get('connection_id')}")
        timeout = given.get("timeout_in_millis")
        if timeout is not None and not 50 <= int(timeout) <= 30_000:
            raise Unfit("Timeout should be between 50 ms and 30000 ms")
        return original(self, *args, **given)

    return create


def _create_stage(original: Callable[..., Any]) -> Callable[..., Any]:
    def create(self: Any, config: dict[str, Any]) -> Any:
        if config["stageName"] in self.stages:
            raise Unfit(f"Stage already exists: {config['stageName']}")
        stage = original(self, config)
        stage.created = stage.updated = _now()
        _deploy(stage)
        return stage

    return create


def _deploy(stage: Any) -> None:
    stage.deployment_id = "".join(_draw.choices(ascii_lowercase + digits, k=6)) if stage.auto_deploy else None


def _stage_shape(original: Callable[[Any], dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    def shape(self: Any) -> dict[str, Any]:
        if not self.deployment_id:
            return original(self)
        message = f"Successfully deployed stage with deployment ID '{self.deployment_id}'"
        return {**original(self), "deploymentId": self.deployment_id, "lastDeploymentStatusMessage": message}

    return shape


def update_stage(self: Any) -> Any:
    """UpdateStage."""
    api_id, name = self.path.split("/")[-3], unquote(self.path.split("/")[-1])
    stage = self.apigatewayv2_backend.get_stage(api_id, name)
    given = json.loads(self.body or "{}")
    for parameter, attribute in STAGE_SETTINGS.items():
        if parameter in given:
            setattr(stage, attribute, given[parameter])
    stage.updated = _now()
    _deploy(stage)
    return 200, {}, json.dumps(stage.to_json())


def _stage_of(backend: Any, arn: str) -> Any:
    """The stage that an ARN names, or None when it names something else."""
    parts = unquote(arn).split("/")
    if len(parts) == 5 and (parts[1], parts[3]) == ("apis", "stages"):
        return backend.get_stage(parts[2], parts[4])
    return None


def get_tags(self: Any, resource_id: str) -> dict[str, str]:
    """Tags of an API, a VPC link or a stage, by ARN."""
    stage = _stage_of(self, resource_id)
    tags: dict[str, str] = stage.tags if stage else self.tagger.get_tag_dict_for_resource(resource_id)
    return tags


def _tag(original: Callable[..., None]) -> Callable[..., None]:
    def tag(self: Any, resource_arn: str, tags: dict[str, str]) -> None:
        stage = _stage_of(self, resource_arn)
        if stage:
            stage.tags = {**stage.tags, **tags}
        else:
            original(self, resource_arn, tags)

    return tag


def _untag(original: Callable[..., None]) -> Callable[..., None]:
    def untag(self: Any, resource_arn: str, tag_keys: list[str]) -> None:
        stage = _stage_of(self, resource_arn)
        if stage:
            stage.tags = {key: value for key, value in stage.tags.items() if key not in tag_keys}
        else:
            original(self, resource_arn, tag_keys)

    return untag


def mend() -> None:
    """Patch moto once."""
    if STAGE_TAGS in urls.url_paths:
        return
    backend, link, stage, api = models.ApiGatewayV2Backend, models.VpcLink, models.Stage, models.Api
    backend.create_vpc_link = _create_vpc_link(backend.create_vpc_link)
    backend.delete_vpc_link = _delete_vpc_link
    backend.create_integration = _create_integration(backend.create_integration)
    link.status = "AVAILABLE"
    link.to_json = _link_shape(link.to_json)
    api.create_stage = _create_stage(api.create_stage)
    stage.deployment_id = None
    stage.to_json = _stage_shape(stage.to_json)
    backend.get_tags = get_tags
    backend.tag_resource, backend.untag_resource = _tag(backend.tag_resource), _untag(backend.untag_resource)
    ApiGatewayV2Response.update_stage = update_stage
    urls.url_paths[STAGE_TAGS] = ApiGatewayV2Response.dispatch
