"""The journal in S3, over HTTP."""

import logging
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.aws.journal import S3Journal
from services.aws.session import Sessions, Wire
from services.domain.errors import HavenError, NotNow
from services.ports import JournalEntry
from tests.fakes.clock import MovableClock
from tests.sandbox_server import Sandbox
from tests.unit.aws.operations import of_database

pytestmark = pytest.mark.sandbox
OPERATION = of_database()
WHEN = datetime(2026, 11, 22, 3, tzinfo=UTC)


@pytest.fixture
def journal(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> S3Journal:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    bucket = "haven-journal-" + request.node.name.replace("_", "-")[-40:].strip("-")
    sandbox.client("s3").create_bucket(Bucket=bucket)
    return S3Journal(Sessions(Wire(endpoint_url=sandbox.url), MovableClock()), bucket, "us-east-1", MovableClock(WHEN))


def test_each_write_is_an_object_of_its_own(sandbox: Sandbox, journal: S3Journal) -> None:
    assert list(journal.entries()) == []
    journal.intend(OPERATION)
    sent = replace(OPERATION, version=4, receipt="req-1")
    journal.outcome(sent, "sent")
    journal.outcome(replace(OPERATION, id="op-2"), "not sent")
    names = [each["Key"] for each in sandbox.client("s3").list_objects_v2(Bucket=journal.bucket)["Contents"]]
    assert names == [
        "haven/journal/op-1/3-intent.json",
        "haven/journal/op-1/4-sent.json",
        "haven/journal/op-2/3-not-sent.json",
    ]
    found = list(journal.entries())
    assert found[:2] == [JournalEntry(WHEN, OPERATION), JournalEntry(WHEN, sent, "sent")]


def test_an_intent_written_again_is_the_same_and_another_in_its_place_is_refused(journal: S3Journal) -> None:
    journal.intend(OPERATION)
    journal.intend(OPERATION)
    with pytest.raises(NotNow, match="says something else"):
        journal.intend(replace(OPERATION, target="production-other"))
    assert [entry.operation for entry in journal.entries()] == [OPERATION]


def test_what_is_no_entry_is_passed_over(sandbox: Sandbox, journal: S3Journal) -> None:
    sandbox.client("s3").put_object(Bucket=journal.bucket, Key="haven/journal/op-0/notes.txt", Body=b"hello")
    journal.intend(OPERATION)
    assert len(journal.entries()) == 1


def test_without_its_bucket_an_intent_is_not_now_and_an_outcome_is_only_logged(
    sandbox: Sandbox, journal: S3Journal, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.client("s3").delete_bucket(Bucket=journal.bucket)
    with pytest.raises(NotNow, match="cannot be written"):
        journal.intend(OPERATION)
    with caplog.at_level(logging.ERROR):
        journal.outcome(OPERATION, "sent")
    assert "does not hold that operation op-1 was sent" in caplog.text
    with pytest.raises(HavenError):
        journal.entries()
