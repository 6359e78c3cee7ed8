"""The always-on check: what is new at once, everything else portion by portion, round by round."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from contracts.message import Outgoing
from hub.services.verification import CHECKS, Tolerance
from hub.store import violations
from hub.store.checks import (
    EVERYTHING,
    LAST_ID,
    ROWS_MAX,
    Check,
    Portion,
    Row,
    Scope,
    after,
    among,
    broken_by,
    of_days,
)
from hub.store.violations import Round

log = logging.getLogger(__name__)

SETTLEMENTS_AT_ONCE, DAYS_AT_ONCE, NEWEST_MAX = 1_000, 1, 500
YOUNG = timedelta(seconds=60)
BUSY_RESTS, QUIET_RESTS, WHOLE_RESTS = 9, 1, 20
"""A turn that took so long is followed by a rest of so many times that: a tenth of one core at
most while postings are made, half of one in quiet times. So is each check that always looks at
everything, so that a costly one delays no other."""
BUSY_TURNS = 5
"""While postings are made a turn is so many times as short, and comes so many times as often: who
waits at a desk meanwhile waits for no more than that."""
ROUND_EVERY = timedelta(seconds=2)
"""What was looked at to its end is left alone for so long, and the slower checks have the time."""
KEY_MAX = 200
Within = Callable[[Row], bool]


def watch_new(tx: Connection, now: datetime) -> list[Outgoing]:
    """Check the youngest settlements, and those of the newest postings. Says nothing."""
    violations.work_alone(tx)
    since = UUID(int=int((now - YOUNG).timestamp() * 1_000) << 80)  # UUIDv7 begins with the time
    ids = violations.newest_ids(tx, since, NEWEST_MAX)
    names = {str(id_) for id_ in ids}
    for check in CHECKS:
        if ids and check.scope is Scope.SETTLEMENTS:
            _look(tx, check, among(ids), lambda row: row["settlement_id"] in names, now)
    return []


@dataclass(slots=True)
class Patrol:
    """Looks at all rows of all checks, over and over, for `budget_s` a quiet turn; then it rests.

    Small books are looked through in one turn. `elapsed_s` is a clock that only runs forward.
    """

    budget_s: float
    elapsed_s: Callable[[], float]
    checks: Sequence[Check] = CHECKS
    _is_busy: bool = field(default=False, init=False)
    _rested_at_s: float = field(default=0.0, init=False)
    _due_at_s: dict[str, float] = field(default_factory=dict, init=False)
    _newest_posting: int = field(default=0, init=False)

    def turn(self, tx: Connection, now: datetime) -> list[Outgoing]:
        """Look at the next portions; those whole at each turn first. Says nothing."""
        began_s = self.elapsed_s()
        if began_s < self._rested_at_s or not violations.take_turn(tx):
            return []
        violations.work_alone(tx)
        violations.end_of_others(tx, [check.name for check in self.checks], now)
        known = violations.rounds(tx)
        due = [check for check in self.checks if self._is_due(check, known, began_s, now)]
        for number, check in enumerate(_in_turn(due, known)):
            if number and check.scope is not Scope.WHOLE and self._is_over(began_s):
                break
            self._walk(tx, check, known.get(check.name), began_s, now)
        self._rest(began_s, violations.newest_posting(tx))
        return []

    def _rest(self, began_s: float, newest_posting: int) -> None:
        ended_s = self.elapsed_s()
        self._is_busy = newest_posting != self._newest_posting
        rests = BUSY_RESTS if self._is_busy else QUIET_RESTS
        self._rested_at_s = ended_s + rests * (ended_s - began_s)
        self._newest_posting = newest_posting

    def _is_due(self, check: Check, known: dict[str, Round], began_s: float, now: datetime) -> bool:
        at = known.get(check.name)
        if at is None or at.ended_at is None or at.next_key is not None:
            return True
        return now - at.ended_at >= ROUND_EVERY and self._due_at_s.get(check.name, 0.0) <= began_s

    def _walk(
        self, tx: Connection, check: Check, before: Round | None, began_s: float, now: datetime
    ) -> None:
        """One portion at least, and as many as the turn has time for, to the round's end."""
        walked_s = self.elapsed_s()
        at = before or Round(check.name, now, now, None, None)
        if at.next_key is None:
            at = replace(at, began_at=now)
        while True:
            key = _look_on(tx, check, at.next_key, now)
            at = replace(at, looked_at=now, next_key=key)
            if key is None or self._is_over(began_s):
                break
        violations.keep(tx, [at if at.next_key else replace(at, ended_at=now)])
        if check.scope is Scope.WHOLE:
            took_s = self.elapsed_s() - walked_s
            self._due_at_s[check.name] = self.elapsed_s() + WHOLE_RESTS * took_s

    def _is_over(self, began_s: float) -> bool:
        budget_s = self.budget_s / BUSY_TURNS if self._is_busy else self.budget_s
        return self.elapsed_s() - began_s > budget_s


def _in_turn(checks: Sequence[Check], known: dict[str, Round]) -> list[Check]:
    """The longest neglected sliced check first, then the whole ones, then the other sliced ones."""
    sliced = [check for check in checks if check.scope is not Scope.WHOLE]
    whole = [check for check in checks if check.scope is Scope.WHOLE]
    never = [check for check in sliced if check.name not in known]
    seen = [check for check in sliced if check.name in known]
    seen.sort(key=lambda check: known[check.name].looked_at)
    ordered = [*never, *seen]
    return [*ordered[:1], *whole, *ordered[1:]]


def _look_on(tx: Connection, check: Check, key: str | None, now: datetime) -> str | None:
    """Look at the portion that begins at a key; where the next begins, None after the last."""
    if check.scope is Scope.SETTLEMENTS:
        last = UUID(key) if key else UUID(int=0)
        upto = violations.id_after(tx, last, SETTLEMENTS_AT_ONCE) or LAST_ID
        _look(tx, check, after(last, upto), _between(last, upto), now)
        return None if upto == LAST_ID else str(upto)
    if check.scope is Scope.DAYS:
        found = violations.days_before(tx, date.fromisoformat(key) if key else None, DAYS_AT_ONCE)
        names = {day.isoformat() for day in found}
        _look(tx, check, of_days(found), lambda row: row["business_date"] in names, now)
        return min(names) if names else None
    _look(tx, check, EVERYTHING, lambda _row: True, now)
    return None


def _look(tx: Connection, check: Check, portion: Portion, within: Within, now: datetime) -> None:
    """Keep what breaks the promise in a portion, and end what is not broken there any more."""
    broken = broken_by(tx, check, Tolerance().before(now), portion)
    rows = {_key_of(row): row for row in broken}
    new = violations.add(tx, check.name, rows, now)
    for key in new:
        log.error("%s does not hold: %s", check.name, key)
    if len(broken) < ROWS_MAX:
        gone = [
            id_
            for id_, key, row in violations.open_of(tx, check.name)
            if key not in rows and within(row)
        ]
        violations.end(tx, gone, now)


def _between(last: UUID, upto: UUID) -> Within:
    return lambda row: last < UUID(row["settlement_id"]) <= upto


def _key_of(row: Row) -> str:
    """What names the row: everything but amounts and instants, which may differ at each look."""
    named = (
        f"{name}={value}"
        for name, value in row.items()
        if value is not None and not name.endswith(("_fen", "_at", "since"))
    )
    return " ".join(named)[:KEY_MAX]
