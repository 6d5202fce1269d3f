"""`haven environment`: which deployments of the stacks Haven looks after."""

import click

from services import bootstrap
from services.domain.access import SYSTEM
from services.domain.environment import Environment, check_name
from services.settings import Settings


@click.group()
def environment() -> None:
    """Environments."""


@environment.command("list")
def list_environments() -> None:
    """Every environment with its account, region and blueprint."""
    for known in bootstrap.build(Settings()).environments.all(SYSTEM):
        protected = "protected" if known.protected else ""
        click.echo(f"{known.name:20} {known.account:14} {known.region:14} {known.blueprint:10} {protected}")


@environment.command()
@click.argument("name")
@click.option("--account", required=True, help="The 12-digit AWS account.")
@click.option("--region", default="us-east-1", show_default=True)
@click.option("--blueprint", default="multi-az", show_default=True)
@click.option("--protected/--not-protected", default=True, show_default=True)
@click.option("--slo-target", default=99.95, show_default=True, type=click.FloatRange(90, 100))
@click.option("--reader-role", help="ARN of the role Haven reads with.")
@click.option("--operator-role", help="ARN of the role Haven acts with.")
@click.option("--provisioner-role", help="ARN of the role Haven deploys with.")
@click.option("--external-id", help="External id the roles' trust asks for.")
def add(
    name: str,
    account: str,
    region: str,
    blueprint: str,
    protected: bool,
    slo_target: float,
    reader_role: str | None,
    operator_role: str | None,
    provisioner_role: str | None,
    external_id: str | None,
) -> None:
    """Add an environment; its stacks are named NAME-network and so on."""
    haven = bootstrap.build(Settings())
    haven.environments.register(
        SYSTEM,
        Environment(
            name=check_name(name),
            account=account,
            region=region,
            blueprint=blueprint,
            stack_prefix=name,
            protected=protected,
            slo_target=slo_target,
            created_at=haven.clock.now(),
            reader_role_arn=reader_role,
            operator_role_arn=operator_role,
            provisioner_role_arn=provisioner_role,
            external_id=external_id,
        ),
    )
    click.echo(f"{name} is known; the worker reads it with its next tick.")
