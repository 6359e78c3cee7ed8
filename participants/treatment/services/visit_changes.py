"""What becomes of visits after they were opened: diagnoses, corrections, discharge, undoing."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import Connection

from contracts.clock import shanghai_date_of
from contracts.ids import VisitId
from contracts.refusal import RefusalCode
from participants.treatment.domain.diagnosis import Diagnosis, Stage
from participants.treatment.domain.opening import facts_fit
from participants.treatment.domain.results import Done, Refusal
from participants.treatment.domain.visit import Visit, VisitChange, dates_hold, is_theirs, joined
from participants.treatment.domain.visit_life import VISIT, VisitEvent, refusal_of
from participants.treatment.store import diagnoses
from participants.treatment.store import visits as store


def amend(tx: Connection, changes: Sequence[VisitChange], now: datetime) -> list[Done | Refusal]:
    """Change what is said about visits, 2202, 2203 and 2402 to 2405, in the order given.

    Refusals: UNKNOWN_VISIT, VISIT_OUT_OF_STEP, ALREADY_SETTLED, TOO_BUSY, DATES_IMPOSSIBLE,
    FIELD_INVALID.
    """
    known = store.lock(tx, (one.visit_id for one in changes))
    settled = store.settled_so_far(tx, known)
    results: list[Done | Refusal] = []
    changed: dict[VisitId, Visit] = {}
    done: list[VisitChange] = []
    for one in changes:
        visit = changed.get(one.visit_id) or known.get(one.visit_id)
        if visit is None or not is_theirs(visit, one):
            results.append(Refusal(RefusalCode.UNKNOWN_VISIT))
            continue
        after = _changed(visit, one)
        no = refusal_of(visit.at(settled[one.visit_id]), one.event) or _wrong(
            after, one, shanghai_date_of(now)
        )
        results.append(no or Done())
        if no is None:
            changed[one.visit_id] = replace(after, state=VISIT.after(visit.state, one.event))
            done.append(one)
    store.put(tx, list(changed.values()))
    _write_diagnoses(tx, done, now)
    return results


def _changed(visit: Visit, change: VisitChange) -> Visit:
    """As told; an undone discharge has no day any more."""
    undone = change.event is VisitEvent.UNDO_DISCHARGE
    left_on = None if undone else change.discharged_on or visit.discharged_on
    return replace(
        visit,
        visit_kind=change.visit_kind or visit.visit_kind,
        admitted_on=change.admitted_on or visit.admitted_on,
        discharged_on=left_on,
        disease_code=change.disease_code or visit.disease_code,
        flags=joined(visit.flags, change.flags or ()),
        echo_json=_joined_echo(visit.echo_json, change.echo_json),
        own_visit_no=change.own_visit_no or visit.own_visit_no,
    )


def _joined_echo(before: str, said: str | None) -> str:
    """Both are objects of the gateway's: a later word replaces an earlier one."""
    if said is None:
        return before
    return json.dumps({**json.loads(before), **json.loads(said)}, ensure_ascii=False)


def _wrong(after: Visit, change: VisitChange, today: date) -> Refusal | None:
    if not dates_hold(after.admitted_on, after.discharged_on, today):
        return Refusal(RefusalCode.DATES_IMPOSSIBLE)
    if not facts_fit(after.disease_code, after.flags):
        return Refusal(RefusalCode.FIELD_INVALID)
    return wrong_diagnoses(change.diagnoses)


def wrong_diagnoses(said: Sequence[Diagnosis]) -> Refusal | None:
    """FIELD_INVALID: two at one position, of which one would be lost."""
    places = [(one.stage, one.position) for one in said]
    twice = next((place for n, place in enumerate(places) if place in places[:n]), None)
    if twice is None:
        return None
    return Refusal(RefusalCode.FIELD_INVALID, f"诊断排序号(diag_srt_no){twice[1]}重复")


def _write_diagnoses(tx: Connection, done: Sequence[VisitChange], now: datetime) -> None:
    """A discharge undone takes its diagnoses along; one that is said again brings new ones."""
    undone = [one.visit_id for one in done if one.event is VisitEvent.UNDO_DISCHARGE]
    diagnoses.forget(tx, undone, Stage.LEAVING, now)
    said = [(one.visit_id, diagnosis) for one in done for diagnosis in one.diagnoses]
    diagnoses.put(tx, said, now)
