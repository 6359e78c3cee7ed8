"""Who may speak of what: a message in another's name changes nothing and is handed on to nobody."""

from datetime import date
from typing import Any

import pytest

from contracts.ids import EnquiryId, SettlementId, new_id
from contracts.messages.enquiry import PersonAnswered
from contracts.messages.settlement import TrialCalculated
from contracts.refusal import RefusalCode
from hub.services import enquiries, submitting, trials
from hub.store.db import migrate
from tests.support.databases import Databases
from tests.support.hub import FROM_TREATMENT, SHARES, TREATMENT, Hub, an_open_hub, said
from tests.support.registrations import submission, wanted

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


def test_a_registration_from_the_calendars_first_day_is_answered_like_any_other(hub: Hub) -> None:
    first = wanted(begins_on=date.min, ends_on=date.min)
    outgoing: list[Any] = hub.hear(submitting.receive, submission(first))
    assert [one.message.body.code for one in outgoing] == [RefusalCode.DATES_IMPOSSIBLE]
