"""What no template may do, whoever writes it: the content policy would break it, or a reader would miss something."""

import re
from pathlib import Path

import pytest

PORTAL = Path(__file__).resolve().parents[2] / "portal"
TEMPLATES = sorted((PORTAL / "templates").rglob("*.html"))
PAGES = [
    path for path in TEMPLATES if not path.name.startswith("_") and path.parent.name not in ("layouts", "components")
]
STYLES = sorted((PORTAL / "static" / "css").glob("*.css"))
SCRIPTS = sorted((PORTAL / "static" / "js").glob("*.js"))

# Attributes of tags only: text between tags, and Jinja's own statements, may say what they like.
_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.S)
_TAG = re.compile(r"<[a-zA-Z][^<>]*>", re.S)


def name(path: Path) -> str:
    return path.relative_to(PORTAL).as_posix()


def tags(path: Path) -> list[str]:
    return _TAG.findall(_JINJA.sub("", path.read_text()))


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_no_template_has_an_inline_style_script_or_handler(path: Path) -> None:
    found = [tag for tag in tags(path) if re.search(r"\s(style|on[a-z]+)\s*=", tag) or tag.startswith("<style")]
    found += [tag for tag in tags(path) if tag.startswith("<script") and " src=" not in tag]
    found += [tag for tag in tags(path) if "javascript:" in tag or "hx-on" in tag or "hx-vals='js:" in tag]
    assert found == []


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_no_template_names_another_site(path: Path) -> None:
    assert re.findall(r"""(?:src|href|action)\s*=\s*["'](?:https?:)?//[^"']*""", path.read_text()) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_no_template_turns_escaping_off(path: Path) -> None:
    assert re.findall(r"\|\s*safe\b|autoescape\s+false|Markup\(", path.read_text()) == []


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_every_page_stands_in_the_layout_and_has_a_title(path: Path) -> None:
    text = path.read_text()
    assert '{% extends "layouts/base.html" %}' in text
    assert re.search(r"\{% block title %\}.+\{% endblock %\}", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_every_form_that_posts_carries_a_csrf_token(path: Path) -> None:
    forms = re.findall(r"<form\b.*?</form>", path.read_text(), re.S)
    posting = [form for form in forms if re.search(r'method="post"', form, re.I)]
    assert [form[:80] for form in posting if "csrf" not in form] == []
    assert all(re.search(r'method="(post|get|dialog)"', form) for form in forms), "a form says how it is sent"


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_what_htmx_does_is_written_on_its_own_element(path: Path) -> None:
    """Inheritance of hx- attributes goes away with htmx 4: whoever asks also says where the answer goes and how."""
    asking = [tag for tag in _TAG.findall(path.read_text()) if re.search(r"\shx-(get|post)=", tag)]
    assert [tag for tag in asking if " hx-swap=" not in tag or " hx-target=" not in tag] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_every_picture_has_a_role_and_a_name_or_is_hidden(path: Path) -> None:
    pictures = re.findall(r"<svg\b[^<>]*>", _JINJA.sub("x", path.read_text()))
    unnamed = [tag for tag in pictures if "aria-hidden" not in tag and "role=" not in tag]
    assert unnamed == []


@pytest.mark.parametrize("path", STYLES, ids=name)
def test_every_rule_stands_in_a_layer_and_fetches_nothing_from_elsewhere(path: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
    assert re.match(r"\s*@layer\b", text), "a sheet begins with its layer"
    assert re.findall(r"@import|url\((?!#)", text) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_no_script_of_ours_needs_eval_or_another_site(path: Path) -> None:
    text = path.read_text()
    assert re.findall(r"\beval\(|new Function|https?://|document\.write|\.style\.|setAttribute\(.style", text) == []
