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
from tests.support.insured_books import EMPTY, opening_balances, years_that_differ

SETTLEMENTS, PEOPLE, BALANCE_FEN = 5, 2, 3_000_00
MOVES = ("calculate", "release", "settle", "reverse")


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
    assert years_that_differ(area) == []
    assert opening_balances(area) == {BALANCE_FEN}
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
