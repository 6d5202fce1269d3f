"""Static files under a URL that contains their hash, so that browsers may keep them for ever and still see a change."""

import hashlib
import mimetypes
from pathlib import Path

from flask import Flask, Response, abort, request, url_for

_YEAR = 365 * 24 * 3600
_DIGITS = 12


class Assets:
    """Every file below a folder, read once when the application is made: they are small, and a file held open for a
    browser that went away would stay open."""

    def __init__(self, folder: Path) -> None:
        files = (path for path in sorted(folder.rglob("*")) if path.is_file())
        self._bodies = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
        self._hashes = {name: hashlib.sha256(body).hexdigest()[:_DIGITS] for name, body in self._bodies.items()}

    def digest(self, name: str) -> str:
        """The hash of a file, as in its URL; raises KeyError for a file that is not there."""
        return self._hashes[name]

    def body(self, name: str) -> bytes | None:
        """What a file holds; None for a file that is not there."""
        return self._bodies.get(name)

    def current(self, name: str, digest: str) -> bool:
        """Whether this is the hash the file has now."""
        return self._hashes.get(name) == digest


def register(app: Flask) -> None:
    """Serve `static/` and give templates `asset('css/base.css')`."""
    assets = Assets(Path(app.root_path) / "static")
    app.extensions["assets"] = assets

    def asset(name: str) -> str:
        return url_for("assets.file", digest=assets.digest(name), name=name)

    app.jinja_env.globals["asset"] = asset

    def file(digest: str, name: str) -> Response:
        # A page from before a deployment still asks for the old hash: it gets today's file, and may not keep it.
        body = assets.body(name)
        if body is None:
            abort(404)
        response = Response(body, mimetype=mimetypes.guess_type(name)[0] or "application/octet-stream")
        response.set_etag(assets.digest(name))
        response.make_conditional(request)
        fresh = assets.current(name, digest)
        response.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable" if fresh else "no-cache"
        return response

    app.add_url_rule("/static/<digest>/<path:name>", "assets.file", file)
