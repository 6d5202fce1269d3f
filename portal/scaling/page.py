"""One service's page as data: the verdict, its tasks by zone, policies, schedules, edits, reasons. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.failovers.preview import Said
from portal.scaling import policies
from portal.scaling.policies import PolicyRow, ScheduleRow, Value
from portal.scaling.standing import Fresh, freshness_of, standing
from services.domain.prices import Price
from services.domain.scaling.difference import NONE
from services.domain.scaling.edited import OFF_KEY, Edited, explained
from services.domain.scaling.temporary import Edit, EditState
from services.domain.scaling.why import Kind, Line
from services.domain.snapshot import FargateService, Part, Snapshot
from services.domain.states import present, task_state
from services.domain.status import Status
from services.usecases.scalings import Measurements, ServiceScaling
from services.usecases.temporary import WARN_BEFORE

__all__ = ["Fresh", "Page", "freshness_of", "make"]

FIRST_LINES = 20
MOST_PIPS = 24
KINDS = (("", "All"), ("scaled", "Scaled"), ("held", "Did not"), ("edits", "Bounds"))
_KINDS = {
    "scaled": (Kind.SCALED,),
    "held": (Kind.NOT_SCALED, Kind.FAILED, Kind.SUSPENDED, Kind.ALARM),
    "edits": (Kind.BOUNDS,),
}


@dataclass(frozen=True)
class ZoneRow:
    """Tasks in one zone. `pips` are their states in the words of the fleet's cells: on, bad, chg, unk."""

    zone: str
    running: int
    pending: int
    healthy: int
    pips: Sequence[str]


@dataclass(frozen=True)
class Flag:
    """Whether a kind of scaling runs. `until` is the end of the temporary edit that suspended it."""

    word: str
    suspended: bool
    meaning: str
    until: datetime | None
    template: str


@dataclass(frozen=True)
class Reason:
    """A line of why it did or did not scale, with its icon and a word or two that say what it is."""

    line: Line
    word: str
    icon: str
    status: Status | None


@dataclass(frozen=True)
class Page:
    """Everything one service's page shows."""

    seen: ServiceScaling
    said: Said
    zones: Sequence[ZoneRow]
    bounds: Sequence[Value]
    explained: Sequence[str]
    policies: Sequence[PolicyRow]
    schedules: Sequence[ScheduleRow]
    flags: Sequence[Flag]
    edits: Sequence[tuple[Edit, bool]]
    reasons: Sequence[Reason]
    older: Sequence[Reason]
    other_edited: Sequence[Edited]
    fresh: Fresh
    price: float | None
    price_source: str
    read_at: datetime | None
    scaling_at: datetime | None

    @property
    def service(self) -> FargateService:
        """The service."""
        return self.seen.service


def kind_of(text: str) -> str:
    """One of KINDS; all of them for anything else."""
    return text if text in _KINDS else ""


def make(
    seen: ServiceScaling,
    snapshot: Snapshot,
    now: datetime,
    fresh: Fresh,
    found: Measurements | None,
    price: Price | None,
    kind: str = "",
) -> Page:
    """The page at `now`; `price` is that of a task, `kind` keeps to one kind of reasons."""
    service, scaling = seen.service, seen.service.scaling
    wanted = _KINDS.get(kind, tuple(Kind))
    reasons = [_reason(line) for line in seen.lines if line.kind in wanted]
    edited = {each.key: each for each in seen.edited}
    bounds = (("Min", "minimum", scaling.min_capacity), ("Max", "maximum", scaling.max_capacity)) if scaling else ()
    made = policies.rows(seen, snapshot, found)
    return Page(
        seen=seen,
        said=standing(seen, fresh, now),
        zones=zones(service, snapshot),
        bounds=[Value(word, str(v), edited[key].template if key in edited else "") for word, key, v in bounds],
        explained=explained(snapshot, service),
        policies=made,
        schedules=policies.schedules(seen),
        flags=_flags(seen, edited),
        edits=[(e, e.state is EditState.WAITING and e.until - now <= WARN_BEFORE) for e in seen.edits],
        reasons=reasons[:FIRST_LINES],
        older=reasons[FIRST_LINES:],
        other_edited=[*(e for e in seen.edited if not _told_elsewhere(e, seen)), *policies.lacking(seen.edited)],
        fresh=fresh,
        price=price.hourly * service.running if price else None,
        price_source=price.source if price else "",
        read_at=snapshot.reading(Part.SERVICES).read_at,
        scaling_at=snapshot.reading(Part.SCALING).read_at,
    )


def zones(service: FargateService, snapshot: Snapshot) -> tuple[ZoneRow, ...]:
    """By zone, also those where it may stand and does not."""
    network, tasks = snapshot.network, present(service)
    allowed = {s.zone for s in network.subnets if s.subnet_id in service.subnet_ids} if network else set()
    made = []
    for zone in sorted(allowed | {task.zone or "" for task in tasks}):
        own = [task for task in tasks if (task.zone or "") == zone]
        states = [task_state(service, task).status for task in own]
        running = sum(task.last_status == "RUNNING" for task in own)
        pips = [_PIPS.get(status, "unk") for status in sorted(states, key=lambda status: -status.rank)]
        pending = sum(t.last_status in ("PROVISIONING", "PENDING", "ACTIVATING") for t in own)
        healthy = sum(status is Status.HEALTHY for status in states)
        made.append(ZoneRow(zone or "no zone yet", running, pending, healthy, pips[:MOST_PIPS]))
    return tuple(made)


_PIPS = {Status.HEALTHY: "on", Status.DOWN: "bad", Status.DEGRADED: "warn", Status.CHANGING: "chg"}


def _flags(seen: ServiceScaling, edited: dict[str, Edited]) -> tuple[Flag, ...]:
    scaling = seen.service.scaling
    if scaling is None:
        return ()
    told = (
        ("Scaling out", "scaling out", scaling.scale_out_suspended, "more load gets no more tasks"),
        ("Scaling in", "scaling in", scaling.scale_in_suspended, "tasks stay when load falls"),
        ("Scheduled actions", "scheduled actions", scaling.scheduled_suspended, "none of them runs"),
    )
    ends = next((edit.until for edit in seen.edits if edit.change.suspended is not None), None)
    return tuple(
        Flag(word, held, meaning, ends if held else None, edited[key].template if key in edited else "")
        for word, key, held, meaning in told
    )


def _told_elsewhere(each: Edited, seen: ServiceScaling) -> bool:
    """Whether it is told beside the value on the page, or together with the rest of what is lacking."""
    kind, *rest = each.key.split("/")
    if kind == "policy":
        added = each.template == NONE
        return each.live == NONE or added or rest[-1] not in ("type", "metric")
    return kind == "scheduled" or (seen.service.scaling is not None and kind != OFF_KEY)


_WORDS = {
    Kind.SCALED: ("Scaled", "i-up", None),
    Kind.BOUNDS: ("Bounds applied", "i-edit", None),
    Kind.NOT_SCALED: ("Did not scale", "i-hold", None),
    Kind.FAILED: ("AWS failed", "s-down", Status.DOWN),
    Kind.ALARM: ("Alarm", "s-degraded", Status.DEGRADED),
    Kind.SUSPENDED: ("Held", "s-paused", Status.PAUSED),
}


def _reason(line: Line) -> Reason:
    word, icon, status = _WORDS[line.kind]
    if line.kind is Kind.SCALED and "AlarmHigh" in line.theirs:
        word, icon = "Scaled out", "i-up"
    elif line.kind is Kind.SCALED and "AlarmLow" in line.theirs:
        word, icon = "Scaled in", "i-dn"
    elif line.kind is Kind.ALARM and "INSUFFICIENT_DATA" in line.theirs:
        word, icon, status = "No data", "s-unknown", Status.UNKNOWN
    elif line.kind is Kind.ALARM and "AlarmLow" in line.theirs:
        word, icon, status = "Asks for fewer", "i-dn", None
    elif line.kind is Kind.ALARM and " is ALARM" in line.theirs:
        word = "Asks for more"
    return Reason(line, word, icon, status)
