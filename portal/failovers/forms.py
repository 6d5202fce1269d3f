"""What people type about failovers. Limits that matter are the use case's; these only spare a round trip."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length

from services.domain.environment import NAME
from services.domain.errors import Invalid, NotFound
from services.domain.failover.episode import Origin, Result
from services.domain.operation import Target
from services.usecases.failover_history import Filter
from services.usecases.failovers import FailoverRequest, Preview
from services.usecases.words import REASON_LEAST, REASON_MOST, TICKET_MOST

_LONGEST_NAME = 255
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class RequestForm(FlaskForm):  # type: ignore[misc]
    """The request under a preview. The hidden fields say what the person saw."""

    reason = TextAreaField(
        "Reason",
        validators=[
            InputRequired("Say why; it is kept for ever."),
            Length(REASON_LEAST, REASON_MOST, f"{REASON_LEAST} to {REASON_MOST} characters."),
        ],
    )
    ticket = StringField("Ticket", validators=[Length(max=TICKET_MOST, message=f"At most {TICKET_MOST} characters.")])
    typed_name = StringField(
        "Type the name to confirm", validators=[InputRequired("Type the name."), Length(max=_LONGEST_NAME)]
    )
    overrides = SelectMultipleField("Let pass", choices=[], validate_choice=False)
    override_reason = TextAreaField(
        "Why these may be let pass", validators=[Length(max=REASON_MOST, message=f"At most {REASON_MOST} characters.")]
    )
    expected_zone = HiddenField(validators=[Length(max=_LONGEST_NAME)])
    expected_primary = HiddenField(validators=[Length(max=_LONGEST_NAME)])

    def __init__(self, preview: Preview, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.overrides.choices = [SelectChoice(check.key, check.title) for check in preview.overridable]

    def saw(self, preview: Preview) -> bool:
        """Whether what the person saw is still so; then show what is, for what is sent next is what is seen next."""
        target = preview.target
        same = (self.expected_zone.data or "") == (target.zone or "") and self.expected_primary.data == target.primary
        self.expected_zone.data, self.expected_primary.data = target.zone or "", target.primary
        return same

    def command(self, preview: Preview, chosen: "Chosen") -> FailoverRequest:
        """The request as the use case wants it."""
        known = {check.key for check in preview.overridable}
        return FailoverRequest(
            environment=preview.environment.name,
            kind=chosen.kind,
            target=chosen.target,
            expected_zone=(self.expected_zone.data or "").strip(),
            expected_primary=(self.expected_primary.data or "").strip(),
            typed_name=(self.typed_name.data or "").strip(),
            reason=(self.reason.data or "").strip(),
            to_member=chosen.to,
            node_group=preview.target.node_group,
            ticket=(self.ticket.data or "").strip(),
            overrides=tuple(key for key in self.overrides.data or [] if key in known),
            override_reason=(self.override_reason.data or "").strip(),
        )


class CommentForm(FlaskForm):  # type: ignore[misc]
    """Somebody has looked at a failover."""

    comment = TextAreaField(
        "What you found",
        validators=[
            InputRequired("Say what you found."),
            Length(REASON_LEAST, REASON_MOST, f"{REASON_LEAST} to {REASON_MOST} characters."),
        ],
    )


@dataclass(frozen=True)
class Chosen:
    """Which target, where to (a member's name; empty where AWS decides or nobody chose), and which shard of a cache
    (empty for the first)."""

    kind: Target
    target: str
    to: str = ""
    shard: str = ""


def chosen(args: Mapping[str, str]) -> Chosen:
    """The target that an address names. Raises NotFound for a kind that cannot be failed over."""
    kinds = {Target.DATABASE_INSTANCE, Target.DATABASE_CLUSTER, Target.CACHE}
    kind, target = args.get("kind", ""), args.get("target", "")
    if kind not in kinds or not 0 < len(target) <= _LONGEST_NAME:
        raise NotFound("Nothing that can be failed over is named so.")
    to, shard = (args.get(name, "")[:_LONGEST_NAME] for name in ("to", "shard"))
    return Chosen(Target(kind), target, to, shard)


def wanted(args: Mapping[str, str], environment: str = "") -> Filter:
    """The filter in a query. What is no value of a choice matches everything; Invalid for a day that is none."""
    named = environment or args.get("environment", "")
    until = _day("until", args.get("until", ""))
    return Filter(
        environment=named if NAME.fullmatch(named) else "",
        target=args.get("target", "").strip()[:_LONGEST_NAME],
        origin=_one_of(Origin, args.get("origin", "")),
        result=_one_of(Result, args.get("result", "")),
        since=_day("since", args.get("since", "")),
        until=until + timedelta(days=1) if until else None,
    )


def query(asked: Filter) -> dict[str, str]:
    """A filter as query parameters, those that narrow."""
    until = asked.until - timedelta(days=1) if asked.until else None
    given = {
        "environment": asked.environment,
        "target": asked.target,
        "origin": asked.origin,
        "result": asked.result,
        "since": f"{asked.since:%Y-%m-%d}" if asked.since else "",
        "until": f"{until:%Y-%m-%d}" if until else "",
    }
    return {name: value for name, value in given.items() if value}


def _one_of(choices: type[Origin] | type[Result], word: str) -> str:
    return word if word in {choice.value for choice in choices} else ""


def _day(field: str, text: str) -> datetime | None:
    text = text.strip()
    if not text:
        return None
    try:
        if not _DAY.fullmatch(text):
            raise ValueError(text)
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise Invalid("That is no day Haven can read.", {field: "A day as 2026-11-22, in UTC."}) from None
