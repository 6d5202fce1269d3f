"""The frame around every page: who is there, which environments there are, where one may go."""

from dataclasses import dataclass

from flask import Flask, current_app, g, request, url_for
from werkzeug.routing import BuildError

from portal import identity
from services.domain.access import Actor, Permission
from services.domain.errors import HavenError, NotNow


@dataclass(frozen=True)
class Item:
    """One entry of the main navigation; `key` follows `g` on the keyboard."""

    word: str
    href: str
    key: str
    current: bool


@dataclass(frozen=True)
class Shell:
    """What the layout needs to know. Without an actor it shows no navigation at all."""

    actor: Actor | None = None
    environment: str = ""
    places: tuple[tuple[str, str], ...] = ()
    nav: tuple[Item, ...] = ()
    keep_days: int = 0


_AREAS = (
    ("Fleet", "fleet.index", "f", Permission.SEE_ENVIRONMENTS),
    ("Topology", "topology.index", "t", Permission.SEE_ENVIRONMENTS),
    ("Scaling", "scaling.index", "s", Permission.SEE_ENVIRONMENTS),
    ("Failovers", "failovers.index", "v", Permission.SEE_ENVIRONMENTS),
    ("Deployments", "deployments.index", "d", Permission.SEE_ENVIRONMENTS),
    ("Operations", "operations.overview", "o", Permission.SEE_ENVIRONMENTS),
    ("Audit", "ledger.index", "a", Permission.READ_LEDGER),
    ("Environments", "environments.index", "e", Permission.SEE_ENVIRONMENTS),
    ("Users", "users.index", "u", Permission.MANAGE_USERS),
)
"""Areas in the order of the navigation. An area that does not exist yet is not here, and so not linked."""


def register(app: Flask) -> None:
    """Give templates `shell()`, `topology_url(environment)` and `node_url(environment, subject)`."""
    app.jinja_env.globals.update(shell=shell, topology_url=topology_url, node_url=node_url)


def shell() -> Shell:
    """The frame of this request, made once."""
    if "shell" not in g:
        g.shell = _make()
    made = g.shell
    assert isinstance(made, Shell)  # noqa: S101
    return made


def topology_url(environment: str) -> str:
    """Where the picture of an environment is."""
    return url_for("topology.index", environment=environment)


def node_url(environment: str, subject: str) -> str:
    """Where one thing of an environment is shown: its node on the picture, with the panel open."""
    return url_for("topology.index", environment=environment, node=subject or None)


def _make() -> Shell:
    try:
        who = identity.person()
    except HavenError:
        # The page that says what is wrong must itself not fail.
        return Shell()
    if who is None:
        return Shell()
    actor, names = who.actor, _names(who.actor)
    chosen = str((request.view_args or {}).get("environment", "") or g.get("environment", ""))
    return Shell(
        actor=actor,
        environment=chosen if chosen in names else "",
        places=tuple((name, topology_url(name)) for name in names),
        nav=tuple(_items(actor, chosen if chosen in names else "", names)),
        keep_days=identity.haven().settings.keep_snapshots_days,
    )


def _names(actor: Actor) -> list[str]:
    """The environments there are; while the database is away, those this process remembers."""
    haven = identity.haven()
    try:
        return [environment.name for environment in haven.environments.all(actor)]
    except NotNow:
        pass
    try:
        return [current.environment.name for current in haven.snapshots.fleet(actor)]
    except NotNow:
        return []


def _items(actor: Actor, chosen: str, names: list[str]) -> list[Item]:
    here = (request.blueprint or "").split(".")[0]
    items = []
    for word, endpoint, key, permission in _AREAS:
        if not actor.may(permission):
            continue
        href = _href(endpoint, chosen, next(iter(names), ""))
        if href:
            items.append(Item(word, href, key, here == endpoint.split(".")[0]))
    return items


def _href(endpoint: str, chosen: str, first: str) -> str:
    """The area's address: the chosen environment's part of it, else the whole; an area of one environment needs one."""
    if chosen and current_app.url_map.is_endpoint_expecting(endpoint, "environment"):
        return url_for(endpoint, environment=chosen)
    try:
        return url_for(endpoint)
    except BuildError:
        return url_for(endpoint, environment=first) if first else ""
