"""The risks of deleting a stack."""

from collections.abc import Iterator

from services.domain.deployment.change_set import ResourceChange
from services.domain.deployment.danger import RULE, Danger, Level, Risk, Subject, short, subject
from services.domain.deployment.plan import StackPlan
from services.domain.deployment.stateful import DURABLE, HOLDS
from services.domain.wording import counted

STACK = "AWS::CloudFormation::Stack"
_LOCK = "DeletionProtection"


def deletion_risks(stack: StackPlan) -> Iterator[Risk]:
    """The stack itself, which takes all that runs in it away, then each resource that holds something."""
    gone = [each for each in stack.removing if each.policy_action != "Retain"]
    count = counted(len(gone) or len(stack.removed), "resource")
    sentence = f"The stack {stack.stack_name} is deleted with {count}; what still uses them fails."
    kept = f"{counted(len(stack.kept), 'resource')} kept, itself or as a snapshot."
    yield Risk(Danger.OUTAGE, Level.HIGH, stack.name, "", STACK, sentence, kept, RULE, stack.stack_name)
    for change in stack.removing:
        if change.type in HOLDS:
            yield _holder(subject(stack, change))
        else:
            yield _plain(subject(stack, change))
    told = {each.logical_id for each in stack.removing}
    for name in stack.removed:
        if name not in told:
            sentence = f"{name} is deleted with the stack. Haven does not know what it is, and so not what is lost."
            because = "Nothing says of which type it is."
            yield Risk(Danger.DATA_LOSS, Level.HIGH, stack.name, name, "", sentence, because, RULE, stack.stack_name)


def _holder(found: Subject) -> Risk:
    change = found.change
    kind, lost = HOLDS[change.type]
    if change.policy_action == "Retain":
        sentence = f"The {kind} {found.name} is left where it is; no stack looks after it any more."
        return found.risk(Danger.DATA_LOSS, Level.HIGH, sentence, "Its policy is Retain.")
    if found.before.on(_LOCK):
        sentence = f"The {kind} {found.name} cannot be deleted: the deletion would fail half-way."
        because = f"{_LOCK} is on. Turn it off first, in a deployment of its own."
        return found.risk(Danger.DATA_LOSS, Level.STOPPED, sentence, because, RULE)
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
