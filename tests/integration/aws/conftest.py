"""Haven's own gateways in front of a sandbox of their own, with `production` and `legacy` deployed through them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from services.aws.reader import CloudReader
from services.aws.session import Sessions, Wire
from services.aws.stacks_writer import StackProvisioner
from services.domain.environment import Environment
from services.domain.snapshot import Snapshot
from tests.builders import environment
from tests.integration.aws.deploying import deploy
from tests.sandbox_server import Sandbox, Seeded


class WallClock:
    """The machine's time: the sandbox's STS says by it when credentials expire."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class SandboxClock:
    """The sandbox's time as Haven's."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def now(self) -> datetime:
        return datetime.fromisoformat(self._sandbox.control("status")["time"])


@dataclass(frozen=True)
class Cloud:
    """A sandbox with both environments, and Haven's gateways to it."""

    sandbox: Sandbox
    sessions: Sessions
    reader: CloudReader
    provisioner: StackProvisioner
    production: Environment
    legacy: Environment

    def read(self, previous: Snapshot | None = None, *, of: Environment | None = None) -> Snapshot:
        return self.reader.read(of or self.production, previous, metrics=True)

    def advance(self, seconds: float) -> None:
        self.sandbox.advance(seconds)


@pytest.fixture(scope="module")
def deployed(seeded_sandbox: Seeded) -> Iterator[Cloud]:
    """Both environments, steady, on a frozen clock, for one module alone: what one stops or scales another counts. The
    parity tests import this fixture too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        made = cloud_of(seeded_sandbox("both", deploy_both))
        yield made
        made.reader.close()
        made.sandbox.stop()


def cloud_of(sandbox: Sandbox) -> Cloud:
    """Haven's gateways to a sandbox."""
    sessions = Sessions(Wire(endpoint_url=sandbox.url), WallClock())
    return Cloud(
        sandbox=sandbox,
        sessions=sessions,
        reader=CloudReader(sessions, SandboxClock(sandbox), deadline=60),
        provisioner=StackProvisioner(sessions, pause=lambda _: sandbox.advance(30)),
        production=environment("production"),
        legacy=environment("legacy"),
    )


def deploy_both(sandbox: Sandbox) -> None:
    """Deploy `production` and `legacy`, and let them settle."""
    cloud = cloud_of(sandbox)
    for one in (cloud.production, cloud.legacy):
        deploy(cloud.provisioner, one, pause=lambda: sandbox.advance(60))
    sandbox.advance(1800)
    cloud.reader.close()


@pytest.fixture
def cloud(deployed: Cloud) -> Iterator[Cloud]:
    """The deployed environments; trouble that a test makes ends with it."""
    yield deployed
    deployed.sandbox.control("trouble", method="DELETE")
