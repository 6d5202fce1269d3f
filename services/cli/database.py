"""`haven migrate`: bring the database to this version of Haven."""

import click

from services import bootstrap
from services.settings import Settings


@click.command()
def migrate() -> None:
    """Upgrade the database's tables; safe to run twice, and from two places at once."""
    settings = Settings()
    bootstrap.migrate(settings)
    click.echo("The database is up to date.")
