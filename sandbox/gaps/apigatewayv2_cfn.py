"""API Gateway v2: changing a stage, which stack updates need and moto lacks.

An action another module already brings is left alone. Remove when moto has UpdateStage.
"""

import json
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from moto.apigatewayv2.responses import ApiGatewayV2Response

_MEMBERS = {
    "accessLogSettings": "access_log_settings",
    "autoDeploy": "auto_deploy",
    "clientCertificateId": "client_certificate_id",
    "defaultRouteSettings": "default_route_settings",
    "description": "description",
    "routeSettings": "route_settings",
    "stageVariables": "stage_variables",
}


def update_stage(self: Any) -> tuple[int, dict[str, str], str]:
    """UpdateStage: what is given replaces what was there."""
    api_id, stage_name = self.path.split("/")[-3], unquote(self.path.split("/")[-1])
    stage = self.apigatewayv2_backend.get_stage(api_id, stage_name)
    given = json.loads(self.body)
    for member, attribute in _MEMBERS.items():
        if member in given:
            setattr(stage, attribute, given[member])
    stage.updated = datetime.now()  # noqa: DTZ005 - as moto keeps it
    return 200, {}, json.dumps(stage.to_json())


def mend() -> None:
    """Add the action when it is not there."""
    if not hasattr(ApiGatewayV2Response, "update_stage"):
        ApiGatewayV2Response.update_stage = update_stage
