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
from tests.sandbox_server import ControlRefused, Sandbox

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


def test_a_failover_and_maintenance_can_be_ordered(sandbox: Sandbox, shop: Shop) -> None:
    rds = sandbox.client("rds")
    assert haven(sandbox, "failover", "production-app", "--cause", "busy") == "production-app fails over (busy).\n"
    refused = CliRunner().invoke(commands, ["failover", "production-app"], env={"HAVEN_AWS_ENDPOINT_URL": sandbox.url})
    assert refused.exit_code == 1
    assert "production-app cannot fail over: it is failover" in refused.output
    sandbox.advance(900)
    told = rds.describe_events(SourceIdentifier="production-app", SourceType="db-instance")["Events"]
    assert told[-1]["Message"] == "The RDS Multi-AZ primary instance is busy and unresponsive."
    haven(sandbox, "maintenance", "add", "production-app", "--deadline", "20")
    (pending,) = rds.describe_pending_maintenance_actions()["PendingMaintenanceActions"]
    (detail,) = pending["PendingMaintenanceActionDetails"]
    assert (detail["Action"], detail["Description"]) == ("system-update", "New Operating System update is available")
    haven(sandbox, "maintenance", "remove", "production-app")
    assert rds.describe_pending_maintenance_actions()["PendingMaintenanceActions"] == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"cause": "host"}, "name one of"),
        ({"instance": "nobody"}, "there is no DB instance nobody"),
        ({"cluster": "nobody"}, "there is no DB cluster nobody"),
        ({"name": "nobody"}, "there is no replication group nobody"),
        ({"instance": "production-app", "cause": "boredom"}, "cause must be one of"),
        ({"instance": "production-app", "shard": "0001"}, "only a replication group has shards"),
    ],
)
def test_a_failover_that_makes_no_sense_is_refused(
    sandbox: Sandbox, shop: Shop, body: dict[str, str], words: str
) -> None:
    with pytest.raises(ControlRefused, match=words):
        sandbox.control("failover", **body)


def test_a_service_update_can_be_released(sandbox: Sandbox, shop: Shop) -> None:
    assert haven(sandbox, "maintenance", "release", "--severity", "critical").endswith(" is due for valkey.\n")
    (update,) = sandbox.client("elasticache").describe_service_updates()["ServiceUpdates"]
    assert (update["Engine"], update["ServiceUpdateSeverity"]) == ("valkey", "critical")
