"""Static files under a URL that contains their hash, so that browsers may keep them for ever and still see a change."""

import hashlib
from pathlib import Path

from flask import Flask, Response, send_from_directory, url_for

_YEAR = 365 * 24 * 3600
_DIGITS = 12


class Assets:
    """The hashes of every file below a folder, read once when the application is made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        files = (path for path in sorted(folder.rglob("*")) if path.is_file())
        self._hashes = {
            path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:_DIGITS]
            for path in files
        }

    def digest(self, name: str) -> str:
        """The hash of a file, as in its URL; raises KeyError for a file that is not there."""
        return self._hashes[name]

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
        response = send_from_directory(assets.folder, name, etag=True)
        fresh = assets.current(name, digest)
        response.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable" if fresh else "no-cache"
        return response

    app.add_url_rule("/static/<digest>/<path:name>", "assets.file", file)
