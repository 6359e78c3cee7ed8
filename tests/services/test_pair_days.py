"""Pair days on a real database: what is ready, what is held, what comes late, and in which run."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from contracts.access import AccessRole, Principal
from contracts.codes import AreaCode, Fund, InsuranceKind, VisitKind
from contracts.ids import new_id
from contracts.messages.clearing import ClearingLine
from contracts.refusal import RefusalCode, Refused
from hub.domain.adjustment import Adjustment, AdjustmentReason, Booked
from hub.domain.clearing import payable_by_pair
from hub.domain.clearing_terms import all_terms
from hub.domain.cycle import cycle_named, span_of
from hub.domain.ledger import posting_of
from hub.domain.pair_day import Hold, PairDay, Span
from hub.services import admitting, clearing, second_person
from hub.services.preview import next_cycle
from hub.store import adjustments, ledger, lines, pair_days
from hub.store import reconciliation as store
from hub.store.db import migrate
from tests.support.databases import Databases
from tests.support.hub_books import (
    ANHUI,
    HUNAN,
    NOON,
    SHANGHAI,
    Case,
    add_cases,
    add_days,
    add_participants,
)
from tests.support.tables import rows

FIRST, OPENED = date(2026, 1, 1), date(2026, 6, 1)
DAY = date(2026, 3, 10)
AREAS = {"hunan": HUNAN, "anhui": ANHUI, "shanghai": SHANGHAI}
CASES = (
    Case(1, date(2026, 1, 5), total_fen=10_00),
    Case(2, date(2026, 2, 5), total_fen=20_00),
    Case(3, DAY, total_fen=40_00, account_fen=1_00),
    Case(4, DAY, insured=ANHUI, total_fen=80_00),
    Case(5, date(2026, 4, 7), insured=SHANGHAI, treatment=HUNAN, total_fen=6_00),
)
HUNAN_DAY, ANHUI_DAY = PairDay(DAY, HUNAN, SHANGHAI), PairDay(DAY, ANHUI, SHANGHAI)
OPERATOR, OTHER = (Principal(name, AccessRole.OPERATOR, None) for name in ("op1", "op2"))

# How the two sides of Hunan with Shanghai stand, with an open break of either side with somebody
# ("all": about the whole side), and what then holds their pair day.
READINESS = """
    insured | with     | treatment | with_  | by_insured | by_treatment
    agreed  | none     | agreed    | none   | none       | none
    broken  | shanghai | agreed    | none   | differs    | none
    broken  | anhui    | agreed    | none   | none       | none
    broken  | all      | agreed    | none   | differs    | none
    broken  | none     | agreed    | none   | none       | none
    agreed  | none     | broken    | hunan  | none       | differs
    agreed  | none     | broken    | anhui  | none       | none
    waiting | none     | agreed    | none   | waiting    | none
    waiting | shanghai | broken    | hunan  | waiting    | differs
    silent  | all      | agreed    | none   | silent     | none
    silent  | none     | waiting   | none   | silent     | waiting
"""


def _begin(tx: Connection, cases: Sequence[Case] = CASES) -> None:
    """Closed days from January to May whose comparison has begun; every side has agreed."""
    add_participants(tx)
    add_days(tx, FIRST, OPENED)
    add_cases(tx, cases)
    for number in range((OPENED - FIRST).days):
        day = FIRST + timedelta(days=number)
        store.begin(tx, day, NOON)
        store.freeze_totals(tx, day)
        store.open_sides(tx, day, asked_at=NOON, break_after=NOON)
    tx.execute(
        text(
            "UPDATE reconciliation_sides"
            " SET state = 'agreed', agreed_at = asked_at, reported_attempt = 1"
        )
    )


@pytest.fixture
def engine(databases: Databases) -> Engine:
    engine = databases.fresh("hub", migrate)
    with engine.begin() as tx:
        _begin(tx)
    return engine


def _span(cycle: str) -> Span:
    return span_of(cycle_named(cycle, all_terms()))


def _stand(tx: Connection, area: AreaCode, role: str, state: str, counterpart: str) -> None:
    """Put a side of the day in a state, with an open break if it has one."""
    known = {"silent": "broken"}.get(state, state)
    tx.execute(
        text(
            "UPDATE reconciliation_sides SET state = :state, reported_attempt = :reported,"
            " agreed_at = CASE :state WHEN 'agreed' THEN asked_at END"
            " WHERE business_date = :day AND area = :area AND role = :role"
        ),
        {
            "state": known,
            "reported": int(state != "silent"),
            "day": DAY,
            "area": area,
            "role": role,
        },
    )
    if counterpart != "none":
        tx.execute(
            text(
                "INSERT INTO breaks (business_date, area, role, class, counterpart, found_at)"
                " VALUES (:day, :area, :role, 'totals', :counterpart, now())"
            ),
            {"day": DAY, "area": area, "role": role, "counterpart": AREAS.get(counterpart)},
        )


def test_a_pair_day_is_ready_when_neither_side_has_a_difference_with_the_other(
    engine: Engine,
) -> None:
    for row in rows(READINESS):
        with engine.connect() as tx:
            _stand(tx, HUNAN, "insured", row["insured"], row["with"])
            _stand(tx, SHANGHAI, "treatment", row["treatment"], row["with_"])
            held = {one.pair_day: one for one in pair_days.held(tx, _span("2026-03"))}
            ready = [day for day, _ in pair_days.ready(tx, _span("2026-03"))]
            expected = [
                None if row[side] == "none" else Hold(row[side])
                for side in ("by_insured", "by_treatment")
            ]
            assert (HUNAN_DAY in ready) is (expected == [None, None]), row
            if HUNAN_DAY in held:
                found = held[HUNAN_DAY]
                assert [found.by_insured, found.by_treatment] == expected, row
                assert found.payable_fen == 21_00


def test_a_break_that_was_resolved_holds_nothing(engine: Engine) -> None:
    with engine.begin() as tx:
        _stand(tx, HUNAN, "insured", "broken", "shanghai")
        tx.execute(text("UPDATE breaks SET resolved_at = found_at"))
        assert pair_days.held(tx, _span("2026-03")) == []


def test_a_difference_of_a_hospital_with_its_own_area_holds_no_province(engine: Engine) -> None:
    with engine.begin() as tx:
        _stand(tx, SHANGHAI, "treatment", "broken", "all")
        assert len(pair_days.held(tx, _span("2026-03"))) == 2
        tx.execute(text("UPDATE breaks SET hospital_code = 'H31000000001', hospital_number = 1"))
        assert pair_days.held(tx, _span("2026-03")) == []


def test_a_run_takes_what_is_ready_and_the_rest_comes_late_once(engine: Engine) -> None:
    with engine.begin() as tx:
        _stand(tx, SHANGHAI, "treatment", "broken", "hunan")
        march = _frozen(tx, "2026-03")
        assert _days(tx, march) == [  # January and February were never run: they come late
            (PairDay(date(2026, 1, 5), HUNAN, SHANGHAI), True),
            (PairDay(date(2026, 2, 5), HUNAN, SHANGHAI), True),
            (ANHUI_DAY, False),
        ]
        tx.execute(text("UPDATE breaks SET resolved_at = found_at"))
        april = _frozen(tx, "2026-04")
        assert _days(tx, april) == [
            (HUNAN_DAY, True),
            (PairDay(date(2026, 4, 7), SHANGHAI, HUNAN), False),
        ]
        assert _days(tx, _frozen(tx, "2026-05")) == []
    late = {
        (n.insured_area, n.count, n.total_fen, n.late_fen, n.payable_fen)
        for n in _lines(engine, april)
    }
    assert late == {(SHANGHAI, 1, 6_00, 0, 3_00), (HUNAN, 0, 0, 21_00, 21_00)}


def test_what_is_older_than_the_limit_waits_until_two_persons_admit_it(engine: Engine) -> None:
    january = PairDay(date(2026, 1, 5), HUNAN, SHANGHAI)
    in_april = NOON + timedelta(days=15)
    with engine.begin() as tx:
        _issue(tx, ("2026-01", "2026-02", "2026-03"), hold=january)
        assert next_cycle(tx, in_april).name == "2026-04"
        [found] = pair_days.past_its_time(tx, _span("2026-04"))
        assert (found.pair_day, found.payable_fen) == (january, 5_00)
        assert january not in [day for day, _ in pair_days.ready(tx, _span("2026-04"))]
        proposal = admitting.propose(tx, january, "医院补报", OPERATOR, in_april)
        with pytest.raises(Refused) as refused:
            _approve(tx, proposal.proposal_id, OPERATOR)
        assert refused.value.code is RefusalCode.SECOND_PERSON_NEEDED
        _approve(tx, proposal.proposal_id, OTHER)
        assert pair_days.past_its_time(tx, _span("2026-04")) == []
        assert (january, True) in _days(tx, _frozen(tx, "2026-04"))


def test_what_is_in_time_needs_no_admission(engine: Engine) -> None:
    with engine.begin() as tx, pytest.raises(Refused) as refused:
        admitting.propose(tx, HUNAN_DAY, "晚到", OPERATOR, NOON)
    assert refused.value.code is RefusalCode.OUT_OF_STEP


def _approve(tx: Connection, proposal_id: UUID, by: Principal) -> None:
    second_person.decide(tx, proposal_id, approve=True, why="", by=by, now=NOON)


def _issue(tx: Connection, cycles: Sequence[str], *, hold: PairDay) -> None:
    """Issue these cycles while one pair day is held."""
    state = text(
        "UPDATE reconciliation_sides SET state = :state, reported_attempt = 0,"
        " agreed_at = CASE :state WHEN 'agreed' THEN asked_at END WHERE business_date = :day"
    )
    tx.execute(state, {"state": "waiting", "day": hold.business_date})
    for cycle in cycles:
        clearing.issue(tx, _frozen(tx, cycle), by="op", now=NOON)
    tx.execute(state, {"state": "agreed", "day": hold.business_date})


def test_adjustments_stand_in_their_own_columns_and_both_computations_agree(
    engine: Engine,
) -> None:
    with engine.begin() as tx:
        _adjust(tx, ANHUI, -7_00, AdjustmentReason.AUDIT, DAY)
        _adjust(tx, ANHUI, -2_00, AdjustmentReason.CORRECTION, date(2026, 3, 20))
        run_id = _frozen(tx, "2026-03")
        payable = payable_by_pair(lines.of_run(tx, run_id, 1))
        assert payable == lines.receivable_of_run(tx, run_id)
        assert payable[ANHUI, SHANGHAI] == 40_00 - 7_00 - 2_00
    found = {
        (n.insured_area, n.audit_fen, n.late_fen, n.payable_fen) for n in _lines(engine, run_id)
    }
    # Hunan's line has its own day (21.00) and January's and February's pool parts beside it.
    assert found == {(HUNAN, 0, 15_00, 36_00), (ANHUI, -7_00, -2_00, 31_00)}


def test_what_would_be_frozen_is_what_is_frozen(engine: Engine) -> None:
    with engine.begin() as tx:
        _adjust(tx, HUNAN, -3_00, AdjustmentReason.AUDIT, DAY)
        span = _span("2026-03")
        before = lines.if_frozen(tx, span), lines.receivable_if_frozen(tx, span)
        run_id = _frozen(tx, "2026-03")
        assert (lines.of_run(tx, run_id, 1), lines.receivable_of_run(tx, run_id)) == before


def test_splitting_the_time_into_runs_changes_nothing(engine: Engine) -> None:
    split: Counter[tuple[AreaCode, AreaCode]] = Counter()
    with engine.begin() as tx:
        whole = Span(FIRST, FIRST, OPENED - timedelta(days=1))
        at_once = payable_by_pair(lines.if_frozen(tx, whole))
        for month in range(1, 6):
            split.update(payable_by_pair(lines.of_run(tx, _frozen(tx, f"2026-{month:02d}"), 1)))
    assert (
        dict(split)
        == at_once
        == {
            (HUNAN, SHANGHAI): 36_00,
            (ANHUI, SHANGHAI): 40_00,
            (SHANGHAI, HUNAN): 3_00,
        }
    )


MORE = """
    INSERT INTO clearing_pair_days
    SELECT '2026-03-11', '110000', '310000', run_id, true FROM clearing_runs
"""


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE clearing_pair_days SET is_late = NOT is_late",
        "DELETE FROM clearing_pair_days",
        "TRUNCATE clearing_pair_days",
        MORE,
    ],
)
def test_what_an_issued_run_took_never_changes(engine: Engine, change: str) -> None:
    with engine.begin() as tx:
        clearing.issue(tx, _frozen(tx, "2026-03"), by="op", now=NOON)
    with pytest.raises(DBAPIError, match="refused"), engine.begin() as tx:
        tx.execute(text(change))


def test_a_pair_day_belongs_to_one_run(engine: Engine) -> None:
    with engine.begin() as tx:
        _frozen(tx, "2026-03")
        april = _opened(tx, "2026-04")
    with pytest.raises(DBAPIError, match="clearing_pair_days_pkey"), engine.begin() as tx:
        tx.execute(
            text(
                "INSERT INTO clearing_pair_days"
                " SELECT business_date, insured_area, treatment_area, :run_id, is_late"
                " FROM clearing_pair_days"
            ),
            {"run_id": april},
        )


def _opened(tx: Connection, cycle: str = "2026-01") -> UUID:
    return clearing.open_run(tx, cycle, now=NOON).run_id


def _frozen(tx: Connection, cycle: str) -> UUID:
    run = clearing.freeze(tx, _opened(tx, cycle), by="op", now=NOON)
    assert run.differences == ()
    return run.run_id


def _days(tx: Connection, run_id: UUID) -> list[tuple[PairDay, bool]]:
    return pair_days.of_run(tx, run_id)


def _lines(engine: Engine, run_id: UUID) -> list[ClearingLine]:
    with engine.connect() as tx:
        return lines.of_run(tx, run_id, 1)


def _adjust(
    tx: Connection, area: AreaCode, amount_fen: int, reason: AdjustmentReason, on: date
) -> None:
    """An adjustment as it was booked on a day that is closed since."""
    wanted = Adjustment(
        adjustment_id=new_id(),
        insured_area=area,
        treatment_area=SHANGHAI,
        insurance_kind=InsuranceKind.EMPLOYEE,
        visit_kind=VisitKind.INPATIENT,
        fund=Fund.POOL,
        amount_fen=amount_fen,
        reason=reason,
        cause="审核",
        by="op1",
        second="op2",
    )
    booked = Booked(wanted, on, NOON)
    adjustments.add(tx, [booked])
    ledger.append(tx, [posting_of(booked)])
