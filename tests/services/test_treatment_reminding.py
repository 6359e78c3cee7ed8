"""A treatment area ends by T what the hub has not answered, and reminds the hub until it has."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Connection, text

from contracts.ids import SettlementId
from contracts.messages.settlement import Outcome, StatusAsked, WithdrawalRequested
from contracts.refusal import RefusalCode
from participants.treatment.domain.reminding import Reminding
from participants.treatment.domain.results import Done, Refusal
from participants.treatment.domain.settlement import CancelRequest, WithdrawRequest
from participants.treatment.services import reminding, settlements
from participants.treatment.settings import Settings
from tests.support.databases import Databases
from tests.support.tables import rows
from tests.support.treatment import (
    AREA,
    HOSPITAL,
    NOW,
    SHARES,
    TERMS,
    TODAY,
    a_bill,
    an_answer,
    answered,
    read,
    requested,
    treatment_database,
)

SECOND = timedelta(seconds=1)
PATIENCE = Reminding(2 * SECOND, SECOND, 2 * SECOND, 10 * SECOND)


@pytest.fixture
def tx(databases: Databases) -> Iterator[Connection]:
    with treatment_database(databases).begin() as tx:
        yield tx


def remind(tx: Connection, seconds: float, most: int = 100) -> list[str]:
    """The job, so many seconds after the request; what it says."""
    at = NOW + timedelta(seconds=seconds)
    said = reminding.remind(tx, at, terms=TERMS, reminding=PATIENCE, count_max=most)
    return [one.message.body.KIND for one in said]


def through(tx: Connection, until: int) -> list[tuple[float, str]]:
    """When the job says what, looking twice a second."""
    looks = [n / 2 for n in range(2 * until + 1)]
    return [(second, kind) for second in looks for kind in remind(tx, second)]


def undo(tx: Connection, what: str, id_: SettlementId) -> None:
    if what == "cancel":
        settlements.cancel(tx, [CancelRequest("C1", HOSPITAL, id_)], NOW, TERMS)
    else:
        settlements.withdraw(tx, [WithdrawRequest("W1", HOSPITAL, "M1", "2207")], NOW, TERMS)


# T is eight seconds after the request, and after the wish to undo it. Pauses: 2, 4, 8, 10, 10 …
ENDS = """
    what_happened    job
    -                5:status_asked,7:withdrawal_requested,9:withdrawal_requested,13:withdrawal_requested,21:withdrawal_requested
    withdraw         7:withdrawal_requested,9:withdrawal_requested,13:withdrawal_requested,21:withdrawal_requested
    settled,cancel   5:status_asked,7:status_asked,9:status_asked,13:status_asked,21:status_asked
    settled,withdraw 5:withdrawal_requested,7:withdrawal_requested,9:withdrawal_requested,13:withdrawal_requested,21:withdrawal_requested
    settled          -
    refused          -
    expired          -
    withdraw,withdrawn -
"""  # noqa: E501 - a row stays a row


@pytest.mark.parametrize("case", rows(ENDS), ids=lambda case: case["what_happened"])
def test_the_hub_is_reminded_of_what_it_has_not_answered_with_growing_pauses(
    tx: Connection, case: dict[str, str]
) -> None:
    id_ = requested(tx, a_bill("M1")).settlement_id
    for what in case["what_happened"].replace("-", "").split(","):
        if what in {"cancel", "withdraw"}:
            undo(tx, what, id_)
        elif what:
            answered(tx, [an_answer(id_, Outcome(what))])
    expected = [] if case["job"] == "-" else [one.split(":") for one in case["job"].split(",")]
    assert through(tx, 25) == [(int(at), kind) for at, kind in expected]


def test_at_t_it_is_void_and_whoever_waits_is_woken(tx: Connection) -> None:
    id_ = requested(tx, a_bill("M1")).settlement_id
    remind(tx, 6.9)
    assert read(tx, id_).is_pending
    remind(tx, 7)
    found = read(tx, id_)
    assert (found.state, found.is_void, found.is_pending) == ("withdrawing", True, False)
    steps = tx.execute(text("SELECT event, to_state FROM settlement_steps")).all()
    assert steps == [("lapse", "withdrawing")]


# Whatever the hub says after T: how it stands in the books, and that it is void for the hospital.
AFTER_T = """
    hub_says           state      anomalies
    settled            reversing  0
    settled,reversed   reversed   0
    reversed,settled   reversed   0
    refused            refused    0
    expired            expired    0
    withdrawn          withdrawn  0
    settled,kept       settled    1
"""


@pytest.mark.parametrize("case", rows(AFTER_T), ids=lambda case: case["hub_says"])
def test_what_was_void_at_t_stays_void_whatever_the_hub_says_later(
    tx: Connection, case: dict[str, str]
) -> None:
    id_ = requested(tx, a_bill("M1")).settlement_id
    remind(tx, 7)
    for outcome in case["hub_says"].split(","):
        answered(tx, [an_answer(id_, Outcome(outcome))])
    found = read(tx, id_)
    assert (found.state, found.is_void, found.is_pending) == (case["state"], True, False)
    assert tx.execute(text("SELECT count(*) FROM anomalies")).scalar_one() == int(case["anomalies"])
    undone, _ = settlements.withdraw(
        tx, [WithdrawRequest("W1", HOSPITAL, "M1", "2207")], NOW, TERMS
    )
    assert undone == [Done(id_)]
    cancelled, _ = settlements.cancel(tx, [CancelRequest("C1", HOSPITAL, id_)], NOW, TERMS)
    assert cancelled == [Refusal(RefusalCode.NOT_CANCELLABLE)]


# A settled bill that is being undone at T. What the hub says after it, and how that stands here.
UNDONE_AT_T = """
    wish      hub_says       state      anomalies
    cancel    -              reversing  0
    cancel    reversed       reversed   0
    cancel    settled        reversing  0
    cancel    kept           settled    1
    withdraw  -              reversing  0
    withdraw  reversed       reversed   0
    withdraw  kept           settled    1
"""


@pytest.mark.parametrize(
    "case", rows(UNDONE_AT_T), ids=lambda case: f"{case['wish']}: {case['hub_says']}"
)
def test_what_is_being_undone_at_t_is_undone_whatever_the_hub_says_later(
    tx: Connection, case: dict[str, str]
) -> None:
    id_ = requested(tx, a_bill("M1")).settlement_id
    answered(tx, [an_answer(id_, Outcome.SETTLED)])
    undo(tx, case["wish"], id_)
    remind(tx, 6.9)
    assert (read(tx, id_).is_pending, read(tx, id_).is_undone) == (True, False)
    remind(tx, 7)
    for outcome in filter(None, case["hub_says"].replace("-", "").split(",")):
        answered(tx, [an_answer(id_, Outcome(outcome))])
    found = read(tx, id_)
    assert (found.state, found.is_undone, found.is_pending) == (case["state"], True, False)
    assert found.undone_at == NOW + timedelta(seconds=7)
    assert tx.execute(text("SELECT count(*) FROM anomalies")).scalar_one() == int(case["anomalies"])


def test_an_undone_bill_is_in_the_hospitals_statements_at_the_moment_it_was_told(
    tx: Connection,
) -> None:
    id_ = requested(tx, a_bill("M1")).settlement_id
    answered(tx, [an_answer(id_, Outcome.SETTLED)])
    undo(tx, "cancel", id_)
    remind(tx, 7)
    answered(tx, [an_answer(id_, Outcome.REVERSED)])
    told = tx.execute(text("SELECT reversed_at = undone_at FROM settlements")).scalar_one()
    assert told is True


def test_a_void_bill_that_was_settled_is_in_the_books_with_both_its_days(tx: Connection) -> None:
    id_ = requested(tx, a_bill("M1")).settlement_id
    remind(tx, 7)
    tomorrow = TODAY + timedelta(days=1)
    reversal = an_answer(id_, Outcome.REVERSED, on=tomorrow)
    answered(tx, [an_answer(id_, Outcome.SETTLED), reversal])
    found = read(tx, id_)
    assert (found.business_date, found.reversed_on, found.shares) == (TODAY, tomorrow, SHARES)


def test_a_question_names_the_cancellation_that_it_is_about(tx: Connection) -> None:
    id_ = requested(tx, a_bill("M1")).settlement_id
    answered(tx, [an_answer(id_, Outcome.SETTLED)])
    _, [cancellation] = settlements.cancel(tx, [CancelRequest("C1", HOSPITAL, id_)], NOW, TERMS)
    [question] = reminding.remind(
        tx, NOW + 8 * SECOND, terms=TERMS, reminding=PATIENCE, count_max=9
    )
    body = question.message.body
    assert isinstance(body, StatusAsked)
    assert body.cancellation_id == cancellation.message.head.message_id
    answered(tx, [an_answer(id_, Outcome.KEPT)])
    _, [withdrawal] = settlements.withdraw(
        tx, [WithdrawRequest("W1", HOSPITAL, "M1", "2207")], NOW, TERMS
    )
    assert isinstance(withdrawal.message.body, WithdrawalRequested)
    assert remind(tx, 8) == ["withdrawal_requested"], "the old cancellation is over"


def test_the_job_takes_no_more_at_once_than_it_is_told(tx: Connection) -> None:
    for n in range(5):
        requested(tx, a_bill(f"M{n}"))
    assert [len(remind(tx, 7, most=2)) for _ in range(4)] == [2, 2, 1, 0]


def test_the_deadlines_of_each_kind_are_settings() -> None:
    settings = Settings(
        settle_within_ms=4_000,
        reverse_within_ms=6_000,
        trial_within_ms=2_500,
        status_within_ms=1_500,
        certain_margin_ms=2_000,
        void_before_ms=500,
        remind_pause_max_s=30,
    )
    terms, patience = settings.terms(AREA), settings.reminding()
    intervals = (terms.settle_within, terms.reverse_within, terms.trial_within, terms.status_within)
    assert [one / SECOND for one in intervals] == [6, 8, 4.5, 1.5]
    assert [patience.pause(n) / SECOND for n in range(6)] == [1.5, 3, 6, 12, 24, 30]
    assert (patience.ask_before, patience.void_before) == (1.5 * SECOND, 0.5 * SECOND)
