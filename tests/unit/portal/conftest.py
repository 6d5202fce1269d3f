"""The portal over a Haven in memory, and a browser's worth of cookies for each role."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.unit.portal import house as houses
from tests.unit.portal.house import House

SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def house(tmp_path: Path) -> House:
    """People of every role, production and legacy."""
    return houses.house(tmp_path)


@pytest.fixture
def app(house: House) -> Flask:
    """The application over it."""
    return houses.app(house)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Nobody logged in."""
    return app.test_client()


@pytest.fixture
def as_(app: Flask) -> SignIn:
    """`as_("auditor")` is a client logged in as that person."""

    def sign_in(name: str) -> FlaskClient:
        client = app.test_client()
        assert houses.log_in(client, name) == 303
        return client

    return sign_in
