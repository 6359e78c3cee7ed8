"""The advance fund: what its checks find, whose a request is, and what a month's turn leaves."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from time import sleep
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Engine, text

from contracts.clock import shanghai_date_of
from contracts.codes import Fund, InsuranceKind, VisitKind
from contracts.messages.advance import AdvanceWarned, Level
from contracts.refusal import RefusalCode, Refused
from hub.domain.adjustment import Adjustment, AdjustmentReason
from hub.domain.advance import Change, ChangeState
from hub.domain.advance_parameters import Dates, Forecasting, Formula, Thresholds, on
from hub.domain.second_person import Proposal
from hub.services import (
    adjusting,
    advance_drafting,
    advance_issuing,
    advance_paying,
    advance_positions,
    advance_top_ups,
    advance_watching,
    reconciliation,
    second_person,
)
from hub.services.verification import verify
from hub.store import advance as store
from hub.store.advance import Wanted
from hub.store.checks_advance import ADVANCE_CHECKS
from hub.store.db import migrate
from tests.services.test_hub_advance import (
    ANN,
    BEN,
    JANUARY_5,
    PAIR,
    QUARTER,
    TODAY,
    YUAN,
    a_case,
    approve,
    freeze,
    hold,
    refused,
)
from tests.support.databases import Databases
from tests.support.hub_books import ANHUI, HUNAN, SHANGHAI, add_cases, add_days

OTHER = (ANHUI, SHANGHAI)
WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted"
FEBRUARY_2 = datetime(2026, 2, 2, 2, 0, tzinfo=UTC)
IDENTITY, STATES = (check.name for check in ADVANCE_CHECKS)
# What is done behind the services' back to an opening, a notice that is paid in two parts, one of
# them received, and one that is received whole; and the promises that it breaks.
PLANTED = (
    ("UPDATE advance_postings SET amount_fen = amount_fen + 1 WHERE cause = 'opening'", {IDENTITY}),
    ("UPDATE advance_postings SET treatment_area = '110000' WHERE cause = 'notice'", {IDENTITY}),
    ("DELETE FROM advance_postings WHERE cause = 'receipt'", {IDENTITY}),
    # What was issued is not what two persons agreed on, or nobody agreed.
    (
        (
            "WITH one AS (UPDATE advance_changes SET amount_fen = 200100 WHERE amount_fen = 200000"
            " RETURNING change_id) UPDATE advance_postings SET amount_fen = 200100"
            " FROM one WHERE advance_postings.change_id = one.change_id AND cause = 'notice'"
        ),
        {IDENTITY, STATES},
    ),
    (
        (
            "UPDATE proposals SET content = replace(content::text, '200000', '200100')::jsonb"
            " WHERE content->>'kind' = 'yearly'"
        ),
        {IDENTITY},
    ),
    (
        "UPDATE proposals SET state = 'declined' WHERE content->>'kind' = 'opening'",
        {IDENTITY},
    ),
    (
        (
            "INSERT INTO advance_postings (change_id, payment_id, insured_area, treatment_area,"
            " cause, from_account, to_account, amount_fen, posted_at) SELECT change_id, NULL,"
            " insured_area, treatment_area, 'opening', 'granted', 'held', 1, now()"
            " FROM advance_changes WHERE kind = 'yearly' AND amount_fen > 0 LIMIT 1"
        ),
        {IDENTITY},
    ),
    ("DELETE FROM advance_payments WHERE received_on IS NULL", {IDENTITY, STATES}),
    (
        (
            "UPDATE advance_payments SET received_on = paid_on, confirmed_by = 'x',"
            " confirmed_at = now() WHERE received_on IS NULL"
        ),
        {IDENTITY, STATES},
    ),
    ("UPDATE advance_changes SET state = 'issued' WHERE state = 'paid'", {STATES}),
    ("UPDATE advance_changes SET state = 'received' WHERE state = 'paid'", {STATES}),
    ("UPDATE advance_changes SET state = 'paid' WHERE amount_fen = -10000", {STATES}),
)


@pytest.fixture
def engine(databases: Databases) -> Engine:
    """October to January 4 closed, January 5 open; 3000 and 600 yuan in the quarter."""
    engine = databases.fresh("hub", migrate)
    with engine.begin() as tx:
        add_days(tx, QUARTER, TODAY)
        last = date(2025, 12, 31)
        add_cases(tx, [a_case(last, 3_000), a_case(last, 600, OTHER)])
        freeze(tx)
    return engine


def _drafted(tx: Connection) -> dict[tuple[str, str], Change]:
    return {c.pair: c for c in store.listed(tx, Wanted((ChangeState.DRAFTED,)))}


def _paid(tx: Connection, change: Change, yuan: int, serial: str, *, receive: bool) -> None:
    fen = yuan * YUAN
    payment = advance_paying.pay(
        tx,
        change.change_id,
        bank_name="国库",
        bank_serial=serial,
        paid_on=TODAY,
        amount_fen=fen,
        by="payer",
        now=JANUARY_5,
    )
    if receive:
        advance_paying.confirm(
            tx, payment.payment_id, received_on=TODAY, amount_fen=fen, by="payee", now=JANUARY_5
        )


def _a_round(tx: Connection) -> None:
    """Hunan's is raised by 2000 yuan and paid in two parts; Anhui's is lowered by 100."""
    hold(tx, 500, OTHER)
    drafts = advance_drafting.draft_year(tx, 2026, JANUARY_5).drafts
    approve(tx, drafts, JANUARY_5)
    by_pair = {c.pair: c for c in drafts}
    _paid(tx, by_pair[OTHER], 100, "S1", receive=True)
    _paid(tx, by_pair[PAIR], 500, "S2", receive=True)
    _paid(tx, by_pair[PAIR], 1_500, "S3", receive=False)


def _broken(tx: Connection) -> set[str]:
    ours = {check.name for check in ADVANCE_CHECKS}
    return {one.name for one in verify(tx, JANUARY_5)} & ours


def test_every_fault_planted_in_the_advances_is_named(engine: Engine) -> None:
    with engine.begin() as tx:
        _a_round(tx)
        assert _broken(tx) == set()
        for table in ("advance_postings", "advance_changes", "advance_payments", "proposals"):
            tx.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
        for statement, named in PLANTED:
            with tx.begin_nested() as planted:
                assert tx.execute(text(statement)).rowcount > 0, statement
                assert _broken(tx) == named, statement
                planted.rollback()
        assert _broken(tx) == set()


def test_a_request_is_about_its_own_pair_and_nobody_elses(engine: Engine) -> None:
    with engine.begin() as tx:
        for pair in (PAIR, OTHER):
            hold(tx, 1_000, pair)
            add_cases(tx, [a_case(TODAY, 950, pair)])
        advance_watching.watch(tx, JANUARY_5)
        before = _drafted(tx)[OTHER]
        later = JANUARY_5 + timedelta(days=1)
        assert advance_top_ups.ask_for_top_up(tx, PAIR, "shanghai", later).asked_by == "shanghai"
        assert _drafted(tx)[OTHER] == before


def test_what_an_area_asked_for_waits_for_a_persons_word(engine: Engine) -> None:
    with engine.begin() as tx:
        hold(tx, 1_000)
        add_cases(tx, [a_case(TODAY, 950)])
        asked = advance_top_ups.ask_for_top_up(tx, PAIR, "shanghai", JANUARY_5)
        hold(tx, 5_000)  # no longer red: nobody but a person says no to who asked
        advance_watching.watch(tx, JANUARY_5)
        assert store.find(tx, [asked.change_id])[asked.change_id].state is ChangeState.DRAFTED
        assert advance_drafting.drop(tx, asked.change_id).state is ChangeState.DROPPED


def _go_on(tx: Connection, first: date, opened: date) -> None:
    tx.execute(text("UPDATE business_days SET state = 'closed', closed_at = now()"))
    add_days(tx, first, opened)


def test_red_of_a_month_counts_until_its_clearing_is_signed(engine: Engine) -> None:
    with engine.begin() as tx:
        hold(tx, 1_000)
        add_cases(tx, [a_case(TODAY, 950)])
        advance_watching.watch(tx, JANUARY_5)
        (draft,) = _drafted(tx).values()
        _go_on(tx, date(2026, 1, 6), date(2026, 2, 2))
        advance_watching.watch(tx, FEBRUARY_2)
        found = advance_positions.situation(tx, FEBRUARY_2)
        assert found.standing(PAIR).level is Level.GREEN
        assert _drafted(tx)[PAIR] == draft
        asked = advance_top_ups.ask_for_top_up(tx, PAIR, "shanghai", FEBRUARY_2)
        assert asked.change_id == draft.change_id
        assert (asked.asked_by, asked.decide_by) == ("shanghai", date(2026, 2, 5))


def test_for_a_month_that_is_over_a_top_up_is_asked_and_not_drafted_unasked(engine: Engine) -> None:
    with engine.begin() as tx:
        hold(tx, 1_000)  # of which December alone took three times as much
        advance_watching.watch(tx, JANUARY_5)
        assert not _drafted(tx)
        asked = advance_top_ups.ask_for_top_up(tx, PAIR, "shanghai", JANUARY_5)
        assert (asked.pair, asked.before_fen, asked.asked_by) == (PAIR, 1_000_00, "shanghai")
        with pytest.raises(Refused, match="未达到红色预警"):
            advance_top_ups.ask_for_top_up(tx, OTHER, "shanghai", JANUARY_5)


def test_a_draft_ends_with_the_clearing_of_the_month_that_was_red(engine: Engine) -> None:
    with engine.begin() as tx:
        hold(tx, 1_000)
        add_cases(tx, [a_case(TODAY, 950)])
        advance_watching.watch(tx, JANUARY_5)
        _go_on(tx, date(2026, 1, 6), date(2026, 3, 2))
        march = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
        advance_watching.watch(tx, march)
        assert not _drafted(tx)


def _adjusted(yuan: int, fund: Fund = Fund.POOL) -> Adjustment:
    return Adjustment(
        adjustment_id=uuid4(),
        insured_area=HUNAN,
        treatment_area=SHANGHAI,
        insurance_kind=InsuranceKind.EMPLOYEE,
        visit_kind=VisitKind.INPATIENT,
        fund=fund,
        amount_fen=yuan * YUAN,
        reason=AdjustmentReason.AUDIT if yuan < 0 else AdjustmentReason.CORRECTION,
        cause="超范围收费",
        by="ann",
        second="ben",
    )


def test_what_a_decision_took_or_added_is_money_of_the_months_clearing(engine: Engine) -> None:
    with engine.begin() as tx:
        hold(tx, 1_000)
        add_cases(tx, [a_case(TODAY, 900)])
        for yuan in (-300, 50):
            adjusting.adjust(tx, _adjusted(yuan), JANUARY_5)
        found = advance_positions.situation(tx, JANUARY_5)
        assert (found.spent(PAIR).fen, found.spent(PAIR).open_fen) == (650_00, 900_00)
        assert found.standing(PAIR).level is Level.GREEN


def test_no_year_is_drafted_by_itself_from_a_part_of_its_quarter(databases: Databases) -> None:
    with databases.fresh("hub", migrate).begin() as tx:
        add_days(tx, date(2025, 12, 30), TODAY)
        add_cases(tx, [a_case(date(2025, 12, 31), 30)])
        freeze(tx)
        hold(tx, 500)
        advance_drafting.draft_due(tx, JANUARY_5)
        assert not _drafted(tx)
        drafted = advance_drafting.draft_year(tx, 2026, JANUARY_5).drafts
        assert [c.amount_fen for c in drafted] == [-400_00]


def test_no_year_is_drafted_from_a_quarter_of_which_the_hub_kept_nothing(
    databases: Databases,
) -> None:
    """Nobody's basis would be nought, and so every advance would be asked back whole."""
    with databases.fresh("hub", migrate).begin() as tx:
        add_days(tx, date(2026, 1, 1), TODAY)
        add_cases(tx, [a_case(date(2026, 1, 2), 900)])
        freeze(tx)
        hold(tx, 50_000)
        refused(RefusalCode.OUT_OF_STEP, advance_drafting.draft_year, tx, 2026, JANUARY_5)
        assert not _drafted(tx)


@pytest.mark.parametrize("year", [2025, 2027])
def test_only_the_present_year_is_drafted(engine: Engine, year: int) -> None:
    with engine.begin() as tx:
        hold(tx, 50_000)
        refused(RefusalCode.OUT_OF_STEP, advance_drafting.draft_year, tx, year, JANUARY_5)


def test_a_pair_whose_change_of_last_year_is_in_hand_is_told_and_drafted_once_it_is_received(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    now = datetime(2027, 1, 5, 2, 0, tzinfo=UTC)
    with engine.begin() as tx:
        drafts = advance_drafting.draft_year(tx, 2026, JANUARY_5).drafts
        approve(tx, drafts, JANUARY_5)
        by_pair = {c.pair: c for c in drafts}
        _paid(tx, by_pair[OTHER], 400, "S1", receive=True)
        _a_year_later(tx, now)
        found = advance_drafting.draft_year(tx, 2027, now)
        assert [c.pair for c in found.drafts] == [OTHER]
        assert [(c.change_id, c.state) for c in found.in_the_way] == [
            (by_pair[PAIR].change_id, ChangeState.ISSUED)
        ]
        assert str(by_pair[PAIR].change_id) in caplog.text
        _paid(tx, by_pair[PAIR], 2_000, "S2", receive=True)
        found = advance_drafting.draft_year(tx, 2027, now)
        assert ([c.pair for c in found.drafts], found.in_the_way) == ([OTHER, PAIR], [])


def _a_year_later(tx: Connection, now: datetime) -> None:
    """Ten times as much was spent in the last quarter."""
    tx.execute(text("UPDATE business_days SET state = 'closed', closed_at = now()"))
    add_days(tx, date(2026, 10, 1), shanghai_date_of(now))
    add_cases(tx, [a_case(date(2026, 12, 1), 30_000), a_case(date(2026, 12, 2), 6_000, OTHER)])
    for _ in range(30):
        reconciliation.begin_due(tx, now)


@pytest.mark.parametrize("meanwhile", ["declined", "declined and dropped"])
def test_proposing_again_what_is_just_decided_waits_without_holding_the_turn(
    engine: Engine, meanwhile: str
) -> None:
    """A decision holds its proposal and goes for the turn; who proposes goes the same way."""
    with engine.begin() as tx:
        drafts = advance_drafting.draft_year(tx, 2026, JANUARY_5).drafts
        proposal = _proposed(tx, drafts)

    def again() -> Proposal:
        with engine.begin() as tx:
            return _proposed(tx, drafts)

    with ThreadPoolExecutor(1) as other, engine.begin() as tx:
        tx.execute(text("SET LOCAL lock_timeout = '3s'"))
        second_person.decide(
            tx, proposal.proposal_id, approve=False, why="重核", by=BEN, now=JANUARY_5
        )
        waiting = other.submit(again)
        while tx.execute(text(WAITS)).scalar_one() == 0:
            assert not waiting.done()
            sleep(0.01)
        store.take_turn(tx)
        if meanwhile != "declined":
            advance_drafting.drop_all(tx, drafts)
        tx.commit()
        if meanwhile == "declined":
            assert waiting.result(10).proposal_id != proposal.proposal_id
        else:
            refused(RefusalCode.OUT_OF_STEP, waiting.result, 10)


def _proposed(tx: Connection, drafts: list[Change]) -> Proposal:
    ids = [one.change_id for one in drafts]
    return advance_issuing.propose(tx, ids, reason="年度核定", by=ANN, now=JANUARY_5)


def test_two_jobs_draft_one_year_once(engine: Engine) -> None:
    with engine.begin() as first, engine.begin() as second:
        second.execute(text("SET LOCAL lock_timeout = '300ms'"))
        advance_drafting.draft_due(first, JANUARY_5)
        advance_drafting.draft_due(second, JANUARY_5)
        assert _drafted(first)
        assert not _drafted(second)


def test_a_proposal_says_of_what_kind_its_changes_are(engine: Engine) -> None:
    with engine.begin() as tx:
        (change, *_) = advance_drafting.draft_year(tx, 2026, JANUARY_5).drafts
        ids = [change.change_id]
        proposal = advance_issuing.propose(tx, ids, reason="核定", by=ANN, now=JANUARY_5)
        assert proposal.content["kind"] == "yearly"


def test_a_year_that_is_not_noticed_by_the_end_of_january_is_overdue(engine: Engine) -> None:
    with engine.begin() as tx:
        (change, *_) = advance_drafting.draft_year(tx, 2026, JANUARY_5).drafts
        assert change.decide_by == date(2026, 1, 31)
        assert not change.is_overdue(date(2026, 1, 31))
        assert change.is_overdue(date(2026, 2, 1))


def test_a_note_on_a_warning_holds_no_identity_number(engine: Engine) -> None:
    with engine.begin() as tx:
        hold(tx, 1_000)
        add_cases(tx, [a_case(TODAY, 950)])
        (warned, *_) = advance_watching.watch(tx, JANUARY_5)
        body = warned.message.body
        assert isinstance(body, AdvanceWarned)
        named = {"note": "患者11010519491231002X", "by": "hunan", "now": JANUARY_5}
        with pytest.raises(Refused):
            advance_watching.acknowledge(tx, body.warning_id, **named)  # type: ignore[arg-type]  # a table


# A row of the parameters, and what cannot be in it.
UNSOUND: tuple[tuple[Any, dict[str, object]], ...] = (
    (Formula, {"last_month": 9}),
    (Formula, {"round_to_fen": 0}),
    (Thresholds, {"yellow_bp": 9_000}),
    (Formula, {"source": ""}),
    (Dates, {"pay_working_days": 0}),
    (Dates, {"notice_by": "03-02"}),
    (Forecasting, {"history_days_min": 85}),
    (Forecasting, {"red_chance_max_bp": 0}),
)


def test_parameters_that_cannot_be_so_are_not_taken() -> None:
    for kind, wrong in UNSOUND:
        sound = on(kind, TODAY)
        with pytest.raises(AssertionError):
            replace(sound, **wrong)
