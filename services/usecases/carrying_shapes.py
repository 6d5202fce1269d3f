"""What carrying shows: a deployment prepared, the change set made of it, and what a deployment would do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.domain.environment import Environment
from services.domain.scaling.carried import Left
from services.domain.scaling.overwritten import Overwritten
from services.ports import StackSpec


@dataclass(frozen=True)
class Prepared:
    """The deployment that carries a service's live edits into its stack. `before` and `after` are the parameters that
    change, none when nothing can be carried; `left` are edits that cannot be, `overwritten` live values that it
    replaces all the same. `commands` are the AWS CLI lines, `deploy` Haven's own, empty when the blueprint has no such
    stack. `read_at` is how old what is live is."""

    environment: Environment
    service: str
    stack: str
    stack_name: str
    read_at: datetime
    before: Mapping[str, str]
    after: Mapping[str, str]
    left: Sequence[Left]
    overwritten: Sequence[Overwritten]
    commands: Sequence[str]
    deploy: str


@dataclass(frozen=True)
class ChangeSet:
    """A change set that was made and not executed. `look` are the AWS CLI lines that show, execute and delete it."""

    change_set: str
    prepared: Prepared
    look: Sequence[str]


@dataclass(frozen=True)
class Deployment:
    """What a deployment would do. `kept` maps stack and parameter to (deployed, blueprint's) value; `read_at` is when
    the live scaling was read that `overwritten` is told from, None when it never was."""

    specs: Sequence[StackSpec]
    kept: Mapping[str, Mapping[str, tuple[str, str]]]
    overwritten: Sequence[Overwritten]
    read_at: datetime | None
