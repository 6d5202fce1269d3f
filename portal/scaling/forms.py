"""What people type about a service's scaling, part by part. Limits that matter are the domain's and AWS's own; these
say what is wrong beside the field it is wrong in. `sheet` puts the parts together."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    Field,
    FloatField,
    Form,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.form import BaseForm
from wtforms.validators import InputRequired, Length, NumberRange, Optional, StopValidation, ValidationError

from portal.scaling.until import CHOICES, HINT, typed
from services.domain.check import Check
from services.domain.errors import Invalid
from services.domain.scaling.guards import MOST_TASKS
from services.domain.scaling.schedule import parse
from services.domain.scaling.step import Adjustment
from services.usecases.words import REASON_LEAST, REASON_MOST, TICKET_MOST

LONGEST_NAME, LONGEST_SCHEDULE, LONGEST_LABEL = 256, 1600, 1023
LONGEST_COOLDOWN = 86_400
MOST_REQUESTS = 1_000_000.0
_WHOLE = f"A whole number from 0 to {MOST_TASKS:,}."
_LABEL = re.compile(r"app/[^/\s]+/[^/\s]+/targetgroup/[^/\s]+/[^/\s]+")
_NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f:/|]+")


class IfGiven(Optional):
    """What stays empty is left alone; what is no number is said in plain words."""

    def __init__(self, wrong: str) -> None:
        super().__init__()
        self._wrong = wrong

    def __call__(self, form: BaseForm, field: Field) -> None:
        super().__call__(form, field)
        plain(field, self._wrong)


class Given(InputRequired):
    """It must be there, and be a number."""

    def __call__(self, form: BaseForm, field: Field) -> None:
        super().__call__(form, field)
        plain(field, str(self.message))


def plain(field: Field, wrong: str) -> None:
    """In place of WTForms' own words for what is no number."""
    if field.errors:
        field.errors = []
        raise StopValidation(wrong)


class Number(FloatField):
    """A number, written without needless zeros."""

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{self.data:g}"


def tasks(label: str) -> IntegerField:
    """A count of tasks that must be there."""
    return IntegerField(label, validators=[Given(_WHOLE), NumberRange(0, MOST_TASKS, _WHOLE)])


def maybe_tasks(label: str, least: int = 0) -> IntegerField:
    """A count of tasks that may stay empty."""
    wrong = f"A whole number from {least} to {MOST_TASKS:,}."
    return IntegerField(label, validators=[IfGiven(wrong), NumberRange(least, MOST_TASKS, wrong)])


def seconds(label: str) -> IntegerField:
    """A cooldown; empty leaves it to AWS."""
    wrong = f"Whole seconds from 0 to {LONGEST_COOLDOWN:,}, or empty for AWS's 300."
    return IntegerField(label, validators=[IfGiven(wrong), NumberRange(0, LONGEST_COOLDOWN, wrong)])


class BoundsForm(Form):
    """Min, max, what is suspended, and the count once."""

    minimum = tasks("Min tasks")
    maximum = tasks("Max tasks")
    desired = maybe_tasks("Desired count, once", 1)
    hold_out = BooleanField("Suspend scaling out")
    hold_in = BooleanField("Suspend scaling in")
    hold_scheduled = BooleanField("Suspend scheduled actions")


class UntilForm(Form):
    """For how long."""

    lasts = RadioField("For how long", choices=[SelectChoice(key, word) for key, word in CHOICES], default="good")
    until = StringField("Until, UTC", validators=[Length(max=32)])
    now: datetime

    def validate_until(self, field: StringField) -> None:
        """The typed time counts only when it is chosen; then it must be one, and lie ahead."""
        if self.lasts.data != "at":
            return
        at = typed(field.data or "")
        if at is None:
            raise ValidationError(HINT)
        if at <= self.now:
            raise ValidationError("That lies in the past. Choose a time to come.")


class PolicyForm(Form):
    """A target tracking policy; `name` and `label` are asked for only where there is none yet."""

    name = StringField("Name of the policy", validators=[Length(max=LONGEST_NAME)])
    target = Number("Target")
    out = seconds("Scale-out cooldown, s")
    into = seconds("Scale-in cooldown, s")
    scales_in = BooleanField("Scales in too", default=True)
    label = StringField("Load balancer and target group", validators=[Length(max=LONGEST_LABEL)])
    removed = BooleanField("Remove this policy")
    most: float = 100.0
    needed = True

    def validate_target(self, field: FloatField) -> None:
        """A share of what a task may use, or requests a minute."""
        typed_in = bool(field.raw_data and str(field.raw_data[0]).strip())
        if self.removed.data or (not self.needed and not typed_in):
            field.errors = []
            raise StopValidation
        said = f"A number above 0, at most {self.most:,.0f}."
        plain(field, said)
        if field.data is None or not 0 < field.data <= self.most:
            raise ValidationError(said)

    def validate_name(self, field: StringField) -> None:
        """Printable, and nothing that ARNs and alarms are cut at."""
        if not self.needed and self.target.data is not None and not _NAME.fullmatch((field.data or "").strip()):
            raise ValidationError("1 to 256 characters without : / |.")

    def validate_label(self, field: StringField) -> None:
        """Whose requests are counted."""
        if self.most > 100 and self.target.data is not None and not _LABEL.fullmatch((field.data or "").strip()):
            raise ValidationError("As app/<load balancer>/<id>/targetgroup/<target group>/<id>.")


class StepForm(Form):
    """One step: from `lower` to `upper` beyond the alarm's threshold, adjust by `by`. All empty is no step."""

    lower = Number("From", validators=[IfGiven("A number, or empty for no end.")])
    upper = Number("Up to", validators=[IfGiven("A number, or empty for no end.")])
    by = IntegerField(
        "Adjust by", validators=[IfGiven("A whole number."), NumberRange(-MOST_TASKS, MOST_TASKS, "At most 5,000.")]
    )


class StepPolicyForm(Form):
    """A step scaling policy without its steps."""

    name = StringField("Name of the policy", validators=[Length(max=LONGEST_NAME)])
    adjustment = SelectField("Adjusts", choices=[
        SelectChoice(Adjustment.CHANGE.value, "by tasks"),
        SelectChoice(Adjustment.PERCENT.value, "by percent"),
        SelectChoice(Adjustment.EXACT.value, "to an exact count"),
    ])  # fmt: skip
    cooldown = seconds("Cooldown, s")
    least = IntegerField(
        "At least, tasks",
        validators=[IfGiven("A whole number from 1, or empty."), NumberRange(1, MOST_TASKS, "From 1 to 5,000.")],
    )
    aggregation = SelectField(
        "Of the metric, the", choices=[SelectChoice(word, word.lower()) for word in ("Average", "Minimum", "Maximum")]
    )
    removed = BooleanField("Remove this policy")


class ActionForm(Form):
    """A scheduled action. Empty bounds leave what there is."""

    name = StringField("Name", validators=[Length(max=LONGEST_NAME)])
    schedule = StringField("When", validators=[Length(max=LONGEST_SCHEDULE)])
    timezone = StringField("Time zone", validators=[Length(max=64)])
    minimum = maybe_tasks("Sets min")
    maximum = maybe_tasks("Sets max")
    removed = BooleanField("Delete this action")
    needed = True

    @property
    def wanted(self) -> bool:
        """Whether there is anything in it to put."""
        parts = (self.schedule, self.minimum, self.maximum) + (() if self.needed else (self.name,))
        return not self.removed.data and (self.needed or any(str(part.data or "").strip() for part in parts))

    def validate_name(self, field: StringField) -> None:
        """As AWS takes it."""
        if self.wanted and not self.needed and not _NAME.fullmatch((field.data or "").strip()):
            raise ValidationError("1 to 256 characters without : / |.")

    def validate_schedule(self, field: StringField) -> None:
        """Understood by Haven as AWS understands it."""
        if not self.wanted:
            return
        if self.minimum.data is None and self.maximum.data is None:
            raise ValidationError("Give it a min, a max, or both: AWS refuses an action that sets nothing.")
        try:
            parse((field.data or "").strip(), (self.timezone.data or "").strip() or None)
        except Invalid as problem:
            if "timezone" not in problem.fields:
                raise ValidationError(problem.message) from None

    def validate_timezone(self, field: StringField) -> None:
        """An IANA name, empty for UTC."""
        if not self.wanted:
            return
        try:
            parse("rate(1 hour)", (field.data or "").strip() or None)
        except Invalid as problem:
            raise ValidationError(problem.message) from None

    def validate_maximum(self, field: IntegerField) -> None:
        """Not below the min."""
        low, high = self.minimum.data, field.data
        if self.wanted and low is not None and high is not None and low > high:
            raise ValidationError(f"Below its min, {low}.")


class ConfirmForm(FlaskForm):  # type: ignore[misc]
    """The request under a preview; what is asked for travels beside it."""

    reason = TextAreaField(
        "Reason",
        validators=[
            InputRequired("Say why; it is kept for ever."),
            Length(REASON_LEAST, REASON_MOST, f"{REASON_LEAST} to {REASON_MOST} characters."),
        ],
    )
    ticket = StringField("Ticket", validators=[Length(max=TICKET_MOST, message=f"At most {TICKET_MOST} characters.")])
    overrides = SelectMultipleField("Let pass", choices=[], validate_choice=False)
    override_reason = TextAreaField(
        "Why these may be let pass", validators=[Length(max=REASON_MOST, message=f"At most {REASON_MOST} characters.")]
    )
    typed_name = StringField("Type the service's name to confirm", validators=[Length(max=LONGEST_NAME)])

    def offer(self, checks: Sequence[Check]) -> None:
        """The checks that may be let pass."""
        self.overrides.choices = [SelectChoice(check.key, check.title) for check in checks]


class EditForm(FlaskForm):  # type: ignore[misc]
    """What may be done with a temporary edit: a reason, the version that was seen, and a new end to extend it."""

    version = IntegerField(validators=[InputRequired("What you saw is not named. Look again."), NumberRange(0, 2**31)])
    lasts = RadioField("Until", choices=[SelectChoice(k, w) for k, w in CHOICES if k != "good"], default="2h")
    until = StringField("Time, UTC", validators=[Length(max=32)])
    reason = TextAreaField(
        "Why",
        validators=[
            InputRequired("Say why; it is kept for ever."),
            Length(REASON_LEAST, REASON_MOST, f"{REASON_LEAST} to {REASON_MOST} characters."),
        ],
    )

    def validate_until(self, field: StringField) -> None:
        """The typed time counts only when it is chosen."""
        if self.lasts.data == "at" and typed(field.data or "") is None:
            raise ValidationError(HINT)


class ReasonForm(FlaskForm):  # type: ignore[misc]
    """Why, and nothing else."""

    reason = TextAreaField(
        "Reason",
        validators=[
            InputRequired("Say why; it is kept for ever."),
            Length(REASON_LEAST, REASON_MOST, f"{REASON_LEAST} to {REASON_MOST} characters."),
        ],
    )


def wrong(forms: Iterable[Form]) -> bool:
    """Whether anything in any of them is wrong; every one of them is asked, so that all errors show at once."""
    found = [form.validate() for form in forms]
    return not all(found)
