"""Who may do what. Roles widen from viewer to admin; a role is a set of permissions and nothing else."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.domain.errors import NotAllowed


class Role(StrEnum):
    """The four roles of product.md."""

    VIEWER = "viewer"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    ADMIN = "admin"


class Permission(StrEnum):
    """One act that can be allowed or refused."""

    SEE_ENVIRONMENTS = "see environments"
    READ_LEDGER = "read the ledger"
    RUN_FAILOVERS = "run failovers and drills"
    OVERRIDE_CHECKS = "override failed checks"
    PAUSE_AUTOMATION = "pause automation"
    CHANGE_SCALING = "change scaling"
    DEPLOY = "deploy stacks"
    LOOK_FOR_DRIFT = "look for drift"
    MANAGE_ENVIRONMENTS = "manage environments"
    MANAGE_USERS = "manage users"


_VIEWER = frozenset({Permission.SEE_ENVIRONMENTS})
_AUDITOR = _VIEWER | {Permission.READ_LEDGER}
_OPERATOR = _VIEWER | {Permission.RUN_FAILOVERS, Permission.PAUSE_AUTOMATION, Permission.LOOK_FOR_DRIFT}

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: _VIEWER,
    Role.AUDITOR: _AUDITOR,
    Role.OPERATOR: _OPERATOR,
    Role.ADMIN: frozenset(Permission),
}


@dataclass(frozen=True)
class Actor:
    """Who is acting: a person's user name and role, or a part of Haven itself (`system`)."""

    name: str
    role: Role

    def may(self, permission: Permission) -> bool:
        """Whether this actor's role grants the permission."""
        return permission in GRANTS[self.role]

    def require(self, permission: Permission) -> None:
        """Raise NotAllowed, naming the roles that may, unless the role grants the permission."""
        if not self.may(permission):
            able = ", ".join(role for role, granted in GRANTS.items() if permission in granted)
            raise NotAllowed(f"Your role, {self.role}, may not {permission}. Roles that may: {able}.")


SYSTEM = Actor("system", Role.ADMIN)
"""Haven acting by itself: the worker's ticks and the operator's command line."""


@dataclass(frozen=True)
class User:
    """A person who can log in. The password hash never leaves the store."""

    name: str
    role: Role
    disabled: bool
    created_at: datetime
    last_login_at: datetime | None = None
    locked_until: datetime | None = None

    @property
    def actor(self) -> Actor:
        """This person as an actor."""
        return Actor(self.name, self.role)
