"""Who may speak of what: a message in another's name changes nothing and is handed on to nobody."""

from datetime import date

import pytest

from contracts.codes import InsuranceKind, RegistrationCategory
from contracts.ids import EnquiryId, RegistrationId, SettlementId, new_id
from contracts.messages.enquiry import PersonAnswered
from contracts.messages.registration import RegistrationSubmitted
from contracts.messages.settlement import TrialCalculated
from contracts.refusal import RefusalCode
from hub.services import enquiries, registrations, trials
from hub.store.db import migrate
from tests.support.databases import Databases
from tests.support.hub import FROM_TREATMENT, PERSON, SHARES, TREATMENT, Hub, an_open_hub, said

NOT_INSURED_AREAS = [FROM_TREATMENT, "hub", "insured.990000"]


@pytest.fixture
def hub(databases: Databases) -> Hub:
    return an_open_hub(databases.fresh("hub", migrate))


@pytest.mark.parametrize("sender", NOT_INSURED_AREAS)
def test_only_insured_areas_say_what_a_trial_gives(hub: Hub, sender: str) -> None:
    figures = TrialCalculated(
        settlement_id=SettlementId(new_id()), treatment_area=TREATMENT, shares=SHARES
    )
    assert hub.hear(trials.answer, said(figures, sender)) == []
    assert hub.anomalies() == ["wrong_sender"]


@pytest.mark.parametrize("sender", NOT_INSURED_AREAS)
def test_only_insured_areas_say_who_a_person_is(hub: Hub, sender: str) -> None:
    answer = PersonAnswered(
        enquiry_id=EnquiryId(new_id()),
        treatment_area=TREATMENT,
        card=None,
        code=RefusalCode.PERSON_UNKNOWN,
    )
    assert hub.hear(enquiries.answer, said(answer, sender)) == []


def test_a_registration_from_the_calendars_first_day_is_filed_like_any_other(hub: Hub) -> None:
    body = RegistrationSubmitted(
        registration_id=RegistrationId(new_id()),
        person_id=PERSON,
        insured_division="340100",
        insurance_kind=InsuranceKind.EMPLOYEE,
        category=RegistrationCategory.REFERRAL,
        place=TREATMENT,
        begins_on=date.min,
        ends_on=date.min,
        materials=(),
    )
    assert len(hub.hear(registrations.receive, said(body, FROM_TREATMENT))) == 1
