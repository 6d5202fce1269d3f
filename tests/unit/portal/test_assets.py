"""Static files: kept for ever under their hash, never stale under an old one."""

import re

from flask.testing import FlaskClient


def stylesheets(page: str) -> list[str]:
    return re.findall(r'href="(/static/[0-9a-f]{12}/css/[a-z]+\.css)"', page)


def test_pages_link_files_by_hash_and_browsers_may_keep_them(client: FlaskClient) -> None:
    links = stylesheets(client.get("/login").get_data(as_text=True))
    assert len(links) == 5
    for link in links:
        answer = client.get(link, buffered=True)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Content-Security-Policy"]


def test_an_old_hash_gets_the_present_file_and_may_not_keep_it(client: FlaskClient) -> None:
    answer = client.get("/static/000000000000/css/base.css", buffered=True)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"


def test_nothing_outside_the_folder_is_served(client: FlaskClient) -> None:
    for name in ("../app.py", "%2e%2e/app.py", "css/../../app.py", "nothing.css"):
        assert client.get(f"/static/000000000000/{name}").status_code == 404
