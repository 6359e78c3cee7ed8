"""The advance fund on a real database: a year's round, payments, warnings, top-ups, four eyes."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from contracts.access import AccessRole, Principal
from contracts.codes import AreaCode, Role
from contracts.ids import new_id
from contracts.message import Outgoing
from contracts.messages.advance import AdvanceNoticed, AdvanceWarned, Level, NoticeKind
from contracts.refusal import RefusalCode, Refused
from hub.domain.advance import Balance, Change, ChangeState, Pair, Payment
from hub.services import (
    advance_drafting,
    advance_issuing,
    advance_look_ups,
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
from hub.store.advance_warnings import OfficeToCall
from hub.store.db import migrate
from tests.services.test_hub_settlements import settled
from tests.support.databases import Databases
from tests.support.hub import INSURED, TREATMENT, an_open_hub
from tests.support.hub_books import ANHUI, HUNAN, SHANGHAI, Case, add_cases, add_days
from tests.support.tables import rows

YUAN = 100
ANN = Principal("ann", AccessRole.OPERATOR, None)
BEN = Principal("ben", AccessRole.OPERATOR, None)
QUARTER, NEW_YEAR = date(2025, 10, 1), date(2026, 1, 1)
JANUARY_5 = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
TODAY = date(2026, 1, 5)
PAIR: Pair = (HUNAN, SHANGHAI)
NUMBERS = count(1)
TOO_MUCH = """
    INSERT INTO advance_payments SELECT gen_random_uuid(), change_id, 'b', 's2', paid_on,
        10000000, 'x', now(), NULL, NULL, NULL, payer FROM advance_payments
"""


def a_case(on: date, yuan: int, pair: Pair = PAIR, **more: Any) -> Case:
    """A settlement of which the pool pays so many yuan, and nobody else anything."""
    fen = yuan * YUAN
    insured, treatment = pair
    return Case(
        next(NUMBERS),
        on,
        insured=insured,
        treatment=treatment,
        total_fen=fen,
        pool_fen=fen - more.get("account_fen", 0),
        **more,
    )


def freeze(tx: Connection, now: datetime = JANUARY_5) -> None:
    for _ in range(15):
        reconciliation.begin_due(tx, now)


def approve(tx: Connection, changes: Sequence[Change], now: datetime) -> list[Outgoing]:
    """Proposed by one, approved by another."""
    proposal = advance_issuing.propose(
        tx, [c.change_id for c in changes], reason="年度核定", by=ANN, now=now
    )
    return second_person.decide(
        tx, proposal.proposal_id, approve=True, why="无误", by=BEN, now=now
    )[1]


def hold(tx: Connection, yuan: int, pair: Pair = PAIR, now: datetime = JANUARY_5) -> None:
    """An advance that is held already."""
    approve(tx, [advance_drafting.draft_opening(tx, pair, yuan * YUAN, now)], now)


def sound(tx: Connection, now: datetime) -> None:
    ours = [one for one in verify(tx, now) if one.name.startswith("advance")]
    assert ours == []


def refused(code: RefusalCode, run: Any, *args: Any, **kwargs: Any) -> None:
    with pytest.raises(Refused) as caught:
        run(*args, **kwargs)
    assert caught.value.code is code


@pytest.fixture
def engine(databases: Databases) -> Engine:
    """October to January 4 closed, January 5 open; 3000 yuan in the quarter, 200 of January."""
    engine = databases.fresh("hub", migrate)
    with engine.begin() as tx:
        add_days(tx, QUARTER, TODAY)
        add_cases(
            tx,
            [
                a_case(QUARTER, 1_000),
                a_case(date(2025, 11, 30), 900, account_fen=100_00),
                a_case(date(2025, 12, 31), 1_200),
                a_case(date(2025, 12, 31), 600, (ANHUI, SHANGHAI)),
                a_case(date(2025, 12, 30), 5_000, reversed_on=date(2025, 12, 31)),
                a_case(date(2026, 1, 2), 200),
            ],
        )
        freeze(tx)
    return engine


def test_the_year_is_drafted_once_by_the_formula_and_again_only_by_hand(engine: Engine) -> None:
    with engine.begin() as tx:
        early = datetime(2026, 1, 4, 2, 0, tzinfo=UTC)
        advance_drafting.draft_due(tx, early)
        assert not store.listed(tx, Wanted())
        hold(tx, 500, (ANHUI, SHANGHAI))
        advance_drafting.draft_due(tx, JANUARY_5)
        advance_drafting.draft_due(tx, JANUARY_5 + timedelta(days=1))
        drafts = store.listed(tx, Wanted((ChangeState.DRAFTED,)))
        # Fund money of the quarter: 3000 of which 100 were a personal account's; 600.
        assert {c.pair: (c.basis_fen, c.before_fen, c.amount_fen) for c in drafts} == {
            PAIR: (3_000_00, 0, 2_000_00),
            (ANHUI, SHANGHAI): (600_00, 500_00, -100_00),
        }
        again = advance_drafting.draft_year(tx, 2026, JANUARY_5).drafts
        assert [c.amount_fen for c in again] == [-100_00, 2_000_00]
        assert {c.change_id for c in again}.isdisjoint(c.change_id for c in drafts)


def test_no_year_is_drafted_while_days_of_its_quarter_are_open(databases: Databases) -> None:
    with databases.fresh("hub", migrate).begin() as tx:
        add_days(tx, QUARTER, date(2025, 12, 31))
        refused(RefusalCode.OUT_OF_STEP, advance_drafting.draft_year, tx, 2026, JANUARY_5)
        advance_drafting.draft_due(tx, JANUARY_5)
        assert not store.has_round(tx, 2026)


def test_a_round_is_proposed_approved_told_paid_and_received(engine: Engine) -> None:
    with engine.begin() as tx:
        hold(tx, 500, (ANHUI, SHANGHAI))
        drafts = advance_drafting.draft_year(tx, 2026, JANUARY_5).drafts
        said = approve(tx, drafts, JANUARY_5)
        sound(tx, JANUARY_5)
        told = {one.topic: one.message.body for one in said}
        bodies = [one.message.body for one in said]
        assert all(isinstance(body, AdvanceNoticed) for body in bodies)
        assert sorted(told) == [
            "insured.340000.notices",
            "insured.430000.notices",
            "treatment.310000.notices",
        ]
        assert len(said) == 4  # Shanghai pays Anhui back, and collects from Hunan
        issue_id = store.listed(tx, Wanted(kinds=(NoticeKind.YEARLY,)))[0].issue_id
        assert issue_id is not None
        assert len(advance_issuing.notices(tx, issue_id)) == 4
        _pay_in_parts(tx)
        assert store.balances(tx)[PAIR] == Balance(granted_fen=-2_000_00, held_fen=2_000_00)
        down = next(c for c in store.listed(tx, Wanted()) if c.amount_fen == -100_00)
        assert (down.payer, down.payee) == (SHANGHAI, ANHUI)
        _pay(tx, down, 100, "S9")
        sound(tx, JANUARY_5)


def _pay_in_parts(tx: Connection) -> None:
    up = next(c for c in store.listed(tx, Wanted()) if c.amount_fen == 2_000_00)
    for yuan, serial, state in (
        (500, "S1", ChangeState.ISSUED),
        (1_500, "S2", ChangeState.PAID),
    ):
        payment = _pay(tx, up, yuan, serial)
        assert store.find(tx, [up.change_id])[up.change_id].state is state
        sound(tx, JANUARY_5)
        _confirm(tx, payment)
        sound(tx, JANUARY_5)
    assert store.find(tx, [up.change_id])[up.change_id].state is ChangeState.RECEIVED


def _pay(tx: Connection, change: Change, yuan: int, serial: str, on: date = TODAY) -> Payment:
    return advance_paying.pay(
        tx,
        change.change_id,
        bank_name="国库",
        bank_serial=serial,
        paid_on=on,
        amount_fen=yuan * YUAN,
        by="hunan",
        now=JANUARY_5,
    )


def _confirm(tx: Connection, payment: Payment, on: date = TODAY, more_fen: int = 0) -> Payment:
    return advance_paying.confirm(
        tx,
        payment.payment_id,
        received_on=on,
        amount_fen=payment.amount_fen + more_fen,
        by="shanghai",
        now=JANUARY_5,
    )


def test_wrong_payments_are_refused_by_name_and_the_same_again_changes_nothing(
    engine: Engine,
) -> None:
    with engine.begin() as tx:
        drafts = advance_drafting.draft_year(tx, 2026, JANUARY_5).drafts
        (change,) = [c for c in drafts if c.pair == PAIR]
        refused(RefusalCode.OUT_OF_STEP, _pay, tx, change, 1, "S0")
        approve(tx, [change], JANUARY_5)
        payment = _pay(tx, change, 1_500, "S1")
        assert _pay(tx, change, 1_500, "S1").payment_id == payment.payment_id
        before = store.balances(tx)
        tomorrow, yesterday = TODAY + timedelta(days=1), TODAY - timedelta(days=1)
        refused(RefusalCode.PAYMENT_DIFFERS, _pay, tx, change, 1_400, "S1")
        refused(RefusalCode.PAID_TOO_MUCH, _pay, tx, change, 501, "S2")
        refused(RefusalCode.FIELD_INVALID, _pay, tx, change, 500, "S2", tomorrow)
        refused(RefusalCode.FIELD_INVALID, _pay, tx, change, 500, "S2", yesterday)
        refused(RefusalCode.PAYMENT_DIFFERS, _confirm, tx, payment, TODAY, 1)
        refused(RefusalCode.FIELD_INVALID, _confirm, tx, payment, tomorrow)
        assert store.balances(tx) == before
        assert _confirm(tx, payment) == _confirm(tx, payment)
        refused(RefusalCode.PAYMENT_DIFFERS, _confirm, tx, payment, yesterday)
        refused(RefusalCode.UNKNOWN_NOTICE, advance_paying.find, tx, new_id())
        refused(RefusalCode.UNKNOWN_PAYMENT, advance_paying.find_payment, tx, new_id())
        sound(tx, JANUARY_5)


def test_nothing_is_issued_without_a_second_person_or_from_a_draft_that_changed(
    engine: Engine,
) -> None:
    with engine.begin() as tx:
        drafts = advance_drafting.draft_year(tx, 2026, JANUARY_5).drafts
        ids = [c.change_id for c in drafts]
        proposal = advance_issuing.propose(tx, ids, reason="核定", by=ANN, now=JANUARY_5)
        deciding = {"approve": True, "why": "", "now": JANUARY_5}
        decide, id_ = second_person.decide, proposal.proposal_id
        refused(RefusalCode.SECOND_PERSON_NEEDED, decide, tx, id_, by=ANN, **deciding)
        assert not store.balances(tx)
        advance_drafting.draft_year(tx, 2026, JANUARY_5)
    with engine.connect() as connection, connection.begin():
        refused(RefusalCode.OUT_OF_STEP, decide, connection, id_, by=BEN, **deciding)


def test_what_was_issued_is_never_edited(engine: Engine) -> None:
    with engine.begin() as tx:
        hold(tx, 1_000)
        change = advance_drafting.draft_year(tx, 2026, JANUARY_5).drafts[0]
        approve(tx, [change], JANUARY_5)
        _pay(tx, change, 100, "S1")
    for statement in (
        "UPDATE advance_postings SET amount_fen = 1",
        "DELETE FROM advance_postings",
        "UPDATE advance_changes SET amount_fen = amount_fen + 1 WHERE state = 'issued'",
        "UPDATE advance_changes SET state = 'drafted' WHERE state = 'issued'",
        "UPDATE advance_changes SET state = 'received' WHERE state = 'issued'",
        "DELETE FROM advance_changes",
        "UPDATE advance_payments SET amount_fen = 1",
        "UPDATE advance_payments SET bank_serial = 'other'",
        "DELETE FROM advance_payments",
        TOO_MUCH,
    ):
        with pytest.raises(DBAPIError), engine.begin() as tx:
            tx.execute(text(statement))


def test_a_planted_error_in_the_advances_is_found_and_named(engine: Engine) -> None:
    with engine.begin() as tx:
        hold(tx, 1_000)
        tx.execute(text("ALTER TABLE advance_postings DISABLE TRIGGER ALL"))
        tx.execute(text("UPDATE advance_postings SET amount_fen = amount_fen + 1"))
        found = {one.name: one.rows for one in verify(tx, JANUARY_5)}
        (row,) = found["advance_identity"]
        assert row["cause"] == "opening"


# The advance is 1000 yuan, and January has spent 200 before its 5th. What the 5th adds to it, in
# yuan, and who is told what after each look. Nothing is drafted before red.
WATCHED = """
    adds level  told drafts
    0    -      0    0
    499  -      0    0
    1    yellow 3    0
    0    -      0    0
    200  red    3    1
    0    -      0    0
"""


def test_each_level_is_told_once_and_red_drafts_what_is_missing(engine: Engine) -> None:
    with engine.begin() as tx:
        hold(tx, 1_000)
        for row in rows(WATCHED):
            if int(row["adds"]):
                add_cases(tx, [a_case(TODAY, int(row["adds"]))])
            said = advance_watching.watch(tx, JANUARY_5)
            bodies = [one.message.body for one in said]
            assert len(bodies) == int(row["told"]), row
            for body in bodies:
                assert isinstance(body, AdvanceWarned)
                assert body.level is Level(row["level"]), row
            drafts = store.listed(tx, Wanted((ChangeState.DRAFTED,)))
            assert len(drafts) >= int(row["drafts"]), row
        (draft,) = drafts
        assert (draft.kind, draft.pair) == (NoticeKind.EMERGENCY, PAIR)
        assert draft.decide_by == date(2026, 1, 8)
        warned = advance_look_ups.warnings(tx, None, only_open=True, count_max=10)
        assert {one.subject for one in warned} == {PAIR, (None, SHANGHAI)}
        assert {one.level for one in warned} == {Level.RED}


def red(tx: Connection) -> None:
    """An advance of 1000 yuan of which January has spent 950."""
    hold(tx, 1_000)
    add_cases(tx, [a_case(TODAY, 750)])


def test_a_warning_nobody_acknowledges_goes_further_and_an_acknowledged_one_rests(
    engine: Engine,
) -> None:
    with engine.begin() as tx:
        red(tx)
        for tier in (1, 2):
            office = OfficeToCall(SHANGHAI, Role.TREATMENT, tier, f"第{tier}级", "021-12345678")
            advance_look_ups.put_contact(tx, office, by="shanghai", now=JANUARY_5)
        first = advance_watching.watch(tx, JANUARY_5)
        assert {_contacts(one) for one in first} == {("第1级",)}
        soon = JANUARY_5 + timedelta(hours=24)
        seen = advance_look_ups.warnings(tx, HUNAN, only_open=True, count_max=10)[0]
        advance_watching.acknowledge(tx, seen.warning_id, note="已联系财政", by="hunan", now=soon)
        again = advance_watching.acknowledge(tx, seen.warning_id, note="", by="else", now=soon)
        assert (again.acknowledged_by, again.note) == ("hunan", "已联系财政")
        further = advance_watching.watch(tx, soon)
        assert [one.topic for one in further] == ["treatment.310000.notices"]
        assert {_contacts(one) for one in further} == {("第1级", "第2级")}
        ids = {one.message.head.message_id for one in [*first, *further]}
        assert len(ids) == len(first) + len(further)
        refused(
            RefusalCode.UNKNOWN_NOTICE,
            advance_watching.acknowledge,
            tx,
            new_id(),
            note="",
            by="x",
            now=soon,
        )


def _contacts(one: Outgoing) -> tuple[str, ...]:
    body = one.message.body
    assert isinstance(body, AdvanceWarned)
    return tuple(contact.office for contact in body.contacts)


def test_a_top_up_is_asked_at_red_proposed_approved_and_ends_the_warning(engine: Engine) -> None:
    with engine.begin() as tx:
        hold(tx, 1_000)
        ask = advance_top_ups.ask_for_top_up
        with pytest.raises(Refused, match="无须紧急调增"):  # December took more, and was one day's
            ask(tx, PAIR, "shanghai", JANUARY_5)
        add_cases(tx, [a_case(TODAY, 750)])
        advance_watching.watch(tx, JANUARY_5)
        draft = ask(tx, PAIR, "shanghai", JANUARY_5)
        assert draft.asked_by == "shanghai"
        proposal = advance_issuing.propose(
            tx, [draft.change_id], reason="红色预警", by=ANN, now=JANUARY_5, amount_fen=700_00
        )
        add_cases(tx, [a_case(TODAY, 1)])
        advance_watching.watch(tx, JANUARY_5)  # leaves what waits for a second person alone
        second_person.decide(tx, proposal.proposal_id, approve=True, why="", by=BEN, now=JANUARY_5)
        with pytest.raises(Refused, match="正在办理"):
            ask(tx, PAIR, "shanghai", JANUARY_5)
        change = store.find(tx, [draft.change_id])[draft.change_id]
        assert (change.amount_fen, change.state) == (700_00, ChangeState.ISSUED)
        assert (change.finance_by, change.pay_by) == (date(2026, 1, 12), date(2026, 1, 26))
        _confirm(tx, _pay(tx, change, 700, "S1"))
        advance_watching.watch(tx, JANUARY_5)
        assert not advance_look_ups.warnings(tx, None, only_open=True, count_max=10)
        sound(tx, JANUARY_5)


def test_a_draft_that_nobody_needs_any_more_is_dropped(engine: Engine) -> None:
    with engine.begin() as tx:
        red(tx)
        advance_watching.watch(tx, JANUARY_5)
        (draft,) = store.listed(tx, Wanted((ChangeState.DRAFTED,)))
        hold(tx, 5_000)
        advance_watching.watch(tx, JANUARY_5)
        assert store.find(tx, [draft.change_id])[draft.change_id].state is ChangeState.DROPPED
        refused(RefusalCode.OUT_OF_STEP, advance_drafting.drop, tx, draft.change_id)


def test_a_new_cycle_begins_with_nothing_used(engine: Engine) -> None:
    with engine.begin() as tx:
        red(tx)
        advance_watching.watch(tx, JANUARY_5)
        tx.execute(text("UPDATE business_days SET state = 'closed', closed_at = now()"))
        add_days(tx, date(2026, 1, 6), date(2026, 2, 1))
        later = datetime(2026, 2, 1, 2, 0, tzinfo=UTC)
        assert advance_watching.watch(tx, later) == []
        assert not advance_look_ups.warnings(tx, None, only_open=True, count_max=10)
        found = advance_positions.situation(tx, later)
        assert found.standing(PAIR).spent_fen == 0


def test_the_board_adds_closed_days_and_the_open_one_and_looks_ahead(engine: Engine) -> None:
    with engine.begin() as tx:
        hold(tx, 10_000)
        hold(tx, 100, (ANHUI, SHANGHAI))
        add_cases(tx, [a_case(TODAY, 50, account_fen=10_00), a_case(TODAY, 5, (HUNAN, ANHUI))])
        found = advance_positions.situation(tx, JANUARY_5)
        assert found.cycle.name == "2026-01"
        assert found.clearing_on == date(2026, 2, 28)
        whole = (None, SHANGHAI)
        pairs = [(ANHUI, SHANGHAI), (HUNAN, SHANGHAI), (HUNAN, ANHUI)]
        assert set(advance_positions.subjects(found)) == {*pairs, whole}
        assert found.spent(PAIR).closed_fen == 200_00
        assert found.spent(PAIR).open_fen == 50_00
        assert found.standing(whole).spent_fen == 250_00
        assert found.standing(whole).held_fen == 10_100_00
        assert found.standing((HUNAN, ANHUI)).level is Level.NONE
        ahead = advance_positions.outlooks(tx, found, [PAIR, whole, (HUNAN, ANHUI)])
        assert ahead[PAIR].runway.days_left is not None
        assert ahead[PAIR].top_up_fen == 0
        assert ahead[HUNAN, ANHUI].top_up_fen is None
        areas: set[AreaCode] = {area for one in ahead for area in one if area is not None}
        assert areas == {HUNAN, SHANGHAI, ANHUI}


def test_a_patient_settles_though_the_advance_is_long_used_up(databases: Databases) -> None:
    hub = an_open_hub(databases.fresh("hub", migrate))
    with hub.engine.begin() as tx:
        hold(tx, 10, (INSURED, TREATMENT), hub.now)
    levels = []
    for _ in range(3):  # each takes 8.50 yuan of the 10
        assert hub.state_of(settled(hub)) == "settled"
        with hub.engine.begin() as tx:
            said = advance_watching.watch(tx, hub.now)
            levels.append({one.message.body.level for one in said})  # type: ignore[attr-defined]  # warnings
    assert levels == [{Level.YELLOW}, {Level.RED}, set()]
    with hub.engine.begin() as tx:
        found = advance_positions.situation(tx, hub.now)
        assert found.standing((INSURED, TREATMENT)).spent_fen == 3 * 850
