"""The personal account after a settlement, from the insured area to the hospital's area."""

from contracts.messages.settlement import (
    Outcome,
    SettlementAnswered,
    SettlementCalculated,
    TrialAnswered,
    TrialCalculated,
)
from contracts.messages.values import Shares
from hub.services import calculations, trials
from hub.store.db import migrate
from participants.treatment.domain.settlement import State
from tests.services.test_hub_settlements import accepted
from tests.support.databases import Databases
from tests.support.hub import FROM_INSURED, SHARES, TREATMENT, an_open_hub, said
from tests.support.treatment import (
    a_bill,
    an_answer,
    answered,
    read,
    requested,
    treatment_database,
)


def test_the_hub_hands_the_balance_on(databases: Databases) -> None:
    hub = an_open_hub(databases.fresh("hub", migrate))
    id_ = accepted(hub)
    body = SettlementCalculated(
        settlement_id=id_, shares=SHARES, deductible_fen=0, balance_fen=12_345
    )
    answer = hub.hear(calculations.record, said(body, FROM_INSURED))[0].message.body
    assert isinstance(answer, SettlementAnswered)
    assert answer.balance_fen == 12_345
    trial = TrialCalculated(
        settlement_id=id_, treatment_area=TREATMENT, shares=SHARES, balance_fen=12_300
    )
    told = hub.hear(trials.answer, said(trial, FROM_INSURED))[0].message.body
    assert isinstance(told, TrialAnswered)
    assert told.balance_fen == 12_300


def test_a_settlement_keeps_the_balance_it_heard_first(databases: Databases) -> None:
    with treatment_database(databases).begin() as tx:
        id_ = requested(tx, a_bill("M1")).settlement_id
        first = an_answer(id_, Outcome.SETTLED, shares=Shares(cash_fen=100_00))
        body = first.body.model_copy(update={"balance_fen": 500})
        answered(tx, [type(first)(first.head, body)])
        assert (read(tx, id_).state, read(tx, id_).balance_fen) == (State.SETTLED, 500)
        answered(tx, [an_answer(id_, Outcome.REVERSED)])
        assert (read(tx, id_).state, read(tx, id_).balance_fen) == (State.REVERSED, 500)
