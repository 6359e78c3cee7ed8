"""The ledger beyond settlements: adjustments by two persons, and balances of closed days."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import psycopg2
import pytest

from contracts.access import AccessRole, Principal
from contracts.codes import Fund, InsuranceKind, VisitKind
from contracts.ids import SettlementId, new_id
from contracts.refusal import RefusalCode, Refused
from hub.domain.adjustment import Adjustment, AdjustmentReason, Booked
from hub.services import adjusting, balances, days, releases, second_person, undoing
from hub.services.verification import verify
from hub.store.db import migrate
from tests.services.test_hub_settlements import cancellation, released, settled
from tests.support.databases import Databases
from tests.support.hub import INSURED, NOW, TODAY, TREATMENT, Hub, an_open_hub

ANN = Principal("ann", AccessRole.OPERATOR, None)
BEN = Principal("ben", AccessRole.OPERATOR, None)
TOMORROW = TODAY + timedelta(days=1)
SUM_BY_DAY = """
    SELECT business_date, fund, debit_fen, credit_fen, count, balance_fen FROM ledger_balances
    ORDER BY business_date, fund
"""


@pytest.fixture
def hub(databases: Databases) -> Hub:
    return an_open_hub(databases.fresh("hub", migrate))


def audit(settlement_id: SettlementId | None = None, fen: int = -30, **changes: Any) -> Adjustment:
    """The pool need not pay 30 fen of a violating fee."""
    usual = Adjustment(
        adjustment_id=new_id(),
        insured_area=INSURED,
        treatment_area=TREATMENT,
        insurance_kind=InsuranceKind.EMPLOYEE,
        visit_kind=VisitKind.INPATIENT,
        fund=Fund.POOL,
        amount_fen=fen,
        reason=AdjustmentReason.AUDIT,
        cause="超范围收费",
        by="ann",
        second="ben",
        settlement_id=settlement_id,
    )
    return replace(usual, **changes)


def given_back(settlement_id: SettlementId, fen: int) -> Adjustment:
    return audit(settlement_id, fen, reason=AdjustmentReason.CORRECTION)


def adjust(hub: Hub, wanted: Adjustment) -> Booked:
    with hub.engine.begin() as tx:
        return adjusting.adjust(tx, wanted, NOW)


def standing(hub: Hub, on: date = date.max) -> dict[Fund, int]:
    with hub.engine.begin() as tx:
        return {one.fund: one.balance_fen for one in balances.standing(tx, on)}


def close(hub: Hub) -> None:
    with hub.engine.begin() as tx:
        days.close(tx, NOW)
        balances.snapshot_closed(tx, NOW)


def test_an_adjustment_is_one_posting_on_the_open_day_in_the_direction_of_its_sign(
    hub: Hub,
) -> None:
    for fen, debtor, creditor in ((-30, TREATMENT, INSURED), (70, INSURED, TREATMENT)):
        wanted = audit(fen=fen, reason=AdjustmentReason.CORRECTION)
        assert adjust(hub, wanted) == Booked(wanted, TODAY, NOW)
        found = hub.rows(
            "SELECT settlement_id, business_date, from_area, to_area, amount_fen, kind"
            " FROM postings WHERE adjustment_id = %s",
            wanted.adjustment_id,
        )
        assert found == [(None, TODAY, debtor, creditor, abs(fen), "adjustment")]
    assert standing(hub) == {Fund.POOL: 40}


def test_the_same_adjustment_again_is_the_same_and_another_content_is_refused(hub: Hub) -> None:
    wanted = audit()
    first = adjust(hub, wanted)
    close(hub)
    assert adjust(hub, wanted) == first
    assert hub.rows("SELECT count(*) FROM postings") == [(1,)]
    with pytest.raises(Refused) as refused:
        adjust(hub, replace(wanted, amount_fen=-31))
    assert refused.value.code is RefusalCode.CONFLICTING_REPLAY


# The settled one has 700 from the pool, 100 from the large sum fund, 50 from the account.
REFUSED: list[tuple[dict[str, Any], RefusalCode]] = [
    ({"second": "ann"}, RefusalCode.SECOND_PERSON_NEEDED),
    ({"amount_fen": 0}, RefusalCode.FIELD_INVALID),
    ({"insured_area": TREATMENT}, RefusalCode.FIELD_INVALID),
    ({"cause": " "}, RefusalCode.FIELD_MISSING),
    ({"cause": "x" * 501}, RefusalCode.FIELD_TOO_LONG),
    ({"settlement_id": UUID(int=5)}, RefusalCode.UNKNOWN_SETTLEMENT),
    ({"insurance_kind": InsuranceKind.RESIDENT}, RefusalCode.OUT_OF_STEP),
    ({"visit_kind": VisitKind.PHARMACY}, RefusalCode.OUT_OF_STEP),
    ({"amount_fen": 30}, RefusalCode.FIELD_INVALID),
    ({"amount_fen": 30, "settlement_id": None}, RefusalCode.FIELD_INVALID),
    ({"amount_fen": -701}, RefusalCode.OUT_OF_STEP),
    ({"amount_fen": 1, "reason": AdjustmentReason.CORRECTION}, RefusalCode.OUT_OF_STEP),
    ({"fund": Fund.OTHER}, RefusalCode.OUT_OF_STEP),
]


def test_what_does_not_fit_is_refused_and_books_nothing(hub: Hub) -> None:
    settlement_id = settled(hub)
    before = hub.rows("SELECT count(*) FROM postings")
    for changes, code in REFUSED:
        with pytest.raises(Refused) as refused:
            adjust(hub, replace(audit(settlement_id), **changes))
        assert refused.value.code is code, changes
    assert hub.rows("SELECT count(*) FROM postings") == before
    assert hub.rows("SELECT count(*) FROM adjustments") == [(0,)]


def test_a_fund_pays_between_nothing_and_what_it_once_paid_whatever_was_adjusted_before(
    hub: Hub,
) -> None:
    settlement_id = settled(hub)
    adjust(hub, audit(settlement_id, -700))
    with pytest.raises(Refused, match="扣减超过"):
        adjust(hub, audit(settlement_id, -1))
    adjust(hub, given_back(settlement_id, 5))
    adjust(hub, audit(settlement_id, -5))
    assert standing(hub)[Fund.POOL] == 0
    adjust(hub, given_back(settlement_id, 700))
    with pytest.raises(Refused, match="补回超过"):
        adjust(hub, given_back(settlement_id, 1))
    assert standing(hub)[Fund.POOL] == 700


def test_a_reversal_takes_back_what_was_adjusted_so_that_everything_nets_out(hub: Hub) -> None:
    settlement_id = settled(hub)
    adjust(hub, audit(settlement_id, -30))
    adjust(hub, audit(settlement_id, -10, fund=Fund.ACCOUNT))
    adjust(hub, given_back(settlement_id, 5))
    close(hub)
    hub.hear(undoing.cancel, cancellation(settlement_id))
    hub.hear(releases.record, released(settlement_id))
    close(hub)
    assert set(standing(hub).values()) == {0}
    taken_back = hub.rows(
        'SELECT business_date, amount_fen, reason, "by", second FROM adjustments'
        " WHERE starts_with(cause, '结算已撤销') ORDER BY amount_fen"
    )
    assert taken_back == [
        (TOMORROW, -5, "correction", "ann", "ben"),
        (TOMORROW, 10, "audit", "ann", "ben"),
        (TOMORROW, 30, "audit", "ann", "ben"),
    ]
    with pytest.raises(Refused, match="reversed"):
        adjust(hub, audit(settlement_id))


def test_an_adjustment_by_hand_takes_two_persons(hub: Hub) -> None:
    settlement_id = settled(hub)
    wanted = audit(settlement_id, by="ann", second="")
    with hub.engine.begin() as tx:
        proposal = adjusting.propose(tx, wanted, reason="审核", by=ANN, now=NOW)
        assert proposal.value_fen == 30
    assert hub.rows("SELECT count(*) FROM adjustments") == [(0,)]
    with hub.engine.begin() as tx, pytest.raises(Refused) as refused:
        second_person.decide(tx, proposal.proposal_id, approve=True, why="", by=ANN, now=NOW)
    assert refused.value.code is RefusalCode.SECOND_PERSON_NEEDED
    for _ in range(2):  # once, however often it is said
        with hub.engine.begin() as tx:
            second_person.decide(tx, proposal.proposal_id, approve=True, why="", by=BEN, now=NOW)
    assert hub.rows('SELECT "by", second, amount_fen FROM adjustments') == [("ann", "ben", -30)]
    assert standing(hub)[Fund.POOL] == 670


def test_before_the_first_day_nothing_is_adjusted(databases: Databases) -> None:
    engine = databases.fresh("hub", migrate)
    with pytest.raises(Refused) as no, engine.begin() as tx:
        adjusting.adjust(tx, audit(), NOW)
    assert no.value.code is RefusalCode.OUT_OF_STEP


def test_balances_of_closed_days_come_from_the_postings_and_run_on(hub: Hub) -> None:
    settlement_id = settled(hub)
    close(hub)
    adjust(hub, audit(settlement_id, -30))
    close(hub)
    close(hub)  # nothing moved: a snapshot without balances
    hub.hear(undoing.cancel, cancellation(settlement_id))
    hub.hear(releases.record, released(settlement_id))
    close(hub)
    last = TODAY + timedelta(days=3)
    assert hub.rows(SUM_BY_DAY) == [
        (TODAY, "account", 50, 0, 1, 50),
        (TODAY, "large_sum", 100, 0, 1, 100),
        (TODAY, "pool", 700, 0, 1, 700),
        (TOMORROW, "pool", 0, 30, 1, 670),
        (last, "account", 0, 50, 1, 0),
        (last, "large_sum", 0, 100, 1, 0),
        (last, "pool", 30, 700, 2, 0),
    ]
    counts = hub.rows("SELECT count, debit_fen - credit_fen FROM ledger_snapshots ORDER BY 1, 2")
    assert counts == [(0, 0), (1, -30), (3, 850), (4, -820)]
    assert standing(hub, TODAY) == {Fund.POOL: 700, Fund.LARGE_SUM: 100, Fund.ACCOUNT: 50}
    assert standing(hub, TOMORROW)[Fund.POOL] == 670


def test_a_snapshot_is_taken_once_and_only_of_closed_days(hub: Hub) -> None:
    settled(hub)
    with hub.engine.begin() as tx:
        assert balances.snapshot_closed(tx, NOW) == []
        days.close(tx, NOW)
        days.close(tx, NOW)
        assert balances.snapshot_closed(tx, NOW) == [TODAY, TOMORROW]
        assert balances.snapshot_closed(tx, NOW) == []


def test_what_the_services_booked_breaks_no_promise_of_the_ledger(hub: Hub) -> None:
    settlement_id = settled(hub)
    adjust(hub, audit(settlement_id))
    close(hub)
    with hub.engine.begin() as tx:
        found = {one.name for one in verify(tx, NOW)}
    assert found <= {"final_states_are_told"}  # `hear` sends nothing


def test_the_database_refuses_what_is_no_posting_and_every_change(hub: Hub) -> None:
    settlement_id = settled(hub)
    adjust(hub, audit(settlement_id))
    close(hub)
    columns = (
        "business_date, insured_area, treatment_area, insurance_kind, fund, from_area, to_area,"
        " amount_fen, posted_at"
    )
    copied = (
        f"INSERT INTO postings ({columns}, kind, settlement_id, adjustment_id)"  # noqa: S608
        f" SELECT {columns}, %s FROM postings WHERE kind = '%s' LIMIT 1"
    )
    for statement, constraint in (
        (copied % ("kind, NULL, NULL", "settlement"), "postings_one_cause"),
        (copied % ("kind, NULL, NULL", "adjustment"), "postings_one_cause"),
        (copied % ("'adjustment', settlement_id, NULL", "settlement"), "postings_one_cause"),
        (copied % ("kind, NULL, adjustment_id", "adjustment"), "postings_of_adjustment"),
        ("UPDATE adjustments SET amount_fen = 1", "adjustments is append-only"),
        ("DELETE FROM adjustments", "adjustments is append-only"),
        ("UPDATE ledger_balances SET balance_fen = 0", "ledger_balances is append-only"),
        ("TRUNCATE ledger_balances", "ledger_balances is append-only"),
        ("DELETE FROM ledger_snapshots", "ledger_snapshots is append-only"),
        ("UPDATE postings SET amount_fen = 1", "postings is append-only"),
        ("DELETE FROM settlement_steps", "settlement_steps is append-only"),
    ):
        with pytest.raises(psycopg2.IntegrityError, match=constraint):
            hub.rows(statement)
