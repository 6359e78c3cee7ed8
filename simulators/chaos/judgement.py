"""What is lost, done twice, or left between states: what hospitals were told, and all databases."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from sqlalchemy import Engine, text

from simulators.truths import Sides, broken, pending
from simulators.witness import Reply, Verdict, Witness

SETTLES, UNDOES = frozenset({"2207", "2304"}), frozenset({"2208", "2305", "2601"})

_SETTLED_AT_HUB = "SELECT settlement_id FROM settlements WHERE state = 'settled'"
_SETTLED_AT_TREATMENT = """
    SELECT settlement_id FROM settlements WHERE state = 'settled' AND lapsed_at IS NULL
"""
_SETTLED_AT_INSURED = "SELECT settlement_id FROM grants WHERE state = 'settled'"
_BETWEEN_AT_HUB = """
    SELECT settlement_id FROM settlements WHERE state IN ('routed', 'reversing')
"""
_BETWEEN_AT_TREATMENT = """
    SELECT settlement_id FROM settlements WHERE state IN ('requested', 'withdrawing', 'reversing')
"""
_BETWEEN_AT_INSURED = "SELECT settlement_id FROM grants WHERE state = 'granted'"
_MESSAGES = "SELECT msgid, settlement_id FROM settlements"
# The hub books a settlement once, and its reversal once.
_BOOKED_WRONG = """
    SELECT settlements.settlement_id FROM settlements
    LEFT JOIN (
        SELECT settlement_id,
            sum(amount_fen) FILTER (WHERE kind = 'settlement') AS booked_fen,
            sum(amount_fen) FILTER (WHERE kind = 'reversal') AS reversed_fen
        FROM postings GROUP BY settlement_id
    ) AS booked USING (settlement_id)
    WHERE coalesce(booked_fen, 0) <> CASE WHEN state IN ('settled', 'reversing', 'reversed')
            THEN total_fen - cash_fen - hospital_fen ELSE 0 END
        OR coalesce(reversed_fen, 0) <> CASE WHEN state = 'reversed'
            THEN total_fen - cash_fen - hospital_fen ELSE 0 END
"""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Sentences, one a case; all empty when everything holds."""

    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    between: tuple[str, ...]
    broken: tuple[str, ...]

    @property
    def wrong(self) -> tuple[str, ...]:
        """All of it, the worst first."""
        return (*self.lost, *self.doubled, *self.between, *self.broken)

    @property
    def holds(self) -> bool:
        return not self.wrong


def judge(sides: Sides, witness: Witness, now: datetime, more: Iterable[str] = ()) -> Judgement:
    """At a quiet moment, when every case was asked after. `more`: what else was found wrong."""
    made, told = _settlements_of(sides), Acknowledged.by(witness.replies)
    return Judgement(
        lost=tuple(_lost(sides, made, told)),
        doubled=(*_doubled(made, told), *_booked_wrong(sides.hub)),
        between=tuple(between(sides)),
        broken=(
            *_untold(sides, told),
            *(f"{one.truth}: {one.what}" for one in broken(sides, witness, now)),
            *more,
        ),
    )


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """By message id: the settlements that a yes named, and the messages undone with a yes."""

    settled: Mapping[str, set[UUID]]
    undone: frozenset[str]

    @classmethod
    def by(cls, replies: Sequence[Reply]) -> Self:
        settled: defaultdict[str, set[UUID]] = defaultdict(set)
        done = [one for one in replies if one.verdict is Verdict.DONE]
        for one in done:
            if one.infno in SETTLES and one.settlement_id is not None:
                settled[one.msgid].add(one.settlement_id)
        return cls(settled, frozenset(one.about for one in done if one.infno in UNDOES))


def _lost(sides: Sides, made: Mapping[str, set[UUID]], told: Acknowledged) -> Iterator[str]:
    """A settlement that a hospital was told of must stand everywhere, unless it was undone."""
    for side, settled in _settled(sides):
        for msgid, ids in told.settled.items():
            if msgid not in told.undone and not ids <= settled:
                yield f"{msgid} was acknowledged, and is not settled at {side}"
        for msgid in told.undone:
            if made.get(msgid, set()) & settled:
                yield f"{msgid} was undone, and is settled at {side}"


def _untold(sides: Sides, told: Acknowledged) -> Iterator[str]:
    """What stands was told: nobody pays for a bill that its hospital believes to be free."""
    known = {id_ for ids in told.settled.values() for id_ in ids}
    for side, settled in _settled(sides):
        for id_ in sorted(settled - known):
            yield f"{id_} stands at {side}, and no hospital was told so"


def _doubled(made: Mapping[str, set[UUID]], told: Acknowledged) -> Iterator[str]:
    """One message of a hospital is one settlement."""
    for msgid in {**made, **told.settled}:
        ids = made.get(msgid, set()) | told.settled.get(msgid, set())
        if len(ids) > 1:
            yield f"{msgid} became {len(ids)} settlements"


def _booked_wrong(hub: Engine) -> Iterator[str]:
    return (f"{id_} is not booked exactly once" for (id_,) in _rows(hub, _BOOKED_WRONG))


def between(sides: Sides) -> Iterator[str]:
    """What stands between states, or is on its way; none when all is ended."""
    queries = (_BETWEEN_AT_HUB, _BETWEEN_AT_TREATMENT, _BETWEEN_AT_INSURED)
    for side, ids in _ids(sides, *queries):
        yield from (f"{id_} is between states at {side}" for id_ in sorted(ids))
    yield from pending(sides)


def _settled(sides: Sides) -> Iterator[tuple[str, set[UUID]]]:
    return _ids(sides, _SETTLED_AT_HUB, _SETTLED_AT_TREATMENT, _SETTLED_AT_INSURED)


def _ids(
    sides: Sides, at_hub: str, at_treatment: str, at_insured: str
) -> Iterator[tuple[str, set[UUID]]]:
    """What each query finds, that of the areas together: ids name no area."""
    roles = (
        ("the hub", (sides.hub,), at_hub),
        ("the treatment areas", sides.treatment.values(), at_treatment),
        ("the insured areas", sides.insured.values(), at_insured),
    )
    for name, engines, query in roles:
        yield name, {id_ for engine in engines for (id_,) in _rows(engine, query)}


def _settlements_of(sides: Sides) -> Mapping[str, set[UUID]]:
    """What each message became, as the treatment areas have it."""
    made: defaultdict[str, set[UUID]] = defaultdict(set)
    for engine in sides.treatment.values():
        for msgid, id_ in _rows(engine, _MESSAGES):
            made[msgid].add(id_)
    return made


def _rows(engine: Engine, query: str) -> list[tuple[Any, ...]]:
    with engine.connect() as tx:
        return [tuple(row) for row in tx.execute(text(query))]
