"""Remembers nonces for as long as the timestamps beside them would be believed."""

from datetime import datetime, timedelta

KEPT_MAX = 1_000_000


class TooManyNonces(Exception):
    """More came in one window than we remember: believing the next one would be a guess."""


class Nonces:
    """Two generations, each as long as a timestamp may live; memory is bounded by both.

    It remembers for one process: behind a balancer an institution must come back to the same one.
    """

    def __init__(self) -> None:
        self._young: set[tuple[str, str]] = set()
        self._old: set[tuple[str, str]] = set()
        self._until: datetime | None = None
        self._life = timedelta(0)  # the longest of any institution's: who shares it loses nothing

    def is_new(self, key_id: str, nonce: str, apart_max: timedelta, now: datetime) -> bool:
        """Whether it was never seen, and now it is. A stamp is believed `apart_max` either way.

        Raises TooManyNonces.
        """
        self._turn(apart_max, now)
        seen = (key_id, nonce)
        if seen in self._young or seen in self._old:
            return False
        if len(self._young) >= KEPT_MAX:
            raise TooManyNonces
        self._young.add(seen)
        return True

    def _turn(self, apart_max: timedelta, now: datetime) -> None:
        self._life = max(self._life, 2 * apart_max)
        if self._until is None or now >= self._until:
            # Nothing came for a whole life: what is young by now is as good as old.
            is_long_ago = self._until is not None and now >= self._until + self._life
            self._old = set() if is_long_ago else self._young
            self._young = set()
            self._until = now + self._life
