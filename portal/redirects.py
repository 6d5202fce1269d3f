"""Where a request may send the browser next: only to a path of this site."""

from http import HTTPStatus
from urllib.parse import urlsplit

from flask import redirect
from werkzeug.wrappers import Response

_LONGEST = 2000


def local_path(target: str | None) -> str | None:
    """The path (with its query) when `target` is one of this site's own paths, else None.

    A browser reads `//host`, `/\\host` and paths with tabs or newlines inside as other sites; none of them pass.
    """
    if not target or len(target) > _LONGEST or not target.startswith("/"):
        return None
    if target.startswith(("//", "/\\")) or "\\" in target or not target.isprintable() or " " in target:
        return None
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    if parts.scheme or parts.netloc or parts.path.startswith("//"):
        return None
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def go(path: str) -> Response:
    """After a POST: the browser asks for `path` anew, so that reloading it repeats nothing."""
    return redirect(path, HTTPStatus.SEE_OTHER)
