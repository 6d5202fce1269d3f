"""`haven environment`, on a database of its own; AWS is an address where nobody answers."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from provisioning.roles import roles_template
from services.cli import haven
from services.cli.environments import missing_lines, survey_lines
from services.usecases.environment_adoption import Found, Group, Survey

Run = Callable[..., Result]
ACCOUNT = ("--account", "123456789012")
REASON = ("--reason", "the company moved house")


@pytest.fixture
def run(sqlite_database: str, tmp_path: Path) -> Run:
    env = {
        "HAVEN_DATABASE_URL": sqlite_database,
        "HAVEN_HOME": str(tmp_path / "var"),
        "HAVEN_AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "HAVEN_AWS_CONNECT_TIMEOUT": "0.2",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }

    def run(*words: str, input: str | None = None) -> Result:
        return CliRunner().invoke(haven, ("environment", *words), env=env, input=input)

    return run


def added(run: Run, name: str = "production", *more: str) -> None:
    made = run("add", name, *ACCOUNT, *more)
    assert made.exit_code == 0, made.output


def test_add_list_and_show(run: Run) -> None:
    added(run)
    added(run, "legacy", "--blueprint", "single-az", "--not-protected", "--stack-prefix", "old")
    lines = run("list").output.splitlines()
    assert lines == [
        "legacy               123456789012   us-east-1      single-az",
        "production           123456789012   us-east-1      multi-az   protected",
    ]
    shown = run("show", "legacy").output
    assert "stack prefix       old\n" in shown
    assert "protection         no\n" in shown
    assert "name               legacy  (stays as it is)\n" in shown
    assert shown.endswith("Stays: A name is never changed: snapshots, operations and the ledger are kept under it.\n")


def test_a_blueprint_must_be_there(run: Run) -> None:
    refused = run("add", "production", *ACCOUNT, "--blueprint", "three-az")
    assert refused.exit_code == 1
    assert "There is no such blueprint; there are multi-az and single-az." in refused.output


def test_edit_changes_what_is_given(run: Run) -> None:
    role = "arn:aws:iam::123456789012:role/haven/haven-production-reader"
    added(run, "production", "--external-id", "a-long-random-text", "--operator-role", role)
    edited = run("edit", "production", "--slo-target", "99.9", "--reader-role", role, "--operator-role", "")
    assert edited.output.splitlines() == [
        "SLO target         99.95 -> 99.9",
        f"reader role        none -> {role}",
        f"operator role      {role} -> none",
    ]
    assert "external id        a-long-random-text\n" in run("show", "production").output
    assert run("edit", "production").output == "Nothing was changed.\n"


def test_protection_is_given_up_with_a_reason(run: Run) -> None:
    added(run)
    refused = run("edit", "production", "--not-protected")
    assert (refused.exit_code, "Say why" in refused.output) == (1, True)
    assert run("edit", "production", "--not-protected", *REASON).output == "protection         yes -> no\n"


def test_archive_asks_and_bring_back_undoes_it(run: Run) -> None:
    added(run)
    assert run("archive", "production", *REASON, input="n\n").exit_code == 1
    assert "production" in run("list").output
    done = run("archive", "production", *REASON, input="y\n")
    assert done.exit_code == 0
    assert "haven environment bring-back production undoes it." in done.output
    assert run("list").output == ""
    assert run("list", "--archived").output.endswith("archived\n")
    again = run("archive", "production", *REASON, "--yes")
    assert (again.exit_code, again.output) == (1, "Error: production is archived already.\n")
    assert run("bring-back", "production").exit_code == 0
    assert "production" in run("list").output


@pytest.mark.parametrize("words", [("check", "production"), ("stacks", "production"), ("adopt", "shop", *ACCOUNT)])
def test_where_aws_does_not_answer_it_says_so(run: Run, words: tuple[str, ...]) -> None:
    added(run)
    asked = run(*words)
    assert asked.exit_code == 1
    assert asked.output.startswith("Error: ")
    assert [line.split()[0] for line in run("list").output.splitlines()] == ["production"]


def test_the_template_of_the_roles_is_printed_as_it_is(run: Run) -> None:
    assert run("roles").output == roles_template()


def test_what_is_lacking_is_told_by_role() -> None:
    assert missing_lines({}) == ["Every role is as it should be."]
    assert missing_lines(
        {"reader": ["ecs:ListTasks", "rds:DescribeEvents"], "operator": ["It cannot be assumed."]}
    ) == [
        "reader:",
        "  ecs:ListTasks",
        "  rds:DescribeEvents",
        "operator:",
        "  It cannot be assumed.",
    ]


def test_stacks_are_told_in_their_groups() -> None:
    survey = Survey(
        (Found("network", "shop-network", "CREATE_COMPLETE", "by its tag"),),
        ("shop-data",),
        (Found("", "shop-alarms", "CREATE_COMPLETE", "custom, by its tag; read-only"),),
        (Group("legacy", "legacy", ("legacy-data",)), Group("till", "", ("till-data", "till-network"))),
        1,
    )
    assert [" ".join(line.split()) for line in survey_lines(survey)] == [
        "shop-network CREATE_COMPLETE by its tag",
        "shop-data not there the blueprint has it",
        "shop-alarms CREATE_COMPLETE custom, by its tag; read-only",
        "legacy-… 1 stack looked after as legacy",
        "till-… 2 stacks looked after by nobody",
        "1 more stack has nothing to do with Haven.",
    ]
    assert survey_lines(Survey()) == ["There is no stack in this account and region."]
