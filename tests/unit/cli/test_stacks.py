"""`haven stack`: what is said and asked before a deployment."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from services.cli import haven
from services.cli.stacks import agree, kept_lines
from services.domain.scaling.overwritten import overwritten
from services.usecases.carrying import Deployment
from tests.builders import NOW
from tests.unit.domain.scaling.edits import live, world

SNAPSHOT, _ = world(live(max_capacity=20))
LOST = overwritten(SNAPSHOT, {"service-rbac": {"MinTasks": "4"}})
QUIET = Deployment((), {}, (), NOW)
LOUD = replace(QUIET, overwritten=LOST)


def never(_question: str) -> bool:
    raise AssertionError("Nobody is asked.")


@pytest.fixture
def run(sqlite_database: str, tmp_path: Path) -> Callable[..., Result]:
    env = {"HAVEN_DATABASE_URL": sqlite_database, "HAVEN_HOME": str(tmp_path / "var")}

    def run(*words: str) -> Result:
        return CliRunner().invoke(haven, words, env=env)

    assert run("environment", "add", "production", "--account", "123456789012").exit_code == 0
    return run


def test_nothing_to_lose_asks_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    agree(QUIET, yes=False, terminal=True, ask=never)
    assert capsys.readouterr().err == ""


def test_what_was_never_read_is_said_and_does_not_stop(capsys: pytest.CaptureFixture[str]) -> None:
    agree(replace(QUIET, read_at=None), yes=False, terminal=False, ask=never)
    assert "never read" in capsys.readouterr().err


def test_a_person_is_asked_and_told_what_would_go(capsys: pytest.CaptureFixture[str]) -> None:
    agree(LOUD, yes=False, terminal=True, ask=lambda _question: True)
    said = capsys.readouterr().err
    assert "rbac: Maximum is 20 live and becomes 12, as MinTasks changes." in said
    assert "haven stack carry" in said
    with pytest.raises(click.Abort):
        agree(LOUD, yes=False, terminal=True, ask=lambda _question: False)


def test_a_script_must_say_yes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(click.ClickException, match="say --yes"):
        agree(LOUD, yes=False, terminal=False, ask=never)
    agree(LOUD, yes=True, terminal=False, ask=never)
    assert capsys.readouterr().err.count("becomes 12") == 2


def test_what_is_kept_is_said_with_the_blueprints_value() -> None:
    kept = {"service-rbac": {"MaxTasks": ("20", "12"), "BusySchedule": ("", "cron(0 8 * * ? *)")}}
    assert kept_lines(replace(QUIET, kept=kept)) == [
        "service-rbac             keeps MaxTasks 20 (blueprint: 12)",
        "service-rbac             keeps BusySchedule empty (blueprint: cron(0 8 * * ? *))",
    ]


@pytest.mark.parametrize("value", ["MaxTasks=20", "service-rbac.MaxTasks", "service-rbac.=20", ".MaxTasks=20", "=", ""])
def test_a_value_names_its_stack_and_its_parameter(run: Callable[..., Result], value: str) -> None:
    refused = run("stack", "deploy", "production", "--set", value)
    assert refused.exit_code == 2
    assert "is not like service-rbac.MaxTasks=20" in refused.output


def test_carrying_needs_an_environment_that_was_read(run: Callable[..., Result]) -> None:
    for words, said in (
        (("nowhere", "rbac"), "There is no environment nowhere."),
        (("production", "rbac"), "production was not read yet."),
        (("production", "rbac", "--create"), "Say why"),
    ):
        refused = run("stack", "carry", *words)
        assert (refused.exit_code, said in refused.output) == (1, True)
