"""Forms about people. Limits that matter are the use case's; these only spare a round trip for the obvious."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import EqualTo, InputRequired, Length, ValidationError

from services.domain.access import Role

_ROLES = [SelectChoice(role.value, role.value) for role in Role]
_LONGEST_NAME = 64
_LONGEST_PASSWORD = 1024


class AddForm(FlaskForm):  # type: ignore[misc]
    """A new person."""

    name = StringField("User name", validators=[InputRequired("Type a user name."), Length(max=_LONGEST_NAME)])
    role = SelectField("Role", choices=_ROLES, default=Role.VIEWER.value)
    password = PasswordField(
        "First password", validators=[InputRequired("Type a first password."), Length(max=_LONGEST_PASSWORD)]
    )
    again = PasswordField("The same again", validators=[EqualTo("password", "The two passwords differ.")])


class RoleForm(FlaskForm):  # type: ignore[misc]
    """Another role."""

    role = SelectField("Role", choices=_ROLES)


class PasswordForm(FlaskForm):  # type: ignore[misc]
    """A new password."""

    password = PasswordField(
        "New password", validators=[InputRequired("Type a password."), Length(max=_LONGEST_PASSWORD)]
    )
    again = PasswordField("The same again", validators=[EqualTo("password", "The two passwords differ.")])


class DisableForm(FlaskForm):  # type: ignore[misc]
    """Disabling ends every session of the person at once, so it is confirmed by typing the name."""

    typed = StringField("Type the user name to confirm", validators=[InputRequired("Type the user name.")])

    def __init__(self, name: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._name = name

    def validate_typed(self, field: StringField) -> None:
        """The typed name must be the person's."""
        if (field.data or "").strip() != self._name:
            raise ValidationError(f"This is not the name; it is {self._name}.")
