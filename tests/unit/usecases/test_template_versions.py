"""Versions of templates: kept for ever, fetched when a stack changed, compared, and told where they run."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import cast

import pytest

from services.catalogue import PackagedCatalogue
from services.domain.access import Role
from services.domain.environment import Environment
from services.domain.errors import NotFound, NotNow
from services.domain.snapshot import Stack
from services.ports import StackReader
from services.usecases.template_versions import Run, TemplateVersions
from tests import builders as b
from tests.fakes.clock import MovableClock
from tests.fakes.store import MemoryUnit

VIEWER = b.actor(Role.VIEWER, "vic")
CATALOGUE = PackagedCatalogue()
OLD = "Resources:\n  Topic: {Type: AWS::SNS::Topic}\n"
NETWORK, DATA, CUSTOM = b.stack("network"), b.stack("data"), b.stack("billing")


@dataclass
class Cloud:
    """`services.ports.StackReader` as far as templates go."""

    texts: dict[str, str] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def template(self, environment: Environment, stack: str) -> str | None:
        self.asked.append(stack)
        if stack in self.silent:
            raise NotNow("CloudFormation throttles.")
        return self.texts.get(stack)

    def take(self) -> list[str]:
        taken, self.asked = self.asked, []
        return taken


class Scene:
    def __init__(self) -> None:
        self.unit, self.clock, self.cloud = MemoryUnit(), MovableClock(), Cloud()
        self.desk = TemplateVersions(self.unit, self.clock, cast(StackReader, self.cloud), CATALOGUE)
        self.cloud.texts = {"network": CATALOGUE.body("network"), "data": OLD, "billing": OLD + "# ours\n"}
        with self.unit() as store:
            store.environments.add(b.environment())
        self.snap(NETWORK, DATA, CUSTOM)

    def snap(self, *stacks: Stack) -> None:
        with self.unit() as store:
            store.snapshots.put(b.snapshot(stacks=stacks), changed=True, verdict="healthy", summary="", token=1)

    def runs(self) -> dict[str, Run]:
        return {each.stack: each for each in self.desk.runs(VIEWER)}


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_packaged_texts_are_kept_once(scene: Scene) -> None:
    scene.desk.put_packaged()
    before = scene.unit.writes
    scene.desk.put_packaged()
    assert scene.unit.writes == before
    with scene.unit(readonly=True) as store:
        assert {name for _, name, _ in store.templates.all()} == set(CATALOGUE.templates())
        assert store.templates.get(CATALOGUE.version(CATALOGUE.body("data"))) == CATALOGUE.body("data")


def test_what_runs_is_fetched_when_a_stack_has_changed_and_only_then(scene: Scene) -> None:
    assert scene.desk.keep("production") == 3
    assert scene.cloud.take() == ["network", "data", "billing"]
    assert scene.desk.keep("production") == 0
    assert scene.cloud.take() == []
    later = replace(DATA, updated_at=scene.clock.now() + timedelta(hours=1))
    scene.snap(NETWORK, later, CUSTOM)
    scene.cloud.texts["data"] = CATALOGUE.body("data")
    assert scene.desk.keep("production") == 1
    assert scene.cloud.take() == ["data"]
    assert scene.runs()["data"].version == CATALOGUE.version(CATALOGUE.body("data"))
    with scene.unit(readonly=True) as store:
        assert store.templates.get(CATALOGUE.version(OLD)) == OLD


def test_a_rollback_is_a_change_and_what_moves_is_left_until_it_rests(scene: Scene) -> None:
    scene.desk.keep("production")
    scene.cloud.take()
    scene.snap(NETWORK, replace(DATA, status="UPDATE_IN_PROGRESS"), CUSTOM)
    assert (scene.desk.keep("production"), scene.cloud.take()) == (0, [])
    scene.snap(NETWORK, replace(DATA, status="UPDATE_ROLLBACK_COMPLETE"), CUSTOM)
    assert (scene.desk.keep("production"), scene.cloud.take()) == (1, ["data"])


def test_a_stack_that_was_made_anew_is_read_anew(scene: Scene) -> None:
    scene.desk.keep("production")
    scene.cloud.take()
    scene.snap(NETWORK, replace(DATA, stack_id=DATA.stack_id + "-2"), CUSTOM)
    assert scene.runs()["data"].version is None
    assert (scene.desk.keep("production"), scene.cloud.take()) == (1, ["data"])


def test_one_that_does_not_answer_does_not_keep_the_others(scene: Scene) -> None:
    scene.cloud.silent = {"network"}
    with pytest.raises(NotNow):
        scene.desk.keep("production")
    runs = scene.runs()
    assert (runs["network"].version, bool(runs["data"].version)) == (None, True)
    scene.cloud.silent = set()
    assert scene.desk.keep("production") == 1


def test_an_environment_that_is_not_there_or_not_read_has_nothing(scene: Scene) -> None:
    assert scene.desk.keep("nowhere") == 0
    with scene.unit() as store:
        store.environments.add(b.environment("legacy"))
    assert scene.desk.keep("legacy") == 0


def test_versions_are_told_with_where_they_run(scene: Scene) -> None:
    scene.desk.put_packaged()
    scene.clock.move(hours=1)
    scene.desk.keep("production")
    known = {each.name: each for each in scene.desk.all(VIEWER)}
    assert list(known)[:4] == list(CATALOGUE.templates())
    assert not known[CUSTOM.stack_name].ours
    found, packaged = known["data"].versions
    assert (found.version, found.packaged, [run.stack for run in found.runs]) == (
        CATALOGUE.version(OLD),
        False,
        ["data"],
    )
    assert (packaged.packaged, packaged.runs) == (True, [])
    (network,) = known["network"].versions
    assert (network.packaged, [run.environment for run in network.runs]) == (True, ["production"])


def test_packaged_versions_are_there_before_any_worker(scene: Scene) -> None:
    data = next(each for each in scene.desk.all(VIEWER) if each.name == "data")
    (version,) = data.versions
    assert (version.packaged, version.first_seen) == (True, None)
    assert scene.desk.get(VIEWER, version.version).body == CATALOGUE.body("data")


def test_any_two_are_compared_by_the_beginning_of_their_version(scene: Scene) -> None:
    scene.desk.put_packaged()
    scene.desk.keep("production")
    old, new = CATALOGUE.version(OLD), CATALOGUE.version(CATALOGUE.body("data"))
    found = scene.desk.compare(VIEWER, old[:12], new)
    assert (found.before.version, found.after.version) == (old, new)
    assert found.difference.added > 100
    assert found.difference.removed >= 1
    for wrong in ("", old[:4], "f" * 64, "../etc"):
        with pytest.raises(NotFound):
            scene.desk.compare(VIEWER, old, wrong)


def test_what_a_stack_runs_beside_what_would_be_deployed(scene: Scene) -> None:
    assert scene.desk.of_stack(VIEWER, "production", "data").text is None
    scene.desk.keep("production")
    data = scene.desk.of_stack(VIEWER, "production", "data")
    assert data.text is not None
    assert (data.text.body, data.run.ours) == (OLD, "data")
    assert data.behind is not None
    assert not data.behind.same
    network = scene.desk.of_stack(VIEWER, "production", "network")
    assert network.behind is not None
    assert network.behind.same
    custom = scene.desk.of_stack(VIEWER, "production", "billing")
    assert (custom.behind, custom.packaged, custom.run.ours) == (None, None, "")
    for environment, stack in (("production", "nothing"), ("nowhere", "data"), ("NO/", "data")):
        with pytest.raises(NotFound):
            scene.desk.of_stack(VIEWER, environment, stack)
