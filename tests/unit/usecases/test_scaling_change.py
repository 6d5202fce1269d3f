"""A change of scaling through the engine: writes one by one, each seen, and what is said when it stops half-way."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.domain.errors import Conflict, Misconfigured, NotNow, OutcomeUnknown, Refused
from services.domain.operation import Sent, State
from services.domain.scaling.change import ScalingChange
from services.domain.snapshot import ScheduledAction
from tests import builders as b
from tests.unit.usecases.scaling_world import ADMIN, ENV, SERVICE, VIEWER, Scene

MAX = ScalingChange(max_capacity=14)
CPU = b.policy(target=55.0)
WHOLE = ScalingChange(policies=(CPU,), scheduled=(ScheduledAction("night", "cron(0 22 * * ? *)", None, 3, None),))
WHOLE = replace(WHOLE, max_capacity=14)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_from_request_to_verified_end(scene: Scene) -> None:
    asked = scene.ask(MAX)
    assert asked.state is State.REQUESTED
    ended = scene.run(asked.id, 8)
    assert (ended.state, scene.aws.max(), scene.aws.written) == (State.SUCCEEDED, 14, ["RegisterScalableTarget"])
    assert [name for name, _ in ended.seen] == ["RegisterScalableTarget", "read back", "count"]
    assert ended.note("read_back").startswith("minimum 3, maximum 14, desired 3; production-rbac-cpu 60")
    assert (ended.note("baseline_desired"), ended.note("baseline_running")) == ("3", "3")
    assert scene.ledger() == [
        ("root.admin", "request scaling", "done"),
        ("system", "start scaling", "running"),
        ("system", "send scaling", "intended"),
        ("system", "send scaling", "sent"),
        ("system", "finish scaling", "succeeded"),
    ]
