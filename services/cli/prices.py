"""`haven prices`: the dated list prices that estimates are made from, checked and refreshed."""

from datetime import timedelta
from pathlib import Path

import click

from services import bootstrap
from services.domain.wording import counted
from services.settings import Settings
from services.usecases.pricing import OLDEST, Checked, Renewed

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def prices() -> None:
    """List prices, with their dates and sources."""


@prices.command()
@click.option(
    "--days", default=OLDEST.days, show_default=True, type=click.IntRange(1, 3650), help="Warn about older ones."
)
@click.option("--file", type=_FILE, help="Another file than the one Haven carries.")
def check(days: int, file: Path | None) -> None:
    """Check that every price the blueprints need is there, and warn about old ones. Ends with 1 when one is missing."""
    found = bootstrap.pricing(Settings(), _text(file)).check(timedelta(days=days))
    for line in checked_lines(found):
        click.echo(line)
    if found.missing:
        raise SystemExit(1)


@prices.command()
@click.option("--region", default="us-east-1", show_default=True, help="Whose prices; may be new to the file.")
@click.option("--file", type=_FILE, help="Another file than the one Haven carries.")
@click.option("--write", type=click.Path(dir_okay=False, path_type=Path), help="Write the file with AWS's prices here.")
def refresh(region: str, file: Path | None, write: Path | None) -> None:
    """Ask AWS's Price List API, with Haven's own credentials, and show what differs."""
    found = bootstrap.pricing(Settings(), _text(file)).refresh(region)
    for line in renewed_lines(found, region):
        click.echo(line)
    if write is None:
        return
    try:
        write.write_text(found.text, encoding="utf-8")
    except OSError as problem:
        raise click.ClickException(f"{write} cannot be written: {problem.strerror}.") from problem
    click.echo(f"Written to {write}.")


def checked_lines(found: Checked) -> list[str]:
    """What there is to say about a check, the worst first."""
    said = [f"missing: {line}" for line in found.missing] + [f"warning: {line}" for line in found.warnings]
    verdict = f"{len(found.missing)} missing" if found.missing else "all that the blueprints need"
    return [*said, f"{counted(found.count, 'price')}, {verdict}; {counted(len(found.warnings), 'warning')}."]


def renewed_lines(found: Renewed, region: str) -> list[str]:
    """What AWS said, in the file's order."""
    said = [
        f"{each.region} {each.key}: {'none' if each.before is None else f'{each.before:g}'} -> {each.after:g} USD"
        for each in found.differences
    ]
    said += [f"{region} {key}: {why}" for key, why in found.unanswered.items()]
    same = found.asked - len(found.differences) - len(found.unanswered)
    differ, without = len(found.differences), len(found.unanswered)
    return [*said, f"{found.asked} asked: {same} the same, {differ} differ, {without} without answer."]


def _text(file: Path | None) -> str | None:
    try:
        return None if file is None else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise click.ClickException(f"{file} cannot be read.") from problem
