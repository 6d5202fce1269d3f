"""Editing an environment, archiving it, bringing it back. The use case asks for permission and writes the ledger."""

from flask import Blueprint, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from portal import errors
from portal.environments import page
from portal.environments.forms import ArchiveForm, EnvironmentForm
from portal.identity import client, current_actor, haven
from portal.redirects import go
from services.domain.errors import Conflict, HavenError, Invalid, NotNow
from services.domain.wording import listed
from services.usecases.environment_rules import LABELS, Changed
from services.usecases.environments import Editable

area = Blueprint("editing", __name__, url_prefix="/<environment>")


@area.get("/edit")
def form(environment: str) -> ResponseReturnValue:
    """What may be changed of it, and why the rest stays."""
    found = haven().environments.editable(current_actor(), environment)
    made = EnvironmentForm(found.blueprints, found.environment, formdata=None)
    made.seen.data = found.version
    return _edit(found, made)


@area.post("/edit")
def save(environment: str) -> ResponseReturnValue:
    """Put what was typed in place of what the person saw."""
    desk, actor = haven().environments, current_actor()
    found = desk.editable(actor, environment)
    made = EnvironmentForm(found.blueprints, found.environment)
    if not made.validate_on_submit():
        return errors.rejected(_edit(found, made))
    wanted = made.environment(haven().clock.now(), found.environment, found.fixed)
    seen, reason = made.seen.data or "", (made.reason.data or "").strip()
    try:
        changed = desk.edit(actor, seen, wanted, reason=reason, client=client())
    except Changed as faster:
        # What is sent next is what is seen next: both versions are on the page.
        made.seen.data = desk.editable(actor, environment).version
        return errors.rejected(_edit(found, made, faster.message, faster), faster)
    except (Invalid, Conflict, NotNow) as problem:
        explain(made, problem)
        return errors.rejected(_edit(found, made, problem.message), problem)
    flash(f"Changed: {listed([LABELS[field] for field in changed])}." if changed else "Nothing was changed.")
    return go(url_for("environments.show", environment=environment))


@area.get("/archive")
def ask(environment: str) -> ResponseReturnValue:
    """What archiving means, and what stands in its way."""
    found = haven().environments.editable(current_actor(), environment)
    return _archive(found, ArchiveForm(environment, formdata=None))


@area.post("/archive")
def archive(environment: str) -> ResponseReturnValue:
    """Stop looking after it."""
    desk, actor = haven().environments, current_actor()
    found = desk.editable(actor, environment)
    made = ArchiveForm(environment)
    if not made.validate_on_submit():
        return errors.rejected(_archive(found, made))
    try:
        desk.archive(actor, environment, made.reason.data or "", client=client())
    except (Invalid, Conflict, NotNow) as problem:
        explain(made, problem)
        return errors.rejected(_archive(found, made, problem.message), problem)
    flash(f"{environment} is archived. Nothing in AWS was changed.")
    return go(url_for("environments.show", environment=environment))


@area.post("/bring-back")
def bring_back(environment: str) -> ResponseReturnValue:
    """Look after it again."""
    haven().environments.bring_back(current_actor(), environment, client=client())
    flash(f"{environment} is looked after again; a worker reads it with its next tick.")
    return go(url_for("environments.show", environment=environment))


def explain(made: FlaskForm, problem: HavenError) -> None:
    """Put the words of a refusal beside the fields they speak of."""
    for field, text in getattr(problem, "fields", {}).items():
        if field in made:
            made[field].errors = [*made[field].errors, text]


def _edit(found: Editable, made: EnvironmentForm, refusal: str = "", faster: Changed | None = None) -> str:
    return render_template(
        "environments/edit.html",
        environment=found.environment,
        fixed=found.fixed,
        form=made,
        refusal=refusal,
        differences=page.differences(faster) if faster else [],
        by=faster.by if faster else "",
    )


def _archive(found: Editable, made: ArchiveForm, refusal: str = "") -> str:
    return render_template(
        "environments/archive.html",
        environment=found.environment,
        in_the_way=found.in_the_way,
        form=made,
        refusal=refusal,
    )
