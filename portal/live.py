"""Fragments that pages poll: answered with 204, nothing to swap, while what they show has not changed."""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from flask import current_app, request
from flask.typing import ResponseReturnValue

_View = TypeVar("_View", bound=Callable[..., ResponseReturnValue])
_DIGITS = 16


def polled(view: _View) -> _View:
    """Mark a view that a page asks for by itself. It does not count as somebody being there, so that an open page
    does not keep a session alive."""
    view.polled = True  # type: ignore[attr-defined]
    return view


def is_polled() -> bool:
    """Whether the present request was sent by the page itself, not by a person. The page sends the version it shows;
    a person who opens something asks for it without one."""
    view = current_app.view_functions.get(request.endpoint or "")
    return bool(getattr(view, "polled", False)) and "v" in request.args


def token(*facts: object) -> str:
    """A short text that changes exactly when any of the facts does. Facts need a stable repr (frozen data, text)."""
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:_DIGITS]


def answer(version: str, render: Callable[[], str]) -> ResponseReturnValue:
    """The fragment, or 204 when the browser already shows this version (its query parameter `v`).

    Every viewer polls within the same two seconds of a change, so a rendering serves all who ask for the same path and
    version in that time. It must show nothing that differs between two people, and permission is asked before.
    """
    if request.args.get("v") == version:
        return "", HTTPStatus.NO_CONTENT
    renderings: Renderings = current_app.extensions.setdefault("haven.renderings", Renderings())
    return renderings.once((request.path, version), render)


class Renderings:
    """What was rendered in the last moments. Safe to share between threads: one renders, the others wait for it.

    `keep` is in seconds: ages on the page are written at most so much too young, and then counted on by the browser.
    """

    def __init__(self, keep: float = 2.0, most: int = 64, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._keep, self._most, self._monotonic = keep, most, monotonic
        self._lock = threading.Lock()
        self._made: OrderedDict[tuple[str, str], tuple[float, str]] = OrderedDict()
        self._making: dict[tuple[str, str], threading.Lock] = {}

    def once(self, key: tuple[str, str], render: Callable[[], str]) -> str:
        """The rendering for a key, made now unless there is one from the last moments."""
        with self._lock:
            if (html := self._fresh(key)) is not None:
                return html
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if (html := self._fresh(key)) is not None:
                    return html
            try:
                html = render()
            finally:
                with self._lock:
                    self._making.pop(key, None)
            with self._lock:
                self._made[key] = (self._monotonic(), html)
                self._made.move_to_end(key)
                while len(self._made) > self._most:
                    self._made.popitem(last=False)
        return html

    def _fresh(self, key: tuple[str, str]) -> str | None:
        made = self._made.get(key)
        return made[1] if made and self._monotonic() - made[0] < self._keep else None
