"""Findings about the database: its standby, its state, and whether it could be brought back."""

from collections.abc import Iterator
from functools import partial

from services.domain.finding import Finding, Requirement, Rule, Subject
from services.domain.snapshot import Database, Part, Snapshot
from services.domain.states import database_state
from services.domain.status import Status
from services.domain.wording import listed

STORAGE_LOW = 10.0
"""Percent of the allocated storage below which free storage is a finding (AWS warns at 10 % as well)."""


def no_standby(snapshot: Snapshot) -> Iterator[Finding]:
    """Single-AZ: one zone's loss takes the database, and a failover has nowhere to go."""
    for database in snapshot.databases:
        # A conversion leaves MultiAZ false or the secondary zone empty until the standby is ready: still none.
        if not (database.multi_az and database.secondary_zone):
            coming = database.multi_az or dict(database.pending).get("MultiAZ", "").lower() == "true"
            now = " A standby is being made." if coming else ""
            yield _found(
                database,
                rule="database-single-zone",
                title=f"Database {database.identifier} has no standby",
                why=f"It lives in {database.zone or 'one zone'} alone; if that zone is lost, writes stop until it is "
                f"restored from a backup.{now}",
                requirement=Requirement.DATABASE,
                mend="Turn on Multi-AZ (MultiAZ: true in the data stack); no downtime, about 20 minutes.",
            )


def not_available(snapshot: Snapshot) -> Iterator[Finding]:
    """The instance does not serve, or is on its way somewhere."""
    for database in snapshot.databases:
        state = database_state(database)
        if state.status is Status.DOWN:
            yield _found(
                database,
                rule="database-down",
                status=Status.DOWN,
                title=f"Database {database.identifier} is down",
                why=f"RDS says “{state.word}”: it answers nobody.",
                requirement=Requirement.DATABASE,
                mend="Read the instance's events; restore or fail over as RDS's status asks.",
            )
        elif state.status is Status.CHANGING:
            yield _found(
                database,
                rule="database-changing",
                status=Status.CHANGING,
                title=f"Database {database.identifier} is {state.word}",
                why=f"RDS says “{state.word}”; while it lasts, a failover may be refused.",
                requirement=Requirement.DATABASE,
                mend="Wait for “available”; the events say what is being done.",
            )


def pending(snapshot: Snapshot) -> Iterator[Finding]:
    """Something waits for a reboot or the maintenance window."""
    for database in snapshot.databases:
        waiting = [f"{name} to {value}" for name, value in database.pending]
        if waiting or database.maintenance:
            yield _found(
                database,
                rule="database-pending",
                status=Status.CHANGING,
                title=f"Database {database.identifier} has changes waiting",
                why=f"Waiting: {listed([*waiting, *database.maintenance])}. They are applied at the next reboot or "
                "maintenance window, perhaps with an outage.",
                requirement=Requirement.DATABASE,
                mend="Apply them in a chosen quiet hour rather than at a chance reboot.",
            )


def not_recoverable(snapshot: Snapshot) -> Iterator[Finding]:
    """Backups off, unprotected from deletion, not encrypted, reachable from outside."""
    for database in snapshot.databases:
        found = partial(_found, database, requirement=Requirement.RECOVERY)
        name = database.identifier
        if database.backup_retention_days == 0:
            yield found(
                rule="database-no-backups",
                title=f"Backups of {name} are off",
                why="Backup retention is 0 days: there is nothing to restore from and no point-in-time recovery.",
                mend="Set BackupRetentionPeriod to 7 days or more.",
            )
        if not database.deletion_protection:
            yield found(
                rule="database-deletable",
                title=f"Database {name} can be deleted",
                why="Deletion protection is off; one call removes it.",
                mend="Turn DeletionProtection on.",
            )
        if not database.encrypted:
            yield found(
                rule="database-unencrypted",
                title=f"Database {name} is not encrypted",
                why="Storage encryption is off; its snapshots and backups are readable too.",
                mend="Restore an encrypted copy of a snapshot; encryption cannot be turned on in place.",
            )
        if database.publicly_accessible:
            yield found(
                rule="database-public",
                title=f"Database {name} is publicly accessible",
                why="Its endpoint resolves to a public address.",
                mend="Set PubliclyAccessible to false.",
            )


def storage_low(snapshot: Snapshot) -> Iterator[Finding]:
    """Free storage below a tenth of what is allocated: a full disk stops writes."""
    for database in snapshot.databases:
        free = snapshot.metric(database.identifier, "FreeStorageSpace")
        if free is None or not database.allocated_storage:
            continue
        gib = free.value / 1024**3
        share = 100 * gib / database.allocated_storage
        if share < STORAGE_LOW:
            yield _found(
                database,
                rule="database-storage-low",
                title=f"Storage of {database.identifier} runs out",
                why=f"{gib:.1f} of {database.allocated_storage} GiB are free, {share:.0f} %; at zero, writes stop.",
                requirement=Requirement.DATABASE,
                mend="Raise AllocatedStorage or turn storage autoscaling on.",
            )


def _found(
    database: Database, *, rule: str, title: str, why: str, requirement: Requirement, mend: str,
    status: Status = Status.DEGRADED,
) -> Finding:  # fmt: skip
    subject = Subject.database(database.identifier)
    return Finding(rule, status, subject, title, why, requirement, mend, Part.DATABASE)


RULES = (
    Rule(not_available, (Part.DATABASE,)),
    Rule(no_standby, (Part.DATABASE,)),
    Rule(storage_low, (Part.DATABASE, Part.METRICS)),
    Rule(not_recoverable, (Part.DATABASE,)),
    Rule(pending, (Part.DATABASE,)),
)
