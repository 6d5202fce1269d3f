"""One request that changes something: what its errors mean, and what AWS's acceptance is."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ParamValidationError

from services.aws.errors import translated
from services.domain.errors import HavenError, OutcomeUnknown, Refused
from services.ports import Receipt

log = logging.getLogger(__name__)


@contextmanager
def sending(what: str) -> Iterator[None]:
    """For the block that sends one request, and no more. Raises Refused, NotNow or Misconfigured when it certainly did
    nothing, OutcomeUnknown when nobody can tell. `what` begins a sentence: `Cancelling the update of x`."""
    try:
        with translated(write=True):
            yield
    except ParamValidationError as wrong:  # found before anything is sent
        raise Refused(f"{what} was not asked for: {wrong}") from wrong
    except HavenError:
        raise
    except Exception as error:  # such as an answer that is well formed and not AWS's
        log.exception("AWS's answer could not be read: %s", what)
        raise OutcomeUnknown(f"{what}: AWS's answer could not be read, so it may or may not have been done.") from error


def receipt(answer: Mapping[str, Any]) -> Receipt:
    """The acceptance that an answer is; also of an error that says that it was done before."""
    return Receipt(str(answer.get("ResponseMetadata", {}).get("RequestId", "")))
