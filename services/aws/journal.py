"""The journal in S3: one object a write, never overwritten, for when Haven's machine is lost with its disk.

With Haven's own credentials, for the bucket is Haven's: s3:PutObject and s3:GetObject on `haven/journal/*`, and
s3:ListBucket. No encryption is asked for: S3 always encrypts, and asking would override the bucket's own key.
"""

import logging
import re
from collections.abc import Iterator, Sequence
from typing import Any

from botocore.exceptions import ClientError
from pydantic import TypeAdapter, ValidationError

from services.aws.errors import code_of, translated
from services.aws.session import Sessions
from services.domain.errors import Conflict, HavenError, NotNow
from services.domain.operation import Operation
from services.ports import Clock, JournalEntry

log = logging.getLogger(__name__)
PREFIX = "haven/journal/"
_ENTRY = TypeAdapter(JournalEntry)
_THERE = ("PreconditionFailed", "ConditionalRequestConflict")


class S3Journal:
    """`ports.Journal` in `s3://<bucket>/haven/journal/<operation>/<version>-<word>.json`."""

    def __init__(self, sessions: Sessions, bucket: str, region: str, clock: Clock) -> None:
        self._sessions = sessions
        self.bucket = bucket
        self._region = region
        self._clock = clock

    def intend(self, operation: Operation) -> None:
        """As `ports.Journal.intend`. The same intent written twice is one; raises NotNow also where another is in its
        place."""
        entry = JournalEntry(self._clock.now(), operation)
        try:
            with translated():
                self._put(entry, "intent")
        except HavenError as problem:
            raise NotNow(f"The journal in s3://{self.bucket} cannot be written: {problem.message}") from problem

    def outcome(self, operation: Operation, outcome: str) -> None:
        """As `ports.Journal.outcome`; what cannot be written is logged."""
        try:
            self._put(JournalEntry(self._clock.now(), operation, outcome), re.sub(r"[^A-Za-z0-9]+", "-", outcome)[:60])
        except Exception:
            log.exception("The journal in S3 does not hold that operation %s was %s", operation.id, outcome)

    def entries(self) -> Sequence[JournalEntry]:
        """As `ports.Journal.entries`. Raises Haven's errors."""
        with translated():
            found = [entry for key in self._keys() if (entry := self._get(key)) is not None]
        return tuple(sorted(found, key=lambda entry: entry.at))

    @property
    def _client(self) -> Any:
        return self._sessions.own(self._region).client("s3")

    def _put(self, entry: JournalEntry, word: str) -> None:
        key = f"{PREFIX}{entry.operation.id}/{entry.operation.version}-{word}.json"
        try:
            self._client.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=_ENTRY.dump_json(entry),
                ContentType="application/json",
                IfNoneMatch="*",
            )
        except ClientError as error:
            if code_of(error) not in _THERE:
                raise
            # A try before this one whose answer was lost, or another process: only the first is fine.
            there = self._get(key)
            if there is None or (there.operation, there.outcome) != (entry.operation, entry.outcome):
                raise Conflict(f"{key} is there already and says something else.") from error

    def _keys(self) -> Iterator[str]:
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=PREFIX):
            for found in page.get("Contents", []):
                yield found["Key"]

    def _get(self, key: str) -> JournalEntry | None:
        body = self._client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        try:
            return _ENTRY.validate_json(body)
        except ValidationError:
            log.warning("s3://%s/%s is no entry of the journal and passed over", self.bucket, key)
            return None
