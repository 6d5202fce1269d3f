"""Data loss: what holds data and is replaced, removed, or less guarded."""

from collections.abc import Iterator

from services.domain.deployment.change_set import PropertyChange
from services.domain.deployment.danger import CLOUDFORMATION, RULE, Danger, Level, Risk, Subject
from services.domain.deployment.expected import expectation
from services.domain.deployment.stateful import CLUSTER, DATABASE, GROUP, HOLDS, KEY, NODE, QUEUE, strength
from services.domain.deployment.stateful import deletion_policy as removal_policy
from services.domain.wording import capital, counted, listed

LOGS = "AWS::Logs::LogGroup"
_FACTS = "AWS's documentation, aws-facts 6.5"
_GUIDE = "AWS's documentation, CloudFormation user guide"
_BACKUPS = {
    DATABASE: ("BackupRetentionPeriod", 1.0, Level.HIGH, "backups and point-in-time recovery"),
    CLUSTER: ("BackupRetentionPeriod", 1.0, Level.HIGH, "backups and point-in-time recovery"),
    GROUP: ("SnapshotRetentionLimit", 0.0, Level.MEDIUM, "snapshots"),
    NODE: ("SnapshotRetentionLimit", 0.0, Level.MEDIUM, "snapshots"),
}
"""By type: the property, AWS's default, how bad none is, and what they are called."""
_LEFT = {
    "Retain": "It leaves the stack and stays as it is.",
    "Snapshot": "A last snapshot of it is kept.",
    "ReplaceAndRetain": "The old one stays, outside the stack; the new one begins empty.",
    "ReplaceAndSnapshot": "A last snapshot of the old one is kept; the new one begins empty.",
}


def data_loss(subject: Subject, denied: bool) -> Iterator[Risk]:
    """What a change may lose. `denied`: the stack policy denies it, and the plan does not lift it."""
    if subject.change.type == LOGS:
        yield from _logs(subject)
    if subject.change.type not in HOLDS:
        return
    if subject.change.action == "Remove":
        yield _gone(subject, denied, "removed")
    elif subject.replaced:
        yield (None if denied else _keeps_its_name(subject)) or _gone(subject, denied, "replaced")
    elif subject.perhaps_replaced:
        yield _perhaps(subject)
    if subject.change.action == "Modify":
        yield from _guards(subject)
        yield from _contents(subject)


def _logs(subject: Subject) -> Iterator[Risk]:
    if subject.change.action == "Remove" and subject.change.policy_action != "Retain":
        sentence = f"The log group {subject.name} is removed with all that was written to it."
        yield subject.risk(Danger.DATA_LOSS, Level.MEDIUM, sentence, _why(subject, "removed"))


def _gone(subject: Subject, denied: bool, how: str) -> Risk:
    kind, lost = HOLDS[subject.change.type]
    left = _LEFT.get(subject.change.policy_action, f"Lost is {lost}.")
    if denied:
        sentence = f"The {kind} {subject.name} would be {how}, which the stack policy denies: the update would fail."
        because = f"The plan does not lift the stack policy of {subject.stack.name}. {left}"
        return subject.risk(Danger.DATA_LOSS, Level.STOPPED, sentence, because, RULE)
    sentence = f"The {kind} {subject.name} is {how}. {left}"
    return subject.risk(Danger.DATA_LOSS, Level.HIGH, sentence, _why(subject, how))


def _why(subject: Subject, how: str) -> str:
    if how == "removed":
        return f"The change set removes it; what becomes of it: {subject.change.policy_action or 'not said'}."
    causes = dict.fromkeys(p.name for p in subject.change.properties if p.recreation == "Always")
    behind = f" because {listed(list(causes))} cannot be changed otherwise" if causes else ""
    return f"The change set says Replacement True{behind}; what becomes of the old one: " + (
        f"{subject.change.policy_action or 'not said'}."
    )


def _keeps_its_name(subject: Subject) -> Risk | None:
    """AWS cannot make the new database while the old one has its name."""
    name = subject.after.text("DBInstanceIdentifier")
    if subject.change.type != DATABASE or not name or name != subject.before.text("DBInstanceIdentifier"):
        return None
    return subject.risk(
        Danger.DATA_LOSS,
        Level.STOPPED,
        f"The database {subject.name} would be replaced under the name it has, which fails half-way.",
        "A database with a name of its own cannot be replaced unless its name changes too.",
        _GUIDE,
    )


def _perhaps(subject: Subject) -> Risk:
    """Replaced or not: AWS's word, unless all that could bring it is documented to happen in place."""
    kind, lost = HOLDS[subject.change.type]
    asking = [p for p in subject.change.properties if p.recreation in ("Conditionally", "Always")]
    open_ones = [p for p in asking if not _in_place(subject, p)]
    if asking and not open_ones:
        sources = dict.fromkeys(found.source for p in asking if (found := expectation(subject.change.type, p)))
        return subject.risk(
            Danger.DATA_LOSS,
            Level.LOW,
            f"The {kind} {subject.name} is expected to change in place, although CloudFormation does not promise it.",
            f"The change set says Conditional for {_names(asking)}; documented is a change in place.",
            "; ".join(sources),
        )
    why = f"The change set says Conditional for {_names(open_ones)}" if open_ones else "The change set cannot tell"
    # AWS may give one place twice: as the parameter's change, known, and as what an edit might add, not known.
    told = {p.path for p in subject.change.properties if p.known}
    waiting = [p for p in open_ones if p.path not in told]
    if waiting:
        why += f"; {_names(waiting)} is only known once it runs"
    return subject.risk(
        Danger.DATA_LOSS,
        Level.HIGH,
        f"The {kind} {subject.name} may be replaced. If it is, lost is {lost}.",
        f"{why}, and nothing documents that it happens in place.",
    )


def _in_place(subject: Subject, change: PropertyChange) -> bool:
    found = expectation(subject.change.type, change)
    return found is not None and found.in_place


def _names(changes: list[PropertyChange]) -> str:
    return listed(list(dict.fromkeys(p.name or p.attribute for p in changes)))


def _guards(subject: Subject) -> Iterator[Risk]:
    """What guards the data: policies, backups, protection."""
    change, kind = subject.change, HOLDS[subject.change.type][0]
    in_cluster = bool(subject.before.text("DBClusterIdentifier"))
    for attribute, default in (
        ("DeletionPolicy", removal_policy(change.type, "", in_cluster)),
        ("UpdateReplacePolicy", "Delete"),
    ):
        was, becomes = (side.attribute(attribute) or default for side in (subject.before, subject.after))
        if strength(becomes) < strength(was):
            level = Level.MEDIUM if strength(becomes) else Level.HIGH
            when = "removed" if attribute == "DeletionPolicy" else "replaced"
            left = "a snapshot of it is left" if strength(becomes) else "nothing of it is left"
            sentence = f"If the {kind} {subject.name} is ever {when}, from now on {left}."
            yield subject.risk(Danger.DATA_LOSS, level, sentence, f"{attribute}: {was} becomes {becomes}.", _FACTS)
    yield from _backups(subject)
    if subject.before.on("DeletionProtection") and subject.after.off("DeletionProtection"):
        sentence = f"Nothing keeps the {kind} {subject.name} from being deleted any more."
        yield subject.risk(
            Danger.DATA_LOSS, Level.MEDIUM, sentence, "DeletionProtection is turned off.", CLOUDFORMATION
        )


def _backups(subject: Subject) -> Iterator[Risk]:
    if subject.change.type not in _BACKUPS:
        return
    name, default, worst, what = _BACKUPS[subject.change.type]
    was, becomes = (side.number(name, default=default) for side in (subject.before, subject.after))
    if was is None or becomes is None or becomes >= was:
        return
    level = Level.MEDIUM if becomes else worst
    because = f"{name}: {was:g} becomes {becomes:g}."
    if becomes:
        kept = f"{counted(int(becomes), 'day')} instead of {was:g}"
        sentence = f"{capital(what)} of {subject.name} are kept for {kept}; older ones go."
    else:
        sentence = f"{capital(what)} of {subject.name} are turned off, and those that there are go."
    yield subject.risk(Danger.DATA_LOSS, level, sentence, because)


def _contents(subject: Subject) -> Iterator[Risk]:
    """Changes in place that lose what is inside, or cannot be made."""
    kind, before, after = subject.change.type, subject.before, subject.after
    was, becomes = before.number("AllocatedStorage"), after.number("AllocatedStorage")
    if kind == DATABASE and was is not None and becomes is not None and becomes < was:
        sentence = f"The storage of {subject.name} would become smaller, which RDS refuses: the update would fail."
        because = f"AllocatedStorage: {was:g} GiB becomes {becomes:g} GiB; it can grow, never shrink."
        yield subject.risk(Danger.DATA_LOSS, Level.STOPPED, sentence, because, RULE)
    kept, keeps = before.number("MessageRetentionPeriod"), after.number("MessageRetentionPeriod")
    if kind == QUEUE and kept is not None and keeps is not None and keeps < kept:
        sentence = f"Messages in {subject.name} are dropped sooner, those that wait longer already at once."
        because = f"MessageRetentionPeriod: {kept:g} s becomes {keeps:g} s."
        yield subject.risk(Danger.DATA_LOSS, Level.MEDIUM, sentence, because)
    if kind == KEY and after.text("Enabled").lower() == "false" and before.text("Enabled").lower() != "false":
        sentence = f"The key {subject.name} is disabled: what is encrypted with it cannot be read meanwhile."
        yield subject.risk(Danger.DATA_LOSS, Level.HIGH, sentence, "Enabled becomes false.")
