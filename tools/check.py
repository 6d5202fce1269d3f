"""Every check of the project, one after another; what failed or could not run is named at the end.

Tests run in an order of chance, for none may lean on another; `SEED=<number>` in the environment repeats an order.
"""

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

BIN = Path(sys.executable).parent
CHROMIUM = next((p for p in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if p), None)

SEED = os.environ.get("SEED") or str(random.SystemRandom().randrange(2**32))

TEMPLATES = sorted(map(str, Path("provisioning/templates").glob("*.yaml")))


@dataclass(frozen=True)
class Check:
    """One command with the name it is reported under."""

    name: str
    command: Sequence[str]


def suite(name: str, *paths: str, whole_files: bool = False, workers: int = 2) -> Check:
    """A pytest run over those paths that exist, for two cores. With `whole_files` the tests of a file stay together,
    for what they share takes long to set up; a third worker pays where tests wait for other processes."""
    there = [p for p in paths if any(Path(p).rglob("test_*.py"))]
    spread = ["-n", str(workers), *(["--dist", "loadfile", "--no-loadscope-reorder"] if whole_files else [])]
    return Check(f"{name} (SEED={SEED})", [str(BIN / "pytest"), f"--randomly-seed={SEED}", *spread, *there])


STATIC = (
    Check("lint", [str(BIN / "ruff"), "check", "."]),
    Check("format", [str(BIN / "ruff"), "format", "--check", "."]),
    Check("types", [str(BIN / "mypy")]),
    Check("import contracts", [str(BIN / "lint-imports"), "--no-cache"]),
    Check("cfn-lint", [str(BIN / "cfn-lint"), "-r", "us-east-1", "eu-west-1", "-c", "I", "--", *TEMPLATES]),
)
TESTS = (
    suite("unit and house tests", "tests/unit", "tests/house"),
    suite("parity and integration tests", "tests/parity", "tests/integration", whole_files=True, workers=3),
    suite("workers killed and held up", "tests/killing", workers=3),
    suite("journeys on the sandbox", "tests/journeys", whole_files=True),
)
BROWSER = suite("browser tests", "tests/browser", workers=3)


@dataclass(frozen=True)
class Result:
    """Whether a check held, how long it took, and how much of the processors, in seconds: of all its processes that
    were waited for."""

    held: bool
    took: float
    worked: float


def run(check: Check, output: IO[str] | None = None) -> Result:
    """Run one check with its output shown, or kept."""
    if output is None:
        print(f"\n== {check.name}", flush=True)
    started = time.monotonic()
    process = subprocess.Popen(list(check.command), stdout=output, stderr=output)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Result(process.returncode == 0, time.monotonic() - started, used.ru_utime + used.ru_stime)


def run_aside(check: Check) -> tuple[Result, str]:
    """Run one check while another runs; its output is for later."""
    with TemporaryFile("w+") as output:
        result = run(check, output)
        output.seek(0)
        return result, output.read()


def main() -> int:
    """Run everything; 0 only when all that ran held."""
    first, *others = [*TESTS, *([BROWSER] if CHROMIUM else [])]
    with ThreadPoolExecutor(1) as aside:  # none of them needs more than one core, nor the first tests two all the time
        static = [(check, aside.submit(run_aside, check)) for check in STATIC]
        results = [(first.name, run(first))]
    for check, ended in static:
        result, said = ended.result()
        print(f"\n== {check.name}\n{said}", end="", flush=True)
        results.append((check.name, result))
    results += [(check.name, run(check)) for check in others]
    print("\n== summary")
    for name, each in results:
        print(f"{'passed' if each.held else 'FAILED':8} {name} ({each.took:.0f} s, {each.worked:.0f} s of processors)")
    if not CHROMIUM:
        print("NOT RUN  browser tests and axe: there is no Chromium here and apt may not install one")
    failed = sum(not each.held for _, each in results)
    print(f"{len(results) - failed} passed, {failed} failed{'' if CHROMIUM else ', 1 skipped'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
