"""AWS's own command line and `haven sandbox` against the running sandbox."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from services.cli.sandbox import sandbox as commands
from tests.integration.sandbox.conftest import Shop
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.sandbox


def aws(sandbox: Sandbox, home: Path, *arguments: str) -> Any:
    """Run AWS's own command line against the sandbox; returns its JSON."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("aws")), "--endpoint-url", sandbox.url, "--output", "json", *arguments],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.usefixtures("shop")
def test_aws_s_own_command_line_works(sandbox: Sandbox, tmp_path: Path) -> None:
    assert aws(sandbox, tmp_path, "sts", "get-caller-identity")["Account"] == "123456789012"
    databases = aws(sandbox, tmp_path, "rds", "describe-db-instances")["DBInstances"]
    assert [d["DBInstanceIdentifier"] for d in databases] == ["production-app"]
    tasks = aws(sandbox, tmp_path, "ecs", "list-tasks", "--cluster", "production")["taskArns"]
    assert len(tasks) == 3
    alarms = aws(sandbox, tmp_path, "cloudwatch", "describe-alarms")
    assert alarms["MetricAlarms"] == []


def haven(sandbox: Sandbox, *arguments: str) -> str:
    done = CliRunner().invoke(commands, arguments, env={"HAVEN_AWS_ENDPOINT_URL": sandbox.url})
    assert done.exit_code == 0, done.output
    return done.output


def test_haven_sandbox_commands_reach_the_sandbox(sandbox: Sandbox, shop: Shop) -> None:
    assert "all up" in haven(sandbox, "status")
    assert haven(sandbox, "zone", "fail", "us-east-1b") == "us-east-1b is down.\n"
    assert "us-east-1b is down" in haven(sandbox, "status")
    assert haven(sandbox, "zone", "recover", "us-east-1b") == "us-east-1b is back.\n"
    haven(sandbox, "trouble", "rds", "throttle", "--rate", "0.5")
    assert "throttle on rds:*" in haven(sandbox, "status")
    haven(sandbox, "load", "rbac", "2")
    assert haven(sandbox, "calm") == "2 ended.\n"
    assert "transitions ran" in haven(sandbox, "advance", "60")
    haven(sandbox, "speed", "2")
    assert "speed 2" in haven(sandbox, "status")
    haven(sandbox, "speed", "1")


def test_a_crashed_task_is_replaced(sandbox: Sandbox, shop: Shop) -> None:
    ecs = sandbox.client("ecs")
    sandbox.advance(600)
    before = ecs.list_tasks(cluster="production")["taskArns"]
    assert len(before) == 3
    haven(sandbox, "task", "crash", "production", before[0].rpartition("/")[2])
    sandbox.advance(600)
    after = ecs.list_tasks(cluster="production")["taskArns"]
    assert len(after) == 3
    assert before[0] not in after
    stopped = ecs.describe_tasks(cluster="production", tasks=[before[0]])["tasks"][0]
    assert stopped["stopCode"] == "EssentialContainerExited"
