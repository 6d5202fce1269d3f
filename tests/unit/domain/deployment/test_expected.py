"""What AWS documents to happen in place."""

import pytest

from services.domain.deployment.change_set import PropertyChange
from services.domain.deployment.expected import expectation
from tests.unit.domain.deployment.changes import DATABASE, GROUP, QUEUE, SCALABLE, SERVICE, prop


@pytest.mark.parametrize(
    ("type", "name", "before", "after", "says", "interrupts"),
    [
        (DATABASE, "MultiAZ", "false", "true", "standby is added in place", False),
        (DATABASE, "MultiAZ", "true", "false", "standby is deleted in place", False),
        (DATABASE, "AllocatedStorage", "50", "100", "grows in place", False),
        (DATABASE, "BackupRetentionPeriod", "0", "14", "pause for seconds", True),
        (DATABASE, "BackupRetentionPeriod", "7", "14", "days backups are kept", False),
        (DATABASE, "DBInstanceClass", "db.t4g.medium", "db.r6g.large", "with an outage", True),
        (DATABASE, "EngineVersion", "16.1", "16.2", "even with Multi-AZ", True),
        (GROUP, "NumCacheClusters", "1", "3", "without interruption", False),
        (GROUP, "MultiAZEnabled", "false", "true", "without interruption", False),
        (SERVICE, "TaskDefinition", "a:1", "a:2", "one after the other", False),
        (SERVICE, "DeploymentConfiguration", "{}", "{}", "starts no deployment", False),
        (SCALABLE, "MinCapacity", "1", "3", "drawn into the bounds", False),
    ],
)
def test_it_names_what_happens_and_its_source(
    type: str, name: str, before: str, after: str, says: str, interrupts: bool
) -> None:
    found = expectation(type, prop(name, before, after, "Conditionally"))
    assert found is not None
    assert found.in_place
    assert says in found.sentence
    assert found.source.startswith("AWS's documentation")
    assert found.interrupts is interrupts


@pytest.mark.parametrize(
    ("type", "change"),
    [
        (DATABASE, prop("AllocatedStorage", "100", "50")),
        (DATABASE, prop("AllocatedStorage", "100", None, known=False)),
        (DATABASE, prop("AvailabilityZone", "us-east-1a", "us-east-1b", "Conditionally")),
        (DATABASE, prop("MultiAZ", "false", "true", "Always")),
        (DATABASE, prop("MultiAZ", attribute="Metadata")),
        (GROUP, prop("ReplicationGroupId", "a", "b", "Always")),
        (QUEUE, prop("VisibilityTimeout", "1", "2")),
    ],
)
def test_of_what_is_not_documented_nothing_is_expected(type: str, change: PropertyChange) -> None:
    assert expectation(type, change) is None
