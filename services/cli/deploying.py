"""`haven deploy`: plans, deployments and recoveries for pipelines. Nothing is done here: a worker does it, and this
asks and watches."""

import getpass
import json
import socket
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from services import bootstrap
from services.cli.deploying_file import PlanFile, read
from services.cli.deploying_words import history_data, history_lines, review_data, review_lines
from services.cli.quantities import Lasting
from services.cli.values import Value, by_stack
from services.cli.watching import Code, Desk, Watch
from services.domain.access import SYSTEM
from services.domain.deployment.plan import PlanState
from services.domain.operation import Operation, State
from services.settings import Settings
from services.usecases.deployment_shapes import DeployRequest, PlanRequest, RecoverRequest, Reviewed

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_ACTS = {"cancel": "cancel", "continue": "continue", "roll-back": "roll back", "delete": "delete"}
_wait = click.option("--wait", is_flag=True, help="Watch until it is over. Ctrl-C only stops watching.")
_json = click.option("--json", "as_json", is_flag=True, help="As JSON; what happens meanwhile goes to standard error.")
_file = click.option("--file", type=_FILE, help="A plan file; what is said here goes before it.")
_patience = click.option(
    "--patience",
    type=Lasting(86_400),
    help="How long to wait for a second person's approval before ending with 3, as 30m. Without it not at all.",
)


@click.group()
def deploy() -> None:
    """Plan, deploy and recover stacks, as a pipeline does. A worker does the work; this asks for it and watches.

    \b
    Ends with
      0    done
      1    refused or failed
      2    the command or the plan file is wrong
      3    waits for a person: an approval, or something is stuck
      130  Ctrl-C: no longer watched, but it goes on
    """


@deploy.command()
@click.argument("environment", required=False)
@_file
@click.option("--blueprint", help="The shape; the environment's own, unless given.")
@click.option("--stack", "stacks", multiple=True, help="Only this one; may be repeated.")
@click.option("--set", "values", multiple=True, type=Value(), help="A value in place of the deployed; may be repeated.")
@click.option("--whole-shape", is_flag=True, help="Take the blueprint's values, not the deployed ones.")
@click.option("--lift-policy", multiple=True, help="Lift this stack's policy for the one deployment; may be repeated.")
@click.option("--delete", is_flag=True, help="Plan the deletion of the stacks instead.")
@_wait
@_json
@click.pass_context
def plan(
    ctx: click.Context, /, environment: str | None, file: Path | None, wait: bool, as_json: bool, **g: Any
) -> None:
    """Have it worked out what a deployment to ENVIRONMENT would do. With --wait print the review: risks, names to
    confirm, price, and what changes. Nothing is executed."""
    desk = _desk(ctx)
    request = _plan_request(environment, file, g)
    operation = desk.deployments.plan(SYSTEM, request, client=_here())
    made = operation.wants("plan")
    click.echo(f"plan {made} is being worked out ({operation.id}).", err=as_json)
    if not wait:
        if as_json:
            _print({"plan": made, "operation": operation.id, "state": PlanState.PREPARING.value})
        return
    code = _followed(desk, operation, as_json)[1]
    seen = desk.deployments.review(SYSTEM, made)
    _show(seen, as_json)
    _end(code if code is not Code.DONE or seen.plan.state is not PlanState.FAILED else Code.REFUSED)


@deploy.command()
@click.argument("plan")
@_json
@click.pass_context
def show(ctx: click.Context, /, plan: str, as_json: bool) -> None:
    """Print the review of PLAN as it stands now."""
    _show(_desk(ctx).deployments.review(SYSTEM, plan), as_json)


@deploy.command()
@click.argument("plan")
@_file
@click.option("--reason", default="", help="Why; it is kept for ever. Needed here or in the file.")
@click.option("--ticket", default="", help="A ticket's number or address.")
@click.option("--fingerprint", default="", help="The one that was reviewed; refused when PLAN is another by now.")
@click.option("--confirm", multiple=True, help="A name that a high risk asks for; may be repeated.")
@click.option("--override", "overrides", multiple=True, help="A check to let pass; may be repeated.")
@click.option("--override-reason", default="", help="Why it may be let pass; kept for ever.")
@_wait
@_patience
@_json
@click.pass_context
def run(ctx: click.Context, /, plan: str, file: Path | None, wait: bool, as_json: bool, **g: Any) -> None:
    """Deploy exactly PLAN as it was reviewed. In a protected environment a second person approves it in the portal. A
    plan by which nothing would change is done already."""
    desk = _desk(ctx)
    seen = desk.deployments.review(SYSTEM, plan)
    written = read(file) if file else None
    if written and written.environment != seen.plan.environment:
        raise click.UsageError(
            f"environment: {file} is for {written.environment}, the plan for {seen.plan.environment}."
        )
    if seen.plan.state is PlanState.READY and not seen.plan.changed:
        click.echo("Nothing would change, so nothing is asked for.", err=as_json)
        if as_json:
            _print({"operation": None, "state": State.SUCCEEDED.value, "because": "Nothing would change."})
        return
    request = DeployRequest(
        plan,
        g["fingerprint"] or seen.plan.fingerprint,
        _needed(g["reason"] or (written.reason if written else "")),
        g["ticket"] or (written.ticket if written else ""),
        tuple(dict.fromkeys((*g["confirm"], *(written.confirm if written else ())))),
        frozenset(g["overrides"]),
        g["override_reason"],
    )
    operation = desk.deployments.request(SYSTEM, request, client=_here())
    click.echo(f"deployment {operation.id} of plan {plan} is asked for.", err=as_json)
    _finish(desk, operation, wait, g["patience"], as_json)


@deploy.command()
@click.argument("plan")
@_json
@click.pass_context
def discard(ctx: click.Context, /, plan: str, as_json: bool) -> None:
    """Put PLAN aside, which nobody will run: a worker deletes its change sets. Nothing else is touched."""
    kept = _desk(ctx).deployments.discard(SYSTEM, plan, client=_here())
    if as_json:
        _print({"plan": kept.id, "state": kept.state.value, "because": kept.because})
    else:
        click.echo(f"plan {kept.id} is discarded. A worker deletes its change sets within minutes.")


@deploy.command()
@click.argument("operation")
@_patience
@_json
@click.pass_context
def follow(ctx: click.Context, /, operation: str, patience: float | None, as_json: bool) -> None:
    """Watch OPERATION, as after Ctrl-C or an approval, until it is over or waits for a person."""
    desk = _desk(ctx)
    found = desk.operations.view(SYSTEM, operation).operation
    _finish(desk, found, True, patience, as_json)


@deploy.command()
@click.argument("environment")
@click.option("--stack", default="", help="Only what changed this one.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500))
@_json
@click.pass_context
def history(ctx: click.Context, /, environment: str, stack: str, limit: int, as_json: bool) -> None:
    """What was deployed to ENVIRONMENT, newest first; also what was not Haven's."""
    known = _desk(ctx).deployments
    known.plans(SYSTEM, environment, limit=1)  # says when there is no such environment
    found = known.history(SYSTEM, environment, stack=stack, limit=limit)
    if as_json:
        _print(history_data(found))
    else:
        click.echo("\n".join(history_lines(found)))


@deploy.command()
@click.argument("environment")
@click.argument("stack")
@click.argument("act", type=click.Choice(list(_ACTS)))
@click.option("--reason", required=True, help="Why; it is kept for ever.")
@click.option("--skip", multiple=True, help="A logical id that is left out, or retained; may be repeated.")
@_wait
@_json
@click.pass_context
def recover(
    ctx: click.Context, /, environment: str, stack: str, act: str, reason: str, skip: tuple[str, ...], wait: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Do something about STACK whose rollout failed: cancel its update, continue its rollback, roll it back or delete
    it."""
    desk = _desk(ctx)
    request = RecoverRequest(environment, stack, _ACTS[act], reason, skip)
    operation = desk.deployments.recover(SYSTEM, request, client=_here())
    click.echo(f"{operation.what} is asked for ({operation.id}).", err=as_json)
    _finish(desk, operation, wait, None, as_json)


def _desk(ctx: click.Context) -> Desk:
    """The one that was passed in, else Haven's own."""
    if (given := ctx.find_object(Desk)) is not None:
        return given
    made = bootstrap.build(Settings())
    return Desk(made.deployments, made.operations, made.clock, time.sleep)


def _plan_request(environment: str | None, file: Path | None, given: dict[str, Any]) -> PlanRequest:
    """What is asked for; an option goes before the file's field."""
    if file is None and environment is None:
        raise click.UsageError("environment: name it, or give a plan file with --file.")
    written = read(file) if file else PlanFile.model_construct(environment=environment or "")
    if environment not in (None, written.environment):
        raise click.UsageError(f"environment: {file} is for {written.environment}, not for {environment}.")
    values: dict[str, dict[str, str]] = {stack: dict(own) for stack, own in written.values.items()}
    for stack, own in by_stack(given["values"]).items():
        values.setdefault(stack, {}).update(own)
    return PlanRequest(
        written.environment,
        given["blueprint"] or written.blueprint,
        given["stacks"] or tuple(written.stacks),
        values,
        given["whole_shape"] or written.whole_shape == "true",
        delete=given["delete"] or written.delete == "true",
        lift_policy=given["lift_policy"] or tuple(written.lift_policy),
        what=written.what,
    )


def _needed(reason: str) -> str:
    if not reason.strip():
        raise click.UsageError("reason: say why, with --reason or in the plan file.")
    return reason


def _finish(desk: Desk, operation: Operation, wait: bool, patience: float | None, as_json: bool) -> None:
    """Watch it when that is wanted, print how it stands, and end with its code."""
    code = Code.WAITS if operation.approve_before is not None else Code.DONE
    if wait:
        operation, code = _followed(desk, operation, as_json, patience or 0)
    if as_json:
        _print({"operation": operation.id, "state": operation.state.value, "because": operation.because})
    else:
        click.echo(f"{operation.state.value}: {operation.because}" if operation.because else operation.state.value)
    _end(code)


def _followed(desk: Desk, operation: Operation, as_json: bool, patience: float = 0) -> tuple[Operation, Code]:
    watch = Watch(desk, lambda line: click.echo(line, err=as_json), timedelta(seconds=patience))
    try:
        return watch.follow(operation.id)
    except KeyboardInterrupt:
        click.echo(f"No longer watching. It goes on: haven deploy follow {operation.id}", err=True)
        raise click.exceptions.Exit(Code.STOPPED) from None


def _show(seen: Reviewed, as_json: bool) -> None:
    if as_json:
        _print(review_data(seen))
    else:
        click.echo("\n".join(review_lines(seen)))


def _end(code: Code) -> None:
    if code is not Code.DONE:
        raise click.exceptions.Exit(code)


def _print(data: object) -> None:
    click.echo(json.dumps(data, indent=2, sort_keys=True, default=str))


def _here() -> str:
    """Who typed the command, for the ledger: there is no login here."""
    return f"cli {getpass.getuser()}@{socket.gethostname()}"
