"""Trials and enquiries: forwarded and answered, and nothing is written anywhere."""

from datetime import date

import pytest

from contracts.ids import EnquiryId, SettlementId, new_id
from contracts.messages.enquiry import PersonAnswered, PersonEnquired
from contracts.messages.settlement import (
    TrialAnswered,
    TrialCalculated,
    TrialCalculationRequested,
    TrialRequested,
)
from contracts.refusal import RefusalCode
from hub.services import enquiries, trials
from hub.store.db import migrate
from tests.support.databases import Databases
from tests.support.hub import (
    FROM_INSURED,
    FROM_TREATMENT,
    INSURED,
    PERSON,
    SHARES,
    TREATMENT,
    Hub,
    a_bill,
    a_care,
    an_open_hub,
    said,
)

TO_INSURED, TO_TREATMENT = f"insured.{INSURED}.work", f"treatment.{TREATMENT}.answers"


@pytest.fixture
def hub(databases: Databases) -> Hub:
    return an_open_hub(databases.fresh("hub", migrate))


def a_trial(admitted_on: date = date(2026, 2, 1)) -> TrialRequested:
    care = a_care(admitted_on=admitted_on)
    return TrialRequested(settlement_id=SettlementId(new_id()), care=care, bill=a_bill())


def an_enquiry(insured_division: str = "340100", treatment_area: str = TREATMENT) -> PersonEnquired:
    return PersonEnquired(
        enquiry_id=EnquiryId(new_id()),
        treatment_area=treatment_area,
        insured_division=insured_division,
        person_id=PERSON,
    )


def test_a_trial_goes_to_the_insured_area_and_back_and_leaves_nothing(hub: Hub) -> None:
    trial = a_trial()
    (asked,) = hub.hear(trials.forward, said(trial, FROM_TREATMENT))
    assert isinstance(asked.message.body, TrialCalculationRequested)
    assert (asked.topic, asked.key) == (TO_INSURED, PERSON)
    figures = TrialCalculated(
        settlement_id=trial.settlement_id,
        treatment_area=TREATMENT,
        shares=SHARES,
        deductible_fen=100,
    )
    (answered,) = hub.hear(trials.answer, said(figures, FROM_INSURED))
    assert answered.message.body == TrialAnswered(
        settlement_id=trial.settlement_id, shares=SHARES, deductible_fen=100
    )
    assert (answered.topic, answered.key) == (TO_TREATMENT, str(trial.settlement_id))
    assert hub.rows("SELECT count(*) FROM settlements") == [(0,)]
    assert hub.anomalies() == []


def test_a_trial_is_refused_by_the_rules_of_a_settlement(hub: Hub) -> None:
    trial = a_trial(admitted_on=date(2025, 12, 31))
    (answered,) = hub.hear(trials.forward, said(trial, FROM_TREATMENT))
    assert answered.message.body == TrialAnswered(
        settlement_id=trial.settlement_id, shares=None, code=RefusalCode.OUTSIDE_VALIDITY
    )


def test_a_trial_in_another_name_is_an_anomaly(hub: Hub) -> None:
    assert hub.hear(trials.forward, said(a_trial(), "treatment.320000")) == []
    assert hub.anomalies() == ["wrong_sender"]


def test_figures_for_nobody_are_an_anomaly(hub: Hub) -> None:
    figures = TrialCalculated(
        settlement_id=SettlementId(new_id()), treatment_area="990000", shares=SHARES
    )
    assert hub.hear(trials.answer, said(figures, FROM_INSURED)) == []
    assert hub.anomalies() == ["unknown_subject"]


def test_a_question_about_a_person_goes_to_the_insured_area_as_it_came(hub: Hub) -> None:
    enquiry = an_enquiry()
    (asked,) = hub.hear(enquiries.ask, said(enquiry, FROM_TREATMENT))
    assert (asked.topic, asked.key, asked.message.body) == (TO_INSURED, PERSON, enquiry)


@pytest.mark.parametrize(
    ("division", "code"),
    [("990100", RefusalCode.UNKNOWN_AREA), ("350100", RefusalCode.AREA_NOT_CONNECTED)],
)
def test_a_question_to_nobody_is_answered_with_the_reason(
    hub: Hub, division: str, code: RefusalCode
) -> None:
    enquiry = an_enquiry(division)
    (answered,) = hub.hear(enquiries.ask, said(enquiry, FROM_TREATMENT))
    body = answered.message.body
    assert isinstance(body, PersonAnswered)
    assert (body.card, body.code) == (None, code)
    assert (answered.topic, answered.key) == (TO_TREATMENT, str(enquiry.enquiry_id))


def test_an_answer_goes_to_the_area_that_asked(hub: Hub) -> None:
    answer = PersonAnswered(
        enquiry_id=EnquiryId(new_id()),
        treatment_area=TREATMENT,
        card=None,
        code=RefusalCode.PERSON_UNKNOWN,
    )
    (sent,) = hub.hear(enquiries.answer, said(answer, FROM_INSURED))
    assert (sent.topic, sent.key) == (TO_TREATMENT, str(answer.enquiry_id))
    assert sent.message.body == answer
    to_nobody = answer.model_copy(update={"treatment_area": "990000"})
    assert hub.hear(enquiries.answer, said(to_nobody, FROM_INSURED)) == []


def test_nobody_asks_in_another_name(hub: Hub) -> None:
    assert hub.hear(enquiries.ask, said(an_enquiry(), "treatment.320000")) == []
