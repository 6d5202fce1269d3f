"""How Haven words lists and numbers in sentences."""

from collections.abc import Sequence

_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def listed(names: Sequence[str], limit: int = 6) -> str:
    """`a`, `a and b`, `a, b and c`; beyond `limit` names the rest is counted."""
    shown = list(names[:limit])
    if len(names) > limit:
        shown.append(f"{len(names) - limit} more")
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 task`, `3 tasks`; `many` is given where adding an s is wrong."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def spelled(number: int) -> str:
    """Small numbers as words (`three`), others as digits."""
    return _WORDS[number] if 0 <= number < len(_WORDS) else str(number)


def capital(sentence: str) -> str:
    """The sentence with its first letter as a capital; the rest is left alone."""
    return sentence[:1].upper() + sentence[1:]
