"""Operations for tests of the gateways."""

from dataclasses import replace
from typing import Any

from services.domain.check import Answer, Check
from services.domain.operation import Operation, Sent, State, Target
from tests.unit.aws.stubs import WHEN


def failover_of(kind: Target, target: str, /, id: str = "op-1", **wanted: str) -> Operation:
    """A failover about to be sent."""
    return Operation(
        id=id,
        kind="failover",
        environment="production",
        target_kind=kind,
        target=target,
        requested_by="ada",
        requested_at=WHEN,
        reason="the zone is failing",
        begin_before=WHEN,
        state=State.RUNNING,
        wanted=tuple(wanted.items()),
        checks=(Check("status", "Status", Answer.PASS, "available", WHEN),),
        sent=Sent.MAYBE,
        sent_at=WHEN,
        version=3,
    )


def of_database(**changes: Any) -> Operation:
    """A failover of the production database."""
    return replace(failover_of(Target.DATABASE_INSTANCE, "production-app"), **changes)
