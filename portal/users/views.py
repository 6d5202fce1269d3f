"""Users: list, add, role, disable and enable, password. The use case asks for the permission and writes the ledger."""

from collections.abc import Callable

from flask import Blueprint, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from portal import errors, identity
from portal.redirects import go
from portal.users.forms import AddForm, DisableForm, PasswordForm, RoleForm
from services.domain.access import Role, User
from services.domain.errors import Conflict, Invalid, NotFound, Refused, Unsafe

area = Blueprint("users", __name__, url_prefix="/users")


@area.get("")
def index() -> ResponseReturnValue:
    """Everyone, and the form for one more."""
    return _list(AddForm())


@area.post("")
def add() -> ResponseReturnValue:
    """Add a person."""
    form = AddForm()
    actor = identity.current_actor()
    name = (form.name.data or "").strip().lower()
    if not form.validate_on_submit():
        return errors.rejected(_list(form))

    def act() -> None:
        role, password = Role(form.role.data), form.password.data or ""
        identity.haven().users.add(actor, name, role, password, client=identity.client())

    refusal = _refused(form, act)
    if refusal:
        return errors.rejected(_list(form, refusal.message), refusal)
    flash(f"{name} may log in now as {form.role.data}.")
    return go(url_for("users.index"))


@area.get("/<name>")
def show(name: str) -> ResponseReturnValue:
    """One person, with everything that can be changed about them."""
    return _page(_find(name))


@area.post("/<name>/role")
def set_role(name: str) -> ResponseReturnValue:
    """Another role; their sessions end."""
    form, actor = RoleForm(), identity.current_actor()

    def act() -> None:
        identity.haven().users.set_role(actor, name, Role(form.role.data), client=identity.client())

    return _change(name, form, act, "has another role now.")


@area.post("/<name>/password")
def reset_password(name: str) -> ResponseReturnValue:
    """A new password; their sessions end and a lock is lifted."""
    form, actor = PasswordForm(), identity.current_actor()

    def act() -> None:
        identity.haven().users.reset_password(actor, name, form.password.data or "", client=identity.client())

    return _change(name, form, act, "has a new password now.")


@area.post("/<name>/disable")
def disable(name: str) -> ResponseReturnValue:
    """Keep the person out; their sessions end. Confirmed by typing the name."""
    form, actor = DisableForm(name), identity.current_actor()

    def act() -> None:
        identity.haven().users.disable(actor, name, client=identity.client())

    return _change(name, form, act, "is disabled now.")


@area.post("/<name>/enable")
def enable(name: str) -> ResponseReturnValue:
    """Let a disabled person in again."""
    actor = identity.current_actor()

    def act() -> None:
        identity.haven().users.enable(actor, name, client=identity.client())

    return _change(name, FlaskForm(), act, "may log in again.")


def _change(name: str, form: FlaskForm, act: Callable[[], object], done: str) -> ResponseReturnValue:
    """One change of one person: shown again with what is wrong, or done and said."""
    person = _find(name)
    if not form.validate_on_submit():
        return errors.rejected(_page(person, form))
    refusal = _refused(form, act)
    if refusal:
        return errors.rejected(_page(person, form, refusal.message), refusal)
    flash(f"{name} {done}")
    return go(url_for("users.show", name=name))


def _refused(form: FlaskForm, act: Callable[[], object]) -> Refused | None:
    """Do it; a refusal the person can mend comes back, with its words put beside the fields they speak of."""
    try:
        act()
    except (Invalid, Conflict, Unsafe) as refusal:
        for field, text in getattr(refusal, "fields", {}).items():
            if field in form:
                form[field].errors = [*form[field].errors, text]
        return refusal
    return None


def _everyone() -> list[User]:
    return sorted(identity.haven().users.all(identity.current_actor()), key=lambda user: user.name)


def _find(name: str) -> User:
    for user in _everyone():
        if user.name == name:
            return user
    raise NotFound(f"There is no user {name[:64]}.")


def _list(form: AddForm, refusal: str = "") -> str:
    return render_template("users/index.html", people=_everyone(), form=form, refusal=refusal)


def _page(user: User, form: FlaskForm | None = None, refusal: str = "") -> str:
    """The person's page; the form that was sent keeps what was typed, the others stand as they are."""
    me = identity.current_actor().name

    def sent(kind: type[FlaskForm], fresh: Callable[[], FlaskForm]) -> FlaskForm:
        return form if isinstance(form, kind) else fresh()

    return render_template(
        "users/show.html",
        user=user,
        me=me,
        refusal=refusal,
        role_form=sent(RoleForm, lambda: RoleForm(formdata=None, role=user.role.value)),
        password_form=sent(PasswordForm, lambda: PasswordForm(formdata=None)),
        disable_form=sent(DisableForm, lambda: DisableForm(user.name, formdata=None)),
    )
