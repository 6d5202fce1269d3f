"""`python -m services.worker`, or `haven-worker`: reads AWS until stopped. Any number may run."""

from services import bootstrap
from services.settings import Settings
from services.worker.schedule import run


def main() -> None:
    """Build Haven and work."""
    bootstrap.log_as_json("worker")
    run(bootstrap.build(Settings()))


if __name__ == "__main__":
    main()
