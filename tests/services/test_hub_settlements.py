"""Settlements through the hub's services, on a real database: every row of the state table."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import pytest

from contracts.codes import VisitKind
from contracts.ids import SettlementId, new_id
from contracts.message import Outgoing
from contracts.messages.directory import AreaTermsPublished, InstitutionsPublished, Listed
from contracts.messages.settlement import (
    BenefitReleased,
    CalculationRefused,
    CalculationRequested,
    CancellationRequested,
    ReleaseReason,
    ReleaseRefused,
    SettlementAnswered,
    SettlementCalculated,
    SettlementRequested,
    WithdrawalRequested,
)
from contracts.messages.values import Shares
from contracts.refusal import RefusalCode
from hub.domain.settlement import SETTLEMENT, Event, State
from hub.services import calculations, days, directory, releases, settlements, undoing
from hub.store import ledger
from hub.store.db import migrate
from tests.support.databases import Databases
from tests.support.hub import (
    ANSWER_WITHIN,
    FROM_INSURED,
    FROM_TREATMENT,
    INSURED,
    NOW,
    PERSON,
    SHARES,
    TODAY,
    TREATMENT,
    Handler,
    Hub,
    a_bill,
    a_care,
    an_open_hub,
    person,
    said,
)

accept: Handler = partial(settlements.accept, answer_within=ANSWER_WITHIN)
LATER = NOW + ANSWER_WITHIN


def a_request(settlement_id: SettlementId | None = None, **care: Any) -> SettlementRequested:
    id_ = settlement_id or SettlementId(new_id())
    return SettlementRequested(settlement_id=id_, care=a_care(**care), bill=a_bill())


def accepted(hub: Hub) -> SettlementId:
    request = a_request()
    hub.hear(accept, said(request, FROM_TREATMENT))
    return request.settlement_id


def settled(hub: Hub) -> SettlementId:
    settlement_id = accepted(hub)
    hub.hear(calculations.record, calculated(settlement_id))
    return settlement_id


def calculated(settlement_id: SettlementId, shares: Shares = SHARES) -> Any:
    body = SettlementCalculated(settlement_id=settlement_id, shares=shares, deductible_fen=100)
    return said(body, FROM_INSURED)


def refused(settlement_id: SettlementId) -> Any:
    code = RefusalCode.NO_POLICY
    body = CalculationRefused(settlement_id=settlement_id, code=code, detail="2026")
    return said(body, FROM_INSURED)


def cancellation(settlement_id: SettlementId) -> Any:
    body = CancellationRequested(settlement_id=settlement_id, treatment_area=TREATMENT)
    return said(body, FROM_TREATMENT)


def withdrawal(settlement_id: SettlementId) -> Any:
    body = WithdrawalRequested(settlement_id=settlement_id, treatment_area=TREATMENT)
    return said(body, FROM_TREATMENT)


def released(settlement_id: SettlementId) -> Any:
    reason = ReleaseReason.CANCELLED
    body = BenefitReleased(settlement_id=settlement_id, reason=reason, was_granted=True)
    return said(body, FROM_INSURED)


def kept(settlement_id: SettlementId) -> Any:
    body = ReleaseRefused(settlement_id=settlement_id, code=RefusalCode.OUT_OF_STEP, detail="年结")
    return said(body, FROM_INSURED)


def expire(hub: Hub, _id: SettlementId) -> list[Outgoing]:
    with hub.engine.begin() as tx:
        hub.outgoing = settlements.expire(tx, LATER, 100)
    return hub.outgoing


def told(outgoing: list[Outgoing]) -> list[str]:
    """What was said, one line a message: to whom, the kind, and what matters of it."""
    lines = []
    for said_ in outgoing:
        body: Any = said_.message.body
        matter = next(
            (str(getattr(body, name)) for name in ("outcome", "reason") if hasattr(body, name)), ""
        )
        code = getattr(body, "code", None)
        lines.append(" ".join(filter(None, (said_.topic, body.KIND, matter, code))))
    return lines


TO_TREATMENT, TO_INSURED = f"treatment.{TREATMENT}.answers", f"insured.{INSURED}.work"
ANSWERED, CONCLUDED = f"{TO_TREATMENT} settlement_answered", f"{TO_INSURED} settlement_concluded"
RELEASE = f"{TO_INSURED} release_requested"

# How a settlement gets into each state.
Deed = Callable[[Hub, SettlementId], object]


def by(handler: Handler, message: Callable[[SettlementId], Any]) -> Deed:
    return lambda hub, id_: hub.hear(handler, message(id_))


SETTLE, REFUSE = by(calculations.record, calculated), by(calculations.refuse, refused)
CANCEL, WITHDRAW = by(undoing.cancel, cancellation), by(undoing.withdraw, withdrawal)
RELEASED, KEEP = by(releases.record, released), by(releases.refuse, kept)
INTO: dict[State, tuple[Deed, ...]] = {
    State.ROUTED: (),
    State.SETTLED: (SETTLE,),
    State.REJECTED: (REFUSE,),
    State.EXPIRED: (expire,),
    State.WITHDRAWN: (WITHDRAW,),
    State.REVERSING: (SETTLE, CANCEL),
    State.REVERSED: (SETTLE, CANCEL, RELEASED),
}
DEEDS: dict[Event, Deed] = {
    Event.SETTLE: SETTLE,
    Event.REFUSE: REFUSE,
    Event.EXPIRE: expire,
    Event.WITHDRAW: WITHDRAW,
    Event.CANCEL: CANCEL,
    Event.RELEASE: RELEASED,
    Event.KEEP: KEEP,
}

# What the hub says to each event in each state. Nothing said and no step: an anomaly.
SAYS: dict[tuple[State, Event], list[str]] = {
    (State.ROUTED, Event.SETTLE): [f"{ANSWERED} settled", f"{CONCLUDED} settled"],
    (State.ROUTED, Event.REFUSE): [f"{ANSWERED} refused 4012"],
    (State.ROUTED, Event.EXPIRE): [f"{ANSWERED} expired 2006", f"{RELEASE} expired"],
    (State.ROUTED, Event.WITHDRAW): [f"{ANSWERED} withdrawn", f"{RELEASE} withdrawn"],
    (State.ROUTED, Event.CANCEL): [f"{ANSWERED} kept 3014"],
    (State.EXPIRED, Event.SETTLE): [f"{RELEASE} late"],
    (State.EXPIRED, Event.REFUSE): [],
    (State.EXPIRED, Event.WITHDRAW): [f"{ANSWERED} expired 2006"],
    (State.EXPIRED, Event.RELEASE): [],
    (State.EXPIRED, Event.CANCEL): [f"{ANSWERED} kept 3014"],
    (State.WITHDRAWN, Event.SETTLE): [f"{RELEASE} late"],
    (State.WITHDRAWN, Event.REFUSE): [],
    (State.WITHDRAWN, Event.WITHDRAW): [f"{ANSWERED} withdrawn"],
    (State.WITHDRAWN, Event.RELEASE): [],
    (State.WITHDRAWN, Event.CANCEL): [f"{ANSWERED} kept 3014"],
    (State.REJECTED, Event.SETTLE): [f"{RELEASE} late"],
    (State.REJECTED, Event.WITHDRAW): [f"{ANSWERED} refused 4012"],
    (State.REJECTED, Event.RELEASE): [],
    (State.REJECTED, Event.CANCEL): [f"{ANSWERED} kept 3014"],
    (State.SETTLED, Event.WITHDRAW): [f"{RELEASE} withdrawn"],
    (State.SETTLED, Event.CANCEL): [f"{RELEASE} cancelled"],
    (State.SETTLED, Event.KEEP): [],
    (State.REVERSED, Event.RELEASE): [],
    (State.REVERSING, Event.WITHDRAW): [],
    (State.REVERSING, Event.CANCEL): [],
    (State.REVERSING, Event.RELEASE): [f"{ANSWERED} reversed", f"{CONCLUDED} reversed"],
    (State.REVERSING, Event.KEEP): [f"{ANSWERED} kept 5001"],
    (State.REVERSED, Event.WITHDRAW): [f"{ANSWERED} reversed"],
    (State.REVERSED, Event.CANCEL): [f"{ANSWERED} reversed"],
}


@pytest.fixture
def hub(databases: Databases) -> Hub:
    return an_open_hub(databases.fresh("hub", migrate))


@pytest.mark.parametrize("event", DEEDS)
@pytest.mark.parametrize("state", INTO)
def test_every_event_in_every_state(hub: Hub, state: State, event: Event) -> None:
    settlement_id = accepted(hub)
    for deed in INTO[state]:
        deed(hub, settlement_id)
    assert hub.state_of(settlement_id) == state
    hub.outgoing = []
    DEEDS[event](hub, settlement_id)
    permitted = SETTLEMENT.allows(state, event)
    after = SETTLEMENT.after(state, event) if permitted else state
    assert hub.state_of(settlement_id) == after
    assert told(hub.outgoing) == SAYS.get((state, event), [])
    # The clock finds nothing to expire, and a cancellation is answered: both are no anomaly.
    fits = permitted or event in {Event.EXPIRE, Event.CANCEL}
    assert hub.anomalies() == ([] if fits else ["out_of_step"])
    _holds(hub, settlement_id)


def _holds(hub: Hub, settlement_id: SettlementId) -> None:
    """The steps lead to the state without a gap, and the books add up to what still stands."""
    steps = hub.rows(
        "SELECT position, from_state, to_state FROM settlement_steps"
        " WHERE settlement_id = %s ORDER BY position",
        settlement_id,
    )
    assert [row[0] for row in steps] == list(range(1, len(steps) + 1))
    assert all(one[2] == following[1] for one, following in pairwise(steps))
    assert (steps[0][1], steps[-1][2]) == ("received", hub.state_of(settlement_id))
    stands = hub.state_of(settlement_id) in {"settled", "reversing"}
    with hub.engine.begin() as tx:
        balances = ledger.balances(tx, TODAY, TODAY)
    assert sum(balances.values()) == 0
    assert balances.get(TREATMENT, 0) == (850 if stands else 0)


def test_every_step_of_the_table_was_taken() -> None:
    taken = {(state, event) for state in INTO for event in DEEDS if SETTLEMENT.allows(state, event)}
    first = {(State.RECEIVED, Event.ROUTE), (State.RECEIVED, Event.REJECT)}
    assert taken | first == {(step.source, step.event) for step in SETTLEMENT.steps}


def test_a_good_bill_is_routed_with_what_the_insured_area_needs(hub: Hub) -> None:
    request = a_request()
    (sent,) = hub.hear(accept, said(request, FROM_TREATMENT))
    body = sent.message.body
    assert isinstance(body, CalculationRequested)
    assert (sent.topic, sent.key) == (TO_INSURED, PERSON)
    assert (body.care, body.bill) == (request.care, request.bill)
    assert (body.standing.basis, body.standing.category) == ("registered", "referral")
    assert body.answer_within_ms == 5_000
    due = hub.rows("SELECT answer_by, registration_basis FROM settlements")
    assert due == [(NOW + ANSWER_WITHIN, "registered")]


def test_an_emergency_without_a_registration_is_deemed_registered_and_recorded_so(
    hub: Hub,
) -> None:
    request = a_request(person_id=person(9), flags=("emergency",))
    (sent,) = hub.hear(accept, said(request, FROM_TREATMENT))
    body = sent.message.body
    assert isinstance(body, CalculationRequested)
    assert (body.standing.basis, body.standing.category) == ("deemed", "emergency")
    found = hub.rows("SELECT state, registration_basis, registration_id FROM settlements")
    assert found == [("routed", "deemed", None)]


def test_an_institution_that_is_not_listed_is_refused_once_its_area_lists_any(hub: Hub) -> None:
    listed = Listed(
        code="H31010100009",
        name="医院",
        division="310101",
        level=3,
        kind="hospital",
        opened=(VisitKind.INPATIENT,),
        since=date(2026, 1, 1),
    )
    body = InstitutionsPublished(area=TREATMENT, published_at=NOW, institutions=(listed,))
    hub.hear(directory.record_institutions, said(body, FROM_TREATMENT))
    unlisted, known = a_request(), a_request(hospital_code="H31010100009")
    outgoing = hub.hear(accept, *(said(one, FROM_TREATMENT) for one in (unlisted, known)))
    kinds = [one.message.body.KIND for one in outgoing]
    assert kinds == ["settlement_answered", "calculation_requested"]
    found = hub.rows("SELECT refusal_code, registration_basis FROM settlements ORDER BY 1")
    assert found == [("3007", None), (None, "registered")]


def test_care_that_needs_no_registration_where_the_area_says_so(hub: Hub) -> None:
    terms = AreaTermsPublished(
        area=INSURED,
        published_at=NOW,
        holds_from=date(2026, 1, 1),
        need_registration=(VisitKind.CHRONIC,),
        lock_in_months=0,
    )
    stranger: dict[str, Any] = {"person_id": person(9), "visit_kind": VisitKind.OUTPATIENT}
    before, after = a_request(**stranger), a_request(**stranger)
    hub.hear(accept, said(before, FROM_TREATMENT))
    hub.hear(directory.record_terms, said(terms, FROM_INSURED))
    hub.hear(accept, said(after, FROM_TREATMENT))
    found = dict(hub.rows("SELECT refusal_code, registration_basis FROM settlements"))
    assert found == {"4001": None, None: "not_needed"}


def test_a_refused_bill_is_kept_with_its_code_and_answered(hub: Hub) -> None:
    request = a_request(admitted_on=date(2025, 12, 31))
    outgoing = hub.hear(accept, said(request, FROM_TREATMENT))
    assert told(outgoing) == [f"{ANSWERED} refused 4003"]
    assert outgoing[0].key == str(request.settlement_id)
    assert hub.rows("SELECT state, refusal_code FROM settlements") == [("rejected", "4003")]


def test_the_answer_says_what_was_settled(hub: Hub) -> None:
    settlement_id = settled(hub)
    body = hub.outgoing[0].message.body
    assert isinstance(body, SettlementAnswered)
    assert (body.shares, body.deductible_fen) == (SHARES, 100)
    assert (body.business_date, body.concluded_at) == (TODAY, NOW)
    posted = hub.rows("SELECT fund, amount_fen, from_area, to_area FROM postings ORDER BY fund")
    assert posted == [
        ("account", 50, INSURED, TREATMENT),
        ("large_sum", 100, INSURED, TREATMENT),
        ("pool", 700, INSURED, TREATMENT),
    ]
    assert hub.state_of(settlement_id) == "settled"


@pytest.mark.parametrize("cash_fen", [0, 149, 151])
def test_parts_that_do_not_add_up_are_rejected_and_released(hub: Hub, cash_fen: int) -> None:
    settlement_id = accepted(hub)
    shares = SHARES.model_copy(update={"cash_fen": cash_fen})
    outgoing = hub.hear(calculations.record, calculated(settlement_id, shares))
    assert told(outgoing) == [f"{ANSWERED} refused 3004", f"{RELEASE} unsound"]
    assert hub.rows("SELECT count(*) FROM postings") == [(0,)]


def test_a_late_answer_is_counted_and_released_each_time(hub: Hub) -> None:
    settlement_id = accepted(hub)
    expire(hub, settlement_id)
    for _ in range(2):
        outgoing = hub.hear(calculations.record, calculated(settlement_id))
        assert told(outgoing) == [f"{RELEASE} late"]
    hub.hear(releases.record, released(settlement_id))
    found = hub.rows("SELECT state, late_answers, released_at FROM settlements")
    assert found == [("expired", 2, NOW)]


def test_nothing_expires_before_its_deadline(hub: Hub) -> None:
    settlement_id = accepted(hub)
    with hub.engine.begin() as tx:
        just_before = NOW + ANSWER_WITHIN - timedelta(microseconds=1)
        assert settlements.expire(tx, just_before, 100) == []
    assert hub.state_of(settlement_id) == "routed"


def test_expiry_takes_no_more_at_once_than_it_is_told(hub: Hub) -> None:
    hub.hear(accept, *[said(a_request(), FROM_TREATMENT) for _ in range(5)])
    with hub.engine.begin() as tx:
        counts = [len(settlements.expire(tx, LATER, 2)) for _ in range(4)]
    assert counts == [4, 4, 2, 0]


def test_a_reversal_lies_on_the_day_that_is_open_when_it_happens(hub: Hub) -> None:
    settlement_id = settled(hub)
    with hub.engine.begin() as tx:
        assert days.close(tx, NOW) == TODAY
    hub.hear(undoing.cancel, cancellation(settlement_id))
    hub.hear(releases.record, released(settlement_id))
    tomorrow = TODAY + timedelta(days=1)
    found = hub.rows("SELECT state, settled_on, reversed_on FROM settlements")
    assert found == [("reversed", TODAY, tomorrow)]
    with hub.engine.begin() as tx:
        assert ledger.balances(tx, TODAY, TODAY) == {TREATMENT: 850, INSURED: -850}
        assert ledger.balances(tx, tomorrow, tomorrow) == {TREATMENT: -850, INSURED: 850}
        assert ledger.balances(tx, TODAY, tomorrow) == {TREATMENT: 0, INSURED: 0}


def test_a_withdrawal_that_overtakes_its_request_leaves_a_tombstone(hub: Hub) -> None:
    request = a_request()
    for _ in range(2):  # The second one finds the tombstone, and is answered all the same.
        outgoing = hub.hear(undoing.withdraw, withdrawal(request.settlement_id))
        assert told(outgoing) == [f"{ANSWERED} withdrawn"]
    outgoing = hub.hear(accept, said(request, FROM_TREATMENT))
    assert told(outgoing) == [f"{ANSWERED} refused 1011"]
    assert hub.state_of(request.settlement_id) == "rejected"


def test_an_unknown_settlement_cannot_be_cancelled(hub: Hub) -> None:
    outgoing = hub.hear(undoing.cancel, cancellation(SettlementId(new_id())))
    assert told(outgoing) == [f"{ANSWERED} kept 3013"]
    assert hub.anomalies() == []


def test_a_known_id_in_another_message_changes_nothing(hub: Hub) -> None:
    settlement_id = accepted(hub)
    again = a_request(settlement_id, hospital_level=1)
    assert hub.hear(accept, said(again, FROM_TREATMENT)) == []
    assert hub.anomalies() == ["repeated_id"]
    assert hub.rows("SELECT hospital_level FROM settlements") == [(3,)]


@pytest.mark.parametrize(
    "sender", ["treatment.320000", "insured.310000", "hub", "treatment.990000"]
)
def test_nobody_speaks_for_another_treatment_area(hub: Hub, sender: str) -> None:
    settlement_id = settled(hub)
    undone = CancellationRequested(settlement_id=settlement_id, treatment_area=TREATMENT)
    withdrawn = WithdrawalRequested(settlement_id=settlement_id, treatment_area=TREATMENT)
    foreign = sender.rpartition(".")[2].ljust(6, "0")[:6]
    own_area = "320000" if foreign == "hub000" else foreign
    stolen = CancellationRequested(settlement_id=settlement_id, treatment_area=own_area)
    assert hub.hear(accept, said(a_request(), sender)) == []
    assert hub.hear(undoing.cancel, said(undone, sender)) == []
    assert hub.hear(undoing.cancel, said(stolen, sender)) == []
    assert hub.hear(undoing.withdraw, said(withdrawn, sender)) == []
    assert hub.anomalies() == ["wrong_sender"] * 4
    assert hub.state_of(settlement_id) == "settled"


@pytest.mark.parametrize("sender", ["insured.320000", FROM_TREATMENT])
def test_nobody_answers_for_another_insured_area(hub: Hub, sender: str) -> None:
    settlement_id = accepted(hub)
    body = SettlementCalculated(settlement_id=settlement_id, shares=SHARES, deductible_fen=0)
    assert hub.hear(calculations.record, said(body, sender)) == []
    assert hub.anomalies() == ["wrong_sender"]
    assert hub.state_of(settlement_id) == "routed"


def test_an_answer_to_nothing_is_an_anomaly(hub: Hub) -> None:
    unknown = SettlementId(new_id())
    for handler, message in (
        (calculations.record, calculated(unknown)),
        (calculations.refuse, refused(unknown)),
        (releases.record, released(unknown)),
        (releases.refuse, kept(unknown)),
    ):
        assert hub.hear(handler, message) == []
    assert hub.anomalies() == ["unknown_subject"] * 4


def test_a_release_of_nothing_granted_reverses_and_is_noted(hub: Hub) -> None:
    settlement_id = settled(hub)
    hub.hear(undoing.cancel, cancellation(settlement_id))
    reason = ReleaseReason.CANCELLED
    body = BenefitReleased(settlement_id=settlement_id, reason=reason, was_granted=False)
    outgoing = hub.hear(releases.record, said(body, FROM_INSURED))
    assert told(outgoing) == [f"{ANSWERED} reversed", f"{CONCLUDED} reversed"]
    assert hub.anomalies() == ["nothing_granted"]


def test_what_was_kept_can_be_cancelled_again(hub: Hub) -> None:
    settlement_id = settled(hub)
    hub.hear(undoing.cancel, cancellation(settlement_id))
    hub.hear(releases.refuse, kept(settlement_id))
    hub.hear(undoing.cancel, cancellation(settlement_id))
    hub.hear(releases.record, released(settlement_id))
    body = hub.outgoing[0].message.body
    assert isinstance(body, SettlementAnswered)
    assert (body.code, body.detail, body.shares) == (None, "", SHARES)
    _holds(hub, settlement_id)


def test_deciding_again_says_the_same(hub: Hub) -> None:
    message = said(a_request(), FROM_TREATMENT)
    outgoing = []
    for _ in range(2):
        with hub.engine.connect() as tx:  # Rolled back, as in a crash before the commit.
            outgoing.append(accept(tx, [message], NOW))
    assert outgoing[0] == outgoing[1]
