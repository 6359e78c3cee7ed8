"""Batches cost a bounded number of statements, whatever their size."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine

from contracts.messages.settlement import Outcome
from participants.treatment.domain.results import Requested
from participants.treatment.domain.settlement import CancelRequest, WithdrawRequest
from participants.treatment.domain.visit import Opened
from participants.treatment.services import attempts, settlements, trials, visits
from tests.support.databases import Databases
from tests.support.statements import heard
from tests.support.treatment import (
    HOSPITAL,
    NOW,
    TERMS,
    a_bill,
    a_visit,
    an_answer,
    an_attempt,
    claimed,
    treatment_database,
)

MANY = 500


@pytest.fixture
def tx(databases: Databases) -> Iterator[Connection]:
    engine: Engine = treatment_database(databases)
    with engine.begin() as tx:
        yield tx


def _settled(tx: Connection) -> list[Requested]:
    bills = claimed(tx, *(a_bill(f"M{n}") for n in range(MANY)))
    results, _ = settlements.request(tx, bills, NOW, TERMS)
    found = [one for one in results if isinstance(one, Requested)]
    answers = [an_answer(one.settlement_id, Outcome.SETTLED) for one in found]
    settlements.record_answers(tx, answers, NOW)
    return found


def test_claiming_takes_two_statements(tx: Connection) -> None:
    with heard(tx) as seen:
        attempts.claim(tx, [an_attempt(f"M{n}") for n in range(MANY)], NOW)
    assert len(seen) <= 2


def test_requesting_takes_eight_statements_at_most(tx: Connection) -> None:
    ids = [f"V{n}" for n in range(MANY)]
    attempts.claim(tx, [an_attempt(id_, infno="2401") for id_ in ids], NOW)
    opened = visits.open(tx, [a_visit(id_) for id_ in ids], NOW, TERMS)
    with_visit = [
        a_bill(f"M{n}", visit_id=one.visit_id)
        for n, one in enumerate(opened)
        if isinstance(one, Opened)
    ]
    bills = claimed(tx, *with_visit[: MANY // 2], *(a_bill(f"N{n}") for n in range(MANY // 2)))
    with heard(tx) as seen:
        results, outgoing = settlements.request(tx, bills, NOW, TERMS)
    assert all(isinstance(one, Requested) for one in results)
    assert len(outgoing) == MANY
    assert len(seen) <= 8


def test_answers_cancellations_and_trials_take_a_handful_of_statements(tx: Connection) -> None:
    with heard(tx) as seen:
        found = _settled(tx)
    assert len(seen) <= 2 + 8 + 5
    with heard(tx) as seen:
        undone = [
            CancelRequest(f"C{n}", HOSPITAL, one.settlement_id) for n, one in enumerate(found)
        ]
        settlements.cancel(tx, undone, NOW, TERMS)
    assert len(seen) <= 3
    with heard(tx) as seen:
        trials.try_out(tx, [a_bill(f"T{n}") for n in range(MANY)], NOW, TERMS)
    assert len(seen) <= 6


def test_withdrawals_take_a_handful_of_statements(tx: Connection) -> None:
    _settled(tx)
    undo = [WithdrawRequest(f"W{n}", HOSPITAL, f"M{n}", "2207") for n in range(MANY)]
    with heard(tx) as seen:
        results, outgoing = settlements.withdraw(tx, undo, NOW, TERMS)
    assert len(outgoing) == len(results) == MANY
    assert len(seen) <= 8
