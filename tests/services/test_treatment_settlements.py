"""What hospitals may settle, and what the hub's answers make of it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text

from contracts import topics
from contracts.codes import DivisionCode, InsuranceKind, VisitKind
from contracts.ids import PersonId, SettlementId, VisitId, new_id
from contracts.messages.settlement import (
    CancellationRequested,
    Outcome,
    SettlementRequested,
    WithdrawalRequested,
)
from contracts.messages.values import Shares
from contracts.refusal import RefusalCode
from participants.treatment.domain.results import Done, Refusal, Requested
from participants.treatment.domain.settlement import (
    SETTLEMENT,
    CancelRequest,
    Event,
    SettleRequest,
    Split,
    State,
    WithdrawRequest,
)
from participants.treatment.services import attempts, settlements
from tests.support.databases import Databases
from tests.support.tables import rows
from tests.support.treatment import (
    AREA,
    HEFEI,
    HOSPITAL,
    NOW,
    OTHER_HOSPITAL,
    PERSON,
    SHARES,
    TERMS,
    TODAY,
    a_bill,
    a_visit,
    an_answer,
    an_attempt,
    answered,
    claimed,
    opened,
    read,
    requested,
    treatment_database,
)


@pytest.fixture
def engine(databases: Databases) -> Engine:
    return treatment_database(databases)


@pytest.fixture
def tx(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as tx:
        yield tx


REFUSED = """
    what_is_wrong                    field             value          code
    nothing                          use_account       yes            -
    hospital_not_registered          hospital_code     H99999999999   1010
    no_admission_date                admitted_on       none           1004
    no_kind_of_visit                 visit_kind        none           1004
    no_such_area                     insured_division  990100         3001
    insured_here                     insured_division  310104         3002
    admitted_tomorrow                admitted_on       2024-05-07     3006
    discharged_before_admitted       discharged_on     2024-05-05     3006
    discharged_tomorrow              discharged_on     2024-05-07     3006
    amount_below_zero                total_fen         -1             1008
    nothing_to_pay                   total_fen         0              3005
    amount_beyond_all_bounds         total_fen         100000000000000  1006
    total_differs_from_parts         total_fen         10001          3004
    no_split_and_no_lines            split             none           1004
    disease_code_too_long            disease_code      0123456789012345678901234567890  1006
    no_such_visit                    visit_id          new            3010
"""
VALUES: dict[str, object] = {"none": None, "yes": True, "new": VisitId(new_id())}


def _value(field: str, text_: str) -> object:
    if text_ in VALUES:
        return VALUES[text_]
    if field.endswith("_fen"):
        return int(text_)
    return date.fromisoformat(text_) if field.endswith("_on") else text_


@pytest.mark.parametrize("case", rows(REFUSED), ids=lambda case: case["what_is_wrong"])
def test_a_bill_is_refused_with_the_code_of_what_is_wrong(
    tx: Connection, case: dict[str, str]
) -> None:
    bill = replace(a_bill("M1"), **{case["field"]: _value(case["field"], case["value"])})  # type: ignore[arg-type]  # the table names the fields
    [result], outgoing = settlements.request(tx, claimed(tx, bill), NOW, TERMS)
    code = result.code.value if isinstance(result, Refusal) else "-"
    assert code == case["code"]
    assert len(outgoing) == (code == "-")
    kept = tx.execute(text("SELECT count(*) FROM settlements")).scalar_one()
    assert kept == len(outgoing)


def test_a_negative_part_is_refused_even_when_the_parts_add_up(tx: Connection) -> None:
    bill = a_bill("M1", split=Split(-1, 0, 0, 100_01))
    [result], _ = settlements.request(tx, claimed(tx, bill), NOW, TERMS)
    assert result == Refusal(RefusalCode.AMOUNT_NEGATIVE)


def test_one_bad_bill_does_not_spoil_its_batch(tx: Connection) -> None:
    batch = claimed(tx, a_bill("M1"), a_bill("M2", total_fen=0), a_bill("M3"))
    results, outgoing = settlements.request(tx, batch, NOW, TERMS)
    assert [type(one) for one in results] == [Requested, Refusal, Requested]
    assert len(outgoing) == 2


def test_what_the_hub_is_asked_names_the_care_the_bill_and_the_interval(tx: Connection) -> None:
    [result], [outgoing] = settlements.request(tx, claimed(tx, a_bill("M1")), NOW, TERMS)
    assert isinstance(result, Requested)
    body = outgoing.message.body
    assert isinstance(body, SettlementRequested)
    assert (outgoing.topic, outgoing.key) == (topics.HUB_SETTLEMENTS, str(result.settlement_id))
    assert outgoing.message.head.sender == "treatment.310000"
    assert (body.care.hospital_level, body.care.treatment_division) == (3, "310106")
    assert (body.care.admitted_on, body.care.discharged_on) == (TODAY, TODAY)
    assert (body.bill.total_fen, body.bill.in_scope_fen) == (100_00, 80_00)
    assert result.answer_by == NOW + timedelta(seconds=8)


def test_the_facts_of_the_visit_count(tx: Connection) -> None:
    visit_id = opened(tx, a_visit("V1", flags=("TRUM_FLAG=1",), disease_code="I10"))
    bill = a_bill("M1", visit_id=visit_id, admitted_on=None, visit_kind=None, flags=("IPT_TYPE=2",))
    _, [outgoing] = settlements.request(tx, claimed(tx, bill), NOW, TERMS)
    assert isinstance(outgoing.message.body, SettlementRequested)
    care = outgoing.message.body.care
    assert (care.admitted_on, care.discharged_on) == (date(2024, 4, 29), TODAY)
    assert (care.visit_kind, care.disease_code) == (VisitKind.INPATIENT, "I10")
    assert care.flags == ("TRUM_FLAG=1", "IPT_TYPE=2")


@pytest.mark.parametrize(
    "changes",
    [{"person_id": PersonId("B" * 29)}, {"hospital_code": OTHER_HOSPITAL}],
    ids=["another person", "another hospital"],
)
def test_a_visit_is_settled_only_for_its_person_by_its_hospital(
    tx: Connection, changes: dict[str, str]
) -> None:
    bill = a_bill("M1", visit_id=opened(tx, a_visit("V1")), **changes)
    [result], _ = settlements.request(tx, claimed(tx, bill), NOW, TERMS)
    assert result == Refusal(RefusalCode.UNKNOWN_VISIT)


AGAIN = """
    first_ends_as  first_mid_stay  then_mid_stay  code
    -              no              no             3012
    settled        no              no             3012
    settled        no              yes            3012
    settled        yes             no             -
    settled        yes             yes            -
    refused        no              no             -
    expired        no              no             -
    reversed       no              no             -
"""


@pytest.mark.parametrize("case", rows(AGAIN), ids=lambda case: "/".join(case.values()))
def test_a_visit_is_settled_once_unless_in_mid_stay(tx: Connection, case: dict[str, str]) -> None:
    visit_id = opened(tx, a_visit("V1"))
    is_first_mid, is_then_mid = case["first_mid_stay"] == "yes", case["then_mid_stay"] == "yes"
    first = requested(tx, a_bill("M1", visit_id=visit_id, mid_stay=is_first_mid)).settlement_id
    ends = {"-": [], "reversed": [Outcome.SETTLED, Outcome.REVERSED]}
    outcomes = ends.get(case["first_ends_as"]) if case["first_ends_as"] in ends else None
    if outcomes is None:
        outcomes = [Outcome(case["first_ends_as"])]
    answered(tx, [an_answer(first, outcome) for outcome in outcomes])
    again = a_bill("M2", visit_id=visit_id, mid_stay=is_then_mid)
    [result], _ = settlements.request(tx, claimed(tx, again), NOW, TERMS)
    assert (result.code.value if isinstance(result, Refusal) else "-") == case["code"]


def test_two_bills_of_one_visit_in_one_batch_settle_it_once(tx: Connection) -> None:
    visit_id = opened(tx, a_visit("V1"))
    batch = claimed(tx, a_bill("M1", visit_id=visit_id), a_bill("M2", visit_id=visit_id))
    results, outgoing = settlements.request(tx, batch, NOW, TERMS)
    assert isinstance(results[0], Requested)
    assert results[1] == Refusal(RefusalCode.ALREADY_SETTLED)
    assert len(outgoing) == 1


def test_the_database_itself_refuses_a_second_live_settlement_of_a_visit(engine: Engine) -> None:
    with engine.begin() as tx:
        requested(tx, a_bill("M1", visit_id=opened(tx, a_visit("V1"))))
    columns = "visit_id, hospital_code, person_id, insured_division, insurance_kind, visit_kind,"
    columns += "admitted_on, discharged_on, flags, use_account, mid_stay, total_fen, fully_own_fen,"
    columns += "over_ceiling_fen, first_self_pay_fen, in_scope_fen, state, requested_at, answer_by,"
    columns += "echo_json"
    copy = f"""INSERT INTO settlements (settlement_id, msgid, {columns})
        SELECT gen_random_uuid(), 'M2', {columns} FROM settlements"""  # noqa: S608 - a test's own
    with pytest.raises(Exception, match="settlements_one_live_per_visit"), engine.begin() as tx:
        tx.execute(text(copy))


ORDERS = """
    what_happens                              state      anomalies
    settled                                   settled    0
    settled,settled                           settled    0
    refused                                   refused    0
    refused,refused                           refused    0
    refused,settled                           refused    1
    expired                                   expired    0
    expired,settled                           expired    1
    withdrawn                                 withdrawn  0
    reversed                                  requested  1
    kept                                      requested  1
    settled,cancel,reversed                   reversed   0
    settled,cancel,kept                       settled    0
    settled,cancel,kept,cancel,reversed       reversed   0
    settled,cancel,settled,reversed           reversed   0
    settled,cancel,reversed,reversed          reversed   0
    settled,cancel,reversed,settled           reversed   0
    settled,cancel,expired                    reversing  1
    settled,reversed                          reversed   0
    settled,refused                           settled    1
    withdraw,withdrawn                        withdrawn  0
    withdraw,refused                          refused    0
    withdraw,expired                          expired    0
    withdraw,settled                          reversing  0
    withdraw,settled,reversed                 reversed   0
    settled,withdraw,reversed                 reversed   0
    expired,withdraw                          expired    0
    withdraw,withdrawn,refused                withdrawn  0
"""


def _wish(tx: Connection, wish: str, id_: SettlementId) -> None:
    if wish == "cancel":
        settlements.cancel(tx, [CancelRequest("C1", HOSPITAL, id_)], NOW, TERMS)
    else:
        settlements.withdraw(tx, [WithdrawRequest("W1", HOSPITAL, "M1", "2207")], NOW, TERMS)


@pytest.mark.parametrize("case", rows(ORDERS), ids=lambda case: case["what_happens"])
def test_wishes_and_answers_in_any_order_end_where_the_table_says(
    tx: Connection, case: dict[str, str]
) -> None:
    id_ = requested(tx, a_bill("M1")).settlement_id
    for what in case["what_happens"].split(","):
        if what in ("cancel", "withdraw"):
            _wish(tx, what, id_)
        else:
            answered(tx, [an_answer(id_, Outcome(what))])
    assert read(tx, id_).state == case["state"]
    assert tx.execute(text("SELECT count(*) FROM anomalies")).scalar_one() == int(case["anomalies"])


# What the clock does is in tests/services/test_treatment_reminding.py.
ASKED_OR_SAID = [event for event in Event if event is not Event.LAPSE]


@given(events=st.lists(st.sampled_from(ASKED_OR_SAID), max_size=8))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_order_follows_the_table_and_leaves_a_step_for_every_change(
    engine: Engine, events: list[Event]
) -> None:
    with engine.begin() as tx:
        msgid = new_id().hex[:30]
        id_ = requested(tx, a_bill(msgid)).settlement_id
        state, moved = State.REQUESTED, 0
        for event in events:
            after = SETTLEMENT.after(state, event) if SETTLEMENT.allows(state, event) else state
            moved += after is not state
            state = after
            if event is Event.CANCEL:
                settlements.cancel(tx, [CancelRequest("C1", HOSPITAL, id_)], NOW, TERMS)
            elif event is Event.WITHDRAW:
                undo = WithdrawRequest("W1", HOSPITAL, msgid, "2207")
                settlements.withdraw(tx, [undo], NOW, TERMS)
            else:
                answered(tx, [an_answer(id_, Outcome(event.value))])
        assert read(tx, id_).state is state
        steps = text("SELECT count(*) FROM settlement_steps WHERE settlement_id = :id")
        assert tx.execute(steps, {"id": id_}).scalar_one() == moved


def test_a_settled_bill_shows_its_shares_its_day_and_the_deductible(tx: Connection) -> None:
    id_ = requested(tx, a_bill("M1", echo_json='{"med_type":"11"}')).settlement_id
    assert read(tx, id_).is_pending
    answered(tx, [an_answer(id_, Outcome.SETTLED)])
    found = read(tx, id_)
    assert (found.is_pending, found.shares, found.deductible_fen) == (False, SHARES, 20_00)
    assert (found.business_date, found.reversed_on, found.answered_at) == (TODAY, None, NOW)
    assert (found.msgid, found.echo_json) == ("M1", '{"med_type":"11"}')


def test_a_reversed_bill_keeps_its_day_and_gets_the_day_it_was_reversed(tx: Connection) -> None:
    id_ = requested(tx, a_bill("M1")).settlement_id
    tomorrow = TODAY + timedelta(days=1)
    reversed_ = an_answer(id_, Outcome.REVERSED, on=tomorrow)
    answered(tx, [an_answer(id_, Outcome.SETTLED), reversed_])
    found = read(tx, id_)
    assert (found.business_date, found.reversed_on, found.shares) == (TODAY, tomorrow, SHARES)


UNSOUND = {
    "parts that are not the bill": {"shares": Shares(pool_fen=1)},
    "somebody else than the hub": {"sender": "insured.340000"},
}


@pytest.mark.parametrize("changes", UNSOUND.values(), ids=UNSOUND)
def test_an_answer_that_cannot_be_true_is_kept_and_not_followed(
    tx: Connection, changes: dict[str, object]
) -> None:
    id_ = requested(tx, a_bill("M1")).settlement_id
    answered(tx, [an_answer(id_, Outcome.SETTLED, **changes)])  # type: ignore[arg-type]  # as named
    assert read(tx, id_).state is State.REQUESTED
    assert tx.execute(text("SELECT count(*) FROM anomalies")).scalar_one() == 1


def test_an_answer_to_nothing_we_asked_is_an_anomaly(tx: Connection) -> None:
    answered(tx, [an_answer(SettlementId(new_id()), Outcome.SETTLED)])
    assert tx.execute(text("SELECT kind FROM anomalies")).scalar_one() == "unknown"


CANCELLED = """
    state      result     asks_the_hub
    requested  3014       0
    refused    3014       0
    expired    3014       0
    settled    requested  1
    reversing  requested  0
    reversed   done       0
"""
LEADS_TO: dict[str, list[str]] = {
    "requested": [],
    "refused": ["refused"],
    "expired": ["expired"],
    "settled": ["settled"],
    "withdrawing": ["withdraw"],
    "withdrawn": ["withdrawn"],
    "reversing": ["settled", "cancel"],
    "reversed": ["settled", "reversed"],
}


def _brought_to(tx: Connection, state: str) -> SettlementId:
    id_ = requested(tx, a_bill("M1")).settlement_id
    for what in LEADS_TO[state]:
        if what in ("cancel", "withdraw"):
            _wish(tx, what, id_)
        else:
            answered(tx, [an_answer(id_, Outcome(what))])
    assert read(tx, id_).state == state
    return id_


def _told(result: Requested | Done | Refusal) -> str:
    return result.code.value if isinstance(result, Refusal) else type(result).__name__.lower()


@pytest.mark.parametrize("case", rows(CANCELLED), ids=lambda case: case["state"])
def test_a_cancellation_of_a_settlement_in_each_state(tx: Connection, case: dict[str, str]) -> None:
    id_ = _brought_to(tx, case["state"])
    cancels = [CancelRequest("C1", HOSPITAL, id_), CancelRequest("C2", HOSPITAL, id_)]
    results, outgoing = settlements.cancel(tx, cancels, NOW, TERMS)
    assert [_told(one) for one in results] == [case["result"]] * 2
    assert [type(one.message.body) for one in outgoing] == [CancellationRequested] * int(
        case["asks_the_hub"]
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"hospital_code": OTHER_HOSPITAL},
        {"visit_id": VisitId(new_id())},
        {"person_id": PersonId("B" * 29)},
        {"settlement_id": SettlementId(new_id())},
    ],
    ids=["another hospital", "another visit", "another person", "no such settlement"],
)
def test_a_hospital_cancels_only_what_is_its_own(
    tx: Connection, changes: dict[str, object]
) -> None:
    request = replace(CancelRequest("C1", HOSPITAL, _brought_to(tx, "settled")), **changes)  # type: ignore[arg-type]  # as named
    results, outgoing = settlements.cancel(tx, [request], NOW, TERMS)
    assert (results, outgoing) == ([Refusal(RefusalCode.UNKNOWN_SETTLEMENT)], [])


WITHDRAWN = """
    state        result     asks_the_hub
    requested    requested  1
    withdrawing  requested  0
    settled      requested  1
    reversing    requested  0
    refused      done       0
    expired      done       0
    withdrawn    done       0
    reversed     done       0
"""


@pytest.mark.parametrize("case", rows(WITHDRAWN), ids=lambda case: case["state"])
def test_a_withdrawal_of_a_settlement_in_each_state(tx: Connection, case: dict[str, str]) -> None:
    _brought_to(tx, case["state"])
    undo = [WithdrawRequest(msgid, HOSPITAL, "M1", "2207", PERSON) for msgid in ("W2", "W3")]
    results, outgoing = settlements.withdraw(tx, undo, NOW, TERMS)
    assert [_told(one) for one in results] == [case["result"]] * 2
    bodies = [one.message.body for one in outgoing]
    assert [type(body) for body in bodies] == [WithdrawalRequested] * int(case["asks_the_hub"])
    assert all(
        body.treatment_area == AREA for body in bodies if isinstance(body, WithdrawalRequested)
    )


def test_a_withdrawal_of_a_message_never_seen_refuses_the_late_original(tx: Connection) -> None:
    undo = WithdrawRequest("W1", HOSPITAL, "M1", "2207")
    results, outgoing = settlements.withdraw(tx, [undo, undo], NOW, TERMS)
    assert (results, outgoing) == ([Done(), Done()], [])
    [claim] = attempts.claim(tx, [an_attempt("M1")], NOW)
    assert claim.kind == "withdrawn"
    [result], _ = settlements.request(tx, [a_bill("M1")], NOW, TERMS)
    assert result == Refusal(RefusalCode.WITHDRAWN_BEFORE)


def test_an_original_claimed_but_not_acted_upon_can_be_withdrawn(tx: Connection) -> None:
    bills: list[SettleRequest] = claimed(tx, a_bill("M1"))
    undo = WithdrawRequest("W1", HOSPITAL, "M1", "2207")
    assert settlements.withdraw(tx, [undo], NOW, TERMS) == ([Done()], [])
    [result], _ = settlements.request(tx, bills, NOW, TERMS)
    assert result == Refusal(RefusalCode.WITHDRAWN_BEFORE)


@pytest.mark.parametrize(
    "undo",
    [
        WithdrawRequest("W1", HOSPITAL, "M1", "2304"),
        WithdrawRequest("W1", HOSPITAL, "M1", "2207", PersonId("B" * 29)),
    ],
    ids=["another transaction", "another person"],
)
def test_a_hospital_withdraws_only_what_is_its_own(tx: Connection, undo: WithdrawRequest) -> None:
    id_ = _brought_to(tx, "settled")
    results, outgoing = settlements.withdraw(tx, [undo], NOW, TERMS)
    assert (results, outgoing) == ([Refusal(RefusalCode.UNKNOWN_MESSAGE)], [])
    assert read(tx, id_).state is State.SETTLED


def test_another_hospitals_withdrawal_of_the_same_message_id_is_of_another_message(
    tx: Connection,
) -> None:
    id_ = _brought_to(tx, "settled")
    undo = WithdrawRequest("W1", OTHER_HOSPITAL, "M1", "2207")
    assert settlements.withdraw(tx, [undo], NOW, TERMS) == ([Done()], [])
    assert read(tx, id_).state is State.SETTLED
    [theirs, ours] = attempts.claim(
        tx, [an_attempt("M1", by=OTHER_HOSPITAL), an_attempt("M1")], NOW
    )
    assert (theirs.kind, ours.kind) == ("withdrawn", "replay")


def test_opening_a_visit_can_be_withdrawn_until_it_is_settled(tx: Connection) -> None:
    undo = WithdrawRequest("W1", HOSPITAL, "V1", "2401")
    visit_id = opened(tx, a_visit("V1"))
    settled = requested(tx, a_bill("M1", visit_id=visit_id)).settlement_id
    results, _ = settlements.withdraw(tx, [undo], NOW, TERMS)
    assert results == [Refusal(RefusalCode.NOT_CANCELLABLE)]
    answered(tx, [an_answer(settled, Outcome.REFUSED)])
    assert settlements.withdraw(tx, [undo], NOW, TERMS) == ([Done()], [])
    [result], _ = settlements.request(tx, claimed(tx, a_bill("M2", visit_id=visit_id)), NOW, TERMS)
    assert result == Refusal(RefusalCode.UNKNOWN_VISIT)


def test_the_insured_kind_and_place_reach_the_hub_as_the_hospital_gave_them(tx: Connection) -> None:
    bill = a_bill(
        "M1", insurance_kind=InsuranceKind.RESIDENT, insured_division=DivisionCode("349900")
    )
    _, [outgoing] = settlements.request(tx, claimed(tx, bill), NOW, TERMS)
    assert isinstance(outgoing.message.body, SettlementRequested)
    care = outgoing.message.body.care
    assert (care.insurance_kind, care.insured_division) == ("390", "349900")
    assert care.insured_division != HEFEI
