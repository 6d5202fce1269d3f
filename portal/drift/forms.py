"""What people type about drift."""

from flask_wtf import FlaskForm
from wtforms import HiddenField, TextAreaField
from wtforms.validators import DataRequired, Length

from services.usecases.drifts import LONGEST_VALUE
from services.usecases.words import REASON_LEAST, REASON_MOST


class PlaceForm(FlaskForm):  # type: ignore[misc] # flask-wtf has no types
    """Where a difference is."""

    stack = HiddenField(validators=[DataRequired(), Length(max=256)])
    resource = HiddenField(validators=[DataRequired(), Length(max=256)])
    path = HiddenField(validators=[DataRequired(), Length(max=2000)])


class AcceptForm(PlaceForm):
    """Why a difference is meant; `actual` is the value that the person saw."""

    actual = HiddenField(validators=[Length(max=LONGEST_VALUE)])
    reason = TextAreaField(
        "Why is it meant?",
        validators=[
            DataRequired(f"Say why, in at least {REASON_LEAST} characters: it is kept for ever."),
            Length(REASON_LEAST, REASON_MOST, f"{REASON_LEAST} to {REASON_MOST} characters."),
        ],
    )
