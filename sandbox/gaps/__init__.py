"""What moto lacks or does otherwise than AWS, mended from outside: one module per service.

Each module says at its top what it mends, the fact it follows (aws-facts section) and when it can be removed.
"""

import logging
from importlib import import_module

log = logging.getLogger("sandbox.gaps")

MODULES = (
    "ec2",
    "iam",
    "elbv2",
    "ecs",
    "rds",
    "elasticache",
    "applicationautoscaling",
    "cloudwatch",
    "apigatewayv2",
    "arczonalshift",
    "cloudformation",
)


def mend() -> None:
    """Apply every module once; called by the application before its first request."""
    for name in MODULES:
        path = f"sandbox.gaps.{name}"
        try:
            module = import_module(path)
        except ModuleNotFoundError as missing:
            if missing.name != path:
                raise
            log.warning("nothing mends %s yet", name)
            continue
        module.mend()
