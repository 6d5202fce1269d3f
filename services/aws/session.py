"""Who Haven is towards AWS: sessions and clients, one set per account role, region and purpose.

Reading, acting and provisioning use separate roles, so that looking can never act. boto3's sessions are not safe to
share between threads while its low-level clients are, so sessions stay in here and every client is built once, under
a lock.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.config import Config
from botocore.credentials import CredentialProvider, CredentialResolver, DeferredRefreshableCredentials
from botocore.exceptions import NoCredentialsError
from botocore.loaders import create_loader
from botocore.session import Session as BotocoreSession

from services.aws import recording
from services.domain.environment import Environment
from services.ports import Clock

if TYPE_CHECKING:
    from types_boto3_apigatewayv2.client import ApiGatewayV2Client
    from types_boto3_application_autoscaling.client import ApplicationAutoScalingClient
    from types_boto3_cloudformation.client import CloudFormationClient
    from types_boto3_cloudwatch.client import CloudWatchClient
    from types_boto3_ec2.client import EC2Client
    from types_boto3_ecs.client import ECSClient
    from types_boto3_elasticache.client import ElastiCacheClient
    from types_boto3_elbv2.client import ElasticLoadBalancingv2Client
    from types_boto3_rds.client import RDSClient
    from types_boto3_sqs.client import SQSClient
    from types_boto3_sts.client import STSClient

SESSION_SECONDS = 3600
"""How long an assumed role's credentials last; botocore renews them 15 minutes before that, one thread at a time."""

_MODELS = create_loader()
"""AWS's service models, parsed and held once for all sessions of the process, not once for each role."""


def _session(credentials: CredentialResolver | None = None) -> boto3.Session:
    """A session on the shared models, with these credentials or those of the surroundings."""
    core = BotocoreSession()
    core.register_component("data_loader", _MODELS)
    if credentials is not None:
        core.register_component("credential_provider", credentials)
    made = boto3.Session(botocore_session=core)
    _MODELS.search_paths[:] = dict.fromkeys(_MODELS.search_paths)  # each session adds boto3's own once more
    return made


class Purpose(StrEnum):
    """What a set of credentials is for."""

    READER = "reader"
    OPERATOR = "operator"
    PROVISIONER = "provisioner"
    OWN = "own"


@dataclass(frozen=True)
class Identity:
    """A role in a region, for one purpose. Without a role ARN it is Haven's own credentials."""

    purpose: Purpose
    region: str
    role_arn: str | None
    external_id: str | None


@dataclass(frozen=True)
class Wire:
    """How Haven talks to AWS. Timeouts are in seconds; `threads` is how many calls may run at once."""

    endpoint_url: str | None = None
    connect_timeout: float = 2.0
    read_timeout: float = 10.0
    threads: int = 8

    def config(self, attempts: int) -> Config:
        """botocore's configuration; `attempts` counts all tries, the first one included. An endpoint that is not AWS's
        has no name for every bucket."""
        return Config(
            s3={"addressing_style": "path"} if self.endpoint_url else None,
            connect_timeout=self.connect_timeout,
            read_timeout=self.read_timeout,
            retries={"mode": "standard", "total_max_attempts": attempts},
            max_pool_connections=self.threads * 2,
            user_agent_extra="haven",
        )


class Clients:
    """Shared boto3 clients of one identity. They retry (three tries in all), so use them for reads and for writes that
    carry an idempotency token; `writer` gives the same clients without retries."""

    def __init__(
        self,
        session: boto3.Session,
        wire: Wire,
        region: str,
        instrument: Callable[[Any], None],
        lock: threading.Lock,
    ) -> None:
        self._session = session
        self._wire = wire
        self._region = region
        self._instrument = instrument
        self._lock = lock
        self._made: dict[tuple[str, int], Any] = {}

    def client(self, service: str, attempts: int = 3) -> Any:
        """The shared client of a service. Making it does no I/O."""
        key = (service, attempts)
        with self._lock:
            if key not in self._made:
                made = self._session.client(  # type: ignore[call-overload]
                    service,
                    region_name=self._region,
                    endpoint_url=self._wire.endpoint_url,
                    config=self._wire.config(attempts),
                )
                self._instrument(made)
                self._made[key] = made
            return self._made[key]

    def resolve(self) -> None:
        """Have credentials that last for minutes, assuming or renewing the role if there is one, so that a request made
        next needs nothing first. Raises botocore's errors."""
        with self._lock:
            credentials = self._session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        credentials.get_frozen_credentials()

    @property
    def writer(self) -> "Writer":
        """The clients for acts that must not be sent twice."""
        return Writer(self)

    @property
    def apigatewayv2(self) -> "ApiGatewayV2Client":
        return cast("ApiGatewayV2Client", self.client("apigatewayv2"))

    @property
    def application_autoscaling(self) -> "ApplicationAutoScalingClient":
        return cast("ApplicationAutoScalingClient", self.client("application-autoscaling"))

    @property
    def cloudformation(self) -> "CloudFormationClient":
        return cast("CloudFormationClient", self.client("cloudformation"))

    @property
    def cloudwatch(self) -> "CloudWatchClient":
        return cast("CloudWatchClient", self.client("cloudwatch"))

    @property
    def ec2(self) -> "EC2Client":
        return cast("EC2Client", self.client("ec2"))

    @property
    def ecs(self) -> "ECSClient":
        return cast("ECSClient", self.client("ecs"))

    @property
    def elasticache(self) -> "ElastiCacheClient":
        return cast("ElastiCacheClient", self.client("elasticache"))

    @property
    def elbv2(self) -> "ElasticLoadBalancingv2Client":
        return cast("ElasticLoadBalancingv2Client", self.client("elbv2"))

    @property
    def rds(self) -> "RDSClient":
        return cast("RDSClient", self.client("rds"))

    @property
    def sqs(self) -> "SQSClient":
        return cast("SQSClient", self.client("sqs"))

    @property
    def sts(self) -> "STSClient":
        return cast("STSClient", self.client("sts"))


class Writer:
    """Clients that send a request once and never again, whatever happens to the answer."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    @property
    def application_autoscaling(self) -> "ApplicationAutoScalingClient":
        return cast("ApplicationAutoScalingClient", self._clients.client("application-autoscaling", attempts=1))

    @property
    def cloudformation(self) -> "CloudFormationClient":
        return cast("CloudFormationClient", self._clients.client("cloudformation", attempts=1))

    @property
    def ecs(self) -> "ECSClient":
        return cast("ECSClient", self._clients.client("ecs", attempts=1))

    @property
    def elasticache(self) -> "ElastiCacheClient":
        return cast("ElastiCacheClient", self._clients.client("elasticache", attempts=1))

    @property
    def rds(self) -> "RDSClient":
        return cast("RDSClient", self._clients.client("rds", attempts=1))


class Sessions:
    """Hands out the clients of an environment. One for the whole process, safe to use from several threads.

    `instrument` is called with every new client; by default it has the client's requests counted.
    """

    def __init__(self, wire: Wire, clock: Clock, instrument: Callable[[Any], None] = recording.attach) -> None:
        self.wire = wire
        self._clock = clock
        self._instrument = instrument
        self._lock = threading.Lock()
        self._making = threading.Lock()  # one for all: sets without a role share a session
        self._own: boto3.Session | None = None
        self._sets: dict[Identity, Clients] = {}

    def reader(self, environment: Environment) -> Clients:
        """Clients that may look."""
        return self._clients(environment, Purpose.READER, environment.reader_role_arn)

    def operator(self, environment: Environment) -> Clients:
        """Clients that may act: fail over, scale."""
        return self._clients(environment, Purpose.OPERATOR, environment.operator_role_arn)

    def provisioner(self, environment: Environment) -> Clients:
        """Clients that may deploy stacks."""
        return self._clients(environment, Purpose.PROVISIONER, environment.provisioner_role_arn)

    def own(self, region: str) -> Clients:
        """Clients with Haven's own credentials, for what is Haven's own and no environment's."""
        return self._of(Identity(Purpose.OWN, region, None, None))

    def _clients(self, environment: Environment, purpose: Purpose, role_arn: str | None) -> Clients:
        external_id = environment.external_id if role_arn else None
        return self._of(Identity(purpose, environment.region, role_arn, external_id))

    def _of(self, identity: Identity) -> Clients:
        with self._lock:
            if identity not in self._sets:
                own = self._own = self._own or _session()
                role_arn = identity.role_arn
                session = own if role_arn is None else self._assuming(own, identity, role_arn)
                self._sets[identity] = Clients(session, self.wire, identity.region, self._instrument, self._making)
            return self._sets[identity]

    def _assuming(self, own: boto3.Session, identity: Identity, role_arn: str) -> boto3.Session:
        sts = Clients(own, self.wire, identity.region, self._instrument, self._making)

        def assume() -> dict[str, str]:
            extra = {"ExternalId": identity.external_id} if identity.external_id else {}
            answer = sts.sts.assume_role(
                RoleArn=role_arn,
                RoleSessionName=f"haven-{identity.purpose}",
                DurationSeconds=SESSION_SECONDS,
                **extra,  # type: ignore[arg-type]
            )["Credentials"]
            return {
                "access_key": answer["AccessKeyId"],
                "secret_key": answer["SecretAccessKey"],
                "token": answer["SessionToken"],
                "expiry_time": answer["Expiration"].isoformat(),
            }

        return _session(CredentialResolver([_Role(assume, self._clock)]))


class _Role(CredentialProvider):
    """Credentials of a role, assumed when the first request is signed and kept until shortly before they expire."""

    METHOD = "haven-assume-role"

    def __init__(self, assume: Callable[[], dict[str, str]], clock: Clock) -> None:
        super().__init__()
        self._assume = assume
        self._clock = clock

    def load(self) -> DeferredRefreshableCredentials:
        return DeferredRefreshableCredentials(self._assume, self.METHOD, time_fetcher=self._clock.now)
