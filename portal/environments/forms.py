"""Forms about environments. Limits that matter are the use case's; these only spare a round trip for the obvious."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, FloatField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, ValidationError

from portal.scaling.until import HINT, typed
from services.domain.environment import Environment
from services.domain.pause import EVERYWHERE
from services.usecases.environment_rules import ROLES, WHERE
from services.usecases.freezes import NAME_LEAST, NAME_MOST, Window
from services.usecases.words import REASON_LEAST, REASON_MOST

LONGEST_NAME, LONGEST_ARN, LONGEST_ID, LONGEST_PREFIX = 28, 640, 1224, 64
_REASON = Length(REASON_LEAST, REASON_MOST, f"{REASON_LEAST} to {REASON_MOST} characters.")


class Percentage(FloatField):
    """A number, written without needless zeros; what is none is said in plain words."""

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{self.data:g}"

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        try:
            super().process_formdata([value.strip().rstrip("%").strip() for value in valuelist])
        except ValueError as wrong:
            raise ValueError("A percentage from 90 to below 100, such as 99.95.") from wrong


class EnvironmentForm(FlaskForm):  # type: ignore[misc]
    """A new environment, or one as it is edited; `seen` is the version that the person edits."""

    name = StringField("Name", validators=[Length(max=LONGEST_NAME, message=f"At most {LONGEST_NAME} characters.")])
    account = StringField("AWS account", validators=[Length(max=20, message="12 digits.")])
    region = StringField("Region", validators=[Length(max=32, message="A region, such as us-east-1.")])
    stack_prefix = StringField(
        "Stack prefix", validators=[Length(max=LONGEST_PREFIX, message="At most 64 characters.")]
    )
    blueprint = SelectField("Blueprint")
    slo_target = Percentage("SLO target, %", validators=[InputRequired("A percentage, such as 99.95.")])
    protected = BooleanField("Protected: a second person approves")
    reader_role_arn = StringField("Reader role", validators=[Length(max=LONGEST_ARN)])
    operator_role_arn = StringField("Operator role", validators=[Length(max=LONGEST_ARN)])
    provisioner_role_arn = StringField("Provisioner role", validators=[Length(max=LONGEST_ARN)])
    external_id = StringField("External id", validators=[Length(max=LONGEST_ID)])
    reason = TextAreaField("Reason", validators=[Length(max=REASON_MOST, message=f"At most {REASON_MOST} characters.")])
    seen = HiddenField(validators=[Length(max=64)])

    def __init__(self, blueprints: Sequence[str], known: Environment | None = None, **kwargs: Any) -> None:
        super().__init__(obj=known, **kwargs)
        names = dict.fromkeys([*blueprints, *([known.blueprint] if known else [])])
        self.blueprint.choices = [SelectChoice(name, name) for name in names]

    def environment(
        self, now: datetime, known: Environment | None = None, stays: Mapping[str, str] | None = None
    ) -> Environment:
        """What was typed, as an environment; fields that stay keep what is stored."""
        given: dict[str, Any] = {field: _text(self[field].data) or None for field in (*ROLES.values(), "external_id")}
        given |= {field: _text(self[field].data) for field in (*WHERE, "blueprint")}
        given["account"] = given["account"].replace(" ", "").replace("-", "")
        given |= {"protected": bool(self.protected.data), "slo_target": float(self.slo_target.data or 0)}
        if known is not None:
            return replace(known, **{field: value for field, value in given.items() if field not in (stays or {})})
        name = _text(self.name.data).lower()
        given["stack_prefix"] = given["stack_prefix"] or name
        return Environment(name=name, created_at=now, **given)


class ArchiveForm(FlaskForm):  # type: ignore[misc]
    """Nothing reads an archived environment, so it is confirmed by its name."""

    reason = TextAreaField("Reason", validators=[InputRequired("Say why; it is kept for ever."), _REASON])
    typed_name = StringField(
        "Type the name to confirm", validators=[InputRequired("Type the name."), Length(max=LONGEST_NAME)]
    )

    def __init__(self, name: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._name = name

    def validate_typed_name(self, field: StringField) -> None:
        """The typed name must be the environment's."""
        if _text(field.data) != self._name:
            raise ValidationError(f"This is not the name; it is {self._name}.")


class FreezeForm(FlaskForm):  # type: ignore[misc]
    """A change freeze of one environment, its times in UTC."""

    name = StringField(
        "What it is for", validators=[Length(NAME_LEAST, NAME_MOST, f"{NAME_LEAST} to {NAME_MOST} characters.")]
    )
    starts = StringField("From, UTC", validators=[InputRequired(HINT), Length(max=32)])
    ends = StringField("Until, UTC", validators=[InputRequired(HINT), Length(max=32)])
    reason = TextAreaField("Reason", validators=[InputRequired("Say why; it is kept for ever."), _REASON])
    everywhere = BooleanField("Everywhere, not only here")

    def validate_starts(self, field: StringField) -> None:
        """A time."""
        _time(field)

    def validate_ends(self, field: StringField) -> None:
        """A time."""
        _time(field)

    def window(self, environment: str) -> Window:
        """As the use case wants it; only of a form that holds."""
        starts, ends = (typed(_text(field.data)) for field in (self.starts, self.ends))
        assert starts and ends  # noqa: S101, PT018 - both were validated
        where = EVERYWHERE if self.everywhere.data else environment
        return Window(_text(self.name.data), where, starts, ends, _text(self.reason.data))


def _time(field: StringField) -> None:
    if typed(_text(field.data)) is None:
        raise ValidationError(HINT)


def _text(value: object) -> str:
    return str(value or "").strip()
