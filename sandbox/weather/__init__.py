"""Time and trouble: zones that fail, APIs that throttle, a load that follows the day, and the metrics of all that."""


def start() -> None:
    """Begin to let minutes pass."""
    from sandbox.weather import minutes

    minutes.schedule()
