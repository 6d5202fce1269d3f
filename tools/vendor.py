"""Brings JavaScript made elsewhere into the tree, and proves offline that it is still what was brought in.

    python tools/vendor.py add     fetch every package below with npm (no install scripts), check it, write VENDOR.json
    python tools/vendor.py check   no network: every file is listed, nothing else is there, every hash fits

VENDOR.json names package, version, licence and SHA-384 of each file, and no host: where npm fetches from is the
business of whoever runs `add`.
"""

import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RECORD = "VENDOR.json"


@dataclass(frozen=True)
class Package:
    """One npm package: `files` maps a path inside it to the name it gets in `folder` (relative to the checkout)."""

    name: str
    version: str
    folder: str
    files: dict[str, str]


PACKAGES = (
    Package(
        "htmx.org",
        "2.0.11",
        "portal/static/vendor",
        {"dist/htmx.min.js": "htmx.min.js", "LICENSE": "htmx.LICENSE"},
    ),
    Package(
        "idiomorph",
        "0.8.0",
        "portal/static/vendor",
        {"dist/idiomorph-ext.min.js": "idiomorph-ext.min.js", "LICENSE": "idiomorph.LICENSE"},
    ),
    Package(
        "axe-core",
        "4.14.1",
        "tests/browser/vendor",
        {
            "axe.min.js": "axe.min.js",
            "LICENSE": "axe.LICENSE",
            "LICENSE-3RD-PARTY.txt": "axe.LICENSE-3RD-PARTY",
        },
    ),
)


class VendorError(Exception):
    """What is wrong with the vendored files, or why they could not be fetched."""


def sha384(content: bytes) -> str:
    """The hash in the form browsers and npm use: `sha384-<base64>`."""
    return "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()


def fetch(package: Package, into: Path) -> dict[str, Any]:
    """Download one package with npm, check its integrity, copy its files; returns its entry for VENDOR.json."""
    npm = shutil.which("npm")
    if not npm:
        raise VendorError("npm is not installed; only `add` needs it")
    command = [npm, "pack", "--ignore-scripts", "--json", f"{package.name}@{package.version}"]
    done = subprocess.run(command, cwd=into, capture_output=True, text=True, check=False)
    if done.returncode:
        raise VendorError(f"npm pack {package.name}@{package.version} failed:\n{done.stderr.strip()}")
    told = json.loads(done.stdout)[0]
    tarball = into / told["filename"]
    content = tarball.read_bytes()
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
    if integrity != told["integrity"]:
        raise VendorError(f"{package.name}: the tarball is not what npm announced")
    files = {}
    folder = ROOT / package.folder
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(tarball) as archive:
        licence = json.loads(_member(archive, "package.json", package)).get("license", "")
        for inside, name in package.files.items():
            body = _member(archive, inside, package)
            (folder / name).write_bytes(body)
            files[name] = {"from": inside, "sha384": sha384(body), "bytes": len(body)}
    return {
        "name": package.name,
        "version": package.version,
        "licence": licence,
        "integrity": integrity,
        "files": files,
    }


def _member(archive: tarfile.TarFile, path: str, package: Package) -> bytes:
    try:
        member = archive.extractfile(f"package/{path}")
    except KeyError:
        member = None
    if member is None:
        raise VendorError(f"{package.name} {package.version} has no {path}")
    return member.read()


def add() -> list[str]:
    """Fetch every package and write one VENDOR.json a folder; returns a line for each package."""
    said = []
    records: dict[str, list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for package in PACKAGES:
            entry = fetch(package, Path(scratch))
            records.setdefault(package.folder, []).append(entry)
            said.append(f"{package.folder}: {entry['name']} {entry['version']} ({entry['licence']})")
    for folder, entries in records.items():
        (ROOT / folder / RECORD).write_text(json.dumps({"packages": entries}, indent=2) + "\n")
    return said


def check(root: Path = ROOT) -> list[str]:
    """Everything wrong with the vendored files below `root`; empty when they are exactly what VENDOR.json says."""
    wrong = []
    for folder in sorted({package.folder for package in PACKAGES}):
        wrong += _check_folder(root / folder, [p for p in PACKAGES if p.folder == folder])
    return wrong


def _check_folder(folder: Path, packages: list[Package]) -> list[str]:
    try:
        record = json.loads((folder / RECORD).read_text())
    except (OSError, ValueError) as error:
        return [f"{folder / RECORD} cannot be read: {error}"]
    wrong = []
    listed = {(entry["name"], entry["version"]) for entry in record["packages"]}
    wanted = {(p.name, p.version) for p in packages}
    if listed != wanted:
        wrong.append(f"{folder / RECORD} lists {sorted(listed)}, tools/vendor.py wants {sorted(wanted)}")
    hashes = {name: told["sha384"] for entry in record["packages"] for name, told in entry["files"].items()}
    for name, expected in hashes.items():
        path = folder / name
        if not path.is_file():
            wrong.append(f"{path} is missing")
        elif sha384(path.read_bytes()) != expected:
            wrong.append(f"{path} is not what VENDOR.json says: it was changed after it was brought in")
    extra = {path.name for path in folder.iterdir()} - hashes.keys() - {RECORD}
    wrong += [f"{folder / name} is not in VENDOR.json" for name in sorted(extra)]
    return wrong


def main(arguments: list[str]) -> int:
    """The command line: 0 when all is well, 1 with what is wrong on stderr, 2 for a wrong command."""
    if arguments not in (["add"], ["check"]):
        sys.stderr.write((__doc__ or "") + "\n")
        return 2
    try:
        lines = add() if arguments == ["add"] else []
        wrong = check()
    except VendorError as error:
        lines, wrong = [], [str(error)]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stderr.write("".join(f"{line}\n" for line in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
