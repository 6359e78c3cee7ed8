"""Registrations through the hub: filed over Kafka or HTTP, decided by the insured area."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import psycopg2
import pytest

from contracts.codes import MaterialKind, RegistrationCategory, Role
from contracts.ids import RegistrationId, new_id
from contracts.message import Message
from contracts.messages.directory import AreaTermsPublished
from contracts.messages.registration import (
    Material,
    RegistrationReviewRequested,
    RegistrationTold,
    Wanted,
)
from contracts.refusal import RefusalCode, Refused
from hub.domain.registration import Registration, RegistrationState
from hub.services import deciding, directory, submitting
from hub.services.submitting import Filing
from hub.store import registration_history, registrations
from hub.store.db import migrate
from hub.store.registration_history import RegistrationsWanted
from tests.support.databases import Databases
from tests.support.hub import (
    FROM_INSURED,
    FROM_TREATMENT,
    INSURED,
    NOW,
    PERSON,
    THIRD,
    TREATMENT,
    Hub,
    a_registration,
    an_open_hub,
    person,
    said,
)
from tests.support.registrations import (
    CREDENTIAL,
    OTHER,
    decision,
    filed,
    history,
    in_force,
    long_term,
    states,
    submission,
    told,
    wanted,
)


@pytest.fixture
def hub(databases: Databases) -> Hub:
    return an_open_hub(databases.fresh("hub", migrate))


def _kept(hub: Hub, *of: Wanted) -> list[tuple[str, str | None]]:
    statement = "SELECT state, refusal_code FROM registrations WHERE registration_id = %s"
    return [row for one in of for row in hub.rows(statement, one.registration_id)]


def _stored(hub: Hub, one: Wanted) -> Registration:
    with hub.engine.begin() as tx:
        found = registrations.find(tx, one.registration_id)
    assert found is not None
    return found


def test_the_insured_area_is_asked_and_its_yes_puts_it_in_force(hub: Hub) -> None:
    one = filed(hub)
    assert told(hub.outgoing) == [
        "treatment registration_told submitted",
        "insured registration_review_requested",
    ]
    arrived, asked = hub.outgoing
    review = asked.message.body
    assert (asked.topic, asked.key) == (f"insured.{INSURED}.work", OTHER)
    assert (arrived.topic, arrived.key) == (
        f"treatment.{TREATMENT}.answers",
        str(one.registration_id),
    )
    assert isinstance(review, RegistrationReviewRequested)
    filled_in = {"place": "310000", "ends_on": date(2026, 8, 31)}
    assert review.wanted == one.model_copy(update=filled_in)
    assert (review.submitted_at, review.by) == (NOW, "H31011500001")
    said_yes = hub.hear(deciding.decide, decision(one))
    assert told(said_yes) == [
        "insured registration_told active",
        "treatment registration_told active",
    ]
    assert _kept(hub, one) == [("active", None)]
    assert history(hub, one) == ["submitted accept active 经办员007"]


@pytest.mark.parametrize("code", [None, RefusalCode.IN_ARREARS])
def test_a_no_is_kept_with_its_code_and_reason(hub: Hub, code: RefusalCode | None) -> None:
    one = filed(hub)
    outgoing = hub.hear(deciding.decide, decision(one, accepted=False, code=code))
    expected = code or RefusalCode.REJECTED_BY_DESK
    assert _kept(hub, one) == [("rejected", expected)]
    told_to_both = [(o.message.body.code, o.message.body.detail) for o in outgoing]  # type: ignore[attr-defined]  # the kind is known
    assert told_to_both == [(expected, "材料不符")] * 2
    reasons = hub.rows("SELECT reason, decided_by FROM registrations WHERE person_id = %s", OTHER)
    assert reasons == [("材料不符", "经办员007")]


def test_what_a_rule_refuses_is_kept_told_to_who_filed_it_and_to_nobody_else(hub: Hub) -> None:
    overlapping = filed(hub, wanted(person_id=PERSON))
    assert told(hub.outgoing) == ["treatment registration_told rejected 4013"]
    bare = filed(hub, wanted(materials=(CREDENTIAL,)), FROM_INSURED)
    assert told(hub.outgoing) == ["insured registration_told rejected 4016"]
    assert _kept(hub, overlapping, bare) == [("rejected", "4013"), ("rejected", "4016")]
    assert history(hub, bare) == ["submitted reject rejected hub"]
    assert hub.anomalies() == []


def test_of_two_that_overlap_the_second_yes_is_a_no(hub: Hub) -> None:
    first, second = filed(hub), filed(hub, wanted(begins_on=date(2026, 3, 15)))
    for one in (first, second):
        hub.hear(deciding.decide, decision(one))
    assert _kept(hub, first, second) == [("active", None), ("rejected", "4013")]


def test_who_lives_in_one_city_may_be_referred_to_a_second_but_not_to_the_same(hub: Hub) -> None:
    lives, referred, again = (
        filed(hub, long_term()),
        filed(hub, wanted(place="320500")),
        filed(hub, wanted()),
    )
    for one in (lives, referred):
        hub.hear(deciding.decide, decision(one))
    assert _kept(hub, lives, referred) == [("active", None)] * 2
    hub.hear(deciding.decide, decision(again))
    assert _kept(hub, again) == [("rejected", "4013")]


def test_the_database_too_refuses_a_second_one_in_force(hub: Hub) -> None:
    filed_ones = filed(hub), filed(hub, wanted(begins_on=date(2026, 3, 15)))
    hub.hear(deciding.decide, decision(filed_ones[0]))
    with pytest.raises(psycopg2.errors.ExclusionViolation):
        hub.rows(
            "UPDATE registrations SET state = 'active', decided_at = now()"
            " WHERE registration_id = %s RETURNING 1",
            filed_ones[1].registration_id,
        )


def test_validities_that_follow_each_other_are_both_in_force(hub: Hub) -> None:
    first = in_force(hub)
    second = in_force(hub, wanted(begins_on=date(2026, 9, 1)))
    assert states(hub, first, second) == ["active", "active"]


def test_a_next_version_takes_its_days_from_the_one_before(hub: Hub) -> None:
    old = in_force(hub, long_term())
    new = long_term(replaces=old.registration_id, place="320500", begins_on=date(2026, 3, 10))
    filed(hub, new)
    assert states(hub, old, new) == ["active", "submitted"]
    outgoing = hub.hear(deciding.decide, decision(new))
    assert told(outgoing) == [
        "insured registration_told superseded",
        "treatment registration_told superseded",
        "insured registration_told active",
        "treatment registration_told active",
    ]
    assert len({o.message.head.message_id for o in outgoing}) == 4
    was, now = _stored(hub, old), _stored(hub, new)
    assert (was.state, was.ended_on, was.version) == ("superseded", date(2026, 3, 9), 1)
    assert (now.state, now.begins_on, now.version) == ("active", date(2026, 3, 10), 2)
    assert history(hub, old)[-1] == "active supersede superseded 经办员007"


def test_a_rejected_version_leaves_the_one_before_as_it_was(hub: Hub) -> None:
    old = in_force(hub, long_term())
    new = filed(hub, long_term(replaces=old.registration_id, begins_on=date(2026, 3, 10)))
    hub.hear(deciding.decide, decision(new, accepted=False))
    assert states(hub, old, new) == ["active", "rejected"]


def test_of_two_next_versions_only_one_follows(hub: Hub) -> None:
    old = in_force(hub, long_term())
    new, other = (
        filed(hub, long_term(replaces=old.registration_id, begins_on=date(2026, 3, day)))
        for day in (10, 5)
    )
    hub.hear(deciding.decide, decision(new))
    hub.hear(deciding.decide, decision(other))
    assert _kept(hub, old, new, other) == [
        ("superseded", None),
        ("active", None),
        ("rejected", "5001"),
    ]


def test_an_areas_lock_in_holds_back_a_next_version(hub: Hub) -> None:
    old = in_force(hub, long_term())
    terms = AreaTermsPublished(
        area=INSURED,
        published_at=NOW,
        holds_from=date(2026, 1, 1),
        need_registration=(),
        lock_in_months=6,
    )
    hub.hear(directory.record_terms, said(terms, FROM_INSURED))
    new = filed(hub, long_term(replaces=old.registration_id, begins_on=date(2026, 4, 1)))
    assert _kept(hub, new) == [("rejected", "4014")]


def test_a_chronic_disease_and_a_stay_elsewhere_are_both_in_force(hub: Hub) -> None:
    travel = in_force(hub)
    chronic = wanted(
        category=RegistrationCategory.CHRONIC_DISEASE,
        place=None,
        disease_code="M03900",
        materials=(CREDENTIAL, Material(kind=MaterialKind.DIAGNOSIS_PROOF)),
    )
    in_force(hub, chronic)
    again = filed(hub, chronic.model_copy(update={"registration_id": new_id()}))
    assert states(hub, travel, chronic, again) == ["active", "active", "rejected"]


def test_a_decision_that_does_not_fit_changes_nothing(hub: Hub) -> None:
    one, unknown = filed(hub), wanted()
    stranger = said(decision(one).body, "insured.320000")
    somebody_else = decision(one, person_id=person(3))
    for message in (stranger, somebody_else, decision(unknown)):
        assert hub.hear(deciding.decide, message) == []
    assert states(hub, one) == ["submitted"]
    hub.hear(deciding.decide, decision(one))
    late = hub.hear(deciding.decide, decision(one, accepted=False))
    assert told(late) == ["insured registration_told active 4017"]
    assert states(hub, one) == ["active"]
    kinds = ["wrong_sender", "unknown_subject", "unknown_subject", "out_of_step"]
    assert hub.anomalies() == kinds


def test_the_same_id_is_a_replay_or_a_clash(hub: Hub) -> None:
    one = in_force(hub)
    again = hub.hear(submitting.receive, submission(one))
    assert told(again) == ["treatment registration_told active"]
    assert hub.anomalies() == []
    for changes in (
        {"begins_on": date(2026, 4, 1)},
        {"materials": (CREDENTIAL,)},
        {"person_id": person(3)},
    ):
        other = one.model_copy(update=changes)
        assert hub.hear(submitting.receive, submission(other)) == []
    assert hub.hear(submitting.receive, submission(one, FROM_INSURED)) == []
    assert hub.anomalies() == ["repeated_id"] * 4
    assert states(hub, one) == ["active"]


def test_one_id_for_two_people_in_one_batch_is_the_first_ones(hub: Hub) -> None:
    one = wanted()
    other = one.model_copy(update={"person_id": person(3)})
    outgoing = hub.hear(submitting.receive, submission(one), submission(other))
    assert told(outgoing) == [
        "treatment registration_told submitted",
        "insured registration_review_requested",
    ]
    assert hub.anomalies() == ["repeated_id"]
    assert _stored(hub, one).person_id == OTHER


def test_only_areas_file_registrations(hub: Hub) -> None:
    for sender in ("treatment.990000", "person", "hub"):
        message: Message[Any] = submission(wanted(), sender)
        assert hub.hear(submitting.receive, message) == []
    assert hub.anomalies() == ["wrong_sender"] * 3


def test_deciding_again_after_a_crash_says_the_same(hub: Hub) -> None:
    one = filed(hub)
    for handler, message in (
        (submitting.receive, submission(wanted())),
        (deciding.decide, decision(one)),
    ):
        outgoing = []
        for _ in range(2):
            with hub.engine.connect() as tx:  # Rolled back, as in a crash before the commit.
                outgoing.append(handler(tx, [message], NOW))
        assert outgoing[0] == outgoing[1]


def _submit(hub: Hub, what: Wanted, party: str = FROM_INSURED) -> tuple[RegistrationState, int]:
    with hub.engine.begin() as tx:
        found, outgoing = submitting.submit(tx, Filing(what, "window-7", party), NOW)
    return found.state, len(outgoing)


def test_over_http_a_replay_gives_what_became_of_it(hub: Hub) -> None:
    one = wanted()
    assert _submit(hub, one) == (RegistrationState.SUBMITTED, 1)
    assert _submit(hub, one) == (RegistrationState.SUBMITTED, 0)
    outgoing = hub.hear(deciding.decide, decision(one))
    assert told(outgoing) == ["insured registration_told active"]
    assert _submit(hub, one) == (RegistrationState.ACTIVE, 0)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"person_id": PERSON}, RefusalCode.REGISTRATION_OVERLAPS),
        ({"insured_division": "310100"}, RefusalCode.NOT_OUT_OF_AREA),
        ({"insured_division": "350100"}, RefusalCode.AREA_NOT_CONNECTED),
        ({"place": "350100"}, RefusalCode.AREA_NOT_CONNECTED),
        ({"place": "000000"}, RefusalCode.UNKNOWN_AREA),
        ({"place": None}, RefusalCode.PLACE_NOT_FITTING),
        ({"replaces": RegistrationId(new_id())}, RefusalCode.UNKNOWN_REGISTRATION),
        ({"begins_on": date.min}, RefusalCode.DATES_IMPOSSIBLE),
        ({"begins_on": date.max}, RefusalCode.DATES_IMPOSSIBLE),
    ],
)
def test_a_rule_says_no_over_http_at_once_and_by_message_in_an_answer(
    hub: Hub, changes: dict[str, Any], code: RefusalCode
) -> None:
    with pytest.raises(Refused) as refused:
        _submit(hub, wanted(**changes))
    assert refused.value.code is code
    assert hub.rows("SELECT count(*) FROM registrations") == [(1,)]
    filed(hub, wanted(**changes))
    answers = [o.message.body for o in hub.outgoing]
    assert [a.code for a in answers if isinstance(a, RegistrationTold)] == [code]


def test_over_http_the_same_id_with_another_content_is_a_clash(hub: Hub) -> None:
    one = wanted()
    _submit(hub, one)
    for what, party in (
        (one.model_copy(update={"place": "320500"}), FROM_INSURED),
        (one, "person"),
    ):
        with pytest.raises(Refused) as refused:
            _submit(hub, what, party)
        assert refused.value.code is RefusalCode.CONFLICTING_REPLAY


def _page(hub: Hub, wanted_ones: RegistrationsWanted, count: int = 10) -> Sequence[Registration]:
    with hub.engine.begin() as tx:
        return registration_history.page(tx, wanted_ones, count)


def test_an_area_sees_what_waits_for_it_page_by_page(databases: Databases) -> None:
    day = timedelta(days=1)
    waiting = [
        a_registration(
            person_id=person(n),
            state=RegistrationState.SUBMITTED,
            submitted_at=NOW + day * (n // 2),
        )
        for n in range(5)
    ]
    hub = an_open_hub(databases.fresh("hub", migrate), a_registration(), *waiting)
    state = RegistrationState.SUBMITTED
    found: list[Registration] = []
    after = None
    while page := _page(hub, RegistrationsWanted(INSURED, Role.INSURED, state, after), 2):
        found += page
        after = (page[-1].submitted_at, page[-1].registration_id)
    assert {one.registration_id for one in found} == {one.registration_id for one in waiting}
    assert len(found) == 5
    instants = [one.submitted_at for one in found]
    assert instants == sorted(instants, reverse=True)
    assert len(_page(hub, RegistrationsWanted(TREATMENT, Role.TREATMENT))) == 6
    assert _page(hub, RegistrationsWanted(THIRD, Role.TREATMENT)) == []


def test_what_is_stored_is_what_was_filed(hub: Hub) -> None:
    one = in_force(hub, long_term())
    found = _stored(hub, one)
    with hub.engine.begin() as tx:
        by_person = registrations.of_people(tx, [OTHER])[found.person_id]
    assert by_person == [found]
    assert (found.materials, found.channel, found.by) == (
        one.materials,
        one.channel,
        "H31011500001",
    )
    assert (found.submitted_by, found.filed_by_message) == (FROM_TREATMENT, True)
