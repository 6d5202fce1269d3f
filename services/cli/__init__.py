"""`haven`: the command line. Each group lives in its own file and is imported only when it is called."""

from importlib import import_module

import click

from services.domain.errors import HavenError

_COMMANDS = {
    "deploy": "services.cli.deploying:deploy",
    "environment": "services.cli.environments:environment",
    "freeze": "services.cli.freezes:freeze",
    "migrate": "services.cli.database:migrate",
    "prices": "services.cli.prices:prices",
    "run": "services.cli.run:run",
    "sandbox": "services.cli.sandbox:sandbox",
    "stack": "services.cli.stacks:stack",
    "user": "services.cli.users:user",
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except HavenError as problem:
            raise click.ClickException(problem.message) from problem


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
def haven() -> None:
    """Control plane for a Multi-AZ AWS stack."""
