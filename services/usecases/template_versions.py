"""The texts of templates: the versions there were, what differs between two, and which of them each stack runs.

A version is the hash of its text. Haven's own come with each release, what runs is fetched by the worker when a stack
has changed; nothing is ever forgotten.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.domain.access import Actor, Permission
from services.domain.deployment.statuses import base_of, busy
from services.domain.environment import NAME, Environment
from services.domain.errors import HavenError, NotFound
from services.domain.snapshot import Snapshot, Stack
from services.domain.text_difference import Difference, difference
from services.ports import Catalogue, Clock, RunningTemplate, StackReader, Store, UnitOfWork

SHORT = 8
"""Digits of a version that tell it from others on a page; an address may be as short."""


@dataclass(frozen=True)
class Run:
    """A stack that is there, with the version that it runs; None as long as nobody has read it. `ours` is the name of
    Haven's template for it, empty for a custom stack."""

    environment: str
    stack: str
    stack_name: str
    ours: str
    version: str | None
    read_at: datetime | None


@dataclass(frozen=True)
class Version:
    """One text. `packaged` says that this release of Haven deploys it; `runs` are the stacks that run it."""

    version: str
    name: str
    first_seen: datetime | None
    packaged: bool
    runs: Sequence[Run] = ()


@dataclass(frozen=True)
class Versions:
    """All texts of one template, newest first: the packaged one, earlier ones, and what was found running. `ours` says
    that it is one of Haven's own."""

    name: str
    versions: Sequence[Version]
    ours: bool


@dataclass(frozen=True)
class Text:
    """A version with its text."""

    version: Version
    body: str
    others: Sequence[Version]
    """The other versions of the same template, newest first."""


@dataclass(frozen=True)
class Compared:
    """Two versions and what differs."""

    before: Version
    after: Version
    difference: Difference


@dataclass(frozen=True)
class RunningText:
    """What a stack runs. `text` is None as long as nobody has read it; `packaged` is Haven's own version for it, None
    for a custom stack; `behind` what differs from that."""

    environment: Environment
    run: Run
    text: Text | None
    packaged: str | None
    behind: Difference | None


class TemplateVersions:
    """`put_packaged` and `keep` are the worker's; the rest any viewer may read."""

    def __init__(self, unit: UnitOfWork, clock: Clock, reader: StackReader, catalogue: Catalogue) -> None:
        self._unit, self._clock, self._reader, self._catalogue = unit, clock, reader, catalogue

    def put_packaged(self) -> None:
        """Keep the texts that this release deploys, so that they can be read and compared after the next one."""
        texts = {self._catalogue.version(body): (name, body) for name, body in self._bodies()}
        with self._unit(readonly=True) as store:
            known = {version for version, _, _ in store.templates.all()}
        if missing := texts.keys() - known:
            with self._unit() as store:
                for version in missing:
                    store.templates.put(version, *texts[version], self._clock.now())

    def keep(self, name: str) -> int:
        """Fetch what each stack of an environment runs that has changed since it was last fetched; how many were. One
        that does not answer does not keep the others: its HavenError is raised at the end."""
        with self._unit(readonly=True) as store:
            environment, snapshot = store.environments.get(name), store.snapshots.newest(name)
            known = {each.stack: each for each in store.templates.running(name)}
        if environment is None or snapshot is None:
            return 0
        fetched, trouble = 0, None
        for stack in snapshot.stacks:
            seen = known.get(stack.name)
            if busy(stack.status) or (seen and (seen.stack_id, seen.as_of) == (stack.stack_id, _as_of(stack))):
                continue
            try:
                fetched += self._fetch(environment, stack)
            except HavenError as problem:
                trouble = problem
        if trouble is not None:
            raise trouble
        return fetched

    def _fetch(self, environment: Environment, stack: Stack) -> int:
        body = self._reader.template(environment, stack.name)
        if body is None:
            return 0
        version, now = self._catalogue.version(body), self._clock.now()
        template = self._ours(environment).get(stack.name) or stack.stack_name
        running = RunningTemplate(environment.name, stack.name, stack.stack_id, version, _as_of(stack), now)
        with self._unit() as store:
            store.templates.put(version, template, body, now)
            store.templates.runs(running)
        return 1

    def all(self, actor: Actor) -> Sequence[Versions]:
        """Every template: Haven's own in the order they are deployed, then those of custom stacks."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            found = self._versions(store, self._runs(store))
        ours = list(self._catalogue.templates())
        names = [*ours, *sorted({each.name for each in found} - set(ours))]
        return [Versions(name, [each for each in found if each.name == name], name in ours) for name in names]

    def runs(self, actor: Actor) -> Sequence[Run]:
        """Every stack of every environment with what it runs; those without `ours` are beside Haven's own, and only
        read."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            return self._runs(store)

    def get(self, actor: Actor, version: str) -> Text:
        """One text, by its version or the beginning of it. Raises NotFound."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            return self._text(store, version, self._runs(store))

    def compare(self, actor: Actor, before: str, after: str) -> Compared:
        """What differs between any two. Raises NotFound."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            runs = self._runs(store)
            first, second = self._text(store, before, runs), self._text(store, after, runs)
        return Compared(first.version, second.version, difference(first.body, second.body))

    def of_stack(self, actor: Actor, name: str, stack: str) -> RunningText:
        """What a stack runs, as it was last read. Raises NotFound."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            environment = store.environments.get(name) if NAME.fullmatch(name) else None
            if environment is None:
                raise NotFound(f"There is no environment {name[:32]}.")
            runs = self._runs(store)
            run = next((each for each in runs if (each.environment, each.stack) == (name, stack)), None)
            if run is None:
                raise NotFound(f"{name} has no stack {stack[:128]}.")
            text = self._text(store, run.version, runs) if run.version else None
        ours = self._catalogue.body(run.ours) if run.ours else None
        behind = difference(text.body, ours) if text and ours is not None else None
        return RunningText(environment, run, text, self._catalogue.version(ours) if ours is not None else None, behind)

    def _text(self, store: Store, version: str, runs: Sequence[Run]) -> Text:
        known = self._versions(store, runs)
        found = [each for each in known if len(version) >= SHORT and each.version.startswith(version)]
        if len(found) != 1:
            raise NotFound(f"There is no version {version[:64]} of a template.")
        body = store.templates.get(found[0].version)
        if body is None:
            body = self._catalogue.body(found[0].name)  # packaged, and no worker has kept it yet
        return Text(found[0], body, [each for each in known if each.name == found[0].name and each != found[0]])

    def _versions(self, store: Store, runs: Sequence[Run]) -> Sequence[Version]:
        packaged = {self._catalogue.version(body): name for name, body in self._bodies()}
        kept = store.templates.all()
        new = [(version, name, None) for version, name in packaged.items() if version not in {row[0] for row in kept}]
        return [
            Version(version, name, seen, version in packaged, [run for run in runs if run.version == version])
            for version, name, seen in (*new, *kept)
        ]

    def _runs(self, store: Store) -> Sequence[Run]:
        known = {(each.environment, each.stack_id): each for each in store.templates.running()}
        found = []
        for environment in store.environments.all():
            snapshot, ours = store.snapshots.newest(environment.name), self._ours(environment)
            for stack in _there(snapshot):
                seen = known.get((environment.name, stack.stack_id))
                found.append(
                    Run(
                        environment.name,
                        stack.name,
                        stack.stack_name,
                        ours.get(stack.name, ""),
                        seen.version if seen else None,
                        seen.read_at if seen else None,
                    )
                )
        return found

    def _ours(self, environment: Environment) -> Mapping[str, str]:
        """Haven's template of each stack of the environment's blueprint, by the stack's name."""
        try:
            specs = self._catalogue.specs(environment)
        except HavenError:
            return {}  # a blueprint that this release no longer has
        return {spec.name: spec.template for spec in specs}

    def _bodies(self) -> Sequence[tuple[str, str]]:
        return [(name, self._catalogue.body(name)) for name in self._catalogue.templates()]


def _there(snapshot: Snapshot | None) -> Sequence[Stack]:
    return [each for each in (snapshot.stacks if snapshot else ()) if _as_of(each)]


def _as_of(stack: Stack) -> str:
    """How a stack stands, as far as its text goes: a rollback changes the text and not the time of the update."""
    base = base_of(stack.status, stack.created_at, stack.updated_at)
    return f"{base} {stack.status}" if base else ""
