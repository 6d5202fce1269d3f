"""The login form."""

from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

_LONGEST_NAME = 64
_LONGEST_PASSWORD = 1024


class LoginForm(FlaskForm):  # type: ignore[misc]
    """Name and password; `next` is where the person wanted to go."""

    name = StringField("User name", validators=[InputRequired("Type your user name."), Length(max=_LONGEST_NAME)])
    password = PasswordField(
        "Password", validators=[InputRequired("Type your password."), Length(max=_LONGEST_PASSWORD)]
    )
    next = HiddenField()
