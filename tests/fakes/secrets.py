"""Passwords and tokens without cryptography: fast, and legible in a failing test."""


class PlainPasswords:
    """`services.ports.Passwords`; `verified` counts the work done, for nobody as well as for somebody."""

    def __init__(self, version: int = 1) -> None:
        self.version = version
        self.verified = 0

    def hash(self, password: str) -> str:
        """Not a hash at all."""
        return f"v{self.version}:{password}"

    def verify(self, hashed: str | None, password: str) -> bool:
        """Whether it fits, whatever the version it was hashed with."""
        self.verified += 1
        return hashed is not None and hashed.partition(":")[2] == password

    def outdated(self, hashed: str) -> bool:
        """Whether it was hashed with another version."""
        return not hashed.startswith(f"v{self.version}:")


class CountingTokens:
    """`services.ports.Tokens`: token-000000000001 and so on."""

    def __init__(self) -> None:
        self._count = 0

    def new(self) -> str:
        """The next one."""
        self._count += 1
        return f"token-{self._count:012d}"
