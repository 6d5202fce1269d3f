"""List prices that Haven knows, each with where and when it was read. One that is not known is None, never a guess."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Price:
    """USD an hour. `source` says whose price it is, when it was read and what it leaves out."""

    hourly: float
    source: str


_LEFT_OUT = "without tax, Savings Plans and Spot"
_FARGATE = {
    ("us-east-1", "X86_64"): (0.04048, 0.004445, "AWS's price file, read 2026-09"),
    ("us-east-1", "ARM64"): (0.03238, 0.00356, "as quoted by others, undated, not read from AWS's price file"),
}
"""(region, architecture) -> USD a vCPU-hour, USD a GB-hour, source (aws-facts 12)."""


def task_hour(region: str, cpu: str, memory: str, architecture: str = "X86_64") -> Price | None:
    """What a Fargate task on Linux costs an hour: `cpu` in units (1024 are a vCPU) and `memory` in MiB, as a template's
    parameters have them. None for a region, an architecture or a size that is not known."""
    known = _FARGATE.get((region, architecture))
    if known is None or not cpu.isdecimal() or not memory.isdecimal():
        return None
    per_cpu, per_gb, source = known
    hourly = int(cpu) / 1024 * per_cpu + int(memory) / 1024 * per_gb
    size = f"{int(cpu) / 1024:g} vCPU and {int(memory) / 1024:g} GB"
    return Price(hourly, f"{size} of Fargate, Linux {architecture}, on demand in {region}: {source}; {_LEFT_OUT}")
