"""Registrations through the hub: filed over Kafka or HTTP, decided by the insured area."""

from datetime import date
from typing import Any

import psycopg2
import pytest

from contracts.codes import InsuranceKind, RegistrationCategory
from contracts.ids import RegistrationId, new_id
from contracts.message import Message
from contracts.messages.registration import (
    RegistrationDecided,
    RegistrationReviewRequested,
    RegistrationSubmitted,
)
from contracts.refusal import RefusalCode, Refused
from hub.domain.registration import RegistrationState
from hub.services import registrations
from hub.services.registrations import Submitted
from hub.store import registrations as store
from hub.store.db import migrate
from tests.support.databases import Databases
from tests.support.hub import (
    FROM_INSURED,
    FROM_TREATMENT,
    INSURED,
    NOW,
    PERSON,
    Hub,
    an_open_hub,
    person,
    said,
)

OTHER = person(2)  # The usual person has a registration in force already.


@pytest.fixture
def hub(databases: Databases) -> Hub:
    return an_open_hub(databases.fresh("hub", migrate))


def a_submission(**changes: Any) -> RegistrationSubmitted:
    usual: dict[str, Any] = {
        "registration_id": RegistrationId(new_id()),
        "person_id": OTHER,
        "insured_division": "340100",
        "insurance_kind": InsuranceKind.EMPLOYEE,
        "category": RegistrationCategory.REFERRAL,
        "place": "310115",
        "begins_on": date(2026, 3, 1),
        "ends_on": None,
        "materials": ("转诊转院证明",),
    }
    return RegistrationSubmitted(**usual | changes)


def a_decision(body: RegistrationSubmitted, *, accepted: bool = True, **changes: Any) -> Any:
    usual: dict[str, Any] = {
        "registration_id": body.registration_id,
        "person_id": body.person_id,
        "accepted": accepted,
        "code": None,
        "reason": "" if accepted else "材料不符",
        "decided_by": "经办员007",
    }
    return said(RegistrationDecided(**usual | changes), FROM_INSURED)


def _states(hub: Hub, *ids: RegistrationId) -> list[tuple[str, str | None]]:
    statement = "SELECT state, refusal_code FROM registrations WHERE registration_id = %s"
    return [row for id_ in ids for row in hub.rows(statement, id_)]


def filed(hub: Hub, **changes: Any) -> RegistrationSubmitted:
    body = a_submission(**changes)
    hub.hear(registrations.receive, said(body, FROM_TREATMENT))
    return body


def test_the_insured_area_is_asked_and_its_yes_puts_it_in_force(hub: Hub) -> None:
    body = filed(hub)
    (asked,) = hub.outgoing
    review = asked.message.body
    assert (asked.topic, asked.key) == (f"insured.{INSURED}.work", OTHER)
    assert isinstance(review, RegistrationReviewRequested)
    assert (review.place, review.materials) == ("310000", body.materials)
    assert _states(hub, body.registration_id) == [("submitted", None)]
    assert hub.hear(registrations.decide, a_decision(body)) == []
    assert _states(hub, body.registration_id) == [("active", None)]
    steps = hub.rows('SELECT from_state, event, to_state, "by" FROM registration_steps')
    assert steps == [("submitted", "accept", "active", "经办员007")]


@pytest.mark.parametrize("code", [None, RefusalCode.MATERIALS_MISSING])
def test_a_no_is_kept_with_its_code_and_reason(hub: Hub, code: RefusalCode | None) -> None:
    body = filed(hub)
    hub.hear(registrations.decide, a_decision(body, accepted=False, code=code))
    expected = code or RefusalCode.REJECTED_BY_DESK
    assert _states(hub, body.registration_id) == [("rejected", expected)]
    reasons = hub.rows("SELECT reason, decided_by FROM registrations WHERE person_id = %s", OTHER)
    assert reasons == [("材料不符", "经办员007")]


def test_what_a_rule_refuses_is_kept_and_nobody_is_asked(hub: Hub) -> None:
    overlapping = filed(hub, person_id=PERSON)
    assert hub.outgoing == []
    too_short = filed(hub, ends_on=date(2026, 3, 31))
    ids = (overlapping.registration_id, too_short.registration_id)
    assert _states(hub, *ids) == [("rejected", "4013"), ("rejected", "4015")]
    assert hub.anomalies() == []


def test_of_two_that_overlap_the_second_yes_is_a_no(hub: Hub) -> None:
    first, second = filed(hub), filed(hub, begins_on=date(2026, 3, 15))
    for body in (first, second):
        hub.hear(registrations.decide, a_decision(body))
    ids = (first.registration_id, second.registration_id)
    assert _states(hub, *ids) == [("active", None), ("rejected", "4013")]


def test_the_database_too_refuses_a_second_one_in_force(hub: Hub) -> None:
    first, second = filed(hub), filed(hub, begins_on=date(2026, 3, 15))
    hub.hear(registrations.decide, a_decision(first))
    with pytest.raises(psycopg2.errors.ExclusionViolation):
        hub.rows(
            "UPDATE registrations SET state = 'active', decided_at = now()"
            " WHERE registration_id = %s RETURNING 1",
            second.registration_id,
        )


def test_validities_that_follow_each_other_are_both_in_force(hub: Hub) -> None:
    first = filed(hub, ends_on=date(2026, 8, 31))
    second = filed(hub, begins_on=date(2026, 9, 1))
    for body in (first, second):
        hub.hear(registrations.decide, a_decision(body))
    ids = (first.registration_id, second.registration_id)
    assert _states(hub, *ids) == [("active", None), ("active", None)]


def test_a_decision_that_does_not_fit_changes_nothing(hub: Hub) -> None:
    body, unknown = filed(hub), a_submission()
    stranger = said(a_decision(body).body, "insured.320000")
    somebody_else = a_decision(body, person_id=person(3))
    for decision in (stranger, somebody_else, a_decision(unknown)):
        hub.hear(registrations.decide, decision)
    assert _states(hub, body.registration_id) == [("submitted", None)]
    hub.hear(registrations.decide, a_decision(body))
    hub.hear(registrations.decide, a_decision(body, accepted=False))
    assert _states(hub, body.registration_id) == [("active", None)]
    kinds = ["wrong_sender", "unknown_subject", "unknown_subject", "out_of_step"]
    assert hub.anomalies() == kinds


def test_the_same_id_is_a_replay_or_a_clash(hub: Hub) -> None:
    body = filed(hub)
    assert hub.hear(registrations.receive, said(body, FROM_TREATMENT)) == []
    assert hub.anomalies() == []
    other = body.model_copy(update={"begins_on": date(2026, 4, 1)})
    assert hub.hear(registrations.receive, said(other, FROM_TREATMENT)) == []
    assert hub.anomalies() == ["repeated_id"]


def test_only_areas_file_registrations(hub: Hub) -> None:
    message: Message[Any] = said(a_submission(), "treatment.990000")
    assert hub.hear(registrations.receive, message) == []
    assert hub.anomalies() == ["wrong_sender"]


def _submit(hub: Hub, body: RegistrationSubmitted) -> tuple[RegistrationState, int]:
    with hub.engine.begin() as tx:
        found, outgoing = registrations.submit(tx, Submitted(body, "window-7"), NOW)
    return found.state, len(outgoing)


def test_over_http_a_replay_gives_what_became_of_it(hub: Hub) -> None:
    body = a_submission()
    assert _submit(hub, body) == (RegistrationState.SUBMITTED, 1)
    assert _submit(hub, body) == (RegistrationState.SUBMITTED, 0)
    hub.hear(registrations.decide, a_decision(body))
    assert _submit(hub, body) == (RegistrationState.ACTIVE, 0)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"person_id": PERSON}, RefusalCode.REGISTRATION_OVERLAPS),
        ({"insured_division": "310100"}, RefusalCode.NOT_OUT_OF_AREA),
        ({"insured_division": "350100"}, RefusalCode.AREA_NOT_CONNECTED),
        ({"place": "000000"}, RefusalCode.UNKNOWN_AREA),
    ],
)
def test_over_http_a_rule_says_no_at_once(
    hub: Hub, changes: dict[str, Any], code: RefusalCode
) -> None:
    with pytest.raises(Refused) as refused:
        _submit(hub, a_submission(**changes))
    assert refused.value.code is code
    assert hub.rows("SELECT count(*) FROM registrations") == [(1,)]


def test_over_http_the_same_id_with_another_content_is_a_clash(hub: Hub) -> None:
    body = a_submission()
    _submit(hub, body)
    with pytest.raises(Refused) as refused:
        _submit(hub, body.model_copy(update={"place": "320500"}))
    assert refused.value.code is RefusalCode.CONFLICTING_REPLAY


def test_an_area_sees_what_waits_for_it(hub: Hub) -> None:
    body = filed(hub)
    with hub.engine.begin() as tx:
        waiting = store.matching(tx, area=INSURED, state=RegistrationState.SUBMITTED, count_max=10)
        everything = store.matching(tx, area=None, state=None, count_max=10)
    assert [one.registration_id for one in waiting] == [body.registration_id]
    assert len(everything) == 2
