"""The ledger: filtered, in pages, printable."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from portal import identity
from portal.ledger.page import PER_PAGE, parse, rows

area = Blueprint("ledger", __name__, url_prefix="/ledger")


@area.get("")
def index() -> ResponseReturnValue:
    """One page of entries."""
    wanted = parse(*(request.args.get(name, "") for name in ("actor", "action", "target", "before")))
    found = identity.haven().ledger.page(
        identity.current_actor(),
        by=wanted.actor,
        action=wanted.action,
        target=wanted.target,
        before=wanted.before or None,
        limit=PER_PAGE,
    )
    return render_template("ledger/index.html", rows=rows(found.entries), older=found.before, filter=wanted)
