"""The risks of deleting a stack."""

from collections.abc import Iterator

from services.domain.deployment.change_set import PropertyChange, ResourceChange
from services.domain.deployment.danger import RULE, Danger, Level, Risk, Subject, short, subject
from services.domain.deployment.deletion import BALANCER, OUTSIDE, lock
from services.domain.deployment.plan import StackPlan
from services.domain.deployment.stateful import DURABLE, HOLDS
from services.domain.wording import counted

STACK = "AWS::CloudFormation::Stack"
_KINDS = {BALANCER: "load balancer"}
"""What those are called that hold nothing and are still not to be deleted."""
_FIRST = (
    "Turn it off first, in a deployment of the stack of its own that is reviewed as any; then plan the deletion anew."
)


def deletion_risks(stack: StackPlan) -> Iterator[Risk]:
    """The stack itself, which takes all that runs in it away, then each resource that holds something."""
    gone = [each for each in stack.removing if each.policy_action != "Retain"]
    count = counted(len(gone) or len(stack.removed), "resource")
    sentence = f"The stack {stack.stack_name} is deleted with {count}; what still uses them fails."
    kept = f"{counted(len(stack.kept), 'resource')} kept, itself or as a snapshot."
    yield Risk(Danger.OUTAGE, Level.HIGH, stack.name, "", STACK, sentence, kept, RULE, stack.stack_name)
    for change in stack.removing:
        found, locked = subject(stack, change), lock(change)
        if locked is not None and locked.known:
            yield _refused(found, locked)
        elif change.type in HOLDS:
            yield _holder(found)
        else:
            yield _plain(found)
        if locked is not None and not locked.known:
            yield _perhaps(found, locked)
    told = {each.logical_id for each in stack.removing}
    for name in stack.removed:
        if name not in told:
            sentence = f"{name} is deleted with the stack. Haven does not know what it is, and so not what is lost."
            because = "Nothing says of which type it is."
            yield Risk(Danger.DATA_LOSS, Level.HIGH, stack.name, name, "", sentence, because, RULE, stack.stack_name)


def _refused(found: Subject, locked: PropertyChange) -> Risk:
    sentence = (
        f"The {_kind(found)} {found.name} cannot be deleted: AWS would refuse it, and the deletion fail half-way."
    )
    if locked.source == OUTSIDE:
        because = f"{locked.name} is on, as AWS shows it, though the template does not turn it on. "
        because += "Turn it off where it was turned on, outside the stack; then plan the deletion anew."
    else:
        whence = f"by the deployed {_parameters(locked.cause)}" if locked.cause else "in the template that runs"
        because = f"{locked.name} is on, {whence}. {_FIRST}"
    return found.risk(_danger(found), Level.STOPPED, sentence, because, RULE)


def _perhaps(found: Subject, locked: PropertyChange) -> Risk:
    sentence = (
        f"Whether AWS lets the {_kind(found)} {found.name} be deleted is not known; the deletion may fail half-way."
    )
    because = f"How {locked.name} stands hangs on what the template does not tell. If it is on: {_FIRST}"
    return found.risk(_danger(found), Level.MEDIUM, sentence, because, RULE)


def _danger(found: Subject) -> Danger:
    return Danger.DATA_LOSS if found.change.type in HOLDS else Danger.OUTAGE


def _kind(found: Subject) -> str:
    of = found.change.type
    return HOLDS[of][0] if of in HOLDS else _KINDS.get(of, of)


def _parameters(cause: str) -> str:
    return f"parameters {cause}" if " and " in cause else f"parameter {cause}"


def _holder(found: Subject) -> Risk:
    change = found.change
    kind, lost = HOLDS[change.type]
    if change.policy_action == "Retain":
        sentence = f"The {kind} {found.name} is left where it is; no stack looks after it any more."
        return found.risk(Danger.DATA_LOSS, Level.HIGH, sentence, "Its policy is Retain.")
    if change.policy_action == "Snapshot":
        sentence = f"The {kind} {found.name} is deleted; a last snapshot of it is kept."
        return found.risk(Danger.DATA_LOSS, Level.HIGH, sentence, "Its policy is Snapshot.")
    if change.type in DURABLE:
        sentence = f"The {kind} {found.name} would be deleted with nothing left of it. Lost would be {lost}."
        because = "Its policy is Delete. Have it keep a snapshot first, or retain it in this deletion."
        return found.risk(Danger.DATA_LOSS, Level.STOPPED, sentence, because, RULE)
    sentence = f"The {kind} {found.name} is deleted. Lost is {lost}."
    return found.risk(Danger.DATA_LOSS, Level.HIGH, sentence, "Its policy is Delete.")


def _plain(found: Subject) -> Risk:
    change: ResourceChange = found.change
    name = short(change.physical_id) or change.logical_id
    retained = change.policy_action == "Retain"
    sentence = f"{name} is left where it is." if retained else f"{name} is deleted with the stack."
    return found.risk(Danger.ORDINARY, Level.LOW, sentence, f"Its policy is {change.policy_action or 'Delete'}.")
