"""`python -m tests.sandbox_nursery`: has everything that a sandbox imports, and forks one for each that is asked for.

Importing moto takes longer than most tests. Each line of JSON on standard input is a request: `{"begin": [arguments],
"out": path}` forks a `python -m sandbox` with these arguments that writes to that FIFO, and its id is the answer;
`{"end": id}` is answered with how it ended: its exit code, or the number of the signal that killed it, negated.
"""

import gc
import json
import os
import sys
from contextlib import suppress
from random import Random
from typing import Any, NoReturn

from botocore.exceptions import DataNotFoundError

ACCOUNT, REGION = "123456789012", "us-east-1"
"""Where moto puts whoever does not say."""
SERVICES = (
    "apigatewayv2",
    "application-autoscaling",
    "cloudformation",
    "cloudwatch",
    "ec2",
    "ecs",
    "elasticache",
    "elbv2",
    "events",
    "iam",
    "kms",
    "logs",
    "rds",
    "s3",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "sts",
)
"""Of which the templates make things, or that tests ask."""


def main() -> None:
    """Serve until standard input ends."""
    os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "1"
    from sandbox import server, state, weather  # noqa: F401 - what `sandbox.__main__` imports, and most of the time
    from sandbox.endpoints import serving  # noqa: F401 - as above
    from sandbox.wsgi import inner_application

    inner_application()
    _read_models()
    draws = [each for each in gc.get_objects() if isinstance(each, Random)]
    assert len(draws) > 5, "moto's, and those of the sandbox's parts"
    gc.collect()
    gc.freeze()  # what is here already need not be looked through, and copied, by every child
    _say("ready")
    for line in sys.stdin:
        asked = json.loads(line)
        if "end" in asked:
            _say(os.waitstatus_to_exitcode(os.waitpid(asked["end"], 0)[1]))
            continue
        child = os.fork()
        if child == 0:
            _live(asked, draws)
        _say(child)


def _read_models() -> None:
    """Of AWS's services, once: megabytes of JSON, for moto's answers and for the sandbox's own clients. Nothing is
    asked, so no account has anything yet."""
    from moto.core.utils import get_pagination_model, get_service_model

    from sandbox.inproc import client

    for service in SERVICES:
        get_service_model(service)
        with suppress(DataNotFoundError):
            get_pagination_model(service)
        client(service, REGION, ACCOUNT)


def _live(asked: dict[str, Any], draws: list[Random]) -> NoReturn:
    code = 1
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(os.open(asked["out"], os.O_WRONLY), 1)
        from sandbox.__main__ import main as sandbox

        for each in draws:
            each.seed()  # else all would make the same ids, one after the other
        code = sandbox(asked["begin"])
        sys.stdout.flush()
    finally:
        os._exit(code)


def _say(answer: object) -> None:
    sys.stdout.write(f"{answer}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
