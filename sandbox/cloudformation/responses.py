"""CloudFormation's wire: from moto's HTTP layer to our actions, and back through moto's serialiser."""

from typing import Any

from moto.core.responses import ActionResult, BaseResponse

from sandbox.cloudformation.actions import ACTIONS, changesets, drifts, reading, stacks, templates
from sandbox.cloudformation.errors import Refused
from sandbox.cloudformation.requests import Request
from sandbox.wire import Answer

assert all((changesets, drifts, reading, stacks, templates))  # noqa: S101 - imported to register their actions


class Response(BaseResponse):
    """Answers every action of the service; what is not there yet gets a clean error, never a page of HTML."""

    def __init__(self) -> None:
        super().__init__(service_name="cloudformation")

    def call_action(self) -> Any:
        """Parse with botocore's model, answer, serialise. Refusals are sent as wire errors."""
        status, headers, body = self.serialized(ActionResult(self._answer()))
        headers, body = self._enrich_response(headers, body)
        return status, headers, body

    def _answer(self) -> dict[str, Any]:
        name = str(self._get_action() or "")
        function = ACTIONS.get(name)
        if function is None:
            raise NotImplementedError(f"cloudformation:{name}")
        self.parse_parameters(self.normalized_request)
        try:
            return function(Request(self.current_account, self.region, dict(self.params)))
        except Refused as error:
            raise Answer(error.code, error.message, error.status) from None
