"""Log in, log out."""

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import errors, identity
from portal.redirects import go, local_path
from portal.session.forms import LoginForm
from services.domain.errors import NotNow, Refused

area = Blueprint("session", __name__)


@area.get("/login")
def login() -> ResponseReturnValue:
    """The form; who is logged in already goes on."""
    wanted = local_path(request.args.get("next"))
    if identity.person() is not None:
        return go(wanted or url_for("fleet.index"))
    return render_template("session/login.html", form=LoginForm(next=wanted or ""), refusal="")


@area.post("/login")
def enter() -> ResponseReturnValue:
    """Check name and password. The answer never tells whether the name exists."""
    form = LoginForm()
    if not form.validate_on_submit():
        return errors.rejected(render_template("session/login.html", form=form, refusal=""))
    try:
        token = identity.haven().access.log_in(form.name.data or "", form.password.data or "", identity.client())
    except (Refused, NotNow) as refusal:
        return errors.rejected(render_template("session/login.html", form=form, refusal=refusal.message), refusal)
    identity.enter(token)
    return go(local_path(form.next.data) or url_for("fleet.index"))


@area.post("/logout")
def logout() -> ResponseReturnValue:
    """End the session here and on the server."""
    identity.leave()
    flash("You are logged out.")
    return go(url_for("session.login"))
