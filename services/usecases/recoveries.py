"""Asking for something to be done about a stack whose rollout failed; and policies that a deployment left lifted."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from services.domain.access import SYSTEM, Actor, Permission
from services.domain.deployment.plan import Plan
from services.domain.deployment.policy import LIFTED, same
from services.domain.deployment.statuses import RECOVERIES
from services.domain.environment import NAME, Environment
from services.domain.errors import Conflict, Invalid, NotFound
from services.domain.operation import Operation, State
from services.ports import Clock, Entry, StackReader, Store, UnitOfWork
from services.usecases.deployment_recoveries import RECENT, recovered
from services.usecases.deployment_requests import ACTS, RESTORE, recovery, save
from services.usecases.deployment_shapes import RecoverRequest
from services.usecases.deployment_steps import entries_of, key
from services.usecases.words import checked_reason

SKIP_MOST = 200


class Recoveries:
    """A request waits at most `begin_within` for a worker."""

    def __init__(
        self,
        unit: UnitOfWork,
        clock: Clock,
        reader: StackReader,
        new_id: Callable[[], str],
        *,
        begin_within: timedelta,
    ) -> None:
        self._unit, self._clock, self._reader, self._new_id = unit, clock, reader, new_id
        self._begin_within = begin_within

    def request(self, actor: Actor, request: RecoverRequest, *, client: str = "") -> Operation:
        """As `Deployments.recover`."""
        actor.require(Permission.DEPLOY)
        reason = checked_reason(request.reason)
        if request.act not in ACTS:
            raise Invalid("There is no such recovery.", {"act": f"One of {', '.join(ACTS)}."})
        if len(request.skip) > SKIP_MOST or any(not each.isalnum() or len(each) > 255 for each in request.skip):
            raise Invalid("These are no logical ids.", {"skip": "Logical ids of the stack's resources."})
        with self._unit(readonly=True) as store:
            environment = store.environments.get(request.environment) if NAME.fullmatch(request.environment) else None
        if environment is None:
            raise NotFound(f"There is no environment {request.environment[:32]}.")
        standing = self._reader.standing(environment, request.stack)
        if standing is None:
            raise NotFound(f"There is no stack {environment.stack_name(request.stack)[:128]}.")
        detail = {"stack": standing.stack_name, "act": request.act, "status": standing.status}
        detail |= {"skip": ", ".join(request.skip)[:2000]} if request.skip else {}
        try:
            return self._asked(actor, environment, request, standing.status, reason, detail, client)
        except Conflict as refusal:
            with self._unit() as store:
                told = {**detail, "why": refusal.message[:2000]}
                store.ledger.append(self._entry(actor, environment, "denied", reason, told, client))
            raise

    def begin_due(self) -> Sequence[Operation]:
        """Begin to put back each stack policy that a deployment lifted and, having ended in an unforeseen way (given up
        by a person, or its role taken away), could not put back itself. What is busy is left for the next time."""
        begun = []
        for environment, operation, stack in self._left_lifted():
            if not same(self._reader.policy(environment, stack), LIFTED):
                continue
            request = RecoverRequest(environment.name, stack, RESTORE, f"{operation.what} left it lifted.")
            detail = {"stack": environment.stack_name(stack), "act": RESTORE}
            try:
                begun.append(self._asked(SYSTEM, environment, request, "", request.reason, detail, "", operation))
            except Conflict:
                continue
        return begun

    def _left_lifted(self) -> Sequence[tuple[Environment, Operation, str]]:
        with self._unit(readonly=True) as store:
            found = [
                (environment, operation, each.name)
                for environment in store.environments.all()
                for operation in store.operations.list(environment=environment.name, kind="deploy", limit=RECENT)
                if not operation.live and operation.irreversible
                for each in entries_of(operation)
                if each.lifts and _may_be_lifted(operation, each.name)
            ]
            return [each for each in found if _policy(store.plans.get(each[1].wants("plan")), each[2])]

    def _asked(
        self,
        actor: Actor,
        environment: Environment,
        request: RecoverRequest,
        status: str,
        reason: str,
        detail: Mapping[str, str],
        client: str,
        of: Operation | None = None,
    ) -> Operation:
        name = environment.stack_name(request.stack)
        if request.act != RESTORE and request.act not in RECOVERIES.get(status, ()):
            able = " or ".join(RECOVERIES.get(status, ())) or "nothing"
            raise Conflict(f"{name} is {status}: {able} can be done about that, not {request.act}.")
        now, own = self._clock.now(), self._new_id()
        with self._unit() as store:
            _free(store, environment, request.act)
            of = of or recovered(store, environment.name, request.stack)
            operation = recovery(actor, environment, request, status, own, now, self._begin_within, of)
            told = {**detail, "operation": operation.id, **({"of": of.id} if of else {})}
            save(store, actor, operation, self._entry(actor, environment, "done", reason, told, client))
        return operation

    def _entry(
        self,
        actor: Actor,
        environment: Environment,
        outcome: str,
        reason: str,
        detail: Mapping[str, str],
        client: str,
    ) -> Entry:
        at, name = self._clock.now(), environment.name
        return Entry(at, actor.name, "request recover", outcome, name, reason, dict(detail), client[:256])


def _free(store: Store, environment: Environment, act: str) -> None:
    """Raises Conflict while a deployment runs; its update may be cancelled all the same."""
    held = store.operations.on(environment.name, environment.name)
    if held is not None and held.state is State.RUNNING and act != "cancel":
        raise Conflict(f"{held.what} is still running: {held.id}.")


def _may_be_lifted(operation: Operation, stack: str) -> bool:
    """Whether the policy was, or may have been, lifted, and was not seen back."""
    lift = key("lift", stack)
    return bool(operation.seen_at(lift) or operation.step == lift) and not operation.seen_at(key("restore", stack))


def _policy(plan: Plan | None, stack: str) -> str:
    return next((each.policy or "" for each in plan.stacks if each.name == stack), "") if plan else ""
