"""What a browser would send back of a form: every control with its value, as the page has it."""

import html
import re

from flask.testing import FlaskClient

_ATTRIBUTE = re.compile(r'([a-z-]+)(?:="([^"]*)")?')


def filled(page: str, part: str) -> dict[str, str]:
    """The values of the form whose opening tag contains `part`."""
    form = next(found for found in re.findall(r"<form\b.*?</form>", page, re.S) if part in found.partition(">")[0])
    data: dict[str, str] = {}
    # An input has no end; a textarea and a select have.
    for tag in re.finditer(r"<input\b([^>]*)>", form):
        given = _attributes(tag[1])
        ticked = given.get("type") not in ("checkbox", "radio") or "checked" in given
        if "name" in given and ticked:
            data[given["name"]] = given.get("value", "")
    for tag in re.finditer(r"<textarea\b([^>]*)>(.*?)</textarea>", form, re.S):
        data[_attributes(tag[1])["name"]] = html.unescape(tag[2]).strip()
    for tag in re.finditer(r"<select\b([^>]*)>(.*?)</select>", form, re.S):
        chosen = re.search(r'<option selected value="([^"]*)"', tag[2]) or re.search(r'<option value="([^"]*)"', tag[2])
        data[_attributes(tag[1])["name"]] = html.unescape(chosen[1]) if chosen else ""
    return data


def get(client: FlaskClient, path: str, status: int = 200) -> str:
    """A page."""
    answer = client.get(path)
    assert answer.status_code == status, answer.get_data(as_text=True)[:300]
    return answer.get_data(as_text=True)


def post(client: FlaskClient, path: str, data: dict[str, str], status: int = 200) -> str:
    """A page, or where it leads to."""
    answer = client.post(path, data=data)
    assert answer.status_code == status, words(answer.get_data(as_text=True))[:600]
    return answer.headers.get("Location", "") or answer.get_data(as_text=True)


def words(page: str) -> str:
    """What a page says, without its tags."""
    main = page[page.find("<main") :] if "<main" in page else page
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


def _attributes(text: str) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(text)}
