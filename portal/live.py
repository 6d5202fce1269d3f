"""Fragments that pages poll: answered with 204, nothing to swap, while what they show has not changed."""

import hashlib
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
    """The fragment, or 204 when the browser already shows this version (its query parameter `v`)."""
    if request.args.get("v") == version:
        return "", HTTPStatus.NO_CONTENT
    return render()
