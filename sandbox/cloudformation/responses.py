"""CloudFormation's wire: from moto's HTTP layer to our actions, and back through moto's serialiser."""

from typing import Any

from botocore.model import OperationNotFoundError
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse

from sandbox.cloudformation.actions import ACTIONS, changesets, reading, stacks, templates
from sandbox.cloudformation.errors import Refused
from sandbox.cloudformation.requests import Request

assert all((changesets, reading, stacks, templates))  # noqa: S101 - imported to register their actions


class Response(BaseResponse):
    """Answers every action of the service; what is not there yet gets a clean error, never a page of HTML."""

    def __init__(self) -> None:
        super().__init__(service_name="cloudformation")

    def call_action(self) -> Any:
        """Parse with botocore's model, answer, serialise."""
        status, headers, body = self.serialized(self._answer())
        headers, body = self._enrich_response(headers, body)
        return status, headers, body

    def _answer(self) -> ActionResult:
        name = str(self._get_action() or "")
        try:
            self.parse_parameters(self.normalized_request)
        except OperationNotFoundError:
            return ActionResult(
                ServiceException("InvalidAction", f"Could not find operation {name} for version 2010-05-15")
            )
        function = ACTIONS.get(name)
        if function is None:
            return ActionResult(ServiceException("NotImplemented", f"The sandbox has no {name} yet"))
        try:
            return ActionResult(function(Request(self.current_account, self.region, dict(self.params))))
        except Refused as error:
            return ActionResult(ServiceException(error.code, error.message))
