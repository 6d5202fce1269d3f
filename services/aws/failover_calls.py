"""The calls that cannot be taken back: each is one request, sent once and never again.

None of them takes a token, and RDS accepts a second one, so a repeat is never safe. Everything that may fail before the
request is done before it, under another reading of errors: a role that could not be assumed is never "unknown".
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ParamValidationError

from services.aws.errors import translated
from services.aws.session import Sessions, Writer
from services.domain.environment import Environment
from services.domain.errors import HavenError, OutcomeUnknown
from services.domain.operation import Operation, Target
from services.ports import Receipt

log = logging.getLogger(__name__)
ONLY_NODE_GROUP = "0001"
"""ElastiCache's name of the node group of a replication group that has just one."""


class FailoverCaller:
    """`ports.FailoverCaller` with the environment's operator credentials."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def ready(self, environment: Environment) -> None:
        """Make the clients and have credentials for the next minutes, without acting: a denied role, or STS not
        answering, shows here. To be called before the intent is saved. Raises Misconfigured or NotNow."""
        with translated():
            clients = self._sessions.operator(environment)
            clients.resolve()
            _ = clients.writer.rds, clients.writer.elasticache  # loads their models

    def fail_over(self, environment: Environment, operation: Operation) -> Receipt:
        """As `ports.FailoverCaller.fail_over`. A cache whose `node_group` is not said has only one."""
        send = _SENDS.get(operation.target_kind)
        if send is None:
            raise ValueError(f"A {operation.target_kind} is not failed over by one call.")
        self.ready(environment)
        writer = self._sessions.operator(environment).writer
        try:
            with translated(write=True):
                answer = send(writer, operation)
        except (HavenError, ParamValidationError):  # the second is a bug of ours, found before anything is sent
            raise
        except Exception as error:  # such as an answer that is well formed and not AWS's
            log.exception("AWS's answer to the failover of %s could not be read", operation.target)
            raise OutcomeUnknown("AWS's answer could not be read: the failover may or may not have begun.") from error
        return Receipt(str(answer["ResponseMetadata"].get("RequestId", "")))


def _instance(writer: Writer, operation: Operation) -> Mapping[str, Any]:
    return writer.rds.reboot_db_instance(DBInstanceIdentifier=operation.target, ForceFailover=True)


def _cluster(writer: Writer, operation: Operation) -> Mapping[str, Any]:
    member = operation.wants("to_member")
    if not member:
        return writer.rds.failover_db_cluster(DBClusterIdentifier=operation.target)
    return writer.rds.failover_db_cluster(DBClusterIdentifier=operation.target, TargetDBInstanceIdentifier=member)


def _cache(writer: Writer, operation: Operation) -> Mapping[str, Any]:
    node_group = operation.wants("node_group") or ONLY_NODE_GROUP
    return writer.elasticache.test_failover(ReplicationGroupId=operation.target, NodeGroupId=node_group)


_SENDS: Mapping[Target, Callable[[Writer, Operation], Mapping[str, Any]]] = {
    Target.DATABASE_INSTANCE: _instance,
    Target.DATABASE_CLUSTER: _cluster,
    Target.CACHE: _cache,
}
