"""The pause switch: the form that stands on several pages, and what it does."""

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from portal import errors, shell
from portal.identity import client, current_actor, haven
from portal.operations import index
from portal.operations.forms import PauseForm
from portal.redirects import go, local_path
from services.domain.errors import Invalid, NotFound, NotNow
from services.domain.pause import EVERYWHERE

area = Blueprint("pausing", __name__, url_prefix="/pauses")


def pause_form(environment: str = "", *, sent: bool = False) -> PauseForm:
    """A form for every environment there is, and for all at once; `environment` is chosen beforehand."""
    form = PauseForm() if sent else PauseForm(formdata=None)
    names = [name for name, _ in shell.shell().places]
    form.environment.choices = [SelectChoice(name, name) for name in names] + [SelectChoice(EVERYWHERE, "Everywhere")]
    if not sent:
        form.environment.data = environment or EVERYWHERE
    return form


@area.post("")
def pause() -> ResponseReturnValue:
    """Hold one environment, or everything."""
    form = pause_form(sent=True)
    if not form.validate_on_submit():
        return errors.rejected(index.render(form))
    until = form.ends(haven().clock.now())
    reason = (form.reason.data or "").strip()
    try:
        made = haven().pauses.pause(current_actor(), form.environment.data, until, reason, client=client())
    except (Invalid, NotFound, NotNow) as problem:
        for field, text in getattr(problem, "fields", {}).items():
            if field in form:
                form[field].errors = [*form[field].errors, text]
        return errors.rejected(index.render(form, problem.message), problem)
    where = "everywhere" if made.environment == EVERYWHERE else f"for {made.environment}"
    flash(f"Automation is paused {where} until {made.until:%Y-%m-%d %H:%M} UTC.")
    return go(_back())


@area.post("/<id>/lift")
def lift(id: str) -> ResponseReturnValue:
    """End one before its time."""
    haven().pauses.lift(current_actor(), id, client=client())
    flash("The pause is lifted; what waited may begin.")
    return go(_back())


def _back() -> str:
    """The page the form stood on."""
    return local_path(request.form.get("back")) or url_for("operations.overview")
