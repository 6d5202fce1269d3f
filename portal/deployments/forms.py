"""What people type about deployments. Limits that matter are the use case's; these only spare a round trip."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, ValidationError

from services.domain.check import Check
from services.domain.environment import NAME
from services.domain.errors import Invalid
from services.usecases.deployment_shapes import DeployRequest, RecoverRequest
from services.usecases.words import REASON_LEAST, REASON_MOST, TICKET_MOST, ticket_problem

LONGEST_NAME = 255
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?")
_CLOCK = re.compile(r"\d{2}:\d{2}(:\d{2})?")
_AHEAD = timedelta(minutes=1)
"""AWS's clock may be ahead of ours by so much: what it has just told of is no time to come."""
ORIGINS = ("haven", "command line", "outside")


class DeployForm(FlaskForm):  # type: ignore[misc]
    """The request under a review. The hidden field says which plan the person saw."""

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
    fingerprint = HiddenField(validators=[InputRequired("What you saw is not named."), Length(max=64)])

    def validate_ticket(self, field: StringField) -> None:
        """A number or an address."""
        if problem := ticket_problem(field.data or ""):
            raise ValidationError(problem)

    def offer(self, checks: Sequence[Check]) -> None:
        """The checks that may be let pass."""
        self.overrides.choices = [SelectChoice(check.key, check.title) for check in checks]

    @property
    def names(self) -> list[Any]:
        """The fields in which names are typed."""
        return [field for field in self if field.name.startswith("confirm-")]

    def command(self, plan: str, checks: Sequence[Check]) -> DeployRequest:
        """The request as the use case wants it."""
        known = {check.key for check in checks}
        return DeployRequest(
            plan=plan,
            fingerprint=self.fingerprint.data or "",
            reason=(self.reason.data or "").strip(),
            ticket=(self.ticket.data or "").strip(),
            confirmed=tuple((field.data or "").strip() for field in self.names),
            overrides=frozenset(key for key in self.overrides.data or [] if key in known),
            override_reason=(self.override_reason.data or "").strip(),
        )


def deploy_form(to_confirm: Sequence[str], **given: Any) -> DeployForm:
    """The request's form, with a field for each name that must be typed."""
    named = {f"confirm_{number}": _name_field(number, name) for number, name in enumerate(to_confirm)}
    made: DeployForm = type("NamedDeployForm", (DeployForm,), named)(**given)
    return made


def _name_field(number: int, name: str) -> StringField:
    def typed(_form: FlaskForm, field: StringField) -> None:
        if (field.data or "").strip() != name:
            raise ValidationError(f"Type {name}: it is at high risk.")

    return StringField(
        f"Type {name}", name=f"confirm-{number}", validators=[Length(max=LONGEST_NAME), typed], description=name
    )


class RecoverForm(FlaskForm):  # type: ignore[misc]
    """What to do about a failed stack: why, what is skipped, and for a deletion the stack's name."""

    reason = TextAreaField(
        "Reason",
        validators=[
            InputRequired("Say why; it is kept for ever."),
            Length(REASON_LEAST, REASON_MOST, f"{REASON_LEAST} to {REASON_MOST} characters."),
        ],
    )
    skip = SelectMultipleField("Resources to leave out", choices=[], validate_choice=False)
    typed_name = StringField("Type the stack's name", validators=[Length(max=LONGEST_NAME)])

    def named(self, stack_name: str) -> bool:
        """Whether the name was typed; says so beside the field when it was not."""
        if (self.typed_name.data or "").strip() == stack_name:
            return True
        self.typed_name.errors = [*self.typed_name.errors, f"Type {stack_name}: it is deleted."]
        return False

    def command(self, environment: str, stack: str, act: str, known: Sequence[str]) -> RecoverRequest:
        """The request as the use case wants it; only resources that were offered are skipped."""
        skip = tuple(name for name in known if name in (self.skip.data or []))
        return RecoverRequest(environment, stack, act, (self.reason.data or "").strip(), skip)


class PlanForm(FlaskForm):  # type: ignore[misc]
    """What is said about a plan as a whole; its parameters are read by `portal.deployments.filling`."""

    what = StringField("What it is", validators=[Length(max=120, message="At most 120 characters.")])


@dataclass(frozen=True)
class Asked:
    """The history's filter. `origin` is one of ORIGINS, or empty for all; `before` the end of what is shown."""

    environment: str = ""
    stack: str = ""
    who: str = ""
    origin: str = ""
    before: datetime | None = None

    @property
    def query(self) -> dict[str, str]:
        """Those that narrow, as query parameters."""
        given = {
            "environment": self.environment,
            "stack": self.stack,
            "who": self.who,
            "origin": self.origin,
            "before": written(self.before) if self.before else "",
        }
        return {name: value for name, value in given.items() if value}


def asked(args: Mapping[str, str], now: datetime, environment: str = "") -> Asked:
    """The filter in a query; Invalid for a time that is none, or is still to come."""
    named = environment or args.get("environment", "")
    return Asked(
        environment=named if NAME.fullmatch(named) else "",
        stack=args.get("stack", "").strip()[:LONGEST_NAME],
        who=args.get("who", "").strip()[:LONGEST_NAME],
        origin=word if (word := args.get("origin", "")) in ORIGINS else "",
        before=_time(args.get("before", ""), now),
    )


def written(at: datetime) -> str:
    """A time as the filter reads it, exact: `2026-11-22 02:13:00`, with its fraction where it has one."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ")


def _time(text: str, now: datetime) -> datetime | None:
    text = text.strip().removesuffix("UTC").removesuffix("Z").strip()
    if not text:
        return None
    try:
        if _CLOCK.fullmatch(text):  # the last time that it was so late
            at = datetime.fromisoformat(f"{now:%Y-%m-%d} {text}").replace(tzinfo=UTC)
            return at if at <= now else at - timedelta(days=1)
        if not _TIME.fullmatch(text):
            raise ValueError(text)
        at = datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        said = f"“{text[:40]}” is no time. A time in UTC, as 2026-11-22 02:13."
        raise Invalid("That is no time Haven can read.", {"before": said}) from None
    if at > now + _AHEAD:
        said = f"That is still to come: it is {now:%Y-%m-%d %H:%M} UTC now."
        raise Invalid("Nobody knows yet what will be deployed then.", {"before": said})
    return at
