"""Everything about environments' stacks, built once: the desks of plans, deployments, recoveries, drift, templates and
access, and the procedures by which a worker does what they are asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.aws.prices import PriceReader
from services.aws.session import Sessions
from services.catalogue import PackagedCatalogue, PackagedPrices
from services.ports import Catalogue, Clock, CloudReader, StackCaller, StackReader, UnitOfWork
from services.settings import Settings
from services.usecases.carrying import Carrying
from services.usecases.deploying import KIND as DEPLOY
from services.usecases.deploying import DeployProcedure
from services.usecases.deployments import Deployments
from services.usecases.drifting import KIND as DRIFT
from services.usecases.drifting import DriftProcedure
from services.usecases.drifts import Drifts
from services.usecases.environment_checking import KIND as CHECK
from services.usecases.environment_checking import CheckProcedure
from services.usecases.environment_checks import EnvironmentChecks
from services.usecases.plan_tidying import PlanTidying
from services.usecases.planning_out import KIND as PLAN
from services.usecases.planning_out import PlanProcedure
from services.usecases.pricing import Pricing
from services.usecases.procedure import Procedure
from services.usecases.recoveries import Recoveries
from services.usecases.recovering import KIND as RECOVER
from services.usecases.recovering import RecoverProcedure
from services.usecases.stack_events import StackEventKeeping
from services.usecases.template_versions import TemplateVersions
from services.usecases.upgrades import Upgrades


@dataclass(frozen=True)
class Desks:
    """What people and the worker ask. `voids` says, by kind of operation, why an approval would be for something that
    is no longer so."""

    deployments: Deployments
    recoveries: Recoveries
    upgrades: Upgrades
    drifts: Drifts
    stack_events: StackEventKeeping
    template_versions: TemplateVersions
    environment_checks: EnvironmentChecks
    plan_tidying: PlanTidying
    procedures: Mapping[str, Procedure[Any]]
    voids: Mapping[str, Callable[[Any], str]]


def desks(
    settings: Settings,
    unit: UnitOfWork,
    clock: Clock,
    stacks: StackReader,
    caller: StackCaller,
    cloud: CloudReader,
    catalogue: Catalogue,
    carrying: Carrying,
    new_id: Callable[[], str],
) -> Desks:
    """Build them. `cloud` reads a whole environment, by which a deployment is verified."""
    begin_within = timedelta(seconds=settings.begin_within)
    deployments = Deployments(
        unit,
        clock,
        stacks,
        catalogue,
        carrying,
        new_id,
        stale_after=timedelta(seconds=settings.stale_after),
        approval_for=timedelta(seconds=settings.approval_for),
        begin_within=begin_within,
    )
    return Desks(
        deployments=deployments,
        recoveries=Recoveries(unit, clock, stacks, new_id, begin_within=begin_within),
        upgrades=Upgrades(unit, clock, deployments, catalogue),
        drifts=Drifts(unit, clock, new_id, every=timedelta(seconds=settings.drift_every), catalogue=catalogue),
        stack_events=StackEventKeeping(unit, clock, stacks),
        template_versions=TemplateVersions(unit, clock, stacks, catalogue),
        environment_checks=EnvironmentChecks(unit, clock, stacks, catalogue, new_id),
        plan_tidying=PlanTidying(unit, clock, stacks, caller, keep=timedelta(days=settings.keep_plans_days)),
        procedures={
            PLAN: PlanProcedure(unit, clock, catalogue, stacks, caller),
            DEPLOY: DeployProcedure(unit, clock, catalogue, stacks, caller, cloud),
            RECOVER: RecoverProcedure(unit, clock, stacks, caller),
            DRIFT: DriftProcedure(unit, clock, stacks, caller, catalogue),
            CHECK: CheckProcedure(unit, stacks, catalogue),
        },
        voids={DEPLOY: deployments.void},
    )


def price_desk(clock: Clock, sessions: Sessions, text: str | None = None) -> Pricing:
    """The desk of list prices, over the packaged file or another one's text."""
    return Pricing(clock, PackagedCatalogue(), PackagedPrices(text), PriceReader(sessions))
