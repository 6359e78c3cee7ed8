"""Which hospital is asking: its bearer token, where the gateway is told to want one."""

import asyncio
from datetime import datetime, timedelta

from contracts import access
from contracts.access import AccessRole, Principal
from contracts.refusal import RefusalCode, Refused
from participants.gateway.serving.door import Door

KEPT_MAX = 10_000


class Doorkeeper:
    """Checks tokens in the area's database, and believes a good one for a moment.

    So a revoked token is refused at the latest after `kept_for`.
    """

    def __init__(self, kept_for: timedelta) -> None:
        self._kept_for = kept_for
        self._known: dict[tuple[str, str], tuple[Principal, datetime]] = {}

    async def let_in(self, door: Door, header: str, institution_code: str, now: datetime) -> None:
        """Refused NOT_AUTHENTICATED without a valid token, NOT_ALLOWED with another's."""
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Refused(RefusalCode.NOT_AUTHENTICATED)
        principal = await self._principal(door, token.strip(), now)
        if principal is None:
            raise Refused(RefusalCode.NOT_AUTHENTICATED)
        is_theirs = principal.subject == institution_code
        is_hospital = principal.role is AccessRole.INSTITUTION
        if not (is_theirs and is_hospital and principal.area == door.terms.area):
            raise Refused(RefusalCode.NOT_ALLOWED)

    async def _principal(self, door: Door, token: str, now: datetime) -> Principal | None:
        key = (door.terms.area, token)
        kept = self._known.get(key)
        if kept is not None and now < kept[1]:
            return kept[0]
        principal = await asyncio.to_thread(_look_up, door, token, now)
        self._known.pop(key, None)
        if principal is not None and len(self._known) < KEPT_MAX:
            self._known[key] = (principal, now + self._kept_for)
        return principal


def _look_up(door: Door, token: str, now: datetime) -> Principal | None:
    with door.outbox.engine.begin() as tx:
        return access.principal_of(tx, token, now)
