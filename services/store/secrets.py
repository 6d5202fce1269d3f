"""What is kept instead of secrets: password hashes; and where new secrets come from."""

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type


class Argon2Passwords:
    """`services.ports.Passwords` with argon2id: 19 MiB, 2 passes, 1 lane (OWASP's first choice), about 25 ms.

    At most `at_once` hashes run at a time, so that a burst of logins can take neither all memory nor all cores.
    """

    def __init__(self, at_once: int = 2) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
        self._turns = threading.BoundedSemaphore(at_once)
        self._nobody = self.hash(secrets.token_urlsafe(32))

    def hash(self, password: str) -> str:
        """The hash to keep, with its parameters and salt."""
        with self._turns:
            return self._hasher.hash(_bytes(password))

    def verify(self, hashed: str | None, password: str) -> bool:
        """Whether the password fits; for nobody (None) the same work is done, and the answer is no."""
        with self._turns:
            try:
                fits = self._hasher.verify(hashed or self._nobody, _bytes(password))
            except (VerificationError, InvalidHashError):
                return False
        return fits and hashed is not None

    def outdated(self, hashed: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(hashed)


class RandomTokens:
    """`services.ports.Tokens` from the operating system's randomness."""

    def new(self) -> str:
        """256 bits, URL-safe: 43 characters."""
        return secrets.token_urlsafe(32)


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
