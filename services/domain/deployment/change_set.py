"""A change set as CloudFormation worked it out. Values are the texts that AWS shows."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class PropertyChange:
    """One differing place of a resource. `path` is AWS's JSON pointer (`/Properties/MultiAZ`), `name` the property on
    top, empty for another `attribute` than Properties (Tags, DeletionPolicy, ...). `before` and `after` are None where
    there is nothing. `recreation` is Never, Conditionally or Always. `known` is false when the value hangs on something
    that is only known once the change set runs. `source` is AWS's ChangeSource, `cause` the parameter or resource that
    brings it, empty for an edit of the template."""

    path: str
    name: str
    attribute: str
    before: str | None
    after: str | None
    recreation: str
    known: bool
    source: str
    cause: str = ""


@dataclass(frozen=True)
class ResourceChange:
    """What happens to one resource. `action` is Add, Modify, Remove, Import, Dynamic or SyncWithActual; `replacement`
    True, False, Conditional or empty; `policy_action` what becomes of the one that goes (Delete, Retain, Snapshot,
    ReplaceAndDelete, ReplaceAndRetain, ReplaceAndSnapshot), empty when none goes. `before` and `after` are the whole
    resource as JSON, empty where AWS gave none."""

    logical_id: str
    physical_id: str
    type: str
    action: str
    replacement: str = ""
    policy_action: str = ""
    properties: tuple[PropertyChange, ...] = ()
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class ChangeSet:
    """One change set. `stack` is Haven's name (`service-rbac`), `stack_name` AWS's; `creates` tells a new stack from an
    update. `parameters` are all values it would deploy. `reason` is AWS's, of a change set that failed."""

    arn: str
    name: str
    stack: str
    stack_name: str
    creates: bool
    status: str
    execution_status: str
    created_at: datetime
    reason: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    resources: tuple[ResourceChange, ...] = ()
