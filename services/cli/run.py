"""`haven run`: sandbox, worker and portal under one parent, with two environments provisioned.

What is local is said so: this command starts the sandbox and points Haven at it; it never talks to AWS.
"""

import os
import secrets
import socket
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from services import bootstrap
from services.cli.children import Child, Family
from services.domain.access import SYSTEM
from services.domain.environment import Environment
from services.domain.errors import HavenError
from services.domain.motion import moving
from services.settings import Settings
from services.usecases.provisioning import Progress
from services.usecases.snapshots import Current

ACCOUNT = "123456789012"
ENVIRONMENTS = (("production", "multi-az", True), ("legacy", "single-az", False))
BUILDING_SPEED = 200.0
"""The sandbox's factor while the stacks come up, so that minutes of AWS's time pass in seconds."""


_OPEN = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
"""Opens loopback URLs; a proxy that the caller's environment names has no business there."""


class _Stopped(Exception):
    """Somebody asked this run to end while it was waiting."""


@dataclass(frozen=True)
class Plan:
    """Where this run listens and writes."""

    settings: Settings
    port: int
    sandbox_port: int
    speed: float

    @property
    def endpoint(self) -> str:
        """The sandbox's URL."""
        return f"http://127.0.0.1:{self.sandbox_port}"

    def child_environment(self) -> dict[str, str]:
        """What every child sees: the sandbox as AWS, and never the caller's own AWS credentials or profile."""
        secret = ("AWS_", "HAVEN_ADMIN_PASSWORD", "HAVEN_NEW_PASSWORD")
        return {k: v for k, v in os.environ.items() if not k.startswith(secret)} | {
            "HAVEN_HOME": str(self.settings.home.absolute()),
            "HAVEN_AWS_ENDPOINT_URL": self.endpoint,
            "HAVEN_COOKIE_SECURE": "false",
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_DEFAULT_REGION": self.settings.aws_region,
            # the sandbox's answers cost nothing and its time is faster, so it is looked at more often than AWS would be
            "HAVEN_METRICS_EVERY": os.environ.get("HAVEN_METRICS_EVERY", "15"),
            "HAVEN_TICK": os.environ.get("HAVEN_TICK", "5"),
            "PYTHONUNBUFFERED": "1",
        }


@click.command()
def run() -> None:
    """Start everything on loopback; Ctrl-C or SIGTERM ends it."""
    plan = _plan()
    family = Family(bootstrap.stop_on_signals())
    try:
        _serve(plan, family)
    finally:
        family.end()
    click.echo("Ended. Everything is kept; `make run` takes it up again.")


def _plan() -> Plan:
    settings = Settings()
    plan = Plan(
        settings=settings.model_copy(update={"cookie_secure": False}),
        port=_number("PORT", 8000),
        sandbox_port=_number("SANDBOX_PORT", 5001),
        speed=_factor("HAVEN_SANDBOX_SPEED", 10.0),
    )
    _require_writable(settings.home)
    for name, port in (("PORT", plan.port), ("SANDBOX_PORT", plan.sandbox_port)):
        _require_free(name, port)
    try:
        bootstrap.migrate(settings)
    except HavenError as problem:
        raise click.ClickException(
            f"the database cannot be used ({problem.message}); check HAVEN_DATABASE_URL"
        ) from None
    return plan


def _serve(plan: Plan, family: Family) -> None:
    started = time.monotonic()
    password_given = os.environ.get("HAVEN_ADMIN_PASSWORD") or None
    environment = plan.child_environment()
    for name in os.environ.keys() - environment.keys():
        del os.environ[name]  # this process provisions: it must not carry the caller's AWS credentials either
    os.environ.update(environment)
    logs = plan.settings.home / "log"
    logs.mkdir(exist_ok=True)
    python = sys.executable
    state = plan.settings.home / "sandbox"
    command = [python, "-m", "sandbox", "--port", str(plan.sandbox_port), "--state", str(state), "--speed"]
    bare = {name: value for name, value in environment.items() if not name.startswith("HAVEN_")}
    _say(started, "sandbox: starting (a local AWS; nothing here reaches AWS itself)")
    sandbox = family.adopt(Child("sandbox", [*command, str(BUILDING_SPEED)], bare, logs / "sandbox.log"))
    web = [python, "-m", "gunicorn", "-k", "gthread", "-w", "2", "--threads", "8", "--keep-alive", "30"]
    web += ["--no-control-socket", "--graceful-timeout", "2", "-b", f"127.0.0.1:{plan.port}", "wsgi:app"]
    family.adopt(Child("portal", web, environment, logs / "portal.log"))
    family.adopt(Child("worker", [python, "-m", "services.worker"], environment, logs / "worker.log"))
    tending = threading.Thread(target=_tend, args=(family,), daemon=True)
    tending.start()
    password = _first_account(plan, password_given)
    if not _wait_for(f"{plan.endpoint}/haven-sandbox/status", family):
        return
    _say(started, "sandbox: up")
    pause = partial(_pause, family)
    haven = bootstrap.build(Settings(), pause=pause)
    try:
        _provision(plan, haven, started)
        _settle(haven, pause, started)
    except _Stopped:
        return
    sandbox.command = [*command, str(plan.speed)]  # should it die: the speed to come back with
    _set_speed(plan)
    if not _wait_for(f"http://127.0.0.1:{plan.port}/healthz", family):
        return
    _say(started, "ready")
    click.echo(greeting(plan, password))
    family.stopping.wait()


def greeting(plan: Plan, password: str | None) -> str:
    """What is said once everything answers: where to look, and as whom."""
    protected = ", ".join(name for name, _, is_protected in ENVIRONMENTS if is_protected)
    haven = Path(sys.executable).parent / "haven"
    shown = haven.relative_to(Path.cwd()) if haven.is_relative_to(Path.cwd()) else haven
    return "\n".join(
        (
            f"\n  Haven      http://127.0.0.1:{plan.port}/",
            "  Account    admin",
            f"  Password   {password or '(as set before; `haven user reset-password admin` sets a new one)'}",
            f"  Second     `{protected}` is protected: another person approves there. To add one:",
            f"             {shown} user add on-call --role operator",
            f"  Local AWS  {plan.endpoint}  (simulated, {plan.speed:g} times as fast as AWS)",
            "\n  Ctrl-C ends all of it.\n",
        )
    )


def _tend(family: Family) -> None:
    while not family.stopping.wait(0.3):
        for line in family.tend():
            click.echo(line, err=True)


def _first_account(plan: Plan, given: str | None) -> str | None:
    """The password to show once: the one just generated. One given by HAVEN_ADMIN_PASSWORD is not echoed."""
    made = bootstrap.build(plan.settings).users.ensure_first_admin(given)
    return "(from HAVEN_ADMIN_PASSWORD)" if made and given else made


def _provision(plan: Plan, haven: bootstrap.Haven, started: float) -> None:
    known = {e.name: e for e in haven.environments.all(SYSTEM, archived=True)}
    for name, blueprint, protected in ENVIRONMENTS:
        if name not in known:
            known[name] = _new_environment(plan, name, blueprint, protected)
            haven.environments.register(SYSTEM, known[name])

    def deploy(name: str) -> None:
        def tell(progress: Progress) -> None:
            _say(started, f"{name}: {progress.stack} {progress.word} {progress.detail}".rstrip())

        # What is there was deployed by somebody who had a reason: taking it up again changes none of it.
        haven.provisioning.deploy(SYSTEM, known[name], bootstrap.specs(known[name]), tell, missing_only=True)

    with ThreadPoolExecutor(len(ENVIRONMENTS)) as pool:
        ends = [pool.submit(deploy, name) for name, _, _ in ENVIRONMENTS if not known[name].archived]
    for problem in filter(None, (end.exception() for end in ends)):
        if isinstance(problem, HavenError):
            raise click.ClickException(f"provisioning failed: {problem.message}")
        raise problem


def _settle(haven: bootstrap.Haven, pause: Callable[[float], None], started: float, seconds: float = 8.0) -> None:
    """Wait until the worker has read every stack of both environments at rest, so that the first page shows them as
    they are. What still moves after `seconds` is shown moving."""
    _say(started, "worker: first reading")
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if all(_at_rest(current) for current in haven.snapshots.fleet(SYSTEM)):
            return
        pause(0.3)


def _at_rest(current: Current) -> bool:
    seen = current.snapshot
    wanted = {spec.name for spec in bootstrap.specs(current.environment)}
    return seen is not None and wanted <= {stack.name for stack in seen.stacks} and not moving(seen)


def _pause(family: Family, seconds: float) -> None:
    if family.stopping.wait(seconds):
        raise _Stopped


def _new_environment(plan: Plan, name: str, blueprint: str, protected: bool) -> Environment:
    role = f"arn:aws:iam::{ACCOUNT}:role/haven-{{}}".format
    return Environment(
        name=name,
        account=ACCOUNT,
        region=plan.settings.aws_region,
        blueprint=blueprint,
        stack_prefix=name,
        protected=protected,
        slo_target=99.95,
        created_at=bootstrap.SystemClock().now(),
        reader_role_arn=role("reader"),
        operator_role_arn=role("operator"),
        provisioner_role_arn=role("provisioner"),
        external_id=secrets.token_hex(8),
    )


def _set_speed(plan: Plan) -> None:
    body = f'{{"speed": {plan.speed}}}'.encode()
    request = urllib.request.Request(  # noqa: S310 - our own loopback URL
        f"{plan.endpoint}/haven-sandbox/speed", body, {"Content-Type": "application/json"}, method="POST"
    )
    try:
        _OPEN(request, timeout=60).close()
    except OSError as problem:
        raise click.ClickException(f"the sandbox does not answer ({problem}); see the logs under var/log") from None


def _wait_for(url: str, family: Family, seconds: float = 60.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            _OPEN(url, timeout=5).close()
            return True
        except OSError:
            if family.stopping.wait(0.2):
                return False
    raise click.ClickException(f"{url} did not answer within {seconds:.0f} s; see the logs under var/log")


def _say(started: float, line: str) -> None:
    click.echo(f"[{time.monotonic() - started:5.1f} s] {line}")


def _require_writable(home: Path) -> None:
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = home / ".probe"
        probe.write_text("")
        probe.unlink()
    except OSError as problem:
        raise click.ClickException(
            f"{home.absolute()} cannot be written ({problem.strerror}); set HAVEN_HOME"
        ) from None


def _require_free(name: str, port: int) -> None:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            raise click.ClickException(f"port {port} is taken; end what uses it or set {name}") from None


def _number(name: str, default: int, environment: Mapping[str, str] = os.environ) -> int:
    text = environment.get(name, str(default))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise click.ClickException(f"{name} is a port number from 1 to 65535, not {text!r}")
    return int(text)


def _factor(name: str, default: float, environment: Mapping[str, str] = os.environ) -> float:
    text = environment.get(name, str(default))
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.01 <= value <= 10_000:
        raise click.ClickException(f"{name} is a factor from 0.01 to 10000, not {text!r}")
    return value
