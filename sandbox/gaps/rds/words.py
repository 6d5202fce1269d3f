"""RDS's events by their id: categories and the message as the API sends it, which is not always as the documentation
prints it (aws-facts 1.1, 1.3: a trailing space after `started.`, no period after `completed`)."""

EVENTS: dict[str, tuple[tuple[str, ...], str]] = {
    "RDS-EVENT-0001": (("backup",), "Backing up DB instance"),
    "RDS-EVENT-0002": (("backup",), "Finished DB instance backup"),
    "RDS-EVENT-0003": (("deletion",), "DB instance deleted"),
    "RDS-EVENT-0004": (("availability",), "DB instance shutdown"),
    "RDS-EVENT-0005": (("creation",), "DB instance created"),
    "RDS-EVENT-0006": (("availability",), "DB instance restarted"),
    "RDS-EVENT-0012": (("configuration change",), "Applying modification to database instance class"),
    "RDS-EVENT-0013": (("failover",), "Multi-AZ instance failover started. "),
    "RDS-EVENT-0014": (("configuration change",), "Finished applying modification to DB instance class"),
    "RDS-EVENT-0016": (("configuration change",), "Reset master credentials"),
    "RDS-EVENT-0017": (("configuration change",), "Finished applying modification to allocated storage"),
    "RDS-EVENT-0018": (("configuration change",), "Applying modification to allocated storage"),
    "RDS-EVENT-0020": (
        ("recovery",),
        "Recovery of the DB instance has started. Recovery time will vary with the amount of data to be recovered.",
    ),
    "RDS-EVENT-0021": (("recovery",), "Recovery of the DB instance is complete."),
    "RDS-EVENT-0024": (("configuration change",), "Applying modification to convert to a Multi-AZ DB Instance"),
    "RDS-EVENT-0025": (
        ("configuration change",),
        "Finished applying modification to convert to a Multi-AZ DB Instance",
    ),
    "RDS-EVENT-0029": (
        ("configuration change",),
        "Finished applying modification to convert to a standard (Single-AZ) DB Instance",
    ),
    "RDS-EVENT-0030": (
        ("configuration change",),
        "Applying modification to convert to a standard (Single-AZ) DB Instance",
    ),
    "RDS-EVENT-0034": (
        ("failover",),
        "Abandoning user requested failover since a failover recently occurred on the database instance.",
    ),
    "RDS-EVENT-0049": (("failover",), "Multi-AZ instance failover completed"),
    "RDS-EVENT-0026": (("maintenance",), "Applying off-line patches to DB instance"),
    "RDS-EVENT-0027": (("maintenance",), "Finished applying off-line patches to DB instance"),
    "RDS-EVENT-0047": (("maintenance",), "Database instance patched"),
    "RDS-EVENT-0071": (("failover",), "Completed failover to DB instance: {name}"),
    "RDS-EVENT-0071-automatic": (("failover",), "Completed RDS initiated failover to DB instance: {name}"),
    "RDS-EVENT-0072": (("failover",), "Started same AZ failover to DB instance: {name}"),
    "RDS-EVENT-0073": (("failover",), "Started cross AZ failover to DB instance: {name}"),
    "RDS-EVENT-0170": (("creation",), "DB cluster created"),
    "RDS-EVENT-0171": (("deletion",), "DB cluster deleted"),
    "RDS-EVENT-0361": (("recovery",), "Recovery of standby DB instance has started."),
    "RDS-EVENT-0362": (("recovery",), "Recovery of standby DB instance has completed."),
}
"""Event id -> (categories, message on the wire)."""

REASONS = {
    "user": "The user requested a failover of the DB instance.",
    "patch": "The operating system underlying the RDS database instance is being patched in an offline operation.",
    "host": "The primary host of the RDS Multi-AZ instance is unhealthy.",
    "network": "The primary host of the RDS Multi-AZ instance is unreachable due to loss of network connectivity.",
    "modified": "The RDS instance was modified by customer.",
    "busy": "The RDS Multi-AZ primary instance is busy and unresponsive.",
    "storage": ("The storage volume underlying the primary host of the RDS Multi-AZ instance experienced a failure."),
}
"""Why a failover happened -> the message of the event that says so; it carries no category and no id of its own."""
