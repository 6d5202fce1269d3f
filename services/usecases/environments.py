"""Environments: which deployments of the stacks Haven looks after, from registering to archiving.

Haven's own record changes here and nothing in AWS does: an environment that is archived keeps its stacks.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from services.domain.access import Actor, Permission
from services.domain.environment import NAME, Environment, check_name
from services.domain.errors import Conflict, Invalid, NotFound
from services.domain.scaling.temporary import LIVE as TEMPORARY
from services.domain.wording import counted, listed
from services.ports import Clock, Entry, Store, UnitOfWork
from services.usecases.environment_rules import Changed, changes, fixed, problems, told, version
from services.usecases.words import checked_reason, reason_problem

__all__ = ["CHECK", "Changed", "Editable", "Environments", "problems", "version"]

CHECK = "access check"
"""The kind of operation that only looks: it holds nothing, and nothing waits for it."""
EDITED = "edit environment"
UNPROTECT = "Say why: from then on one person alone may fail over and deploy here."


@dataclass(frozen=True)
class Editable:
    """An environment as it is edited. `version` is handed back with the edit; `fixed` are fields that stay, each with
    why; `blueprints` are those there are; `in_the_way` keeps it from being archived, empty when nothing does."""

    environment: Environment
    version: str
    fixed: Mapping[str, str]
    blueprints: Sequence[str]
    in_the_way: str


class Environments:
    """The desk for environments. `blueprints` are the names there are; without any, every name will do."""

    def __init__(self, unit: UnitOfWork, clock: Clock, blueprints: Sequence[str] = ()) -> None:
        self._unit, self._clock, self._blueprints = unit, clock, blueprints

    def all(self, actor: Actor, *, archived: bool = False) -> Sequence[Environment]:
        """Those in use, by name; with `archived` the archived ones too."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            return store.environments.all(archived=archived)

    def get(self, actor: Actor, name: str) -> Environment:
        """The environment of that name, archived or not. Raises NotFound."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            return _found(store, name)

    def blueprints(self, actor: Actor) -> Sequence[str]:
        """What a new environment may be shaped as."""
        actor.require(Permission.MANAGE_ENVIRONMENTS)
        return self._blueprints

    def editable(self, actor: Actor, name: str) -> Editable:
        """The environment with what may be changed of it now. Raises NotAllowed, NotFound."""
        actor.require(Permission.MANAGE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            environment = _found(store, name)
            return Editable(
                environment,
                version(environment),
                _fixed(store, environment),
                self._blueprints,
                _in_the_way(store, environment.name),
            )

    def register(self, actor: Actor, environment: Environment, *, client: str = "") -> None:
        """Let Haven look after an environment. Raises Invalid with what to mend, Conflict when the name is taken or
        another environment has the same stacks."""
        actor.require(Permission.MANAGE_ENVIRONMENTS)
        check_name(environment.name)
        _refuse(problems(environment, self._blueprints))

        def act(store: Store) -> None:
            known = store.environments.get(environment.name)
            if known is not None:
                instead = " It is archived; bring it back instead." if known.archived else ""
                raise Conflict(f"There already is an environment {environment.name}.{instead}")
            _alone(store, environment)
            store.environments.add(environment)
            detail = {
                "account": environment.account,
                "region": environment.region,
                "stack_prefix": environment.stack_prefix,
                "blueprint": environment.blueprint,
                "protected": "yes" if environment.protected else "no",
                "slo_target": f"{environment.slo_target:g}",
            }
            self._enter(store, actor, "register environment", environment.name, "", client, **detail)

        self._do(actor, "register environment", environment.name, "", client, act)

    def edit(
        self, actor: Actor, seen: str, after: Environment, *, reason: str = "", client: str = ""
    ) -> Mapping[str, tuple[str, str]]:
        """Put `after` in place of what was seen (its `version`); what changed, empty when nothing did. Raises Invalid
        by field, also for one that stays as it is; Changed when somebody else was faster; Conflict when it is archived,
        or another environment has those stacks."""
        actor.require(Permission.MANAGE_ENVIRONMENTS)
        _refuse(problems(after, self._blueprints))
        changed: dict[str, tuple[str, str]] = {}

        def act(store: Store) -> None:
            before = _found(store, after.name)
            wanted = replace(after, created_at=before.created_at, archived=before.archived)
            if version(before) != seen:
                raise Changed(before, wanted, _last_edit(store, before.name))
            if before.archived:
                raise Conflict(f"{before.name} is archived. Bring it back, then edit it.")
            changed.update(changes(before, wanted))
            if not changed:
                return
            stays = _fixed(store, before)
            _refuse(
                {field: why for field, why in stays.items() if field in changed} | _reasonless(wanted, before, reason)
            )
            _alone(store, wanted)
            try:
                store.environments.save(before, wanted)
            except Conflict as faster:
                raise Changed(_found(store, before.name), wanted, _last_edit(store, before.name)) from faster
            self._enter(store, actor, EDITED, before.name, reason.strip(), client, **told(changed))

        self._do(actor, EDITED, after.name, reason, client, act)
        return changed

    def archive(self, actor: Actor, name: str, reason: str, *, client: str = "") -> None:
        """Stop looking after an environment; its stacks stay as they are, its history too. Raises Invalid (`reason`),
        NotFound; Conflict while operations are live, temporary edits are in force, or it is archived already."""
        actor.require(Permission.MANAGE_ENVIRONMENTS)
        reason = checked_reason(reason)

        def act(store: Store) -> None:
            before = _found(store, name)
            if before.archived:
                raise Conflict(f"{name} is archived already.")
            if why := _in_the_way(store, name):
                raise Conflict(f"{name} cannot be archived yet: {why}")
            store.environments.save(before, replace(before, archived=True))
            self._enter(store, actor, "archive environment", name, reason, client)

        self._do(actor, "archive environment", name, reason, client, act)

    def bring_back(self, actor: Actor, name: str, *, client: str = "") -> None:
        """Look after an archived environment again. Raises NotFound; Conflict when it is not archived, or another one
        has its stacks now."""
        actor.require(Permission.MANAGE_ENVIRONMENTS)

        def act(store: Store) -> None:
            before = _found(store, name)
            if not before.archived:
                raise Conflict(f"{name} is not archived.")
            _alone(store, before)
            store.environments.save(before, replace(before, archived=False))
            self._enter(store, actor, "bring environment back", name, "", client)

        self._do(actor, "bring environment back", name, "", client, act)

    def _do(self, actor: Actor, action: str, name: str, reason: str, client: str, act: Callable[[Store], None]) -> None:
        """One act in one transaction; what stood in its way is in the ledger too."""
        try:
            with self._unit() as store:
                act(store)
        except Conflict as refusal:
            with self._unit() as store:
                why = refusal.message[:2000]
                at, said = self._clock.now(), reason.strip()[:2000]
                store.ledger.append(Entry(at, actor.name, action, "denied", name, said, {"why": why}, client[:256]))
            raise

    def _enter(
        self, store: Store, actor: Actor, action: str, name: str, reason: str, client: str, **detail: str
    ) -> None:
        at = self._clock.now()
        store.ledger.append(Entry(at, actor.name, action, "done", name, reason, detail, client[:256]))


def _found(store: Store, name: str) -> Environment:
    environment = store.environments.get(name) if NAME.fullmatch(name) else None
    if environment is None:
        raise NotFound(f"There is no environment {name[:32]}.")
    return environment


def _refuse(found: Mapping[str, str]) -> None:
    if found:
        raise Invalid(" ".join(f"{field}: {why}" for field, why in found.items()), dict(found))


def _reasonless(after: Environment, before: Environment, reason: str) -> dict[str, str]:
    """What is wrong with the reason: it is needed where protection is given up, else only not too long."""
    if before.protected and not after.protected:
        problem = reason_problem(reason)
        return {"reason": problem if reason.strip() else UNPROTECT} if problem else {}
    problem = reason_problem(reason) if reason.strip() else ""
    return {"reason": problem} if problem else {}


def _alone(store: Store, environment: Environment) -> None:
    """No two environments in use have the same stacks: each would act where the other holds a target."""
    for other in store.environments.all():
        same = (other.account, other.region, other.stack_prefix) == (
            environment.account,
            environment.region,
            environment.stack_prefix,
        )
        if same and other.name != environment.name:
            where = f"{environment.stack_prefix}-… in {environment.account}, {environment.region}"
            raise Conflict(f"The environment {other.name} looks after the stacks {where} already.")


def _fixed(store: Store, environment: Environment) -> dict[str, str]:
    snapshot = store.snapshots.newest(environment.name)
    stacks = [stack.stack_name for stack in snapshot.stacks] if snapshot else []
    return fixed(stacks, _live(store, environment.name))


def _live(store: Store, name: str) -> list[str]:
    return [f"the {each.what} ({each.state})" for each in store.operations.live(name) if each.kind != CHECK]


def _in_the_way(store: Store, name: str) -> str:
    """Why it cannot be archived now, empty when it can."""
    if live := _live(store, name):
        return f"{listed(live)} must be over first."
    edits = store.edits.list(environment=name, states=TEMPORARY, limit=100)
    if edits:
        services = listed(sorted({edit.service for edit in edits}))
        many = counted(len(edits), "temporary scaling edit is", "temporary scaling edits are")
        return f"{many} still to be taken back ({services}); end or keep them first."
    return ""


def _last_edit(store: Store, name: str) -> str:
    entries = [each for each in store.ledger.read(target=name, limit=50) if "environment" in each.action]
    done = next((each for each in entries if each.outcome == "done"), None)
    return f"{done.actor} at {done.at:%Y-%m-%d %H:%M} UTC" if done else ""
