"""`haven freeze`: windows of time in which nothing is to be changed."""

import getpass
import socket
from datetime import datetime

import click

from services import bootstrap
from services.domain.access import SYSTEM
from services.domain.freeze import Freeze
from services.domain.pause import EVERYWHERE
from services.settings import Settings
from services.usecases.freezes import Window


class _Time(click.ParamType[datetime]):
    """A time with its zone: whose midnight a freeze begins at is never guessed."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            time = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a time such as 2026-12-20T00:00Z", param, ctx)
        if time.tzinfo is None:
            self.fail(f"{value!r} has no time zone; write Z after it for UTC", param, ctx)
        return time


@click.group()
def freeze() -> None:
    """Change freezes. One that is on holds failovers back; an admin may override it with a reason."""


@freeze.command()
@click.argument("name")
@click.option("--from", "starts", required=True, type=_Time(), help="When it begins, such as 2026-12-20T00:00Z.")
@click.option("--until", "ends", required=True, type=_Time(), help="When it ends, at most 90 days later.")
@click.option("--reason", required=True, help="Why; it is kept for ever.")
@click.option("--environment", help="The environment it freezes.")
@click.option("--everywhere", is_flag=True, help="Freeze every environment.")
def add(name: str, starts: datetime, ends: datetime, reason: str, environment: str | None, everywhere: bool) -> None:
    """Announce the change freeze NAME for one environment, or everywhere."""
    if (environment is not None) is everywhere:
        raise click.UsageError("Say either --environment NAME or --everywhere.")
    window = Window(name, EVERYWHERE if environment is None else environment, starts, ends, reason)
    made = bootstrap.build(Settings()).freezes.add(SYSTEM, window, client=_here())
    click.echo(f"{made.id}: {_where(made)} is frozen {_when(made)}.")


@freeze.command("list")
def list_freezes() -> None:
    """Those that are on, and those to come."""
    freezes = bootstrap.build(Settings()).freezes
    shown = [("on", each) for each in freezes.current(SYSTEM)]
    shown += [("to come", each) for each in freezes.upcoming(SYSTEM)]
    for state, each in shown:
        click.echo(f"{each.id:14} {state:8} {_where(each):20} {_when(each)}  {each.name}: {each.reason} ({each.by})")
    if not shown:
        click.echo("No change freeze is on, and none is to come.")


@freeze.command()
@click.argument("id")
def remove(id: str) -> None:
    """Take the change freeze ID back; `haven freeze list` shows the ids."""
    gone = bootstrap.build(Settings()).freezes.remove(SYSTEM, id, client=_here())
    click.echo(f"The change freeze “{gone.name}” of {_where(gone)} is removed.")


def _where(freeze: Freeze) -> str:
    return "everywhere" if freeze.environment == EVERYWHERE else freeze.environment


def _when(freeze: Freeze) -> str:
    return f"from {freeze.starts:%Y-%m-%d %H:%M} until {freeze.ends:%Y-%m-%d %H:%M} UTC"


def _here() -> str:
    """Who typed the command, for the ledger: there is no login here."""
    return f"cli {getpass.getuser()}@{socket.gethostname()}"
