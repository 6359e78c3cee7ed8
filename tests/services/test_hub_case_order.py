"""Whatever the parties do in whatever order: a case is decided once or withdrawn, and in time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.calendar import is_working_day
from contracts.clock import shanghai_date_of
from contracts.refusal import Refused
from hub.domain.case_states import ENDED, CaseState, CaseType
from hub.domain.cases import Case, Outcome, Reply
from hub.services.case_decisions import Judgement
from tests.support.databases import Databases
from tests.support.hub_cases import COLLEAGUE, OF_TREATMENT, Desk, a_desk, item, said

MONDAY = datetime(2026, 4, 13, 2, 0, tzinfo=UTC)
HISTORY = "SELECT event FROM case_steps WHERE case_id = %s ORDER BY position"
DECIDED = "SELECT amount_fen, decided_at FROM case_decisions WHERE case_id = %s"
POSTED = "SELECT coalesce(sum(amount_fen), 0)::bigint, count(*) FROM adjustments WHERE case_id = %s"

Act = Callable[[Desk, Case], object]


def _approve(desk: Desk, case: Case, *, approve: bool) -> None:
    if desk.see(case).state is CaseState.PROPOSED:
        desk.second(case, approve=approve)


ACTS: dict[str, Act] = {
    "take": Desk.take,
    "take, the colleague": lambda desk, case: desk.take(case, COLLEAGUE),
    "extend": Desk.extend,
    "withdraw": Desk.withdraw,
    "show": Desk.attach,
    "admit": lambda desk, case: desk.answer(case, Reply.ADMITS, item(1)),
    "contest": lambda desk, case: desk.answer(case, Reply.CONTESTS),
    "reply": lambda desk, case: desk.answer(case, Reply.REPLIES),
    "job": lambda desk, _: desk.job(),
    "approve": partial(_approve, approve=True),
    "decline": partial(_approve, approve=False),
    "judge": lambda desk, case: desk.decide(case, Judgement(Outcome.DISMISSED, said("不支持"))),
    "judge, with money": lambda desk, case: desk.decide(
        case, Judgement(Outcome.UPHELD, said("支持"), (item(1),))
    ),
}
MOVES = st.lists(
    st.tuples(st.sampled_from(sorted(ACTS)), st.integers(0, 10 * 24)), min_size=1, max_size=14
)


@pytest.fixture
def desk(databases: Databases) -> Desk:
    return a_desk(databases, MONDAY)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(kind=st.sampled_from(CaseType), moves=MOVES)
def test_a_case_is_decided_once_whatever_the_order(
    desk: Desk, kind: CaseType, moves: list[tuple[str, int]]
) -> None:
    desk.now = MONDAY  # One database for all examples: each ends its case.
    claimed = [item(1)] if kind is CaseType.DISPUTE else []
    case = desk.open(kind, *claimed, respondents=_to(kind))
    for name, hours in moves:
        desk.now += timedelta(hours=hours)
        _try(desk, case, ACTS[name])
        _check_deadline(desk, case)
    _finish(desk, case)
    _check_end(desk, case)


def _to(kind: CaseType) -> tuple[str, ...]:
    return (OF_TREATMENT,) if kind is CaseType.COORDINATION else ()


def _try(desk: Desk, case: Case, act: Act) -> None:
    """A considered no changes nothing; anything else fails the test."""
    before = desk.see(case)
    try:
        act(desk, case)
    except Refused:
        assert desk.see(case) == before


def _check_deadline(desk: Desk, case: Case) -> None:
    seen = desk.see(case)
    assert seen.extensions <= 1
    assert is_working_day(shanghai_date_of(seen.answer_by))
    assert seen.answered_at is None or seen.answered_at < seen.answer_by


def _finish(desk: Desk, case: Case) -> None:
    """Time passes: nobody has to do anything but the second person, and an operator once."""
    for name in ("job", "job", "judge", "approve", "job", "judge"):
        desk.now = max(desk.now, desk.see(case).answer_by) + timedelta(days=1)
        _try(desk, case, ACTS[name])


def _check_end(desk: Desk, case: Case) -> None:
    seen = desk.see(case)
    history = [str(row[0]) for row in desk.rows(HISTORY, case.case_id)]
    decided = desk.rows(DECIDED, case.case_id)
    posted = desk.rows(POSTED, case.case_id)[0]
    assert seen.state in ENDED
    assert len(history) == seen.step_count
    assert len(decided) == (seen.state is CaseState.DECIDED)
    assert sum(event in {"decide", "approve"} for event in history) == len(decided)
    assert history.count("release") == (seen.release_at is not None and "release" in history)
    amount_fen = decided[0][0] if decided else 0
    assert posted == (amount_fen, int(bool(amount_fen)))
