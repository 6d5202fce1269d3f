"""Checking access: asked for once, looked at by the engine, kept; and directly, for the command line."""

from datetime import timedelta

import pytest

from services.catalogue import PackagedCatalogue
from services.domain.access import Role
from services.domain.errors import Conflict, HavenError, Misconfigured, NotAllowed, NotFound, NotNow
from services.domain.operation import Operation, Sent, State
from services.usecases.engine import Engine
from services.usecases.environment_checking import KIND, CheckProcedure
from services.usecases.environment_checks import MOST, EnvironmentChecks
from services.usecases.environments import Environments
from services.usecases.operations import RIGHTS, Operations
from tests import builders as b
from tests.fakes.clock import MovableClock
from tests.fakes.journal import MemoryJournal
from tests.fakes.leases import MemoryLeases
from tests.fakes.stack_looks import LookedStacks, standing
from tests.fakes.store import MemoryUnit

ADMIN, VIEWER = b.actor(Role.ADMIN), b.actor(Role.VIEWER)


class Scene:
    """Production is registered; a worker runs when `work` says so."""

    def __init__(self) -> None:
        self.unit, self.clock, self.stacks = MemoryUnit(), MovableClock(), LookedStacks()
        self.stacks.standings = [standing("production-network"), standing("shop-data")]
        ids = iter(range(100))
        catalogue = PackagedCatalogue()
        self.environments = Environments(self.unit, self.clock)
        self.environments.register(ADMIN, b.environment())
        self.desk = EnvironmentChecks(self.unit, self.clock, self.stacks, catalogue, lambda: f"op-{next(ids)}")
        procedure = CheckProcedure(self.unit, self.stacks, catalogue)
        self.journal = MemoryJournal(self.clock)
        self.operations = Operations(self.unit, self.clock, procedure.steps)
        self.engine = Engine(
            self.unit,
            self.clock,
            MemoryLeases(self.clock),
            self.journal,
            {KIND: procedure},
            holder="worker",
            lease_for=timedelta(seconds=10),
            monotonic=lambda: 0.0,
        )

    def work(self, id: str, times: int = 4, seconds: float = 1) -> Operation:
        for _ in range(times):
            self.engine.advance(id)
            self.clock.move(seconds=seconds)
        with self.unit(readonly=True) as store:
            found = store.operations.get(id)
        assert found
        return found


def test_a_pause_does_not_hold_the_look() -> None:
    scene = Scene()
    with scene.unit() as store:
        store.pauses.add(b.pause(at=scene.clock.now(), hours=1))
    assert scene.work(scene.desk.request(ADMIN, "production").id).state is State.SUCCEEDED


def test_a_check_is_asked_for_and_made_by_a_worker() -> None:
    scene = Scene()
    scene.stacks.missing = {"operator": ["rds:RebootDBInstance"]}
    asked = scene.desk.request(ADMIN, "production", client="10.0.0.7")
    assert scene.stacks.looks == 0, "a page never waits for AWS"
    assert scene.desk.latest(VIEWER, "production").running == asked
    over = scene.work(asked.id)
    assert (over.state, over.sent, scene.journal.lines) == (State.SUCCEEDED, Sent.NO, [])
    assert scene.stacks.looks == 1, "what is known is not asked again"
    checked = scene.desk.latest(VIEWER, "production")
    assert (checked.running, checked.failed) == (None, "")
    assert checked.result
    assert checked.result.missing == {"operator": ["rds:RebootDBInstance"]}
    assert checked.result.at == over.finished_at
    assert checked.result.survey
    assert [each.stack_name for each in checked.result.survey.ours] == ["production-network"]
    assert "production-data" in checked.result.survey.absent
    assert [(group.prefix, group.environment) for group in checked.result.survey.elsewhere] == [("shop", "")]
    with scene.unit(readonly=True) as store:
        entry = store.ledger.read(action="request access check")[0]
    assert (entry.actor, entry.target, entry.client) == ("ada", "production", "10.0.0.7")


def test_asked_for_twice_it_is_one() -> None:
    scene = Scene()
    first = scene.desk.request(ADMIN, "production")
    assert scene.desk.request(ADMIN, "production") == first
    with scene.unit(readonly=True) as store:
        assert len(store.operations.list()) == 1


def test_a_check_holds_nothing_that_others_want() -> None:
    scene = Scene()
    scene.desk.request(ADMIN, "production")
    with scene.unit(readonly=True) as store:
        assert store.operations.on("production", "production") is None
    assert scene.environments.editable(ADMIN, "production").in_the_way == ""


def test_stacks_that_cannot_be_listed_leave_the_rights() -> None:
    scene = Scene()
    scene.stacks.missing = {"provisioner": ["The role cannot be assumed."]}
    scene.stacks.unlisted = Misconfigured("The role haven-provisioner cannot be assumed.")
    scene.work(scene.desk.request(ADMIN, "production").id)
    result = scene.desk.latest(ADMIN, "production").result
    assert result
    assert result.missing == {"provisioner": ["The role cannot be assumed."]}
    assert (result.survey, result.no_survey) == (None, "The role haven-provisioner cannot be assumed.")


@pytest.mark.parametrize(
    ("blind", "state"),
    [(Misconfigured("Haven has no credentials."), State.FAILED), (NotFound("There is no such role."), State.FAILED)],
)
def test_what_can_never_be_asked_fails_at_once(blind: HavenError, state: State) -> None:
    scene = Scene()
    scene.stacks.blind = blind
    over = scene.work(scene.desk.request(ADMIN, "production").id)
    assert over.state is state
    checked = scene.desk.latest(ADMIN, "production")
    assert (checked.result, checked.failed) == (None, blind.message)


def test_it_waits_for_aws_and_then_gives_up() -> None:
    scene = Scene()
    scene.stacks.blind = NotNow("AWS does not answer.")
    asked = scene.desk.request(ADMIN, "production")
    assert scene.work(asked.id).state is State.RUNNING
    over = scene.work(asked.id, seconds=120)
    assert (over.state, "AWS does not answer." in over.because) == (State.FAILED, True)
    scene.stacks.blind = None
    scene.work(scene.desk.request(ADMIN, "production").id)
    assert scene.desk.latest(ADMIN, "production").failed == ""


def test_a_check_that_failed_leaves_what_the_one_before_found() -> None:
    scene = Scene()
    done = scene.work(scene.desk.request(ADMIN, "production").id)
    scene.stacks.blind = Misconfigured("Haven has no credentials.")
    scene.work(scene.desk.request(ADMIN, "production").id)
    checked = scene.desk.latest(ADMIN, "production")
    assert checked.result
    assert checked.result.operation == done.id
    assert checked.failed == "Haven has no credentials."


def test_all_environments_are_looked_over_at_once() -> None:
    scene = Scene()
    scene.environments.register(ADMIN, b.environment("legacy"))
    scene.work(scene.desk.request(ADMIN, "production").id)
    running = scene.desk.request(ADMIN, "production")
    asked = scene.desk.request(ADMIN, "legacy")
    found = scene.desk.overview(VIEWER)
    assert {name: each.running for name, each in found.items()} == {"production": running, "legacy": asked}
    assert found["production"] == scene.desk.latest(VIEWER, "production")
    assert (found["production"].result is None, found["legacy"].result) == (False, None)


def test_what_is_kept_has_its_limits() -> None:
    scene = Scene()
    scene.stacks.missing = {"reader": [f"service:Action{number}" + "x" * 1000 for number in range(500)]}
    scene.work(scene.desk.request(ADMIN, "production").id)
    result = scene.desk.latest(ADMIN, "production").result
    assert result
    lacks = result.missing["reader"]
    assert (len(lacks), lacks[-1]) == (MOST + 1, f"and {500 - MOST} more")
    assert max(map(len, lacks)) == 300


def test_an_archived_environment_is_not_looked_at() -> None:
    scene = Scene()
    scene.environments.archive(ADMIN, "production", "the company moved house")
    with pytest.raises(Conflict, match="archived"):
        scene.desk.request(ADMIN, "production")


def test_a_check_can_be_called_off() -> None:
    scene = Scene()
    asked = scene.desk.request(ADMIN, "production")
    assert scene.operations.cancel(ADMIN, asked.id).state is State.CANCELLED
    assert RIGHTS[KIND] == "manage environments"


def test_the_command_line_looks_directly() -> None:
    scene = Scene()
    scene.stacks.missing = {"reader": ("ecs:ListTasks",)}
    assert scene.desk.missing(ADMIN, "production") == {"reader": ["ecs:ListTasks"]}
    found = scene.desk.survey(ADMIN, b.environment("shop", blueprint="unheard-of"))
    assert [each.stack_name for each in found.ours] == ["shop-data"]
    assert found.absent == ()
    assert [(group.prefix, group.environment) for group in found.elsewhere] == [("production", "production")]


def test_only_admins_check_and_everybody_may_read() -> None:
    scene = Scene()
    for act in (
        lambda: scene.desk.request(VIEWER, "production"),
        lambda: scene.desk.missing(VIEWER, "production"),
        lambda: scene.desk.survey(VIEWER, b.environment()),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert scene.desk.latest(VIEWER, "production").result is None
    with pytest.raises(NotFound):
        scene.desk.latest(VIEWER, "nowhere")
