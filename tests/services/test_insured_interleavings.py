"""Whatever comes, in whatever order and however often: a year is the sum of what is still held."""

from dataclasses import dataclass

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from contracts.ids import MessageId, new_id
from contracts.message import Body
from contracts.messages.settlement import Outcome
from participants.insured.store.db import migrate
from tests.support.databases import Databases
from tests.support.insured import InsuredArea, bill, care, concluded, release, request, row

SETTLEMENTS, PEOPLE, BALANCE_FEN = 5, 2, 3_000_00
MOVES = ("calculate", "release", "settle", "reverse")

SUMS = """
    SELECT y.person_id, i.account_balance_fen, y.in_scope_fen, y.deductible_fen, y.pool_fen,
           y.large_sum_fen, y.chronic_in_scope_fen, y.chronic_pool_fen, y.stays
    FROM person_years AS y JOIN insurances AS i USING (person_id, insurance_kind)
    WHERE y.year = 2026 ORDER BY y.person_id
"""
HELD = """
    SELECT g.person_id, {balance} - sum(g.account_fen * held),
           sum(g.added_in_scope_fen * held), sum(g.added_deductible_fen * held),
           sum(g.added_pool_fen * held), sum(g.added_large_sum_fen * held),
           sum(g.added_chronic_in_scope_fen * held), sum(g.added_chronic_pool_fen * held),
           sum(g.added_stays * held)
    FROM grants AS g, LATERAL (SELECT (state IN ('granted', 'settled'))::int AS held) AS h
    WHERE state NOT IN ('refused', 'tombstone') GROUP BY g.person_id ORDER BY g.person_id
"""
EMPTY = "TRUNCATE people, insurances, person_years, grants, workings, anomalies CASCADE"


@dataclass(frozen=True, slots=True)
class Move:
    """What the hub says about one settlement; `times` deliveries of the same message."""

    what: str
    number: int
    times: int
    works_after: bool


moves = st.builds(
    Move,
    what=st.sampled_from(MOVES),
    number=st.integers(0, SETTLEMENTS - 1),
    times=st.integers(1, 2),
    works_after=st.booleans(),
)


@given(story=st.lists(moves, max_size=25))
# Shrinking would replay hundreds of stories on the database; a story of 25 moves can be read.
@settings(max_examples=60, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
def _holds(area: InsuredArea, story: list[Move]) -> None:
    with area.engine.begin() as tx:
        tx.exec_driver_sql(EMPTY)
    area.insure(*(row(n, account_balance_fen=BALANCE_FEN) for n in range(PEOPLE)))
    for move in story:
        message_id = MessageId(new_id())
        for _ in range(move.times):
            area.put(_said(move), message_id=message_id)
        if move.works_after:
            area.hear()
    area.hear()
    held = area.rows(HELD.format(balance=BALANCE_FEN))
    assert area.rows(SUMS) == held
    assert area.rows("SELECT count(*) FROM dead_letters") == [(0,)]


def test_a_year_is_the_sum_of_what_is_held(databases: Databases) -> None:
    _holds(InsuredArea(databases.fresh("insured", migrate)))


def _said(move: Move) -> Body:
    who = move.number % PEOPLE
    told = {
        "release": release(move.number, who),
        "settle": concluded(move.number, who),
        "reverse": concluded(move.number, who, Outcome.REVERSED),
    }
    about = care(who, use_account=move.number % 3 == 0)
    of = bill(10_000_00 + 15_000_00 * move.number, own_fen=move.number)
    return told.get(move.what) or request(move.number, about, of)
