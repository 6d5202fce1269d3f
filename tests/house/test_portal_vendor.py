"""What was made elsewhere is still what was brought in, checked without a network."""

import importlib.util
import json
import re
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def vendor() -> ModuleType:
    spec = importlib.util.spec_from_file_location("vendor", ROOT / "tools" / "vendor.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["vendor"] = module
    spec.loader.exec_module(module)
    return module


def test_every_vendored_file_is_what_was_brought_in(vendor: ModuleType) -> None:
    assert vendor.check(ROOT) == []


def test_a_changed_missing_or_added_file_is_found(vendor: ModuleType, tmp_path: Path) -> None:
    for folder in ("portal/static/vendor", "tests/browser/vendor"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    folder = tmp_path / "portal/static/vendor"
    (folder / "htmx.min.js").write_text("alert(1)")
    (folder / "idiomorph.LICENSE").unlink()
    (folder / "extra.js").write_text("")
    wrong = " ".join(vendor.check(tmp_path))
    assert "htmx.min.js is not what VENDOR.json says" in wrong
    assert "idiomorph.LICENSE is missing" in wrong
    assert "extra.js is not in VENDOR.json" in wrong


def test_the_record_says_licence_and_version_and_names_no_host() -> None:
    for folder in ("portal/static/vendor", "tests/browser/vendor"):
        text = (ROOT / folder / "VENDOR.json").read_text()
        assert not re.search(r"https?:|registry|\.(com|org|io)/", text)
        for package in json.loads(text)["packages"]:
            assert package["licence"]
            assert package["version"]
            assert package["integrity"].startswith("sha512-")
