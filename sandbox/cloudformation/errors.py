"""What CloudFormation answers when it refuses, in AWS's codes and words."""


class Refused(Exception):
    """A request that AWS would answer with an error: `code` as on the wire, `status` the HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def invalid(message: str) -> Refused:
    """A ValidationError: what most refusals of CloudFormation are."""
    return Refused("ValidationError", message)


def no_stack(name: str) -> Refused:
    """There is no such stack."""
    return invalid(f"Stack with id {name} does not exist")


class Failed(Exception):
    """A resource could not be created, updated or deleted; the text is the event's reason."""


class Unsupported(Failed):
    """A property that the type, or its handler, does not know. Never ignored."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Encountered unsupported property {name}")
        self.name = name
