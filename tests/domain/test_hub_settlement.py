"""The state table of settlements, and what each service does in each of its states."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import InsuranceKind
from contracts.ids import PersonId, SettlementId, new_id
from contracts.messages.values import PARTS, Shares
from hub.domain.ledger import PostingKind, postings_of
from hub.domain.settlement import SETTLEMENT, Event, Settlement, State
from hub.services.calculations import GRANTED, REFUSED
from hub.services.releases import KEPT, RELEASED
from hub.services.telling import OUTCOMES
from hub.services.undoing import CANCELLED, WITHDRAWN
from tests.support.hub import INSURED, NOW, PERSON, TODAY, TREATMENT


def _permitted(event: Event) -> set[State]:
    return {state for state in State if SETTLEMENT.allows(state, event)}


def test_every_state_that_permits_an_event_has_somebody_who_handles_it() -> None:
    assert set(GRANTED) == _permitted(Event.SETTLE)
    assert set(REFUSED) == _permitted(Event.REFUSE)
    assert set(RELEASED) == _permitted(Event.RELEASE)
    assert set(KEPT) == _permitted(Event.KEEP)
    assert set(CANCELLED) == _permitted(Event.CANCEL)
    assert set(WITHDRAWN) == _permitted(Event.WITHDRAW)


def test_a_withdrawal_is_answered_wherever_a_settlement_may_stand() -> None:
    assert set(WITHDRAWN) == set(State) - {State.RECEIVED}


def test_an_answer_is_known_in_every_state_but_those_on_the_way() -> None:
    on_the_way = {State.RECEIVED, State.ROUTED, State.REVERSING}
    assert set(OUTCOMES) == set(State) - on_the_way


def test_what_is_void_or_undone_is_never_settled_again() -> None:
    assert SETTLEMENT.terminal() == {
        State.REJECTED,
        State.EXPIRED,
        State.WITHDRAWN,
        State.REVERSED,
    }


def _settled(parts_fen: list[int]) -> Settlement:
    return Settlement(
        settlement_id=SettlementId(new_id()),
        person_id=PersonId(PERSON),
        insured_area=INSURED,
        treatment_area=TREATMENT,
        insurance_kind=InsuranceKind.EMPLOYEE,
        total_fen=sum(parts_fen),
        state=State.SETTLED,
        step_count=2,
        shares=Shares(**dict(zip(PARTS, parts_fen, strict=True))),
    )


amounts = st.lists(st.integers(0, 10**8), min_size=len(PARTS), max_size=len(PARTS))


@given(parts_fen=amounts, later=st.dates(TODAY, date(2030, 1, 1)))
def test_a_reversal_takes_back_exactly_what_the_settlement_booked(
    parts_fen: list[int], later: date
) -> None:
    settlement = _settled(parts_fen)
    booked = postings_of(settlement, PostingKind.SETTLEMENT, on=TODAY, at=NOW)
    back = postings_of(settlement, PostingKind.REVERSAL, on=later, at=NOW)
    assert all(posting.amount_fen > 0 for posting in booked + back)
    assert [(p.fund, p.amount_fen) for p in booked] == [(p.fund, p.amount_fen) for p in back]
    assert {(p.from_area, p.to_area) for p in booked} <= {(INSURED, TREATMENT)}
    assert {(p.from_area, p.to_area) for p in back} <= {(TREATMENT, INSURED)}
    cash_and_hospital = parts_fen[-2:]
    assert sum(p.amount_fen for p in booked) == sum(parts_fen) - sum(cash_and_hospital)


@given(parts_fen=amounts, off_by=st.integers(-5, 5), deductible_fen=st.integers(0, 10**8))
def test_parts_are_sound_when_they_add_up_to_the_bill(
    parts_fen: list[int], off_by: int, deductible_fen: int
) -> None:
    settlement = _settled(parts_fen)
    assert settlement.shares is not None
    total_fen = sum(parts_fen)
    changed = [*parts_fen[:-1], max(parts_fen[-1] + off_by, 0)]
    shares = Shares(**dict(zip(PARTS, changed, strict=True)))
    sound = sum(changed) == total_fen and deductible_fen <= total_fen
    assert settlement.is_borne_by(shares, deductible_fen) == sound
