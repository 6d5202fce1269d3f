"""What the use cases ask for from the outside, said in Haven's words. Implementations live in `aws` and `store`."""

from services.ports.acting import FailoverCaller, Journal, JournalEntry, Prober, Receipt
from services.ports.basics import Clock, Tokens
from services.ports.catalogue import Catalogue, TemplateParameter
from services.ports.deploying import (
    Drifts,
    ListedChangeSet,
    Plans,
    RunningTemplate,
    StackCaller,
    StackEvents,
    StackReader,
    StackStanding,
    Templates,
)
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
    "Catalogue",
    "Clock",
    "CloudReader",
    "Credential",
    "Drifts",
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
    "ListedChangeSet",
    "LoginSession",
    "Metrics",
    "Operations",
    "Passwords",
    "Pauses",
    "Plans",
    "Prober",
    "Provisioner",
    "Receipt",
    "RunningTemplate",
    "ScalingCaller",
    "ScalingReader",
    "Sessions",
    "Snapshots",
    "StackCaller",
    "StackEvents",
    "StackOutcome",
    "StackReader",
    "StackSpec",
    "StackStanding",
    "Store",
    "TemplateParameter",
    "Templates",
    "Tokens",
    "TrailEntry",
    "UnitOfWork",
    "Users",
]
