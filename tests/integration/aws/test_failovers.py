"""Failovers that AWS tells of, as a snapshot has them, over HTTP."""

from datetime import timedelta

import pytest

from services.domain.history import changes
from services.domain.snapshot import Part
from tests.integration.aws.conftest import Cloud

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(400)]  # the first one deploys both environments


def test_a_forced_failover_of_the_database_is_told_until_aws_forgets_it(cloud: Cloud) -> None:
    before = cloud.read()
    assert before.reading(Part.EVENTS).read_at == before.taken_at
    known = len(before.failovers)
    rds = cloud.sessions.reader(cloud.production).rds
    rds.reboot_db_instance(DBInstanceIdentifier="production-app", ForceFailover=True)
    cloud.advance(20)
    assert len(cloud.read(before).failovers) == known  # begun is not completed
    cloud.advance(600)
    after = cloud.read(before)
    newest = after.failovers[0]
    assert (newest.subject, newest.source) == ("production-app", "rds")
    assert newest.message == "Multi-AZ instance failover completed"
    assert timedelta() < newest.at - before.taken_at < timedelta(seconds=72)
    assert "database production-app failed over" in [change.what for change in changes(before, after)]
    assert cloud.read(of=cloud.legacy).failovers == ()  # another environment's events are not its own
    assert cloud.reader.read(cloud.production, after, metrics=False).failovers == after.failovers


def test_a_failover_of_the_cache_is_told_once(cloud: Cloud) -> None:
    before = cloud.read()
    cache = cloud.sessions.reader(cloud.production).elasticache
    cache.test_failover(ReplicationGroupId="production-cache", NodeGroupId="0001")
    cloud.advance(1200)
    after = cloud.read(before)
    told = [each for each in after.failovers if each not in before.failovers]
    assert [(each.subject, each.source) for each in told] == [("production-cache", "elasticache")]
    assert told[0].message.startswith("Failover from primary node production-cache-")
    assert told[0].message.endswith(" completed")
    assert "cache production-cache failed over" in [change.what for change in changes(before, after)]
