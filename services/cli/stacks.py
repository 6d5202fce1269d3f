"""`haven stack`: what a blueprint deploys, deploying it, and carrying live scaling edits into a stack."""

import getpass
import socket
import sys
from collections.abc import Callable, Sequence

import click

from services import bootstrap
from services.cli.values import Value, by_stack
from services.domain.access import SYSTEM
from services.settings import Settings
from services.usecases.carrying import Deployment, Prepared
from services.usecases.provisioning import Progress


@click.group()
def stack() -> None:
    """Stacks and blueprints."""


@stack.command()
@click.argument("blueprint")
@click.option("--environment", default="example", show_default=True, help="The name the stacks would carry.")
def render(blueprint: str, environment: str) -> None:
    """Print what a blueprint would deploy, stack by stack, in order."""
    click.echo(bootstrap.render(blueprint, environment))


@stack.command()
@click.argument("environment")
@click.option(
    "--set", "values", multiple=True, type=Value(), help="A value in place of the blueprint's; may be repeated."
)
@click.option("--reset-scaling", is_flag=True, help="Take the blueprint's scaling, not the deployed one.")
@click.option("--yes", is_flag=True, help="Overwrite live scaling edits without asking.")
def deploy(environment: str, values: tuple[tuple[str, str, str], ...], reset_scaling: bool, yes: bool) -> None:
    """Deploy an environment's blueprint through change sets; stacks without changes are left alone.

    The scaling that is deployed stays where the blueprint says otherwise, unless it is set or reset here.
    """
    haven = bootstrap.build(Settings())
    known = haven.environments.get(SYSTEM, environment)
    planned = haven.carrying.deployment(SYSTEM, known, by_stack(values), reset_scaling=reset_scaling)
    for line in kept_lines(planned):
        click.echo(f"{environment:14} {line}")
    agree(planned, yes=yes, terminal=sys.stdin.isatty(), ask=click.confirm)

    def tell(progress: Progress) -> None:
        click.echo(f"{environment:14} {progress.stack:24} {progress.word} {progress.detail}".rstrip())

    haven.provisioning.deploy(SYSTEM, known, planned.specs, tell)


@stack.command()
@click.argument("environment")
@click.argument("service")
@click.option("--create", is_flag=True, help="Have CloudFormation work out the change set; it is not executed.")
@click.option("--reason", help="Why; needed with --create, and kept for ever.")
def carry(environment: str, service: str, create: bool, reason: str | None) -> None:
    """Show how the live scaling edits of SERVICE are carried into its stack's parameters."""
    carrying = bootstrap.build(Settings()).carrying
    if not create:
        _show(carrying.prepare(SYSTEM, environment, service))
        return
    client = f"cli {getpass.getuser()}@{socket.gethostname()}"
    made = carrying.create_change_set(SYSTEM, environment, service, reason or "", client=client)
    _show(made.prepared, lines=made.look)
    click.echo(f"\nThe change set {made.change_set} is made. Nothing is executed.")


def agree(planned: Deployment, *, yes: bool, terminal: bool, ask: Callable[[str], bool]) -> None:
    """Say which live edits would be overwritten, and have a person agree to it. Raises ClickException when there is
    nobody to ask, Abort when the answer is no."""
    if planned.read_at is None:
        click.echo("Live scaling was never read: whether edits would be overwritten is not known.", err=True)
    if not planned.overwritten:
        return
    click.echo(f"Live scaling edits would be overwritten (read at {planned.read_at:%Y-%m-%d %H:%M:%S} UTC):", err=True)
    for each in planned.overwritten:
        click.echo(f"  {each.sentence}", err=True)
    services = sorted({each.service for each in planned.overwritten})
    click.echo(f"To keep them first: haven stack carry ENVIRONMENT {' | '.join(services)}", err=True)
    if yes:
        return
    if not terminal:
        raise click.ClickException("Live edits would be overwritten, and there is nobody to ask: say --yes to go on.")
    if not ask("Overwrite them?"):
        raise click.Abort


def kept_lines(planned: Deployment) -> list[str]:
    """One line for every deployed value that stays though the blueprint says otherwise."""
    return [
        f"{stack:24} keeps {name} {deployed or 'empty'} (blueprint: {blueprint or 'empty'})"
        for stack, pairs in planned.kept.items()
        for name, (deployed, blueprint) in pairs.items()
    ]


def _show(prepared: Prepared, lines: Sequence[str] | None = None) -> None:
    click.echo(f"{prepared.stack_name}, as read at {prepared.read_at:%Y-%m-%d %H:%M:%S} UTC")
    for name, value in prepared.after.items():
        click.echo(f"  {name}: {prepared.before[name] or 'empty'} -> {value or 'empty'}")
    if not prepared.after:
        click.echo("  Nothing to carry.")
    for left in prepared.left:
        click.echo(f"  not carried: {left.edited.label} {left.edited.live}. {left.why}")
    for each in prepared.overwritten:
        click.echo(f"  also changes: {each.sentence}")
    commands = [prepared.deploy, *prepared.commands] if lines is None else lines
    if any(commands):
        click.echo("\n" + "\n".join(filter(None, commands)))
