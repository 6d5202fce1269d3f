"""Draws docs/operations.md from the code: states, transitions, steps and checks. A house test fails when it is not what
this would draw; `python tools/draw_operations.py` draws it anew."""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from services.domain.failover import checks, commands
from services.domain.failover.steps import steps_for
from services.domain.failover.target import LABELS
from services.domain.operation import LIVE, TERMINAL, TRANSITIONS, State, Step, Target
from services.domain.scaling.change import ScalingChange
from services.domain.scaling.steps import steps_for as scaling_steps
from services.domain.snapshot import ScalingPolicy, ScheduledAction
from services.settings import Settings
from services.usecases.carrying_out import STEPS as CARRY_STEPS

DOCUMENT = Path(__file__).parents[1] / "docs" / "operations.md"
NAME, REGION = "<name>", "<region>"
BEGINNINGS = {State.REQUESTED: "asked for", State.AWAITING_APPROVAL: "asked for, in a protected environment"}
LIMITS = {"approval_for": State.AWAITING_APPROVAL, "begin_within": State.REQUESTED}


def document() -> str:
    """The whole file."""
    parts = [
        "# Operations: states, steps, checks",
        "Drawn from the code by `python tools/draw_operations.py`; do not edit by hand. How they run: "
        "[architecture.md](architecture.md#an-operation-runs).",
        "## States",
        _diagram(),
        f"Live, and holding its target: {_listed(LIVE)}. Over: {_listed(TERMINAL)}. "
        + " ".join(f"At most {_span(seconds)} {state} (`{name}`)." for name, state, seconds in _limits()),
        _table(["From", "To", "Because"], [[t.source, t.target, t.because] for t in TRANSITIONS]),
        "## Steps of a failover",
        "In their order. A step is given up after the time named, counted from when the step before it was seen. "
        "Then the operation is *stuck* and waits for a person, who may go on watching, mark it as done or give it up; "
        "an optional step is only noted as not seen. Where the endpoint could not be reached from Haven before, that "
        "step is left out.",
        _steps(),
        "The lines that tell, for each kind of target:",
        _lines(),
        "## Steps of a change of scaling",
        "Each write is sent when AWS shows the one before. “Sent again” tells what happens when AWS's answer to it was "
        "lost: what is harmless twice is sent again unless AWS shows it. Why: "
        "[decisions/0003](decisions/0003-scaling.md).",
        _scaling(),
        "## Steps of carrying live edits into a stack",
        "One request, harmless to repeat: the change set's name and token come from its content. Before it, on fresh "
        "facts: the stack is at rest, and its parameters are as they were read. Nothing is executed.",
        _again_and_until(CARRY_STEPS),
        "## Checks before a failover",
        "Made for the preview, when it is asked for, and on fresh facts right before the call. Unknown is never a "
        "pass. “May be let pass” means: by an admin, with a reason, which the ledger keeps. “Depends” is told by the "
        "sentence. Right before the call also: the primary is where the person saw it; that may never be let pass.",
        _checks(),
    ]
    return "\n\n".join(parts) + "\n"


def _diagram() -> str:
    lines = [f'    state "{state}" as {_id(state)}' for state in State if _id(state) != state]
    lines += [f"    [*] --> {_id(state)}: {word}" for state, word in BEGINNINGS.items()]
    lines += [f"    {_id(t.source)} --> {_id(t.target)}" for t in TRANSITIONS]
    lines += [f"    {_id(state)} --> [*]" for state in State if state in TERMINAL]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```"])


def _id(state: State) -> str:
    return state.replace(" ", "_")


def _limits() -> Iterator[tuple[str, State, timedelta]]:
    for name, state in LIMITS.items():
        yield f"HAVEN_{name.upper()}", state, timedelta(seconds=Settings.model_fields[name].default)


def _steps() -> str:
    """One row a step; what differs between kinds of target is told for each."""
    kinds = list(LABELS)
    rows = []
    for same in zip(*(steps_for(kind) for kind in kinds), strict=True):
        cells = [_row(kind, step) for kind, step in zip(kinds, same, strict=True)]
        rows.append([_either(kinds, column) for column in zip(*cells, strict=True)])
    return _table(["Step", "Seen by", "Given up after", "What to do then"], rows)


def _row(kind: Target, step: Step[Any]) -> Sequence[str]:
    advice = step.otherwise
    for word, line in (("its events", commands.events), ("its state", commands.state)):
        advice = advice.replace(line(kind, NAME, REGION), f"*{word}*")
    advice = re.sub(r"aws ecs [a-z-]+( --[a-z-]+)*", r"`\g<0>`", advice)
    limit = _span(step.give_up_after) + ("; optional" if step.optional else "")
    return [step.sentence + (" (**the one call**)" if step.acts else ""), step.until, limit, advice]


def _either(kinds: Sequence[Target], cells: Sequence[str]) -> str:
    if len(set(cells)) == 1:
        return cells[0]
    return "<br>".join(f"{LABELS[kind]}: {cell}" for kind, cell in zip(kinds, cells, strict=True))


def _scaling() -> str:
    """One row a step of a change that has one of each."""
    policy = ScalingPolicy(
        "<policy>", "", "TargetTrackingScaling", "ECSServiceAverageCPUUtilization", 1, None, None, False
    )
    change = ScalingChange(
        min_capacity=3,
        max_capacity=9,
        policies=(policy,),
        removed_policies=("rbac-memory",),
        scheduled=(ScheduledAction("morning", "", None, 3, None),),
        removed_scheduled=("evening",),
        desired_once=5,
    )
    return _again_and_until(scaling_steps(change))


def _again_and_until(steps: Sequence[Step[Any]]) -> str:
    rows = [
        [step.sentence, _again(step), step.until, _span(step.give_up_after) + ("; optional" if step.optional else "")]
        for step in steps
    ]
    return _table(["Step", "Sent again", "Seen by", "Given up after"], rows)


def _again(step: Step[Any]) -> str:
    return ("yes" if step.repeatable else "never") if step.acts else "–"


def _lines() -> str:
    rows = []
    for kind, label in LABELS.items():
        shard = {"node_group": "<shard>"} if kind is Target.CACHE else {}
        sent = commands.send(kind, NAME, REGION, **shard).replace("'<shard>'", "<shard>")
        said = (sent, commands.events(kind, NAME, REGION), commands.state(kind, NAME, REGION))
        rows.append([label, *(f"`{line}`" for line in said)])
    return _table(["Target", "What is sent, once", "Its events", "Its state"], rows)


def _checks() -> str:
    rows = []
    for rule in checks._RULES:
        tree = ast.parse(textwrap.dedent(inspect.getsource(rule)))
        meaning = _spelled_out(rule, " ".join((inspect.getdoc(rule) or "").split()))
        rows.append([f"**{' / '.join(titles(rule))}**", meaning, _may(_failing(tree)), _may(_unknown(tree))])
    return _table(["Check", "What it asks", "Failed, may be let pass", "Unknown, may be let pass"], rows)


def _spelled_out(rule: Callable[..., object], words: str) -> str:
    """With the lengths that constants stand for."""
    lengths = {name: _span(value) for name, value in vars(inspect.getmodule(rule)).items() if type(value) is timedelta}
    return re.sub(r"\b[A-Z]+_[A-Z_]+\b", lambda found: lengths.get(found[0], found[0]), words)


def titles(rule: Callable[..., object]) -> list[str]:
    """What a check is called on the page; two where that depends on the kind of target."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(rule)))
    named = {
        node.targets[0].id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    found: list[str] = []
    for call in _calls(tree, "Judge"):
        said = call.args[2]
        said = named.get(said.id, said) if isinstance(said, ast.Name) else said
        found += [str(n.value) for n in _branches(said) if isinstance(n, ast.Constant) and n.value not in found]
    return sorted(found, reverse=True)


def _failing(tree: ast.AST) -> Sequence[ast.expr]:
    return [each.value for call in _calls(tree, "failed") for each in call.keywords if each.arg == "overridable"]


def _unknown(tree: ast.AST) -> Sequence[ast.expr]:
    """Of each way in which it may not be known. One that is made of nothing read cannot be unknown."""
    read = [call for call in _calls(tree, "Judge") if len(call.args) > 3]
    given = [{each.arg: each.value for each in call.keywords} for call in read]
    return [each.get("unknown_overridable", ast.Constant(value=False)) for each in given]


def _calls(tree: ast.AST, name: str) -> list[ast.Call]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [c for c in calls if name == getattr(c.func, "id", getattr(c.func, "attr", ""))]


def _branches(node: ast.expr) -> Sequence[ast.expr]:
    return [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]


def _may(values: Sequence[ast.expr]) -> str:
    said = {str(each.value) if isinstance(each, ast.Constant) else "" for each in values}
    if not said:
        return "–"
    return {"True": "yes", "False": "no"}.get(said.pop(), "depends") if len(said) == 1 else "depends"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def _listed(states: frozenset[State]) -> str:
    return ", ".join(state for state in State if state in states)


def _span(length: timedelta) -> str:
    return f"{length.total_seconds() / 60:g} min"


if __name__ == "__main__":
    DOCUMENT.write_text(document())
