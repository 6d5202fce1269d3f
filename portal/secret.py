"""The key that signs the browser's cookie: from the settings, or made once and kept in Haven's home."""

import os
import secrets
from pathlib import Path

from services.domain.errors import Misconfigured
from services.settings import Settings

_BYTES = 32


def secret_key(settings: Settings) -> str:
    """The key; raises Misconfigured when it is too short, or its file can neither be read nor made."""
    if settings.secret_key is not None:
        return _long_enough(settings.secret_key.get_secret_value(), "HAVEN_SECRET_KEY")
    path = settings.home / "secret-key"
    try:
        if not path.exists():
            _make(path)
        return _long_enough(path.read_text().strip(), str(path))
    except OSError as error:
        message = f"The cookie key {path} can neither be read nor made ({error.strerror})."
        raise Misconfigured(f"{message} Set HAVEN_SECRET_KEY or HAVEN_HOME.") from error


def _make(path: Path) -> None:
    """Write a fresh key so that of several processes starting at once exactly one wins and all read the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(_BYTES) + "\n")
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()


def _long_enough(key: str, where: str) -> str:
    if len(key) < _BYTES:
        raise Misconfigured(f"The cookie key in {where} is shorter than {_BYTES} characters.")
    return key
