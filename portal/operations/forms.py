"""What people type about operations and pauses. Limits that matter are the use cases'; these spare a round trip."""

import re
from datetime import UTC, datetime, timedelta

from flask_wtf import FlaskForm
from wtforms import IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, NumberRange, ValidationError

from services.usecases.words import REASON_LEAST, REASON_MOST

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2})?( ?UTC|Z)?")
_HINT = "A time in UTC as 2026-11-22T15:00."
_MORNING = 8


class ReasonForm(FlaskForm):  # type: ignore[misc]
    """Declining and resolving: why, or what was seen. It is kept for ever."""

    reason = TextAreaField(
        "Reason",
        validators=[
            InputRequired("Say why; it is kept for ever."),
            Length(REASON_LEAST, REASON_MOST, f"{REASON_LEAST} to {REASON_MOST} characters."),
        ],
    )


class ApproveForm(FlaskForm):  # type: ignore[misc]
    """Approving what was seen, as it was then."""

    version = IntegerField(validators=[InputRequired(), NumberRange(0, 2**31)])


class PauseForm(FlaskForm):  # type: ignore[misc]
    """Holding automation until a time."""

    environment = SelectField("Where")
    lasts = RadioField(
        "Until",
        choices=[
            SelectChoice("30m", "30 min"),
            SelectChoice("1h", "1 h"),
            SelectChoice("4h", "4 h"),
            SelectChoice("morning", "Tomorrow 08:00 UTC"),
            SelectChoice("at", "The time below"),
        ],
        default="1h",
    )
    until = StringField("Time, UTC", validators=[Length(max=32)])
    reason = TextAreaField(
        "Why",
        validators=[
            InputRequired("Say why; everybody sees it."),
            Length(REASON_LEAST, REASON_MOST, f"{REASON_LEAST} to {REASON_MOST} characters."),
        ],
    )

    def validate_until(self, field: StringField) -> None:
        """The typed time counts only when it is chosen, and then it must be one."""
        if self.lasts.data == "at" and _typed(field.data or "") is None:
            raise ValidationError(_HINT)

    def ends(self, now: datetime) -> datetime:
        """When it ends; for a form that is valid."""
        return ends(self.lasts.data, self.until.data or "", now)


def ends(lasts: str, typed: str, now: datetime) -> datetime:
    """The end of a pause that begins now. Raises ValueError for a time that is none."""
    spans = {"30m": timedelta(minutes=30), "1h": timedelta(hours=1), "4h": timedelta(hours=4)}
    if lasts in spans:
        return now + spans[lasts]
    if lasts == "morning":
        tomorrow = now.astimezone(UTC) + timedelta(days=1)
        return tomorrow.replace(hour=_MORNING, minute=0, second=0, microsecond=0)
    at = _typed(typed)
    if at is None:
        raise ValueError(_HINT)
    return at


def _typed(text: str) -> datetime | None:
    text = text.strip()
    if not _TIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.removesuffix("UTC").removesuffix("Z").strip()).replace(tzinfo=UTC)
    except ValueError:
        return None
