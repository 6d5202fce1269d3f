"""What every answer says to the browser, what the cookie may be, and what a request may hold."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.unit.portal import house as houses
from tests.unit.portal.conftest import SignIn
from tests.unit.portal.house import House

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


@pytest.mark.parametrize("path", ["/", "/login", "/healthz", "/readyz", "/nothing", "/users", "/fleet/live"])
def test_every_answer_carries_the_policy_and_its_companions(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["Content-Security-Policy"] == CSP
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert len(headers["X-Request-Id"]) == 16


def test_over_tls_the_cookie_is_bound_to_it_and_the_browser_told_to_stay(tmp_path: Path) -> None:
    client = houses.app(houses.house(tmp_path, cookie_secure=True)).test_client()
    answer = client.get("/login", base_url="https://haven.example")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-haven=")
    for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert word in cookie
    assert "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"


def test_without_tls_nothing_claims_it(client: FlaskClient) -> None:
    answer = client.get("/login")
    assert answer.headers["Set-Cookie"].startswith("haven=")
    assert "Strict-Transport-Security" not in answer.headers


def test_a_post_without_a_token_does_nothing_and_says_reload(as_: SignIn, house: House) -> None:
    client = as_("admin")
    before = house.unit.writes
    answer = client.post("/users", data={"name": "eve", "role": "admin", "password": "x" * 12, "again": "x" * 12})
    assert answer.status_code == 400
    assert "reload the form" in answer.get_data(as_text=True)
    assert house.unit.writes == before


def test_a_body_larger_than_any_form_is_refused_before_it_is_read(client: FlaskClient) -> None:
    answer = client.post("/login", data={"name": "a" * 70_000})
    assert answer.status_code == 413


def test_a_foreign_host_header_appears_in_no_redirect(client: FlaskClient) -> None:
    for path in ("/", "//", "/users/", "//evil.example/login/"):
        answer = client.get(path, headers={"Host": "evil.example"})
        assert "evil" not in answer.headers.get("Location", "").split("next=")[0]


def test_forwarded_addresses_count_only_from_trusted_proxies(tmp_path: Path) -> None:
    for hops, expected in ((0, "127.0.0.1"), (1, "203.0.113.9")):
        made = houses.house(tmp_path / str(hops), trusted_proxies=hops)
        client = houses.app(made).test_client()
        client.environ_base["HTTP_X_FORWARDED_FOR"] = "198.51.100.1, 203.0.113.9"
        assert houses.log_in(client, "viewer") == 303
        with made.unit(readonly=True) as store:
            assert store.ledger.read(limit=1)[0].client == expected
