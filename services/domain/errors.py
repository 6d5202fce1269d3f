"""Every understood way to fail, sorted by who has to act next.

    HavenError
    ├── Refused             the person asking      can change the request
    │   ├── NotFound
    │   ├── NotAllowed
    │   ├── Invalid
    │   ├── Conflict
    │   └── Unsafe
    ├── NotNow              time                   nothing was done; ask again later
    ├── OutcomeUnknown      the next look          it may have been done; look before asking again
    └── Misconfigured       Haven's operator       a right, a role or a setting is missing

A bug is none of these: it stays an ordinary exception and ends as a 500.
"""


class HavenError(Exception):
    """Something went wrong that we understand."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Refused(HavenError):
    """The request cannot be done as it stands."""


class NotFound(Refused):
    """There is no such thing."""


class NotAllowed(Refused):
    """You may not do this here."""


class Invalid(Refused):
    """Part of the request is missing or wrong. `fields` maps a field's name to what to do about it."""

    def __init__(self, message: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = dict(fields or {})


class Conflict(Refused):
    """Something else is already happening to this target, or it changed since you looked."""


class Unsafe(Refused):
    """A guard says doing this now would harm."""


class NotNow(HavenError):
    """Nothing was done; trying again later may work. `retry_after` is in seconds."""

    def __init__(self, message: str, retry_after: float = 5.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class OutcomeUnknown(HavenError):
    """The answer was lost; it may or may not have been done."""


class Misconfigured(HavenError):
    """An operator of Haven has to mend a right, a role or a setting first."""
