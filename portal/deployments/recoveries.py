"""What may be done about a stack whose rollout failed, in words. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.usecases.deployment_shapes import Progressing


@dataclass(frozen=True)
class Recovery:
    """One act: how its address spells it, what the button says, and what it does."""

    slug: str
    act: str
    title: str
    does: str
    danger: bool = False
    skips: str = ""


RECOVERIES = (
    Recovery(
        "cancel",
        "cancel",
        "Cancel the update",
        "CloudFormation stops and puts back what it had changed, as far as AWS allows. Resources that already changed "
        "change once more, which takes about as long as the way there.",
    ),
    Recovery(
        "continue",
        "continue",
        "Continue the rollback",
        "CloudFormation tries once more to put everything back. What keeps failing can be left out: then it stays as "
        "it is, CloudFormation takes it for put back, and you have to mend it by hand so that both agree again.",
        skips="Leave out of the rollback",
    ),
    Recovery(
        "roll-back",
        "roll back",
        "Roll it back",
        "CloudFormation puts the stack back to how it was before this deployment.",
    ),
    Recovery(
        "delete",
        "delete",
        "Delete the failed stack",
        "What this creation had made already is deleted, so that it can be created anew. What cannot be deleted can be "
        "kept: then it stays in your account, outside any stack, and goes on costing.",
        danger=True,
        skips="Keep, outside the stack",
    ),
)
BY_SLUG = {each.slug: each for each in RECOVERIES}


def of(acts: Sequence[str]) -> Sequence[Recovery]:
    """The recoveries of these acts, the mildest first."""
    return [each for each in RECOVERIES if each.act in acts]


def failed(progressing: Progressing, stack: str) -> Sequence[str]:
    """Logical ids of the stack's resources whose last status is a failure."""
    rollout = progressing.rollouts.get(stack)
    last = {name: status for name, _, _, _, status in rollout.spans} if rollout else {}
    return [name for name, status in last.items() if status.endswith("_FAILED")]
