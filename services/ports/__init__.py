"""What the use cases ask for from the outside, said in Haven's words. Implementations live in `aws` and `store`."""

from services.ports.acting import FailoverCaller, Journal, JournalEntry, Prober, Receipt
from services.ports.basics import Clock, Tokens
from services.ports.events import Episodes, EventQueue, EventReader, Events
from services.ports.ledger import Entry, Ledger
from services.ports.operations import Freezes, Operations, Pauses, TrailEntry
from services.ports.people import Attempt, Credential, LoginSession, Passwords, Sessions, Users
from services.ports.provisioning import Provisioner, StackOutcome, StackSpec
from services.ports.scaling import Activities, Edits, Metrics, ScalingCaller, ScalingReader
from services.ports.snapshots import CloudReader, Environments, Kept, Snapshots
from services.ports.store import Lease, Leases, Store, UnitOfWork

__all__ = [
    "Activities",
    "Attempt",
    "Clock",
    "CloudReader",
    "Credential",
    "Edits",
    "Entry",
    "Environments",
    "Episodes",
    "EventQueue",
    "EventReader",
    "Events",
    "FailoverCaller",
    "Freezes",
    "Journal",
    "JournalEntry",
    "Kept",
    "Lease",
    "Leases",
    "Ledger",
    "LoginSession",
    "Metrics",
    "Operations",
    "Passwords",
    "Pauses",
    "Prober",
    "Provisioner",
    "Receipt",
    "ScalingCaller",
    "ScalingReader",
    "Sessions",
    "Snapshots",
    "StackOutcome",
    "StackSpec",
    "Store",
    "Tokens",
    "TrailEntry",
    "UnitOfWork",
    "Users",
]
