"""The writes of a scaling change: each is one request, sent once and never again.

None of them takes a token. All but UpdateService leave, sent twice, what they leave sent once; whether one is sent
again is for the engine to say, after it has looked.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, TypedDict, cast

from botocore.exceptions import ClientError, ParamValidationError

from services.aws.applicationautoscaling import COUNT
from services.aws.errors import code_of, is_missing, translated
from services.aws.session import Sessions, Writer
from services.domain.environment import Environment
from services.domain.errors import HavenError, Misconfigured, NotNow, OutcomeUnknown, Refused
from services.domain.scaling.acts import Call, Write
from services.domain.scaling.commands import step_shape, tracking_shape
from services.domain.snapshot import FargateService
from services.ports import Receipt

log = logging.getLogger(__name__)
_BUSY, _NO_WAY = "ConcurrentUpdateException", "FailedResourceAccessException"
_DELETES = (Call.DELETE_POLICY, Call.DELETE_SCHEDULED)


class _Of(TypedDict):
    ServiceNamespace: Any
    ResourceId: str
    ScalableDimension: Any


class ScalingCaller:
    """`ports.ScalingCaller` with the environment's operator credentials."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def ready(self, environment: Environment) -> None:
        """Make the clients and have credentials for the next minutes, without acting: a denied role, or STS not
        answering, shows here. To be called before the intent is saved. Raises Misconfigured or NotNow."""
        with translated():
            clients = self._sessions.operator(environment)
            clients.resolve()
            _ = clients.writer.application_autoscaling, clients.writer.ecs  # loads their models

    def write(self, environment: Environment, service: FargateService, write: Write) -> Receipt:
        """As `ports.ScalingCaller.write`. Another update going on (ConcurrentUpdateException) is NotNow; a right that
        AWS itself lacks (FailedResourceAccessException) is Misconfigured."""
        self.ready(environment)
        writer = self._sessions.operator(environment).writer
        try:
            with translated(write=True):
                answer = _sent(writer, service, write)
        except ParamValidationError as wrong:  # found before anything is sent
            raise Refused(f"{write.call} was not sent: {wrong}") from wrong
        except HavenError:
            raise
        except Exception as error:  # such as an answer that is well formed and not AWS's
            log.exception("AWS's answer to %s for %s could not be read", write.key, service.name)
            raise OutcomeUnknown("AWS's answer could not be read: the change may or may not have been made.") from error
        return Receipt(str(answer["ResponseMetadata"].get("RequestId", "")))


def _sent(writer: Writer, service: FargateService, write: Write) -> Mapping[str, Any]:
    try:
        return _SENDS[write.call](writer, service, write)
    except ClientError as error:
        if write.call in _DELETES and is_missing(error):
            return cast(Mapping[str, Any], error.response)  # gone already is what was asked for
        if code_of(error) == _BUSY:
            raise NotNow("Another update of this service's scaling is going on.") from error
        if code_of(error) == _NO_WAY:
            words = error.response.get("Error", {}).get("Message", "")
            raise Misconfigured(f"Application Auto Scaling has no access to what it scales by: {words}") from error
        raise


def _of(service: FargateService) -> _Of:
    registered = service.scaling.resource_id if service.scaling else ""
    resource = registered or f"service/{service.cluster}/{service.service_name}"
    return {"ServiceNamespace": "ecs", "ResourceId": resource, "ScalableDimension": COUNT}


def _delete_policy(writer: Writer, service: FargateService, write: Write) -> Mapping[str, Any]:
    return writer.application_autoscaling.delete_scaling_policy(**_of(service), PolicyName=write.name)


def _delete_scheduled(writer: Writer, service: FargateService, write: Write) -> Mapping[str, Any]:
    return writer.application_autoscaling.delete_scheduled_action(**_of(service), ScheduledActionName=write.name)


def _put_policy(writer: Writer, service: FargateService, write: Write) -> Mapping[str, Any]:
    part = write.part
    if part.policies:
        shape: Any = tracking_shape(part.policies[0], dict(part.labels))
        config: Any = {"PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": shape}
    else:
        config = {"PolicyType": "StepScaling", "StepScalingPolicyConfiguration": step_shape(part.steps[0])}
    return writer.application_autoscaling.put_scaling_policy(**_of(service), PolicyName=write.name, **config)


def _put_scheduled(writer: Writer, service: FargateService, write: Write) -> Mapping[str, Any]:
    action = write.part.scheduled[0]
    bounds = {"MinCapacity": action.min_capacity, "MaxCapacity": action.max_capacity}
    asked: Any = {
        "Schedule": action.schedule,
        "ScalableTargetAction": {name: value for name, value in bounds.items() if value is not None},
        **({"Timezone": action.timezone} if action.timezone else {}),
    }
    return writer.application_autoscaling.put_scheduled_action(**_of(service), ScheduledActionName=action.name, **asked)


def _set_desired(writer: Writer, service: FargateService, write: Write) -> Mapping[str, Any]:
    count = write.part.desired_once
    if count is None:
        raise ValueError("There is no count to set.")
    return writer.ecs.update_service(cluster=service.cluster, service=service.service_name, desiredCount=count)


def _register(writer: Writer, service: FargateService, write: Write) -> Mapping[str, Any]:
    part = write.part
    asked: dict[str, Any] = {"MinCapacity": part.min_capacity, "MaxCapacity": part.max_capacity}
    asked = {name: value for name, value in asked.items() if value is not None}
    if part.suspended is not None:
        asked["SuspendedState"] = {
            "DynamicScalingInSuspended": part.suspended.scale_in,
            "DynamicScalingOutSuspended": part.suspended.scale_out,
            "ScheduledScalingSuspended": part.suspended.scheduled,
        }
    return writer.application_autoscaling.register_scalable_target(**_of(service), **asked)


_SENDS: Mapping[Call, Callable[[Writer, FargateService, Write], Mapping[str, Any]]] = {
    Call.DELETE_POLICY: _delete_policy,
    Call.DELETE_SCHEDULED: _delete_scheduled,
    Call.PUT_POLICY: _put_policy,
    Call.PUT_SCHEDULED: _put_scheduled,
    Call.SET_DESIRED: _set_desired,
    Call.REGISTER: _register,
}
