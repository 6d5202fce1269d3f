"""PostgreSQL's messages as bytes: what is told, and what came in. Pure."""

import struct
from dataclasses import dataclass

BOOL, TEXT_FORMAT, BINARY_FORMAT = 16, 0, 1
COLUMN = b"pg_is_in_recovery\0"


class Bad(Exception):
    """What PostgreSQL refuses: SQLSTATE and words."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code, self.text = code, text


@dataclass(frozen=True)
class Prepared:
    """A statement or portal: whether it asks the question or nothing, and the format of its answer."""

    asks: bool
    form: int = TEXT_FORMAT


class Buffer:
    """The body of a message, read from its start; Bad if it ends too soon."""

    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    def take(self, size: int) -> bytes:
        """The next bytes."""
        found = self._body[self._at : self._at + size]
        if len(found) < size:
            raise Bad("08P01", "insufficient data left in message")
        self._at += size
        return found

    def name(self) -> bytes:
        """The bytes up to the next zero."""
        end = self._body.find(b"\0", self._at)
        if end < 0:
            raise Bad("08P01", "invalid string in message")
        found, self._at = self._body[self._at : end], end + 1
        return found

    def text(self) -> str:
        """The same as UTF-8."""
        try:
            return self.name().decode()
        except UnicodeDecodeError:
            raise Bad("22021", 'invalid byte sequence for encoding "UTF8"') from None

    def result_format(self, columns: int) -> int:
        """The rest of a Bind message for a statement without parameters: the format asked for its column."""
        self.take(2 * self._number())  # formats of parameters
        if given := self._number():
            text = f"bind message supplies {given} parameters, but prepared statement requires 0"
            raise Bad("08P01", text)
        forms = [self._number() for _ in range(self._number())]
        if len(forms) > 1 and len(forms) != columns:
            text = f"bind message has {len(forms)} result formats but query has {columns} columns"
            raise Bad("08P01", text)
        if any(form not in (TEXT_FORMAT, BINARY_FORMAT) for form in forms):
            raise Bad("22023", f"unsupported format code: {forms[0]}")
        return forms[0] if forms else TEXT_FORMAT

    def _number(self) -> int:
        found: int = struct.unpack("!H", self.take(2))[0]
        return found


def message(kind: bytes, body: bytes = b"") -> bytes:
    """A message to the client."""
    return kind + struct.pack("!I", len(body) + 4) + body


COMPLETE = message(b"C", b"SELECT 1\0")
EMPTY = message(b"I")


def ready() -> bytes:
    """Ready for a query, in no transaction."""
    return message(b"Z", b"I")


def failure(bad: Bad, severity: str = "ERROR") -> bytes:
    """An error: fields by letter."""
    fields = {"S": severity, "V": severity, "C": bad.code, "M": bad.text}
    return message(b"E", b"".join(f"{name}{value}\0".encode() for name, value in fields.items()) + b"\0")


def recovery_shape(form: int) -> bytes:
    """One boolean column."""
    return message(b"T", struct.pack("!H", 1) + COLUMN + struct.pack("!IHIhiH", 0, 0, BOOL, 1, -1, form))


def recovery_row(standby: bool, form: int) -> bytes:
    """One row with the answer."""
    value = struct.pack("!?", standby) if form == BINARY_FORMAT else (b"t" if standby else b"f")
    return message(b"D", struct.pack("!HI", 1, 1) + value)
