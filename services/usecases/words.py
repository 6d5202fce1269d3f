"""What people type to explain themselves, checked the same way everywhere."""

import re

from services.domain.errors import Invalid

REASON_LEAST, REASON_MOST, TICKET_MOST = 8, 500, 200
_LINK = re.compile(r"https?://[^\s<>\"']+")
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._#/-]*")


def reason_problem(reason: str) -> str:
    """What is wrong with a reason, empty when nothing is."""
    length = len(reason.strip())
    if length < REASON_LEAST:
        return f"Say why, in at least {REASON_LEAST} characters: it is kept for ever."
    return f"At most {REASON_MOST} characters; this has {length}." if length > REASON_MOST else ""


def ticket_problem(ticket: str) -> str:
    """What is wrong with a ticket, empty when nothing is or there is none."""
    ticket = ticket.strip()
    if len(ticket) > TICKET_MOST:
        return f"At most {TICKET_MOST} characters."
    if ticket and not (_LINK.fullmatch(ticket) or _NUMBER.fullmatch(ticket)):
        return "A ticket's number, such as OPS-4471, or its http(s) address."
    return ""


def checked_reason(reason: str, field: str = "reason") -> str:
    """The reason without blanks around it; raises Invalid saying what to mend."""
    if problem := reason_problem(reason):
        raise Invalid(problem, {field: problem})
    return reason.strip()
