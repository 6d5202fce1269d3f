"""What moto lacks or does otherwise than AWS, mended from outside: one module per service.

Each module says at its top what it mends, the fact it follows (aws-facts section) and when it can be removed.
"""

from importlib import import_module

MODULES = (
    "ec2",
    "iam",
    "elbv2",
    "ecs",
    "rds",
    "reliance",
    "sqs",
    "elasticache",
    "applicationautoscaling",
    "cloudwatch",
    "apigatewayv2",
    "arczonalshift",
    "cloudformation",
    "eventbridge",
)


def mend() -> None:
    """Apply every module once; called by the application before its first request."""
    for name in MODULES:
        import_module(f"sandbox.gaps.{name}").mend()
