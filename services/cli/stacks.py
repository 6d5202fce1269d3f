"""`haven stack`: what a blueprint deploys, and deploying it."""

import click

from services import bootstrap
from services.domain.access import SYSTEM
from services.settings import Settings
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
def deploy(environment: str) -> None:
    """Deploy an environment's blueprint through change sets; stacks without changes are left alone."""
    haven = bootstrap.build(Settings())
    known = haven.environments.get(SYSTEM, environment)

    def tell(progress: Progress) -> None:
        click.echo(f"{environment:14} {progress.stack:24} {progress.word} {progress.detail}".rstrip())

    haven.provisioning.deploy(SYSTEM, known, bootstrap.specs(known), tell)
