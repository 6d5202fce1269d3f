"""The web process: `gunicorn wsgi:app`. Each worker builds its own after the fork (do not use --preload)."""

from portal.app import create_app
from portal.recollection import Recollection
from services.bootstrap import build, log_as_json
from services.settings import Settings

log_as_json("portal")
haven = build(Settings())
app = create_app(haven)
remembered = (haven.access, haven.snapshots, haven.operations, haven.pauses)
Recollection([each.remember for each in remembered]).start()
