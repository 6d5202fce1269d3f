"""Every component in every state, on one page."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import StringField

from portal import identity
from portal.design import operations, samples

area = Blueprint("design", __name__)


class SampleForm(FlaskForm):  # type: ignore[misc]
    """A field without and one with an error; it is sent nowhere."""

    fine = StringField("A field", default="service-rbac")
    wrong = StringField("A field with an error", default="13 tasks")


@area.get("/design")
def index() -> ResponseReturnValue:
    """The page of samples."""
    form = SampleForm(formdata=None)
    form.wrong.errors = ["13 tasks × 20 connections = 260; the database allows 240. At most 12 tasks."]
    now = identity.haven().clock.now()
    return render_template(
        "design/index.html",
        form=form,
        meanings=samples.MEANINGS,
        picture=samples.PICTURE,
        chart=samples.chart(),
        points=samples.POINTS,
        at=now,
        sample=operations.steps(now),
        checks=operations.checks(now),
        banners=operations.BANNERS,
    )
