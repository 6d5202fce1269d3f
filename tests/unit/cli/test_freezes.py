"""`haven freeze`, on a database of its own."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.cli import haven

Run = Callable[..., Result]
NOW = datetime.now(UTC).replace(second=0, microsecond=0)
REASON = ("--reason", "the shop is full")


def at(days: float) -> str:
    return f"{NOW + timedelta(days=days):%Y-%m-%dT%H:%MZ}"


def times(start: float, end: float) -> tuple[str, ...]:
    return "--from", at(start), "--until", at(end)


@pytest.fixture
def run(sqlite_database: str, tmp_path: Path) -> Run:
    env = {"HAVEN_DATABASE_URL": sqlite_database, "HAVEN_HOME": str(tmp_path / "var")}

    def run(*words: str) -> Result:
        return CliRunner().invoke(haven, words, env=env)

    assert run("environment", "add", "production", "--account", "123456789012").exit_code == 0
    return run


def test_add_list_and_remove(run: Run) -> None:
    assert run("freeze", "list").output == "No change freeze is on, and none is to come.\n"
    added = run("freeze", "add", "Holidays", *times(1, 9), *REASON, "--everywhere")
    assert added.exit_code == 0, added.output
    later = added.output.partition(":")[0]
    when = f"from {NOW + timedelta(days=1):%Y-%m-%d %H:%M} until {NOW + timedelta(days=9):%Y-%m-%d %H:%M} UTC"
    assert added.output == f"{later}: everywhere is frozen {when}.\n"
    added = run("freeze", "add", "Black Friday", *times(-0.1, 1), *REASON, "--environment", "production")
    own = added.output.partition(":")[0]
    lines = run("freeze", "list").output.splitlines()
    assert [(line.split()[0], line[15:23].strip()) for line in lines] == [(own, "on"), (later, "to come")]
    assert lines[1].endswith(f"everywhere           {when}  Holidays: the shop is full (system)")
    assert run("freeze", "remove", own).output == "The change freeze “Black Friday” of production is removed.\n"
    assert [line.split()[0] for line in run("freeze", "list").output.splitlines()] == [later]
    again = run("freeze", "remove", own)
    assert (again.exit_code, again.output) == (1, "Error: There is no such change freeze, or it is over already.\n")


@pytest.mark.parametrize("where", [(), ("--environment", "production", "--everywhere")])
def test_where_is_said_once(run: Run, where: tuple[str, ...]) -> None:
    refused = run("freeze", "add", "Holidays", *times(1, 9), *REASON, *where)
    assert refused.exit_code == 2
    assert "Say either --environment NAME or --everywhere." in refused.output
    assert "none is to come" in run("freeze", "list").output


@pytest.mark.parametrize(
    ("time", "words"),
    [("tomorrow", "is not a time such as"), ("2026-12-20T00:00", "has no time zone"), ("2026-12-20", "time zone")],
)
def test_a_time_says_its_zone(run: Run, time: str, words: str) -> None:
    refused = run("freeze", "add", "Holidays", "--from", time, "--until", at(9), *REASON, "--everywhere")
    assert (refused.exit_code, words in refused.output) == (2, True)


def test_what_the_use_case_refuses(run: Run) -> None:
    long = run("freeze", "add", "Holidays", *times(1, 92), *REASON, "--everywhere")
    assert (long.exit_code, long.output) == (1, "Error: A change freeze ends one minute to 90 days after it begins.\n")
    unknown = run("freeze", "add", "Holidays", *times(1, 9), *REASON, "--environment", "nowhere")
    assert (unknown.exit_code, unknown.output) == (1, "Error: There is no environment nowhere.\n")
