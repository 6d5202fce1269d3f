"""What the pages about templates say first, from what is at hand. Pure."""

from collections.abc import Sequence

from portal.failovers.preview import Said
from services.domain.status import Status
from services.domain.text_difference import Difference
from services.domain.wording import counted, listed
from services.usecases.template_versions import SHORT, Compared, Run, RunningText, Version, Versions


def short(version: str) -> str:
    """A version as people tell it from others."""
    return version[:SHORT]


def headline(known: Sequence[Versions], custom: Sequence[Run], unread: Sequence[Run]) -> Said:
    """Whether what runs is what this release deploys."""
    versions = [version for each in known for version in each.versions]
    ours = [run for version in versions if version.packaged for run in version.runs if run.ours]
    others = [run for version in versions if not version.packaged for run in version.runs if run.ours]
    beside = f"{counted(len(custom), 'custom stack')} beside them." if custom else ""
    if others:
        where = listed([f"{run.stack} of {run.environment}" for run in others])
        strong = f"{counted(len(others), 'stack runs', 'stacks run')} another text"
        return Said(Status.CHANGING, strong, f"than this release deploys: {where}.", beside)
    if unread:
        where = listed([f"{run.stack} of {run.environment}" for run in unread])
        return Said(Status.UNKNOWN, "Not all is read:", f"what {where} run is not known yet.", beside)
    if not ours:
        return Said(Status.UNKNOWN, "Nothing runs them.", "No environment has a stack of Haven's templates.", beside)
    said = f"All {counted(len(ours), 'stack')} of Haven's run what this release deploys."
    return Said(Status.HEALTHY, said, "", beside)


def of_version(version: Version) -> Said:
    """What one version is."""
    where = listed([f"{run.stack} of {run.environment}" for run in version.runs])
    runs = f"It runs as {where}." if where else "Nothing runs it."
    if version.packaged:
        return Said(Status.HEALTHY, "What this release deploys.", runs)
    return Said(Status.CHANGING if where else Status.PAUSED, "Another text than this release deploys.", runs)


def of_difference(compared: Compared) -> Said:
    """How much differs, and in which direction."""
    if compared.difference.same:
        alike = compared.before.version == compared.after.version
        return Said(
            Status.HEALTHY, "They are alike.", "It is the same version." if alike else "Every line is the same."
        )
    said = f"{amount(compared.difference)}, from {name(compared.before)} to {name(compared.after)}."
    mixed = compared.before.name != compared.after.name
    return Said(Status.CHANGING, said, "", "They are texts of two different templates." if mixed else "")


def of_running(found: RunningText) -> Said:
    """What a stack runs."""
    if found.text is None:
        return Said(Status.UNKNOWN, "Not read yet.", "A worker fetches its template within minutes.")
    if found.behind is None:
        said = "Haven reads it and never writes to it."
        return Said(Status.HEALTHY, "A custom stack.", said, "Its template is none of Haven's.")
    if found.run.version == found.packaged:
        return Said(Status.HEALTHY, "It runs what this release deploys.")
    why = "Deploying the stack brings this difference, beside what is changed on the form."
    return Said(Status.CHANGING, "It runs another text than this release deploys:", f"{amount(found.behind)}.", why)


def amount(found: Difference) -> str:
    """How many lines a difference adds and takes away."""
    return f"{counted(found.added, 'line')} added and {found.removed} taken away"


def name(version: Version) -> str:
    """A version with its template."""
    return f"{version.name} {short(version.version)}"
