"""The pause switch, per environment and for all of Haven."""

from collections.abc import Sequence
from datetime import datetime

from services.domain.access import Actor
from services.domain.pause import Pause


class Pauses:
    """Setting and lifting pauses. A pause stops acting, never looking, and always has an end."""

    def current(self, actor: Actor) -> Sequence[Pause]:
        """Those that hold now, longest first; what was seen last while Haven's database is away."""
        raise NotImplementedError

    def pause(self, actor: Actor, environment: str, until: datetime, reason: str, *, client: str = "") -> Pause:
        """Hold one environment, or EVERYWHERE, until a time at most 7 days away. Raises Invalid, NotFound."""
        raise NotImplementedError

    def lift(self, actor: Actor, id: str, *, client: str = "") -> None:
        """End one now. Raises NotFound when it is over already."""
        raise NotImplementedError
