"""`haven environment` against a sandbox: what is there already, what a role lacks, and a worker's check of it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services import bootstrap
from services.cli import haven
from services.domain.access import SYSTEM
from services.domain.operation import State
from services.settings import Settings
from tests.sandbox_server import Sandbox

Run = Callable[..., Result]
ACCOUNT = "123456789012"
QUEUE = json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})


@pytest.fixture
def settings(sandbox: Sandbox, sqlite_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "HAVEN_DATABASE_URL": sqlite_database,
        "HAVEN_HOME": str(tmp_path / "var"),
        "HAVEN_AWS_ENDPOINT_URL": sandbox.url,
    }.items():
        monkeypatch.setenv(name, value)
    return Settings()


@pytest.fixture
def run(settings: Settings) -> Run:
    def run(*words: str, input: str | None = None) -> Result:
        return CliRunner().invoke(haven, ("environment", *words), input=input)

    return run


@pytest.fixture(scope="module")
def stacks(sandbox: Sandbox) -> list[str]:
    """Stacks that nobody made with Haven, at rest."""
    client = sandbox.client("cloudformation")
    tagged = [{"Key": "haven:environment", "Value": "shop"}]
    for name, tags in (("shop-network", []), ("shop-data", tagged), ("shop-alarms", tagged), ("till-data", [])):
        client.create_stack(StackName=name, TemplateBody=QUEUE, Tags=tags)
    sandbox.advance(600)
    return ["shop-alarms", "shop-data", "shop-network", "till-data"]


def test_stacks_that_are_there_are_adopted(run: Run, stacks: list[str]) -> None:
    asked = run("adopt", "shop", "--account", ACCOUNT, input="n\n")
    lines = [" ".join(line.split()) for line in asked.output.splitlines()]
    assert lines[:2] == [
        "shop-data CREATE_COMPLETE by its tag",
        "shop-network CREATE_COMPLETE by its name; it has no tag",
    ]
    assert "shop-platform not there the blueprint has it" in lines
    assert "shop-alarms CREATE_COMPLETE custom, by its tag; read-only" in lines
    assert "till-… 1 stack looked after by nobody" in lines
    assert run("list").output == ""
    adopted = run("adopt", "shop", "--account", ACCOUNT, input="y\n")
    assert (adopted.exit_code, "Look after 2 stacks as shop?" in adopted.output) == (0, True)
    assert run("list").output.startswith("shop ")
    assert "shop-network" in run("stacks", "shop").output


def test_where_nothing_fits_nothing_is_adopted(run: Run, stacks: list[str]) -> None:
    refused = run("adopt", "nothing", "--account", ACCOUNT, "--yes")
    assert (refused.exit_code, "No stack nothing-… fits" in refused.output) == (1, True)
    assert run("list").output == ""


def test_a_worker_checks_what_the_command_line_sees_too(run: Run, settings: Settings, stacks: list[str]) -> None:
    assert run("add", "shop", "--account", "210987654321").exit_code == 0
    seen = run("check", "shop", "--json")
    assert seen.exit_code == 1, "the credentials are of another account"
    built = bootstrap.build(settings)
    asked = built.environment_checks.request(SYSTEM, "shop")
    for _ in range(4):
        built.engine.advance(asked.id)
    operation = built.operations.view(SYSTEM, asked.id).operation
    assert operation.state is State.SUCCEEDED, operation.because
    result = built.environment_checks.latest(SYSTEM, "shop").result
    assert result
    assert result.missing == json.loads(seen.output)
    assert all("account" in lacks[0] for lacks in result.missing.values())
    assert set(result.missing) == {"reader", "operator", "provisioner"}
    assert result.survey
    assert [each.stack_name for each in result.survey.ours] == ["shop-data", "shop-network"]
