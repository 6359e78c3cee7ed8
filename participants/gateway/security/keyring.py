"""The institutions' keys as a gateway holds them: opened, believed for a moment, warned of."""

import asyncio
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.key_dates import warnings_due
from contracts.sealing import SealBroken, Sealer
from participants.gateway.serving.door import Door
from participants.treatment.domain.institution_key import InstitutionKey, KeyScheme
from participants.treatment.services import institution_keys

log = logging.getLogger(__name__)

KEPT_MAX = 50_000


@dataclass(frozen=True, slots=True, repr=False)
class HeldKey:
    """A key with its secret parts opened: secret, password, or our own public and private half."""

    key: InstitutionKey
    parts: Mapping[str, str]

    @property
    def id(self) -> str:
        return self.key.key_id

    def ends_soon(self, now: datetime) -> tuple[int, ...]:
        """The warnings that are due, of 30, 14, 7 and 1 days."""
        return warnings_due(self.key.valid_until, now)


Held = tuple[HeldKey, ...]


class Keyring:
    """Looks keys up in the area's database, and believes what it found for a moment.

    So a revoked key is refused at the latest after `kept_for`, and a new one known by then.
    """

    def __init__(self, kept_for: timedelta) -> None:
        self._kept_for = kept_for
        self._kept: dict[tuple[str, str], tuple[Held, datetime]] = {}
        self._warned: set[tuple[str, int]] = set()

    async def of(self, door: Door, institution_code: str, now: datetime) -> Held:
        """Every key of an institution that is valid now, of any scheme, the newest first."""
        place = (door.terms.area, institution_code)
        kept = self._kept.get(place)
        if kept is None or now >= kept[1]:
            kept = await self._fetched(door, institution_code, now), now + self._kept_for
            if place not in self._kept and len(self._kept) >= KEPT_MAX:
                self._kept.pop(next(iter(self._kept)))
            self._kept[place] = kept
        return tuple(held for held in kept[0] if held.key.is_valid(now))

    def ending(self, now: datetime) -> int:
        """How many of the keys in use have a warning due and no successor that is held."""
        return sum(len(without_successor(held, now)) for held, _ in self._kept.values())

    async def _fetched(self, door: Door, institution_code: str, now: datetime) -> Held:
        held = await asyncio.to_thread(_look_up, door, institution_code, now)
        for one in without_successor(held, now):
            said = (one.id, one.ends_soon(now)[-1])
            if said not in self._warned:
                self._warned.add(said)
                told = (one.key.scheme.value, one.id, one.key.institution_code)
                log.warning("key %s %s of %s ends within %d days", *told, said[1])
        return held


def without_successor(keys: Iterable[HeldKey], now: datetime) -> list[HeldKey]:
    """Those with a warning due, of the keys that end last of their scheme."""
    last: dict[KeyScheme, HeldKey] = {}
    for held in keys:
        known = last.get(held.key.scheme)
        if known is None or known.key.valid_until < held.key.valid_until:
            last[held.key.scheme] = held
    return [held for held in last.values() if held.ends_soon(now)]


def opened(sealer: Sealer, key: InstitutionKey) -> HeldKey:
    """SealBroken when it was sealed with a key that we do not hold."""
    return HeldKey(key, json.loads(sealer.open(key.sealed_secret)))


def _look_up(door: Door, institution_code: str, now: datetime) -> Held:
    with door.outbox.engine.begin() as tx:
        found = institution_keys.of(tx, institution_code, now)
    held = []
    for key in reversed(found):
        try:
            held.append(opened(door.sealer, key))
        except SealBroken:
            log.error("key %s %s cannot be opened", key.scheme.value, key.key_id)  # noqa: TRY400
    return tuple(held)
