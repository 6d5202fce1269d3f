"""`haven sandbox`: time and trouble of the local AWS, over its own HTTP API. Refuses anything but loopback: none of it
may ever reach AWS."""

import json
import os
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

import click

from services.cli.quantities import Lasting, Times, lasting
from services.settings import Settings

LOOPBACK = ("127.0.0.1", "localhost", "::1")
TIMEOUT = 120.0


def endpoint(url: str) -> str:
    """The sandbox's base URL. Raises click.ClickException unless it is plain http on loopback."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in LOOPBACK:
        raise click.ClickException(f"{url} is not a sandbox: only http on 127.0.0.1, localhost or [::1] is.")
    return url.rstrip("/")


def where_a_run_has_it() -> str:
    """Where `make run` starts the sandbox in this environment, for whoever types in another shell."""
    return f"http://127.0.0.1:{os.environ.get('SANDBOX_PORT', '5001')}"


def call(path: str, method: str = "GET", **body: Any) -> Any:
    """Call the control API and return its JSON. Raises click.ClickException with the sandbox's own words."""
    request = Request(  # noqa: S310 - `endpoint` lets only http on loopback through
        f"{endpoint(Settings().aws_endpoint_url or where_a_run_has_it())}/haven-sandbox/{path}",
        method=method,
        data=json.dumps(body).encode() if method != "GET" else None,
        headers={"Content-Type": "application/json"},
    )
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=TIMEOUT) as answer:
            return json.load(answer)
    except HTTPError as refused:
        raise click.ClickException(_said(refused)) from None
    except (URLError, OSError, HTTPException, ValueError) as problem:
        raise click.ClickException(f"The sandbox does not answer: {getattr(problem, 'reason', problem)}") from None


def _said(refused: HTTPError) -> str:
    with refused:
        try:
            return str(json.load(refused)["error"])
        except (ValueError, KeyError, TypeError):
            return f"The sandbox answered {refused.code}; is another program on that port?"


@click.group()
def sandbox() -> None:
    """Time and trouble of the local AWS."""


@sandbox.command()
def status() -> None:
    """Its time, what is down, what disturbs."""
    now = call("status")
    click.echo(f"time     {now['time']}{' (frozen)' if now['frozen'] else ''}, speed {now['speed']:g}")
    click.echo(f"zones    {', '.join(f'{zone} is down' for zone in now['zones']) or 'all up'}")
    click.echo(f"limits   {now['limits']}")
    click.echo(f"pending  {now['pending']} transitions")
    for one in now["trouble"]:
        what = f"{one['service']}:{one['operation'] or '*'}"
        click.echo(f"trouble  {one['kind']} on {what}, {one['rate']:.0%} of the calls, {one['hit']} struck so far")
    for one in now["load"]:
        click.echo(f"load     {one['service']} x {one['factor']:g}")


@sandbox.group()
def zone() -> None:
    """Availability zones."""


@zone.command()
@click.argument("name")
def fail(name: str) -> None:
    """Take a zone down, as us-east-1b."""
    changed = call("zone", "POST", zone=name, state="fail")["changed"]
    click.echo(f"{name} is down." if changed else f"{name} was down already.")


@zone.command()
@click.argument("name")
def recover(name: str) -> None:
    """Bring a zone back."""
    changed = call("zone", "POST", zone=name, state="recover")["changed"]
    click.echo(f"{name} is back." if changed else f"{name} was not down.")


@sandbox.group()
def task() -> None:
    """Tasks."""


@task.command()
@click.argument("cluster")
@click.argument("task")
def crash(cluster: str, task: str) -> None:
    """Let a task's essential container exit."""
    call("task", "POST", cluster=cluster, task=task, act="crash")
    click.echo(f"{task} crashes.")


CAUSES = ("host", "network", "zone", "storage", "busy", "patching", "modified")
ACTIONS = ("system-update", "os-upgrade", "hardware-maintenance", "db-upgrade", "ca-certificate-rotation")


@sandbox.command()
@click.argument("name")
@click.option("--cause", default="host", show_default=True, type=click.Choice(CAUSES), help="What fails.")
@click.option("--shard", help="Node group of a replication group, as 0001; without it the first.")
def failover(name: str, cause: str, shard: str | None) -> None:
    """Let the primary of NAME (DB instance, DB cluster or replication group) fail by itself."""
    told = call("failover", "POST", name=name, cause=cause, shard=shard)["told"]
    recovers = told == "recovery"
    click.echo(f"{name} {'has no standby: it recovers where it is' if recovers else 'fails over'} ({cause}).")


@sandbox.group()
def maintenance() -> None:
    """Maintenance that waits for a database or a cache."""


@maintenance.command("add")
@click.argument("name")
@click.option("--action", default="system-update", show_default=True, type=click.Choice(ACTIONS))
@click.option("--description", help="What AWS says about it; without it AWS's usual words.")
@click.option("--deadline", type=click.FloatRange(1, 365), help="Days until it is applied without anybody's doing.")
def add_maintenance(name: str, action: str, description: str | None, deadline: float | None) -> None:
    """Make an action pending for NAME, a DB instance or DB cluster."""
    days = {} if deadline is None else {"deadline": deadline}
    call("maintenance", "POST", name=name, action=action, description=description, **days)
    click.echo(f"{action} is pending for {name}.")


@maintenance.command("remove")
@click.argument("name")
@click.option("--action", default="system-update", show_default=True, type=click.Choice(ACTIONS))
def remove_maintenance(name: str, action: str) -> None:
    """Let an action be pending no longer."""
    call("maintenance", "POST", name=name, action=action, act="remove")
    click.echo(f"{action} is not pending for {name} any more.")


@maintenance.command("release")
@click.option("--engine", default="valkey", show_default=True, type=click.Choice(["valkey", "redis"]))
@click.option("--severity", default="important", show_default=True, help="critical, important, medium or low.")
@click.option("--apply-by", default=30.0, show_default=True, type=click.FloatRange(1, 365), help="Days.")
def release_update(engine: str, severity: str, apply_by: float) -> None:
    """Let ElastiCache release a service update for all caches of an engine."""
    done = call("service-update", "POST", engine=engine, severity=severity, apply_by=apply_by)
    click.echo(f"{done['update']} is due for {engine}.")


@sandbox.command()
@click.argument("service")
@click.argument("kind", type=click.Choice(["throttle", "error", "latency", "deny"]))
@click.option("--operation", help="One operation, as DescribeDBInstances; without it all of the service.")
@click.option("--rate", default=1.0, show_default=True, type=click.FloatRange(0, 1), help="Share of the calls.")
@click.option("--delay", default=2.0, show_default=True, type=click.FloatRange(0, 60), help="Seconds, for latency.")
@click.option("--status", "code", default=500, show_default=True, type=click.IntRange(500, 503), help="For error.")
@click.option("--for", "lasts", default=300.0, show_default=True, type=click.FloatRange(1, 86400), help="Seconds.")
def trouble(service: str, kind: str, operation: str | None, rate: float, delay: float, code: int, lasts: float) -> None:
    """Disturb an AWS service (botocore's name, as rds), or "*" for all."""
    body = {"service": service, "operation": operation, "kind": kind, "rate": rate, "status": code, "for": lasts}
    call("trouble", "POST", **body, delay=delay if kind == "latency" else 0)
    click.echo(f"{service}:{operation or '*'} has trouble ({kind}) for {lasts:g} seconds.")


@sandbox.command()
@click.option("--duplicate", type=click.IntRange(0, 10), help="More copies of each event.")
@click.option("--reorder/--no-reorder", default=None, help="Hold each event back until the next one has gone.")
@click.option("--drop/--no-drop", default=None, help="Lose all of them.")
def events(duplicate: int | None, reorder: bool | None, drop: bool | None) -> None:
    """Disturb what EventBridge delivers; what is not named stays. Without an option, show it. `calm` ends it."""
    named = {"duplicate": duplicate, "reorder": reorder, "drop": drop}
    wanted = {name: value for name, value in named.items() if value is not None}
    now = call("events", "POST", **wanted) if wanted else call("events")
    click.echo(f"copies   {now['duplicate'] + 1} of each event")
    click.echo(f"order    {'mixed up' if now['reorder'] else 'as they happen'}, {now['held']} held back")
    click.echo(f"lost     {'all of them' if now['drop'] else 'none'}, {now['dropped']} so far")


@sandbox.command("fail")
@click.argument("type_", metavar="[TYPE]", required=False)
@click.argument("reason", required=False)
@click.option("--act", type=click.Choice(["create", "update", "delete"]), help="Only then; without it whichever comes.")
@click.option("--logical", help="Only the resource with this logical id.")
@click.option("--times", default=1, show_default=True, type=click.IntRange(1, 1000), help="How many operations.")
def fail_resource(type_: str | None, reason: str | None, act: str | None, logical: str | None, times: int) -> None:
    """Let the next stack operation on a resource of TYPE fail with REASON, as

    haven sandbox fail AWS::RDS::DBInstance "Insufficient capacity"

    The stack then rolls back. With --act update --times 2 on something that is changed in place, the rollback fails
    too. Without TYPE, show what is still to fail. `calm` ends it."""
    if type_ is None:
        waiting = call("failure")["failures"]
        for one in waiting:
            click.echo(f"{_order(one['type'], one['act'], one['logical'])}: {one['reason']}")
        if not waiting:
            click.echo("Nothing is going to fail.")
        return
    if not reason:
        raise click.UsageError("Say why it fails, in AWS's words, as REASON.")
    call("failure", "POST", type=type_, reason=reason, act=act, logical=logical, times=times)
    often = f"next {times} times" if times > 1 else "next time"
    click.echo(f"{_order(type_, act or '', logical or '')} fails the {often}: {reason}")


def _order(kind: str, act: str, logical: str) -> str:
    return " ".join(part for part in (act, kind, logical) if part)


@sandbox.command()
def calm() -> None:
    """End all trouble, all unusual load and the failures still to come, and deliver events as usual."""
    ended = sum(call(what, "DELETE")["ended"] for what in ("trouble", "load", "failure"))
    delivered = call("events")
    if delivered["duplicate"] or delivered["reorder"] or delivered["drop"]:
        call("events", "DELETE")
        ended += 1
    click.echo(f"{ended} ended.")


@sandbox.command()
@click.argument("service")
@click.argument("factor", type=Times(100))
@click.option("--for", "lasts", default="15m", show_default=True, type=Lasting(604800), help="As 90, 20m or 2h.")
def load(service: str, factor: float, lasts: float) -> None:
    """Give a service ("*" for all) FACTOR times its load, as 3x or 0.5x. `calm` ends it.

    Above 1 it counts busiest hours on top of what there is, so that 3x is felt at night too."""
    done = call("load", "POST", service=service, factor=factor, **{"for": lasts})
    click.echo(f"{service} gets {factor:g} times its load for {lasting(lasts)}, until {_clock(done['until'])}.")
    click.echo(f"Felt by {', '.join(done['services'])}." if done["services"] else f"No service {service} feels it.")
    if factor > 1:
        click.echo(f"Counted since {_clock(done['since'])}; scaling out asks for three full minutes above the target.")


def _clock(at: str) -> str:
    """An ISO time as hours, minutes and seconds of UTC."""
    return f"{datetime.fromisoformat(at).astimezone(UTC):%H:%M:%S} UTC"


@sandbox.command()
@click.argument("factor", type=click.FloatRange(0.01, 10_000))
def speed(factor: float) -> None:
    """Let FACTOR of AWS's seconds pass in one."""
    call("speed", "POST", speed=factor)
    click.echo(f"Speed is {factor:g}.")


@sandbox.command()
@click.argument("seconds", type=click.FloatRange(0, 86400))
def advance(seconds: float) -> None:
    """Freeze the clock if it runs, and move it on by SECONDS of AWS's time."""
    if not call("status")["frozen"]:
        call("clock", "POST", freeze=True)
    now = call("clock", "POST", advance=seconds)
    click.echo(f"It is {now['time']}; {now['ran']} transitions ran. The clock stands still: `thaw` lets it run.")


@sandbox.command()
def thaw() -> None:
    """Let a frozen clock run again."""
    click.echo(f"It is {call('clock', 'POST', freeze=False)['time']}; the clock runs.")
