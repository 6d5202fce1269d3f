"""The documents are true: links lead somewhere, commands exist, settings are real."""

import ast
import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from services.cli import haven
from services.settings import Settings

ROOT = Path(__file__).parents[2]
DOCUMENTS = [p for p in ROOT.rglob("*.md") if not {".venv", "node_modules", "var"} & set(p.relative_to(ROOT).parts)]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_links_lead_somewhere(document):
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text())
    missing = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_links_into_documents_meet_a_heading(document):
    missing = []
    for file, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", document.read_text()):
        text = (document.parent / file if file else document).read_text()
        headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
        if anchor not in {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}:
            missing.append(f"{file}#{anchor}")
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_make_targets_exist(document):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named_targets = set(re.findall(r"`make ([a-z-]+)`|^    make ([a-z-]+)$", document.read_text(), flags=re.MULTILINE))
    assert {a or b for a, b in named_targets} <= targets


HAVEN = r"(?:`|^    )(?:\.venv/bin/)?haven ([a-z][^`\n]*)"


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_haven_commands_exist(document):
    for call in re.findall(HAVEN, document.read_text(), flags=re.MULTILINE):
        words = call.split()
        path = known_words([word for word in words if not word.startswith((".", "…", "-"))])
        result = CliRunner().invoke(haven, [*path, "--help"])
        assert result.exit_code == 0, f"haven {call}: {result.output}"
        options = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert options <= {*re.findall(r"--[a-z-]+", result.output)}, f"haven {call}"


def known_words(words: list[str]) -> list[str]:
    """The command's own words: those before its arguments. Groups have sub-commands; a command ends the path."""
    group, path = haven, []
    for word in words:
        context = group.make_context("haven", [], resilient_parsing=True)
        command = group.get_command(context, word) if hasattr(group, "get_command") else None
        if command is None:
            assert not hasattr(group, "get_command") or not path or not hasattr(group, "list_commands"), words
            break
        path.append(word)
        group = command
    assert path, words
    return path


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_settings_are_real(document):
    known = {f"HAVEN_{name.upper()}" for name in Settings.model_fields}
    known |= {"HAVEN_ADMIN_PASSWORD", "HAVEN_SANDBOX_SPEED", "HAVEN_NO_BROWSER", "HAVEN_NEW_PASSWORD"}
    assert set(re.findall(r"HAVEN_[A-Z_]+", document.read_text())) <= known


def test_no_module_grew_too_long():
    files = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    lengths = {f: len((ROOT / f).read_text().splitlines()) for f in files.split() if (ROOT / f).exists()}
    assert lengths
    allowed = {"services/domain/snapshot.py"}  # one vocabulary: a list of shapes, not of ideas
    assert {f: n for f, n in lengths.items() if n > (500 if f.startswith("tests/") else 350) and f not in allowed} == {}


def test_every_module_says_what_it_is_for():
    files = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    texts = {f: (ROOT / f).read_text() for f in files.split() if (ROOT / f).exists()}
    silent = [f for f, text in texts.items() if text.strip() and ast.get_docstring(ast.parse(text)) is None]
    assert [f for f in silent if not f.startswith("migrations/versions/")] == []


def test_committed_files_name_no_registry():
    hosts = r"(pypi\.org|pythonhosted\.org|registry\.npmjs|deb\.debian\.org)"
    found = subprocess.run(
        ["git", "grep", "-lE", hosts, "--", ":!tests/house/test_documents.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout == ""
