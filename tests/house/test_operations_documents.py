"""The documents about operations say what the code says: drawn tables, checks, labels, addresses, AWS's own lines."""

import importlib.util
import re
import shlex
from functools import cache
from pathlib import Path
from types import ModuleType

import botocore.session
import pytest
from botocore import xform_name
from flask import Flask
from werkzeug.exceptions import HTTPException

from services.domain.failover import checks
from tests.unit.portal import house as houses

ROOT = Path(__file__).parents[2]
RUNBOOKS = [ROOT / "docs/runbooks" / name for name in (
    "database-failover.md", "after-an-automatic-failover.md", "pausing-automation.md",
    "deployment-failed.md",
)]  # fmt: skip
ABOUT = [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"]
GLOBAL = {"--endpoint-url", "--region", "--query", "--output"}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.fixture(scope="module")
def drawing() -> ModuleType:
    spec = importlib.util.spec_from_file_location("draw_operations", ROOT / "tools" / "draw_operations.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return houses.app(houses.house(tmp_path))


def test_what_is_drawn_is_as_the_code_draws_it(drawing: ModuleType) -> None:
    drawn = (ROOT / "docs/operations.md").read_text()
    assert drawn == drawing.document(), "run `python tools/draw_operations.py`"


def test_the_runbook_names_every_check(drawing: ModuleType) -> None:
    rows = re.findall(r"^\| ([A-Z][^|]+) \|", (ROOT / "docs/runbooks/database-failover.md").read_text(), re.MULTILINE)
    told = {title for row in rows for title in row.split(", ")} - {"Check", "Press"}
    assert told == {title for rule in checks._RULES for title in drawing.titles(rule)}


@pytest.mark.parametrize("runbook", RUNBOOKS, ids=named)
def test_labels_are_on_the_pages(runbook: Path) -> None:
    pages = "".join(page.read_text() for page in (ROOT / "portal/templates").rglob("*.html"))
    labels = re.findall(r"[Pp]resse?s? \*\*([^*]+)\*\*|^\| \*\*([^*]+)\*\* \||open \*\*([^*]+)\*\*",
                        runbook.read_text(), re.MULTILINE)  # fmt: skip
    shown = {label for found in labels for label in found if label}
    assert {label for label in shown if label not in pages} == set()
    assert shown or runbook.name.startswith("after")


@pytest.mark.parametrize("document", ABOUT, ids=named)
def test_addresses_lead_to_pages(document: Path, app: Flask) -> None:
    addresses = app.url_map.bind("haven")
    for path in re.findall(r"`(/[a-z<][^`\s]*)`", document.read_text()):
        try:
            addresses.match(re.sub(r"<\w+>", "production", path), method="GET")
        except HTTPException as problem:
            pytest.fail(f"{path}: {problem.code}")


@pytest.mark.parametrize("document", ABOUT, ids=named)
def test_lines_for_aws_s_own_client_are_as_aws_has_them(document: Path) -> None:
    text = document.read_text()
    lines = [
        *re.findall(r"^    (aws .+)$", text, re.MULTILINE),
        *re.findall(r"`(?:[A-Z_]+=\S+\s)*(?:\.venv/bin/)?(aws [^`]+)`", text),
    ]
    for line in lines:
        wrong = unknown_words(line)
        assert wrong == set(), line


def unknown_words(line: str) -> set[str]:
    """What of a line AWS's models do not know: the operation, or its options."""
    words = re.sub(r"^aws (--endpoint-url \S+ )?", "", " ".join(line.split())).replace("<", "").replace(">", "")
    service, operation, *rest = shlex.split(words)
    known = operations(service)
    if operation not in known:
        return {operation}
    return {word for word in rest if word.startswith("--")} - known[operation] - GLOBAL


@cache
def operations(service: str) -> dict[str, set[str]]:
    """The operations of a service with their options, as its client spells them."""
    model = botocore.session.get_session().get_service_model(service)
    found = {}
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        members = shape.members if shape else ()
        found[xform_name(name, "-")] = {f"--{xform_name(member, '-')}" for member in members}
    return found
