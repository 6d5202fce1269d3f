"""`haven run` before it starts anything: what is wrong is said in one line."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from services.cli import haven
from services.cli.run import ENVIRONMENTS, Plan, _factor, _number, _provision, greeting
from services.settings import Settings
from services.usecases.provisioning import Progress


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.setenv("HAVEN_HOME", str(tmp_path / "var"))
    for name in ("PORT", "SANDBOX_PORT", "HAVEN_SANDBOX_SPEED", "HAVEN_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def one_line() -> str:
    result = CliRunner().invoke(haven, ["run"])
    assert result.exit_code == 1
    (line,) = result.output.strip().splitlines()
    return line


@pytest.mark.parametrize("name", ["PORT", "SANDBOX_PORT"])
def test_a_taken_port(here, monkeypatch, name):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        monkeypatch.setenv("PORT", "1")
        monkeypatch.setenv("SANDBOX_PORT", "2")
        monkeypatch.setenv(name, str(port))
        if name == "SANDBOX_PORT":
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                monkeypatch.setenv("PORT", str(free.getsockname()[1]))
        assert one_line() == f"Error: port {port} is taken; end what uses it or set {name}"


@pytest.mark.parametrize("text", ["0", "65536", "http", "", "-1", "١"])
def test_a_port_that_is_none(here, monkeypatch, text):
    monkeypatch.setenv("PORT", text)
    assert one_line() == f"Error: PORT is a port number from 1 to 65535, not {text!r}"


@pytest.mark.parametrize("text", ["0", "fast", "nan", "1e9"])
def test_a_speed_that_is_none(here, monkeypatch, text):
    monkeypatch.setenv("HAVEN_SANDBOX_SPEED", text)
    assert one_line() == f"Error: HAVEN_SANDBOX_SPEED is a factor from 0.01 to 10000, not {text!r}"


def test_a_directory_that_cannot_be_written(here, monkeypatch):
    (here / "file").write_text("")
    monkeypatch.setenv("HAVEN_HOME", str(here / "file"))
    assert one_line().endswith("set HAVEN_HOME")


def test_a_database_that_cannot_be_reached(here, monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    monkeypatch.setenv("HAVEN_DATABASE_URL", f"postgresql+psycopg://nobody@127.0.0.1:{port}/none")
    with socket.socket() as one, socket.socket() as two:
        for name, free in (("PORT", one), ("SANDBOX_PORT", two)):
            free.bind(("127.0.0.1", 0))
            monkeypatch.setenv(name, str(free.getsockname()[1]))
    line = one_line()
    assert "the database cannot be used" in line
    assert "check HAVEN_DATABASE_URL" in line


def test_defaults():
    assert _number("PORT", 8000, {}) == 8000
    assert _factor("HAVEN_SANDBOX_SPEED", 10.0, {}) == 10.0
    assert _factor("HAVEN_SANDBOX_SPEED", 10.0, {"HAVEN_SANDBOX_SPEED": "0.5"}) == 0.5


def test_the_greeting_says_who_approves_and_how_to_add_them():
    lines = greeting(Plan(Settings(), 8000, 5001, 10.0), "secret-1").splitlines()
    assert "  Password   secret-1" in lines
    (protected,) = (name for name, _, is_protected in ENVIRONMENTS if is_protected)
    at = next(number for number, line in enumerate(lines) if f"`{protected}` is protected" in line)
    command = lines[at + 1].split()
    assert Path(command[0]).name == "haven"
    assert CliRunner().invoke(haven, [*command[1:3], "--help"]).exit_code == 0
    assert command[1:] == ["user", "add", "on-call", "--role", "operator"]


def test_the_greeting_repeats_no_password_that_was_set_before():
    text = greeting(Plan(Settings(), 8000, 5001, 10.0), None)
    assert "as set before" in text
    assert "None" not in text


class Built:
    """The desks that a run provisions through."""

    def __init__(self):
        self.environments = self.provisioning = self
        self.known = []
        self.deployed = []

    def all(self, actor, *, archived):
        return [each for each in self.known if archived or not each.archived]

    def register(self, actor, environment):
        self.known.append(environment)

    def deploy(self, actor, environment, specs, tell, *, missing_only):
        self.deployed.append((environment.name, environment.blueprint, specs[0].name, missing_only))
        tell(Progress("network", "there"))


def test_taken_up_again_it_deploys_only_what_is_missing_of_what_is_not_archived(capsys):
    built, plan = Built(), Plan(Settings(), 8000, 5001, 10.0)
    _provision(plan, built, 0.0)
    names = {environment.name for environment in built.known}
    assert names == {"production", "legacy"}
    expected = [("legacy", "single-az", "network", True), ("production", "multi-az", "network", True)]
    assert sorted(built.deployed) == expected
    assert "production: network there" in capsys.readouterr().out
    built.known = [replace(each, archived=each.name == "legacy") for each in built.known]
    _provision(plan, built, 0.0)
    assert {environment.name for environment in built.known} == names
    assert built.deployed[2:] == expected[1:]
