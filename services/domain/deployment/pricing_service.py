"""What the tasks of a Fargate service are billed for."""

from collections.abc import Mapping

from services.domain.deployment.pricing import Bill, Term
from services.domain.wording import counted


def tasks(count: int, cpu: str, memory: str, architecture: str) -> tuple[Term, ...] | None:
    """So many tasks on Linux: `cpu` in units (1024 are a vCPU) and `memory` in MiB, as a template's parameters have
    them. None for a size that is no number."""
    if not (cpu.isdecimal() and memory.isdecimal() and architecture):
        return None
    vcpus, gigabytes = int(cpu) / 1024, int(memory) / 1024
    return (
        Term(f"fargate:{architecture}:vcpu", f"Fargate {architecture} vCPU", count, vcpus, "vCPU"),
        Term(f"fargate:{architecture}:gb", f"Fargate {architecture} memory", count, gigabytes, "GB"),
    )


def service(values: Mapping[str, str]) -> Bill:
    """A service at its minimum of tasks, by its template's parameters. A copy is a task that is the first in another
    zone; more tasks than zones are capacity, not redundancy."""
    size = values.get("Cpu", ""), values.get("Memory", ""), values.get("Architecture", "")
    least, zones = values.get("MinTasks", ""), values.get("ServiceZones", "")
    counting = least.isdecimal() and zones.isdecimal()
    terms = tasks(int(least), *size) if counting else None
    if terms is None:
        return Bill(unknown="Its tasks' size, their fewest number or their zones are not known.")
    copies = max(0, min(int(least), int(zones)) - 1)
    alone = tasks(int(least) - copies, *size)
    scaled = "" if values.get("Scaling") == "true" else ", though without scaling people may run another number"
    return Bill(terms, alone or (), f"at the minimum of {counted(int(least), 'task')}{scaled}")
