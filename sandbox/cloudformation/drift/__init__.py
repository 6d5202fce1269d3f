"""Drift: resources as their own services have them now against the properties their template set (aws-facts 6.4).

`compare` is pure; `readers` reads a resource back in the template's names, one function per type; `detection` runs over
a stack in time and remembers what it found. A type without a reader is not checked, as AWS does not check some.
"""

from sandbox.cloudformation.drift.detection import begin, check, known

__all__ = ["begin", "check", "known"]
