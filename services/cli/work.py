"""`haven worker`: the background process that reads AWS."""

import click

from services import bootstrap
from services.settings import Settings
from services.worker.schedule import run


@click.command()
def worker() -> None:
    """Take snapshots until stopped. Any number may run; a lease keeps them from doing the same work twice."""
    bootstrap.log_as_json("worker")
    run(bootstrap.build(Settings()))
