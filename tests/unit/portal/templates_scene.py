"""Templates as a worker has read them, for the pages about them."""

from services.catalogue import PackagedCatalogue
from services.ports import RunningTemplate
from tests import builders as b
from tests.builders import NOW
from tests.unit.portal.house import House

CATALOGUE = PackagedCatalogue()
DATA = CATALOGUE.body("data")
OLD = DATA.replace("Description: Storage in GiB (gp3)", "Description: Storage <in> GiB", 1)
OLD_VERSION, NEW_VERSION = CATALOGUE.version(OLD), CATALOGUE.version(DATA)
CUSTOM = b.stack("billing")
CUSTOM_TEXT = "Resources:\n  Invoices:\n    Type: AWS::S3::Bucket\n"


def kept(house: House, environment: str = "production", *, behind: tuple[str, ...] = ()) -> None:
    """A worker has read every stack; those of `behind` run an older text."""
    specs = {spec.name: spec.template for spec in CATALOGUE.specs(b.environment(environment))}
    house.template_versions.put_packaged()
    with house.unit() as store:
        snapshot = store.snapshots.newest(environment)
        assert snapshot is not None
        for stack in snapshot.stacks:
            name = specs[stack.name]
            body = OLD if stack.name in behind else CATALOGUE.body(name)
            version = CATALOGUE.version(body)
            store.templates.put(version, name, body, NOW)
            store.templates.runs(RunningTemplate(environment, stack.name, stack.stack_id, version, "now", NOW))


def beside(house: House, *, read: bool = True) -> None:
    """A custom stack stands beside production's own."""
    house.put(b.snapshot(stacks=(*b.snapshot().stacks, CUSTOM)))
    if read:
        version = CATALOGUE.version(CUSTOM_TEXT)
        with house.unit() as store:
            store.templates.put(version, CUSTOM.stack_name, CUSTOM_TEXT, NOW)
            store.templates.runs(RunningTemplate("production", CUSTOM.name, CUSTOM.stack_id, version, "now", NOW))
