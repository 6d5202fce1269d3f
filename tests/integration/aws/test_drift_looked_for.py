"""Looking for drift on the sandbox, from the desk through the engine to what the page is made of."""

from datetime import timedelta

import pytest

from portal.drift import page
from services.aws.deployment_calls import DeploymentCaller
from services.aws.deployment_reader import DeploymentReader
from services.catalogue import PackagedCatalogue
from services.domain.access import SYSTEM
from services.domain.operation import Operation, State
from services.usecases.drifting import DriftProcedure, stacks_of
from services.usecases.drifts import AcceptRequest, DriftOverview, Drifts
from services.usecases.engine import Engine
from tests.fakes.journal import MemoryJournal
from tests.fakes.leases import MemoryLeases
from tests.fakes.store import MemoryUnit
from tests.integration.aws.conftest import Cloud, SandboxClock

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(300)]
EVERY = timedelta(days=1)


class Desk:
    """The desk and an engine over the deployed environments, with a database of its own."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud, self.unit, self.clock = cloud, MemoryUnit(), SandboxClock(cloud.sandbox)
        numbers = iter(range(1, 100))
        catalogue, reader = PackagedCatalogue(), DeploymentReader(cloud.sessions)
        caller = DeploymentCaller(cloud.sessions, pause=lambda _: cloud.advance(5))
        self.drifts = Drifts(self.unit, self.clock, lambda: f"look-{next(numbers)}", every=EVERY, catalogue=catalogue)
        procedure = DriftProcedure(self.unit, self.clock, reader, caller, catalogue)
        self.engine = Engine(
            self.unit,
            self.clock,
            MemoryLeases(self.clock),
            MemoryJournal(self.clock),
            {"drift": procedure},
            holder="worker",
            lease_for=timedelta(seconds=60),
            monotonic=lambda: 0.0,
        )
        with self.unit() as store:
            store.environments.add(cloud.production)
            store.snapshots.put(cloud.read(), changed=True, verdict="healthy", summary="", token=1)

    def looked(self) -> Operation:
        """A look from beginning to end."""
        asked = self.drifts.request(SYSTEM, "production")
        for _ in range(60):
            self.engine.advance(asked.id)
            self.cloud.advance(10)
            with self.unit(readonly=True) as store:
                found = store.operations.get(asked.id)
            assert found
            if not found.live:
                return found
        raise AssertionError(f"{asked.id} does not come to an end")

    def overview(self) -> DriftOverview:
        return self.drifts.overview(SYSTEM, "production")


@pytest.fixture
def desk(cloud: Cloud) -> Desk:
    return Desk(cloud)


def differing(overview: DriftOverview, stack: str) -> list[tuple[str, str, str]]:
    """What counts as drift in a stack: logical id, path, what AWS has."""
    found = next(each for each in overview.stacks if each.stack == stack)
    return [(j.resource.logical_id, j.difference.path, j.difference.actual) for j in found.drifted if j.difference]


def test_a_live_edit_is_found_accepted_and_over_once_it_is_put_back(desk: Desk, cloud: Cloud) -> None:
    sqs = cloud.sandbox.client("sqs")
    url = sqs.get_queue_url(QueueName="production-events")["QueueUrl"]
    before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "77"})
    try:
        done = desk.looked()
        assert done.state is State.SUCCEEDED
        assert [done.note(f"not_compared_{stack}") for stack in stacks_of(done)] == [""] * len(stacks_of(done))
        [(logical, path, actual)] = differing(desk.overview(), "data")
        assert (path, actual) == ("/VisibilityTimeout", "77")
        asked = AcceptRequest("production", "data", logical, path, actual, "Slow consumers this week.")
        desk.drifts.accept(SYSTEM, asked)
        assert differing(desk.overview(), "data") == []
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes=before)
    cloud.advance(60)
    desk.looked()
    overview = desk.overview()
    assert [each.judged for each in overview.stacks if each.stack == "data"] == [()]
    with desk.unit(readonly=True) as store:
        assert store.drifts.accepted("production") == []


def test_what_was_just_deployed_has_no_drift_that_counts(desk: Desk) -> None:
    desk.looked()
    overview = desk.overview()
    counts = {each.stack: differing(overview, each.stack) for each in overview.stacks}
    assert {stack: found for stack, found in counts.items() if found} == {}
    shown = page.make(overview, desk.clock.now(), EVERY)
    assert shown.said.strong == "In sync."
