"""Page latency with 200 viewers polling, against a bare Flask page of the same size on the same gunicorn.

    python -m benchmarks.pages [--viewers 200] [--seconds 20] [--every 2]

It starts a local run of its own (sandbox, worker, portal), logs in once, and lets every viewer poll the topology's live
fragment the way the page does, with the version it last got. Then the same load goes to a bare Flask application that
returns as many bytes. Both are measured from outside over HTTP; the load generator shares the machine.
"""

import argparse
import asyncio
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path

from tests.journeys.local_run import LocalRun, free_port, until

BARE = """
import os
from flask import Flask
app = Flask("bare")
page = "x" * int(os.environ["BARE_BYTES"])
@app.get("/page")
def show():
    return page
"""


@dataclass
class Load:
    """What the viewers of one target saw."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    failures: int = 0

    def line(self, name: str) -> str:
        ordered = sorted(self.seconds)
        p50, p99 = statistics.median(ordered), ordered[int(len(ordered) * 0.99)]
        counts = ", ".join(f"{status}: {n}" for status, n in sorted(self.statuses.items()))
        return f"{name:28} p50 {p50 * 1000:7.1f} ms   p99 {p99 * 1000:7.1f} ms   {counts}   failures {self.failures}"


async def request(port: int, path: str, cookie: str) -> tuple[int, bytes, float]:
    """One GET on a new connection: status, body, seconds."""
    started = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nHX-Request: true\r\nCookie: {cookie}\r\n\r\n"
    )
    writer.write(head.encode())
    answer = await reader.read()
    writer.close()
    head_bytes, _, body = answer.partition(b"\r\n\r\n")
    return int(head_bytes.split(b" ", 2)[1]), body, time.perf_counter() - started


async def viewer(
    load: Load, port: int, path: str, cookie: str, version: str | None, every: float, start: float, end: float
) -> None:
    """Poll until `end`, the first time at `start`; a new fragment brings a new version. None never sends one."""
    due = start
    while due < end:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        query = f"?v={urllib.parse.quote(version)}" if version else ""
        try:
            status, body, took = await request(port, path + query, cookie)
        except OSError:
            load.failures += 1
        else:
            load.seconds.append(took)
            load.statuses[status] = load.statuses.get(status, 0) + 1
            if version is not None:
                version = version_in(body.decode(errors="replace")) or version
        due += every


def version_in(page: str) -> str:
    """The version token a live fragment carries, or the empty string."""
    found = re.search(
        r'hx-vals=(?:\'|")[^\'"]*?(?:"|&#34;|&quot;)v(?:"|&#34;|&quot;):\s*(?:"|&#34;|&quot;)([^"&]+)', page
    )
    return found.group(1) if found else ""


async def poll(port: int, path: str, cookie: str, version: str | None, args: argparse.Namespace) -> Load:
    """All viewers at once, their polls spread evenly over the interval."""
    load, now = Load(), time.perf_counter()
    starts = [now + args.every * n / args.viewers for n in range(args.viewers)]
    end = now + args.seconds
    await asyncio.gather(*(viewer(load, port, path, cookie, version, args.every, at, end) for at in starts))
    return load


def bare(size: int, directory: Path) -> "tuple[subprocess.Popen[bytes], int]":
    """A bare Flask page of `size` bytes on a gunicorn configured as the portal's."""
    (directory / "bare.py").write_text(BARE)
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-k", "gthread", "-w", "2", "--threads", "8", "--keep-alive", "30"]
    command += ["--no-control-socket", "-b", f"127.0.0.1:{port}", "bare:app"]
    return subprocess.Popen(command, cwd=directory, env={"BARE_BYTES": str(size), "PATH": ""}), port


def main() -> None:
    """Measure both and print one line each, and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--every", type=float, default=2.0)
    args = parser.parse_args()
    path = "/environments/production/topology/live"
    with tempfile.TemporaryDirectory() as directory:
        run = LocalRun(Path(directory) / "home", HAVEN_TICK="15")
        run.start()
        try:
            browser = run.browser()
            until(
                lambda: browser.get(path)[0] == 200 and version_in(browser.get(path)[1]),
                60,
                "a snapshot with a version",
            )
            page = browser.get(path)[1]
            cookie = "; ".join(f"{c.name}={c.value}" for c in browser.jar)
            size = len(page.encode())
            process, port = bare(size, Path(directory))
            try:
                until(lambda: _answers(port), 20, "the bare page answers")
                haven = asyncio.run(poll(run.port, path, cookie, version_in(page), args))
                full = asyncio.run(poll(run.port, path, cookie, None, args))
                plain = asyncio.run(poll(port, "/page", "", None, args))
            finally:
                process.terminate()
                process.wait(10)
        finally:
            run.close()
    print(f"{args.viewers} viewers, one poll every {args.every:g} s for {args.seconds:g} s each, page of {size} bytes")
    print(haven.line("Haven, polling with version"))
    print(full.line("Haven, always the full page"))
    print(plain.line("bare Flask, same size"))
    plain_p50, poll_p50, full_p50 = (statistics.median(load.seconds) for load in (plain, haven, full))
    poll_ratio, full_ratio = poll_p50 / plain_p50, full_p50 / plain_p50
    print(f"p50 of a poll: {poll_ratio:.1f} times the bare page's; of a full page: {full_ratio:.1f} times")


def _answers(port: int) -> bool:
    try:
        return asyncio.run(request(port, "/page", ""))[0] == 200
    except OSError:
        return False


if __name__ == "__main__":
    main()
