"""The writes of a scaling change: each is one request, sent once and never again."""

from services.aws.session import Sessions
from services.domain.environment import Environment
from services.domain.scaling.acts import Write
from services.domain.snapshot import FargateService
from services.ports import Receipt


class ScalingCaller:
    """`ports.ScalingCaller` with the environment's operator credentials."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def ready(self, environment: Environment) -> None:
        """As `ports.ScalingCaller.ready`."""
        raise NotImplementedError

    def write(self, environment: Environment, service: FargateService, write: Write) -> Receipt:
        """As `ports.ScalingCaller.write`."""
        raise NotImplementedError
