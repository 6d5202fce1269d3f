"""RDS's event ids by its words. DescribeEvents gives no id (only EventBridge and SNS do), so the words have to do.

Where the API's words and the documentation's differ both are here. A text that several ids share has none. Pure.
"""

import re

_TEXTS: tuple[tuple[str, str], ...] = (
    ("0001", r"Backing up DB instance"),
    ("0002", r"Finished DB instance backup"),
    ("0003", r"DB instance deleted"),
    ("0004", r"DB instance shutdown"),
    ("0005", r"DB instance created"),
    ("0006", r"DB instance restarted"),
    ("0012", r"Applying modification to database instance class"),
    ("0013", r"Multi-AZ instance failover started"),
    ("0014", r"Finished applying modification to DB instance class"),
    ("0015", r"Multi-AZ failover to standby complete - DNS propagation may take a few minutes"),
    ("0016", r"Reset master credentials"),
    ("0017", r"Finished applying modification to allocated storage"),
    ("0018", r"Applying modification to allocated storage"),
    ("0020", r"Recovery of the DB instance has started\b.*"),
    ("0021", r"Recovery of the DB instance is complete"),
    ("0024", r"Applying modification to convert to a Multi-AZ DB instance"),
    ("0025", r"Finished applying modification to convert to a Multi-AZ DB instance"),
    ("0026", r"Applying off-line patches to DB instance"),
    ("0027", r"Finished applying off-line patches to DB instance"),
    ("0029", r"Finished applying modification to convert to a standard \(Single-AZ\) DB instance"),
    ("0030", r"Applying modification to convert to a standard \(Single-AZ\) DB instance"),
    ("0034", r"Abandoning user requested failover since a failover recently occurred\b.*"),
    ("0047", r"Database instance patched"),
    ("0049", r"Multi-AZ instance failover completed"),
    ("0050", r"Multi-AZ instance activation started"),
    ("0051", r"Multi-AZ instance activation completed"),
    ("0052", r"Multi-AZ instance recovery started"),
    ("0053", r"Multi-AZ instance recovery completed\b.*"),
    ("0065", r"Recovered from partial failover"),
    ("0071", r"Completed (?:RDS initiated )?failover to DB instance: .+"),
    ("0072", r"Started same AZ failover to DB instance: .+"),
    ("0073", r"Started cross AZ failover to DB instance: .+"),
    ("0170", r"DB cluster created"),
    ("0171", r"DB cluster deleted"),
    ("0361", r"Recovery of standby DB instance has started"),
    ("0362", r"Recovery of standby DB instance (?:has|is) completed?"),
    ("0385", r"Cluster topology is updated"),
)
_IDS = tuple((f"RDS-EVENT-{number}", re.compile(text, re.IGNORECASE)) for number, text in _TEXTS)


def event_id(message: str) -> str:
    """The id that goes with a message, such as `RDS-EVENT-0049`; empty when the words leave it open."""
    said = message.strip().rstrip(".").rstrip()
    found = {identity for identity, words in _IDS if words.fullmatch(said)}
    return found.pop() if len(found) == 1 else ""
