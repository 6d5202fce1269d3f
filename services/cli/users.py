"""`haven user`: people, for the operator of Haven who has no login yet or lost it."""

import getpass
import socket

import click

from services import bootstrap
from services.domain.access import SYSTEM, Role
from services.settings import Settings

_ROLE = click.Choice([role.value for role in Role])


def _here() -> str:
    """Who typed the command, for the ledger: there is no login here."""
    return f"cli {getpass.getuser()}@{socket.gethostname()}"


@click.group()
def user() -> None:
    """People and their roles."""


@user.command()
@click.argument("name")
@click.option("--role", type=_ROLE, default=Role.VIEWER.value, show_default=True)
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True, envvar="HAVEN_NEW_PASSWORD")
def add(name: str, role: str, password: str) -> None:
    """Add a person."""
    bootstrap.build(Settings()).users.add(SYSTEM, name, Role(role), password, client=_here())
    click.echo(f"{name} may log in as {role}.")


@user.command("set-role")
@click.argument("name")
@click.argument("role", type=_ROLE)
def set_role(name: str, role: str) -> None:
    """Give a person another role; ends their sessions."""
    bootstrap.build(Settings()).users.set_role(SYSTEM, name, Role(role), client=_here())
    click.echo(f"{name} is {role} now.")


@user.command()
@click.argument("name")
def disable(name: str) -> None:
    """Keep a person from logging in; ends their sessions."""
    bootstrap.build(Settings()).users.disable(SYSTEM, name, client=_here())
    click.echo(f"{name} can no longer log in.")


@user.command()
@click.argument("name")
def enable(name: str) -> None:
    """Let a disabled person log in again."""
    bootstrap.build(Settings()).users.enable(SYSTEM, name, client=_here())
    click.echo(f"{name} can log in again.")


@user.command("reset-password")
@click.argument("name")
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True, envvar="HAVEN_NEW_PASSWORD")
def reset_password(name: str, password: str) -> None:
    """Set a new password; ends their sessions and lifts a lock."""
    bootstrap.build(Settings()).users.reset_password(SYSTEM, name, password, client=_here())
    click.echo(f"{name} has a new password.")


@user.command("list")
def list_users() -> None:
    """Everyone, with role and state."""
    for person in bootstrap.build(Settings()).users.all(SYSTEM):
        seen = f"last login {person.last_login_at:%Y-%m-%d %H:%M} UTC" if person.last_login_at else "never logged in"
        click.echo(f"{person.name:24} {person.role:9} {'disabled' if person.disabled else 'enabled':9} {seen}")
