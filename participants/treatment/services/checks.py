"""Rule checks 智能审核 3101 and 3102, and what was done about their findings 3103."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from contracts.clock import shanghai_date_of
from contracts.ids import PersonId, VisitId, id_of_short_text, new_id
from participants.treatment.domain.catalogue import Catalogue
from participants.treatment.domain.check_rule import Rulebook
from participants.treatment.domain.checks import find
from participants.treatment.domain.finding import Feedback, Finding, Stage, feedback_refusal
from participants.treatment.domain.prescription import History, Patient
from participants.treatment.domain.results import Done, Refusal
from participants.treatment.store import check_history
from participants.treatment.store import findings as store


@dataclass(frozen=True, slots=True)
class Wish:
    """One 3101 or 3102. `scene`: trig_scen, or empty; `rule_ids`: those asked for, or none."""

    msgid: str
    hospital_code: str
    stage: Stage
    patients: tuple[Patient, ...]
    scene: str
    rule_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found, each with the id that 3103 answers by."""

    found: tuple[tuple[UUID, Finding], ...]


def check(
    tx: Connection, wishes: Sequence[Wish], now: datetime, catalogue: Catalogue, book: Rulebook
) -> list[Checked]:
    """Find and keep every breach. One query a table for the batch; refuses nothing."""
    wishes = _with_persons(tx, wishes)
    past = _history(tx, wishes, now, book)
    results = [_checked(wish, past, now, catalogue, book) for wish in wishes]
    store.add(
        tx,
        [
            (finding_id, wish.msgid, wish.hospital_code, wish.stage, one)
            for wish, result in zip(wishes, results, strict=True)
            for finding_id, one in result.found
        ],
        now,
    )
    store.forget(tx, now - timedelta(days=book.keep_days))
    return results


def answer(tx: Connection, feedbacks: Sequence[Feedback], now: datetime) -> list[Done | Refusal]:
    """Keep what doctors did about findings. Refusals: UNKNOWN_FINDING, FIELD_MISSING."""
    known = store.of(tx, (one.finding_id for feedback in feedbacks for one in feedback.answers))
    results = [feedback_refusal(feedback, known) or Done() for feedback in feedbacks]
    pairs = zip(feedbacks, results, strict=True)
    store.answer(tx, [one for one, result in pairs if isinstance(result, Done)], now)
    return results


def _checked(
    wish: Wish,
    past: dict[PersonId, History],
    now: datetime,
    catalogue: Catalogue,
    book: Rulebook,
) -> Checked:
    rules = book.in_force(shanghai_date_of(now), wish.scene, wish.rule_ids)
    found = [
        one
        for patient in wish.patients
        for one in find(patient, rules, book, catalogue, _past_of(patient, past))
    ]
    return Checked(tuple((new_id(), one) for one in found))


def _past_of(patient: Patient, past: dict[PersonId, History]) -> History:
    return History() if patient.person_id is None else past.get(patient.person_id, History())


def _history(
    tx: Connection, wishes: Sequence[Wish], now: datetime, book: Rulebook
) -> dict[PersonId, History]:
    patients = [patient for wish in wishes for patient in wish.patients]
    people = {one.person_id for one in patients if one.person_id is not None}
    codes = {o.code for one in patients for here in one.encounters for o in here.orders}
    since = shanghai_date_of(now) - timedelta(days=book.history_days)
    return check_history.of(tx, people, codes, since)


def _with_persons(tx: Connection, wishes: Sequence[Wish]) -> list[Wish]:
    """A patient who came with the hospital's own number is known by the visit, where we have it."""
    visits = {
        visit_id
        for wish in wishes
        for patient in wish.patients
        if patient.person_id is None
        for visit_id in [_visit_id(patient)]
        if visit_id is not None
    }
    hospitals = {wish.hospital_code for wish in wishes}
    people = check_history.people_of(tx, visits, hospitals)
    return [
        replace(
            wish,
            patients=tuple(
                one
                if one.person_id
                else one.known_as(people.get((wish.hospital_code, _visit_id(one) or _NO_VISIT)))
                for one in wish.patients
            ),
        )
        for wish in wishes
    ]


def _visit_id(patient: Patient) -> VisitId | None:
    try:
        return VisitId(id_of_short_text(patient.current_visit_no))
    except ValueError:
        return None


_NO_VISIT = VisitId(UUID(int=0))
