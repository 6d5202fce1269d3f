"""The pages about templates: all versions, one text, what differs between two, and what a stack runs."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from portal.identity import current_actor, haven
from portal.templates_of_stacks import page

area = Blueprint("templates", __name__)
area.add_app_template_filter(page.short, "version")


@area.get("/templates")
def index() -> ResponseReturnValue:
    """Every template with its versions and where they run; custom stacks beside Haven's."""
    actor, desk = current_actor(), haven().template_versions
    known, runs = desk.all(actor), desk.runs(actor)
    custom = [run for run in runs if not run.ours]
    unread = [run for run in runs if run.ours and run.version is None]
    return render_template(
        "template_versions/index.html",
        ours=[each for each in known if each.ours],
        known=known,
        custom=custom,
        unread=unread,
        said=page.headline(known, custom, unread),
    )


@area.get("/templates/compare")
def compare() -> ResponseReturnValue:
    """What differs between any two."""
    before, after = (request.args.get(name, "")[:64] for name in ("a", "b"))
    compared = haven().template_versions.compare(current_actor(), before, after)
    return render_template("template_versions/compare.html", compared=compared, said=page.of_difference(compared))


@area.get("/templates/<version>")
def show(version: str) -> ResponseReturnValue:
    """One text."""
    text = haven().template_versions.get(current_actor(), version)
    return render_template("template_versions/show.html", text=text, said=page.of_version(text.version))


@area.get("/environments/<environment>/stacks/<stack>/template")
def running(environment: str, stack: str) -> ResponseReturnValue:
    """What a stack runs, as the worker read it."""
    found = haven().template_versions.of_stack(current_actor(), environment, stack)
    return render_template("template_versions/running.html", found=found, said=page.of_running(found))
