"""The guided path in a house: `legacy` over the small CloudFormation of deployments, really planned and deployed."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from services.domain.operation import State
from services.settings import Settings
from services.usecases.upgrades import Upgrades
from tests import builders as b
from tests.unit.portal.house import House
from tests.unit.usecases.deployment_world import ADMIN, BOB, VIEWER, Scene

STAGES = ("network", "standby", "capacity", "platform", "services")
HERE = "/environments/legacy/upgrade"


class Walked:
    """A house, and the world in which its stages are deployed."""

    def __init__(self, home: Path, name: str = "legacy") -> None:
        self.scene = Scene(name)
        settings: dict[str, Any] = {"cookie_secure": False, "home": home, "_env_file": None}
        self.house = House(Settings(**settings), self.scene.unit, self.scene.clock)
        self.house.add_people()
        self.house.deployments, self.house.operations = self.scene.desk, self.scene.operations
        self.desk = Upgrades(self.scene.unit, self.scene.clock, self.scene.desk, self.scene.catalogue)
        self.house.upgrades = self.desk

    def plan(self, stage: str) -> str:
        """The plan of a stage, worked out; its id."""
        return self.scene.run(self.desk.plan(ADMIN, self.scene.name, stage).id).wants("plan")

    def ask(self, stage: str) -> str:
        """Its deployment, asked for; the operation's id."""
        return self.scene.ask(self.scene.desk.review(VIEWER, self.plan(stage))).id

    def go(self, stage: str, hours: float = 20) -> None:
        """A stage, deployed and seen by the services."""
        asked = self.scene.read(self.ask(stage))
        if asked.state is State.AWAITING_APPROVAL:
            self.scene.operations.approve(BOB, asked.id, asked.version)
        assert self.scene.run(asked.id).state is State.SUCCEEDED
        self.scene.clock.move(hours=hours)
        seen = self.scene.cloud.shape
        new = b.snapshot(self.scene.name)
        if stage == "network":
            seen = replace(seen, network=new.network)
        elif stage == "standby":
            seen = replace(
                seen, caches=new.caches, databases=(replace(seen.databases[0], multi_az=True, deletion_protection=True,
                secondary_zone="us-east-1b"),),
            )  # fmt: skip
        elif stage == "capacity":
            seen = replace(seen, databases=new.databases)
        elif stage == "platform":
            seen = replace(seen, load_balancer=new.load_balancer)
        else:
            seen = replace(seen, services=new.services)
        self.scene.cloud.shape = seen
        self.scene.snap()
