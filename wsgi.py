"""The web process: `gunicorn wsgi:app`."""

from portal.app import create_app
from services.bootstrap import build, log_as_json
from services.settings import Settings

log_as_json("portal")
app = create_app(build(Settings()))
