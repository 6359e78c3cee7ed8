"""What must be so in every database once nothing is under way, whatever happened before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, text

from contracts.clock import SystemClock
from contracts.messages.values import PARTS
from hub.services.verification import Finding, verify
from participants.insured.store.columns import ADDED, USED
from tests.support.worlds import HOME, PLACE

INSURED, TREATMENT = f"insured.{HOME}", f"treatment.{PLACE}"

_PARTS = ", ".join(PARTS)
# How each side says what became of a settlement; None: it is still between states.
_ENDS = {
    "hub": """CASE WHEN state = 'settled' THEN 'settled'
        WHEN state IN ('rejected', 'expired', 'withdrawn', 'reversed') THEN 'nothing' END""",
    TREATMENT: """CASE WHEN state = 'settled' AND lapsed_at IS NULL THEN 'settled'
        WHEN state IN ('refused', 'expired', 'withdrawn', 'reversed') THEN 'nothing' END""",
    INSURED: """CASE WHEN state = 'settled' THEN 'settled'
        WHEN state IN ('released', 'refused', 'tombstone') THEN 'nothing' END""",
}
_TABLE = {"hub": "settlements", TREATMENT: "settlements", INSURED: "grants"}

_SUMS = ", ".join(
    f"coalesce(sum({added}) FILTER (WHERE grants.state IN ('granted', 'settled')), 0) AS {used}"
    for used, added in zip(USED, ADDED, strict=True)
)
_YEARS_DIFFER = f"""
    (SELECT person_id, insurance_kind, year, {", ".join(USED)} FROM person_years)
    EXCEPT
    (SELECT person_id, insurance_kind, year, {_SUMS} FROM grants
     GROUP BY person_id, insurance_kind, year)
"""  # noqa: S608 - column names of ours
_GRANTS_WITHOUT_YEAR = """
    SELECT settlement_id FROM grants
    LEFT JOIN person_years USING (person_id, insurance_kind, year)
    WHERE grants.state = 'settled' AND person_years.year IS NULL
"""
_ACCOUNTS = """
    SELECT insurances.person_id, account_balance_fen + coalesce(sum(account_fen)
        FILTER (WHERE grants.state IN ('granted', 'settled')), 0) AS fen
    FROM insurances LEFT JOIN grants USING (person_id)
    GROUP BY insurances.person_id, account_balance_fen
"""
_AT_THE_HUB = {
    "a release is awaited": "SELECT settlement_id FROM releases_awaited",
    "expired before its time": """
        SELECT settlement_id FROM settlements WHERE state = 'expired' AND concluded_at < answer_by
    """,
}
_AT_THE_INSURED_AREA = {
    "a year is not the sum of its grants": _YEARS_DIFFER,
    "a grant has no year": _GRANTS_WITHOUT_YEAR,
}
_LEFT_LYING = {
    "unsent": "SELECT count(*) FROM outbox_unsent",
    "buried": "SELECT count(*) FROM dead_letters",
}


@dataclass(frozen=True, slots=True)
class Ended:
    """One settlement on one side: the end, and the parts in fen where money moved."""

    end: str | None
    parts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Books:
    """The databases of a country; `accounts`: what each account held before anything happened."""

    engines: Mapping[str, Engine]
    accounts: Mapping[str, int]

    def faults(self) -> list[str]:
        """Every reason to say that the books do not agree; at most a few of each kind."""
        return [
            *self._between_sides(),
            *self._found("hub", _AT_THE_HUB),
            *self._found(INSURED, _AT_THE_INSURED_AREA),
            *self._accounts(),
            *self._left_lying(),
            *(f"hub: {one.en}: {one.rows[:3]}" for one in self._hubs_own()),
        ]

    def _between_sides(self) -> Iterator[str]:
        hub, treatment, insured = (self._ended(one) for one in ("hub", TREATMENT, INSURED))
        found = []
        for id_ in hub.keys() | treatment.keys() | insured.keys():
            sides = [hub.get(id_), treatment.get(id_), insured.get(id_, Ended("nothing", ()))]
            ends = {None if one is None else one.end for one in sides}
            if len(ends) > 1 or None in ends or ("settled" in ends and len(set(sides)) > 1):
                found.append(f"{id_}: hub {sides[0]}, treatment {sides[1]}, insured {sides[2]}")
        yield from (f"{len(found)} differ: {one}" for one in found[:5])

    def _ended(self, side: str) -> dict[UUID, Ended]:
        query = f"SELECT settlement_id, {_ENDS[side]} AS ends_in, {_PARTS} FROM {_TABLE[side]}"  # noqa: S608 - ours
        return {
            id_: Ended(end, tuple(parts) if end == "settled" else ())
            for id_, end, *parts in self._rows(side, query)
        }

    def _found(self, side: str, queries: Mapping[str, str]) -> Iterator[str]:
        for what, query in queries.items():
            yield from (f"{side}: {what}: {row}" for row in self._rows(side, query)[:3])

    def _accounts(self) -> Iterator[str]:
        now = accounts_of(self.engines[INSURED])
        yield from (
            f"insured: an account is {now[who] - fen} fen off"
            for who, fen in self.accounts.items()
            if now[who] != fen
        )

    def _left_lying(self) -> Iterator[str]:
        for name in self.engines:
            for what, query in _LEFT_LYING.items():
                if count := self._rows(name, query)[0][0]:
                    yield f"{name}: {count} {what}"
        out, taken = (
            sum(self._rows(name, f"SELECT count(*) FROM {table}")[0][0] for name in self.engines)  # noqa: S608 - ours
            for table in ("outbox", "inbox")
        )
        if out != taken:
            yield f"{out} messages went out and {taken} came in"

    def _hubs_own(self) -> list[Finding]:
        with self.engines["hub"].connect() as tx:
            return verify(tx, SystemClock().now())

    def _rows(self, name: str, query: str) -> list[tuple[Any, ...]]:
        with self.engines[name].connect() as tx:
            return [tuple(row) for row in tx.execute(text(query))]


def accounts_of(insured: Engine) -> dict[str, int]:
    """What each person's account would hold if nothing had been paid from it, fen."""
    with insured.connect() as tx:
        return {row.person_id: row.fen for row in tx.execute(text(_ACCOUNTS))}
