"""Questions about a person end to end: treatment area, hub and insured area on three databases."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from contracts import topics
from contracts.codes import DivisionCode, MaterialKind, RegistrationCategory
from contracts.ids import EnquiryId, PersonId, new_id
from contracts.message import Message, Outgoing
from contracts.messages.enquiry import PersonAsked, PersonTold, Question
from contracts.messages.registration import Material
from contracts.refusal import RefusalCode
from hub.domain.question import on_record
from hub.domain.registration import Registration, RegistrationState
from hub.services import participants as hub_participants
from hub.services import questions as hub_questions
from hub.store import registrations
from hub.store.db import migrate as migrate_hub
from participants.insured import area_file
from participants.insured.services import questions as insured_questions
from participants.insured.store.db import migrate as migrate_insured
from participants.treatment.domain.question import NewQuestion, StoredQuestion
from participants.treatment.domain.results import Refusal
from participants.treatment.services import questions
from tests.support import hub, insured, treatment
from tests.support.databases import Databases
from tests.support.insured import InsuredArea
from tests.support.tables import rows

NOW = insured.NOON
WHO = PersonId(insured.person(1))
ELSEWHERE = DivisionCode(insured.HOME)


@dataclass(slots=True)
class Parties:
    """What a test holds in its hands; `way` is how each message went."""

    treatment: Engine
    hub: Engine
    insured: InsuredArea
    way: list[str] = field(default_factory=list)

    def ask(self, *wanted: NewQuestion, now: datetime = NOW) -> list[PersonTold]:
        """The answers of one batch of questions, in their order."""
        with self.treatment.begin() as tx:
            results, said = questions.ask(tx, wanted, now, treatment.TERMS)
        asked = [one for one in results if isinstance(one, StoredQuestion)]
        assert len(asked) == len(wanted), results
        answers = self._carried(said, now)
        with self.treatment.begin() as tx:
            assert questions.record_told(tx, answers, now) == []
            stored = questions.of(tx, [one.enquiry_id for one in asked])
        found = [stored[one.enquiry_id].answer for one in asked]
        assert all(found)
        return [one for one in found if one is not None]

    def _carried(self, said: Sequence[Outgoing], now: datetime) -> list[Message[PersonTold]]:
        """Hub, and insured area where the hub passes it on; to whoever the topic belongs to."""
        with self.hub.begin() as tx:
            passed = hub_questions.ask(tx, _messages(said, self.way), now)
        home = [one for one in passed if one.topic == topics.insured_work(insured.AREA)]
        with self.insured.engine.begin() as tx:
            area = area_file.load(insured.AREA)
            told = insured_questions.answer(area, tx, _messages(home, self.way), now)
        with self.hub.begin() as tx:
            back = hub_questions.answer(tx, _messages(told, self.way), now)
        answers = [one for one in passed if one not in home] + back
        assert {one.topic for one in answers} <= {topics.treatment_answers(treatment.AREA)}
        return _messages(answers, self.way)


def _messages(said: Sequence[Outgoing], way: list[str]) -> list[Message[Any]]:
    way += [f"{one.message.head.kind} to {one.topic}" for one in said]
    return [one.message for one in said]


@pytest.fixture
def parties(databases: Databases) -> Parties:
    engine = databases.fresh("hub", migrate_hub)
    with engine.begin() as tx:
        hub_participants.connect(tx, [insured.AREA, treatment.AREA])
    home = InsuredArea(databases.fresh("insured", migrate_insured))
    return Parties(treatment.treatment_database(databases), engine, home)


def asking(question: Question, who: PersonId = WHO, **changes: Any) -> NewQuestion:
    known: dict[str, Any] = {
        "hospital_code": treatment.HOSPITAL,
        "question": question,
        "person_id": who,
        "insured_division": ELSEWHERE,
    }
    return NewQuestion(**known | changes)


def registered(**changes: Any) -> Registration:
    return hub.a_registration(person_id=WHO, insured_area=insured.AREA, **changes)


def stays(told: PersonTold, name: str = "stays") -> int:
    return sum(one.value for one in told.accumulated if one.name == name)


def treated(parties: Parties, number: int, on: datetime) -> None:
    """A stay that is granted at this instant."""
    parties.insured.clock.at = on
    day = on.date()
    about = insured.care(admitted_on=day - timedelta(days=5), discharged_on=day)
    parties.insured.hear(insured.request(number, about))


def test_the_year_is_told_as_the_books_have_it(parties: Parties) -> None:
    parties.insured.insure()
    [nothing] = parties.ask(asking(Question.ACCUMULATORS))
    assert {one.value for one in nothing.accumulated} == {0}
    assert {(one.year, one.month) for one in nothing.accumulated} == {(2026, "202603")}
    treated(parties, 1, datetime(2026, 2, 10, 4, tzinfo=UTC))
    treated(parties, 2, NOW)
    [told] = parties.ask(asking(Question.ACCUMULATORS))
    books = parties.insured.rows("SELECT pool_fen, deductible_fen, stays FROM person_years")
    shown = tuple(stays(told, name) for name in ("pool_fen", "deductible_fen", "stays"))
    assert [shown] == books
    assert shown[0] > 0
    assert shown[2] == 2
    assert parties.way[:2] == [
        "person_asked to hub.enquiries",
        f"person_asked to {topics.insured_work(insured.AREA)}",
    ]


UNTIL = rows(
    """
    until      | stays | month
    2026-03-31 | 2     | 202603
    2026-02-28 | 1     | 202602
    2026-01-31 | 0     | 202601
    2025-12-31 | 0     | 202512
    """
)


def test_of_a_month_that_is_over_only_what_was_granted_by_then_counts(parties: Parties) -> None:
    parties.insured.insure()
    treated(parties, 1, datetime(2026, 2, 10, 4, tzinfo=UTC))
    # In China it is March already.
    treated(parties, 2, datetime(2026, 2, 28, 17, tzinfo=UTC))
    wanted = [date.fromisoformat(row["until"]) for row in UNTIL]
    told = parties.ask(*(asking(Question.ACCUMULATORS, ends_on=day) for day in wanted))
    assert [stays(one) for one in told] == [int(row["stays"]) for row in UNTIL]
    assert [one.accumulated[0].month for one in told] == [row["month"] for row in UNTIL]


def test_what_was_given_back_does_not_count(parties: Parties) -> None:
    parties.insured.insure()
    treated(parties, 1, datetime(2026, 2, 10, 4, tzinfo=UTC))
    parties.insured.hear(insured.release(1))
    told = parties.ask(
        asking(Question.ACCUMULATORS),
        asking(Question.ACCUMULATORS, ends_on=date(2026, 1, 31)),
    )
    assert [stays(one, "pool_fen") for one in told] == [0, 0]


# Today is 2026-03-10. `spans`: what is told, + paid and - owed; by default since last January.
PAID = rows(
    """
    from       | until      | owed_since | spans
    2010-01-01 | -          | -          | +2025-01-01:2026-02-28
    2026-02-01 | -          | -          | +2026-02-01:2026-02-28
    2026-03-05 | -          | -          | -
    2010-01-01 | 2025-06-30 | -          | +2025-01-01:2025-06-30
    2010-01-01 | 2024-12-31 | -          | -
    2010-01-01 | -          | 2026-01-01 | +2025-01-01:2025-12-31;-2026-01-01:2026-03-10
    2010-01-01 | -          | 2024-05-01 | -2025-01-01:2026-03-10
    2010-01-01 | -          | 2026-03-01 | +2025-01-01:2026-02-28;-2026-03-01:2026-03-10
    2010-01-01 | -          | 2026-05-01 | +2025-01-01:2026-02-28
    """
)


@pytest.mark.parametrize("row", PAID, ids=lambda row: f"{row['from']} {row['owed_since']}")
def test_what_is_paid_and_what_is_owed(parties: Parties, row: dict[str, str]) -> None:
    def day(name: str) -> date | None:
        return None if row[name] == "-" else date.fromisoformat(row[name])

    dates: dict[str, Any] = {"in_force_from": day("from"), "in_force_until": day("until")}
    parties.insured.insure(insured.row(**dates, arrears_since=day("owed_since")))
    [told] = parties.ask(asking(Question.CONTRIBUTIONS))
    shown = [
        f"{'+' if one.is_paid else '-'}{one.begins_on}:{one.ends_on}" for one in told.contributed
    ]
    assert shown == [span for span in row["spans"].split(";") if span != "-"]
    assert {one.division for one in told.contributed} <= {insured.HOME}


# `begins` and `ends` of the registration; asked about 2026-03-01 to 2026-03-31.
RECORDED = rows(
    """
    category           | state     | begins     | ends       | ended      | asked        | shown
    referral           | active    | 2026-01-01 | 2026-12-31 | -          | referrals    | yes
    referral           | active    | 2026-03-31 | -          | -          | referrals    | yes
    referral           | active    | 2026-04-01 | -          | -          | referrals    | no
    referral           | expired   | 2025-01-01 | 2026-03-01 | 2026-03-01 | referrals    | yes
    referral           | expired   | 2025-01-01 | 2026-02-28 | 2026-02-28 | referrals    | no
    referral           | suspended | 2026-01-01 | 2026-12-31 | -          | referrals    | yes
    referral           | cancelled | 2026-01-01 | 2026-12-31 | 2026-02-01 | referrals    | no
    referral           | cancelled | 2026-01-01 | 2026-12-31 | -          | referrals    | no
    referral           | rejected  | 2026-01-01 | 2026-12-31 | -          | referrals    | no
    referral           | submitted | 2026-01-01 | 2026-12-31 | -          | referrals    | no
    referral           | active    | 2026-01-01 | 2026-12-31 | -          | designations | no
    retired_resettled  | active    | 2026-01-01 | -          | -          | designations | yes
    emergency          | active    | 2026-01-01 | 2026-12-31 | -          | designations | yes
    retired_resettled  | active    | 2026-01-01 | -          | -          | chronic      | no
    chronic_disease    | active    | 2026-01-01 | -          | -          | chronic      | yes
    """
)


def test_the_hub_tells_the_registrations_that_count_on_the_days_asked_about() -> None:
    for row in RECORDED:
        registration = _stored(row)
        asked = PersonAsked(
            enquiry_id=EnquiryId(new_id()),
            treatment_area=hub.TREATMENT,
            question=Question(row["asked"]),
            person_id=WHO,
            begins_on=date(2026, 3, 1),
            ends_on=date(2026, 3, 31),
        )
        shown = on_record(asked, [registration])
        assert bool(shown) is (row["shown"] == "yes"), row
        assert [one.ends_on for one in shown] == [registration.last_day()] * len(shown)


def _stored(row: dict[str, str]) -> Registration:
    def day(name: str) -> date | None:
        return None if row[name] == "-" else date.fromisoformat(row[name])

    is_chronic = row["category"] == "chronic_disease"
    return registered(
        category=RegistrationCategory(row["category"]),
        state=RegistrationState(row["state"]),
        begins_on=day("begins"),
        ends_on=day("ends"),
        ended_on=day("ended"),
        place=None if is_chronic else "310000",
        disease_code="M03900" if is_chronic else None,
    )


def test_registrations_are_answered_by_the_hub_alone_in_the_order_they_began(
    parties: Parties,
) -> None:
    letter = (Material(kind=MaterialKind.REFERRAL_LETTER),)
    older = registered(begins_on=date(2025, 1, 1), ends_on=date(2025, 6, 30))
    newer = registered(begins_on=date(2025, 7, 1), materials=letter, place="440100")
    others = hub.a_registration(person_id=hub.person(2), insured_area=insured.AREA)
    with parties.hub.begin() as tx:
        registrations.add(tx, [newer, older, others])
    [told] = parties.ask(asking(Question.REFERRALS, insured_division=None))
    assert [one.registration_id for one in told.on_record] == [
        older.registration_id,
        newer.registration_id,
    ]
    assert [(one.place, one.has_letter) for one in told.on_record] == [
        ("310000", False),
        ("440100", True),
    ]
    assert not any("insured" in one for one in parties.way)


def test_who_cannot_be_asked_is_refused(parties: Parties) -> None:
    parties.insured.insure()
    far = DivisionCode("110100")
    told = parties.ask(
        asking(Question.ACCUMULATORS, who=PersonId("Z" * 29)),
        asking(Question.CONTRIBUTIONS, insured_division=far),
        asking(Question.CHRONIC, who=PersonId("Z" * 29)),
    )
    assert [one.code for one in told] == [
        RefusalCode.PERSON_UNKNOWN,
        RefusalCode.AREA_NOT_CONNECTED,
        None,
    ]
    own = asking(Question.CONTRIBUTIONS, insured_division=DivisionCode("310101"))
    nowhere = asking(Question.CONTRIBUTIONS, insured_division=DivisionCode("990000"))
    nobody = asking(Question.CHRONIC, hospital_code="H99999999999")
    with parties.treatment.begin() as tx:
        results, said = questions.ask(tx, [own, nowhere, nobody], NOW, treatment.TERMS)
    assert results == [
        Refusal(RefusalCode.NOT_OUT_OF_AREA),
        Refusal(RefusalCode.UNKNOWN_AREA),
        Refusal(RefusalCode.UNKNOWN_INSTITUTION),
    ]
    assert said == []


def test_only_an_area_itself_asks_and_answers(parties: Parties) -> None:
    asked = PersonAsked(
        enquiry_id=EnquiryId(new_id()),
        treatment_area=treatment.AREA,
        question=Question.CHRONIC,
        person_id=WHO,
    )
    answer = PersonTold(enquiry_id=asked.enquiry_id, treatment_area=treatment.AREA)
    with parties.hub.begin() as tx:
        stranger = hub.said(asked, f"treatment.{insured.AREA}")
        assert hub_questions.ask(tx, [stranger], NOW) == []
        treatment_area = hub.said(answer, f"treatment.{treatment.AREA}")
        assert hub_questions.answer(tx, [treatment_area], NOW) == []
        of_nobody = answer.model_copy(update={"treatment_area": "110000"})
        insured_area = f"insured.{insured.AREA}"
        assert hub_questions.answer(tx, [hub.said(of_nobody, insured_area)], NOW) == []
    area = area_file.load(insured.AREA)
    with parties.insured.engine.begin() as tx:
        assert insured_questions.answer(area, tx, [hub.said(asked, "insured.110000")], NOW) == []
    assert parties.insured.rows("SELECT kind FROM anomalies") == [("not_from_the_hub",)]


def test_an_answer_of_somebody_else_is_not_kept_and_the_first_answer_stays(
    parties: Parties,
) -> None:
    with parties.treatment.begin() as tx:
        [stored], _ = questions.ask(tx, [asking(Question.CHRONIC)], NOW, treatment.TERMS)
        assert isinstance(stored, StoredQuestion)
        told = PersonTold(enquiry_id=stored.enquiry_id, treatment_area=treatment.AREA)
        refused = told.model_copy(update={"code": RefusalCode.PERSON_UNKNOWN})
        questions.record_told(tx, [hub.said(refused, "insured.340000")], NOW)
        assert questions.of(tx, [stored.enquiry_id])[stored.enquiry_id].answer is None
        questions.record_told(tx, [hub.said(told, topics.HUB)], NOW)
        questions.record_told(tx, [hub.said(refused, topics.HUB)], NOW)
        assert questions.of(tx, [stored.enquiry_id])[stored.enquiry_id].answer == told
