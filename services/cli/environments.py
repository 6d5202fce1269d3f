"""`haven environment`: which deployments of the stacks Haven looks after."""

import getpass
import json
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import click

from services import bootstrap
from services.bootstrap import Haven
from services.domain.access import SYSTEM
from services.domain.environment import Environment, check_name
from services.domain.wording import counted
from services.settings import Settings
from services.usecases.environment_adoption import Survey
from services.usecases.environment_rules import LABELS, ROLES

C = TypeVar("C", bound=Callable[..., Any])
_ROLE_OPTIONS = (
    click.option("--reader-role", help="ARN of the role Haven reads with."),
    click.option("--operator-role", help="ARN of the role Haven acts with."),
    click.option("--provisioner-role", help="ARN of the role Haven deploys with."),
    click.option("--external-id", help="External id the roles' trust asks for."),
)
_NEW_OPTIONS = (
    click.option("--account", required=True, help="The 12-digit AWS account."),
    click.option("--region", default="us-east-1", show_default=True),
    click.option("--stack-prefix", help="What comes before -network and so on; the name, unless given."),
    click.option("--blueprint", default="multi-az", show_default=True),
    click.option("--protected/--not-protected", default=True, show_default=True),
    click.option("--slo-target", default=99.95, show_default=True, type=click.FloatRange(90, 100)),
    *_ROLE_OPTIONS,
)


def _options(given: Sequence[Callable[[C], C]]) -> Callable[[C], C]:
    def wrap(command: C) -> C:
        for option in reversed(given):
            command = option(command)
        return command

    return wrap


@click.group()
def environment() -> None:
    """Environments."""


@environment.command("list")
@click.option("--archived", is_flag=True, help="The archived ones too.")
def list_environments(archived: bool) -> None:
    """Every environment with its account, region and blueprint."""
    for known in _haven().environments.all(SYSTEM, archived=archived):
        state = "archived" if known.archived else "protected" if known.protected else ""
        click.echo(f"{known.name:20} {known.account:14} {known.region:14} {known.blueprint:10} {state}".rstrip())


@environment.command()
@click.argument("name")
def show(name: str) -> None:
    """One environment with everything that can be edited of it, and what stays as it is."""
    found = _haven().environments.editable(SYSTEM, name)
    for field, label in LABELS.items():
        value = getattr(found.environment, field)
        said = (
            ("yes" if value else "no") if isinstance(value, bool) else f"{value:g}" if field == "slo_target" else value
        )
        stays = "  (stays as it is)" if field in found.fixed else ""
        click.echo(f"{label:18} {said or 'none'}{stays}")
    for why in dict.fromkeys(found.fixed.values()):
        click.echo(f"Stays: {why}")


@environment.command()
@click.argument("name")
@_options(_NEW_OPTIONS)
def add(name: str, **given: Any) -> None:
    """Add an environment; its stacks are named PREFIX-network and so on."""
    haven = _haven()
    haven.environments.register(SYSTEM, _made(haven, name, given), client=_here())
    click.echo(f"{name} is known; the worker reads it with its next tick.")


@environment.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Register it without asking.")
@_options(_NEW_OPTIONS)
def adopt(name: str, yes: bool, **given: Any) -> None:
    """Show the stacks that are there already, and look after them as the environment NAME. No stack is changed."""
    haven = _haven()
    made = _made(haven, name, given)
    survey = haven.environment_checks.survey(SYSTEM, made)
    click.echo("\n".join(survey_lines(survey)))
    if not survey.ours:
        raise click.ClickException(
            f"No stack {made.stack_prefix}-… fits; to begin with nothing: haven environment add."
        )
    if not yes:
        click.confirm(f"Look after {counted(len(survey.ours), 'stack')} as {name}?", abort=True)
    haven.environments.register(SYSTEM, made, client=_here())
    click.echo(f"{name} is known; the worker reads it with its next tick.")


@environment.command()
@click.argument("name")
@click.option("--account")
@click.option("--region")
@click.option("--stack-prefix")
@click.option("--blueprint")
@click.option("--protected/--not-protected", default=None)
@click.option("--slo-target", type=click.FloatRange(90, 100))
@_options(_ROLE_OPTIONS)
@click.option("--reason", default="", help="Why; needed to give up protection, and kept for ever.")
def edit(name: str, reason: str, **given: Any) -> None:
    """Change what is given of an environment; an empty role or external id is taken away."""
    haven = _haven()
    found = haven.environments.editable(SYSTEM, name)
    wanted = replace(found.environment, **_fields({key: value for key, value in given.items() if value is not None}))
    changed = haven.environments.edit(SYSTEM, found.version, wanted, reason=reason, client=_here())
    for field, (before, after) in changed.items():
        click.echo(f"{LABELS[field]:18} {before} -> {after}")
    if not changed:
        click.echo("Nothing was changed.")


@environment.command()
@click.argument("name")
@click.option("--reason", required=True, help="Why; it is kept for ever.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def archive(name: str, reason: str, yes: bool) -> None:
    """Stop looking after NAME. Its stacks stay as they are, and so does its history."""
    if not yes:
        click.confirm(f"Stop looking after {name}? Nothing in AWS is changed.", abort=True)
    _haven().environments.archive(SYSTEM, name, reason, client=_here())
    click.echo(f"{name} is archived; nothing reads it any more. haven environment bring-back {name} undoes it.")


@environment.command("bring-back")
@click.argument("name")
def bring_back(name: str) -> None:
    """Look after an archived environment again."""
    _haven().environments.bring_back(SYSTEM, name, client=_here())
    click.echo(f"{name} is looked after again; the worker reads it with its next tick.")


@environment.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
def check(name: str, as_json: bool) -> None:
    """Ask AWS, now, who the roles of NAME are and what they lack. Exits with 1 when something is missing."""
    missing = _haven().environment_checks.missing(SYSTEM, name)
    if as_json:
        click.echo(json.dumps(missing, indent=2, sort_keys=True))
    else:
        click.echo("\n".join(missing_lines(missing)))
    if missing:
        raise click.exceptions.Exit(1)


@environment.command()
@click.argument("name")
def stacks(name: str) -> None:
    """Ask AWS, now, which stacks NAME reads, and what is beside them."""
    haven = _haven()
    survey = haven.environment_checks.survey(SYSTEM, haven.environments.get(SYSTEM, name))
    click.echo("\n".join(survey_lines(survey)))


@environment.command()
def roles() -> None:
    """Print the CloudFormation template of the three roles that Haven assumes in an account."""
    click.echo(bootstrap.roles_template(), nl=False)


def _haven() -> Haven:
    return bootstrap.build(Settings())


def _made(haven: Haven, name: str, given: Mapping[str, Any]) -> Environment:
    fields = _fields(given)
    fields["stack_prefix"] = fields["stack_prefix"] or name
    return Environment(name=check_name(name), created_at=haven.clock.now(), **fields)


def _fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """Options as the environment's fields; an empty text is none."""
    renamed = {f"{role}_role": field for role, field in ROLES.items()}
    return {renamed.get(name, name): value if value != "" else None for name, value in given.items()}


def missing_lines(missing: Mapping[str, Sequence[str]]) -> list[str]:
    """What the roles lack, by role."""
    lines = [line for role, lacks in missing.items() for line in (f"{role}:", *(f"  {each}" for each in lacks))]
    return lines or ["Every role is as it should be."]


def survey_lines(survey: Survey) -> list[str]:
    """The stacks of an account: ours, absent ones, those beside, other prefixes, and how many more."""
    lines = [f"{each.stack_name:40} {each.status:26} {each.how}" for each in survey.ours]
    lines += [f"{name:40} {'not there':26} the blueprint has it" for name in survey.absent]
    lines += [f"{each.stack_name:40} {each.status:26} {each.how}" for each in survey.beside]
    for group in survey.elsewhere:
        whose = f"looked after as {group.environment}" if group.environment else "looked after by nobody"
        lines.append(f"{group.prefix + '-…':40} {counted(len(group.stacks), 'stack'):26} {whose}")
    if survey.strangers:
        lines.append(f"{counted(survey.strangers, 'more stack has', 'more stacks have')} nothing to do with Haven.")
    return lines or ["There is no stack in this account and region."]


def _here() -> str:
    """Who typed the command, for the ledger: there is no login here."""
    return f"cli {getpass.getuser()}@{socket.gethostname()}"
