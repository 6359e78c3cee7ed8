"""Closing a business day a hundred times while everybody settles, cancels and adjusts."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from queue import Empty, SimpleQueue

import pytest

from contracts.codes import Fund, InsuranceKind, VisitKind
from contracts.ids import SettlementId, new_id
from hub.domain.adjustment import Adjustment, AdjustmentReason
from hub.services import adjusting, balances, calculations, days, releases, undoing
from hub.services.verification import verify
from hub.store.db import migrate
from tests.services.test_hub_settlements import (
    a_request,
    accept,
    calculated,
    cancellation,
    released,
)
from tests.support.databases import Databases
from tests.support.hub import FROM_TREATMENT, INSURED, NOW, TODAY, TREATMENT, Hub, an_open_hub, said

CLOSINGS, SETTLERS, BATCHES, BATCH = 100, 3, 400, 5
# Each settlement beside the days on which its postings lie: one for settling, one for undoing.
DAYS_OF_POSTINGS = """
    SELECT settlements.settlement_id, settled_on, reversed_on,
        array_agg(DISTINCT business_date) FILTER (WHERE kind = 'settlement'),
        array_agg(DISTINCT business_date) FILTER (WHERE kind = 'reversal')
    FROM settlements LEFT JOIN postings USING (settlement_id) GROUP BY 1, 2, 3
"""
SUMS = """
    SELECT (SELECT sum(count) FROM ledger_snapshots), (SELECT count(*) FROM postings),
        (SELECT sum(debit_fen - credit_fen) FROM ledger_snapshots),
        (SELECT sum(CASE WHEN from_area = insured_area THEN amount_fen ELSE -amount_fen END)
            FROM postings)
"""


@pytest.fixture
def hub(databases: Databases) -> Hub:
    return an_open_hub(databases.fresh("hub", migrate))


def taken_on(hub: Hub) -> list[list[SettlementId]]:
    """Bills that wait for their calculation, in small batches."""
    batches = []
    for _ in range(BATCHES // 20):
        requests = [a_request() for _ in range(20 * BATCH)]
        hub.hear(accept, *(said(request, FROM_TREATMENT) for request in requests))
        ids = [request.settlement_id for request in requests]
        batches += [ids[at : at + BATCH] for at in range(0, len(ids), BATCH)]
    return batches


def settle(hub: Hub, ids: Sequence[SettlementId]) -> None:
    """One batch; its first is cancelled at once."""
    with hub.engine.begin() as tx:
        calculations.record(tx, [calculated(id_) for id_ in ids], NOW)
    with hub.engine.begin() as tx:
        undoing.cancel(tx, [cancellation(ids[0])], NOW)
    with hub.engine.begin() as tx:
        releases.record(tx, [released(ids[0])], NOW)


def adjust(hub: Hub) -> None:
    wanted = Adjustment(
        adjustment_id=new_id(),
        insured_area=INSURED,
        treatment_area=TREATMENT,
        insurance_kind=InsuranceKind.EMPLOYEE,
        visit_kind=VisitKind.INPATIENT,
        fund=Fund.POOL,
        amount_fen=-7,
        reason=AdjustmentReason.CORRECTION,
        cause="往期更正",
        by="ann",
        second="ben",
    )
    with hub.engine.begin() as tx:
        adjusting.adjust(tx, wanted, NOW)


def close(hub: Hub) -> None:
    with hub.engine.begin() as tx:
        days.close(tx, NOW)
    with hub.engine.begin() as tx:
        balances.snapshot_closed(tx, NOW)


def at_full_load(hub: Hub, batches: Sequence[list[SettlementId]]) -> None:
    """Settlers work through the batches, while one closes a hundred days and one adjusts."""
    waiting: SimpleQueue[list[SettlementId]] = SimpleQueue()
    for batch in batches:
        waiting.put(batch)
    done, start = threading.Event(), threading.Barrier(SETTLERS + 2)

    def settler() -> None:
        start.wait()
        while True:
            try:
                ids = waiting.get_nowait()
            except Empty:
                return
            settle(hub, ids)

    def closer() -> None:
        start.wait()
        for _ in range(CLOSINGS):
            close(hub)
        done.set()

    def adjuster() -> None:
        start.wait()
        while not done.is_set():
            adjust(hub)

    jobs: list[Callable[[], None]] = [*[settler] * SETTLERS, closer, adjuster]
    with ThreadPoolExecutor(len(jobs)) as everybody:
        for ended in [everybody.submit(job) for job in jobs]:
            ended.result()


def test_a_hundred_closings_under_full_load_put_everything_on_exactly_one_day(hub: Hub) -> None:
    batches = taken_on(hub)
    at_full_load(hub, batches)
    close(hub)
    rows = hub.rows(DAYS_OF_POSTINGS)
    assert len(rows) == BATCHES * BATCH
    for _, settled_on, reversed_on, settled_days, reversed_days in rows:
        assert settled_days == [settled_on]
        assert reversed_days == (None if reversed_on is None else [reversed_on])
    assert sum(reversed_on is not None for _, _, reversed_on, _, _ in rows) == BATCHES
    assert len({settled_on for _, settled_on, _, _, _ in rows}) > 10  # it really was in between
    assert hub.rows("SELECT state, count(*) FROM business_days GROUP BY 1 ORDER BY 1") == [
        ("closed", CLOSINGS + 1),
        ("open", 1),
    ]
    last = TODAY + timedelta(days=CLOSINGS + 1)
    assert hub.rows("SELECT business_date FROM business_days WHERE state = 'open'") == [(last,)]
    # What each day's snapshot took right after its closing is all that ever came to lie on it.
    taken, posted, taken_fen, posted_fen = hub.rows(SUMS)[0]
    assert (taken, taken_fen) == (posted, posted_fen)
    with hub.engine.begin() as tx:
        broken = {finding.name for finding in verify(tx, NOW)}
    assert broken <= {"final_states_are_told"}  # nobody sends here
