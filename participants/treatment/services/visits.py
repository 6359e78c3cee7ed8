"""Visits: opened, amended, and given fee lines that the catalogue splits."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from contracts.clock import shanghai_date_of
from contracts.ids import VisitId, new_id
from contracts.refusal import RefusalCode
from participants.treatment.domain.asking import Facts
from participants.treatment.domain.catalogue import Catalogue
from participants.treatment.domain.fee import LinesForVisit, LinesRemoval, SplitResult, split_result
from participants.treatment.domain.opening import dates_hold, facts_fit, visit_refusal
from participants.treatment.domain.results import Done, Refusal
from participants.treatment.domain.terms import Terms
from participants.treatment.domain.visit import NewVisit, Opened, Visit, VisitChange
from participants.treatment.store import attempts, fee_lines, institutions
from participants.treatment.store import visits as store
from participants.treatment.store.fee_lines import Addition


def open(  # noqa: A001 - the word for it; nobody here opens files
    tx: Connection, visits: Sequence[NewVisit], now: datetime, terms: Terms
) -> list[Opened | Refusal]:
    """Open visits, 2201 and 2401. Every message id must have been claimed.

    Refusals: WITHDRAWN_BEFORE, CONFLICTING_REPLAY, UNKNOWN_INSTITUTION, UNKNOWN_AREA,
    NOT_OUT_OF_AREA, DATES_IMPOSSIBLE, FIELD_INVALID.
    """
    claimed = attempts.lock(tx, [one.msgid for one in visits])
    assert all(one.msgid in claimed for one in visits), "claim a message id before it acts"
    known = institutions.of(tx, (one.hospital_code for one in visits))
    used = set(store.opened_by(tx, list(claimed)))
    results: list[Opened | Refusal] = []
    opened: list[tuple[VisitId, NewVisit]] = []
    for one in visits:
        facts = Facts(
            area=terms.area,
            today=shanghai_date_of(now),
            institution=known.get(one.hospital_code),
            is_withdrawn=claimed[one.msgid].is_withdrawn,
            is_used=one.msgid in used,
        )
        no = visit_refusal(one, facts)
        if no is not None:
            results.append(no)
            continue
        used.add(one.msgid)
        opened.append((VisitId(new_id()), one))
        results.append(Opened(opened[-1][0]))
    store.add(tx, opened, now)
    return results


def amend(tx: Connection, changes: Sequence[VisitChange], now: datetime) -> list[Done | Refusal]:
    """Change what is said about visits, 2203, 2402 and 2403, in the order given.

    Refusals: UNKNOWN_VISIT, ALREADY_SETTLED, DATES_IMPOSSIBLE, FIELD_INVALID.
    """
    known = store.lock(tx, (one.visit_id for one in changes))
    live = store.with_live_settlement(tx, known)
    results: list[Done | Refusal] = []
    changed: dict[VisitId, Visit] = {}
    for one in changes:
        visit = _theirs(known, one)
        if visit is None:
            results.append(Refusal(RefusalCode.UNKNOWN_VISIT))
            continue
        after = _changed(changed.get(one.visit_id, visit), one)
        no = _change_refusal(after, now, is_settled=live.get(one.visit_id, False))
        results.append(no or Done())
        if no is None:
            changed[one.visit_id] = after
    store.put(tx, list(changed.values()))
    return results


def add_lines(
    tx: Connection, batches: Sequence[LinesForVisit], now: datetime, catalogue: Catalogue
) -> list[SplitResult | Refusal]:
    """Split and store fee lines, 2204 and 2301; a batch is stored whole or not at all.

    Refusals: UNKNOWN_VISIT, ALREADY_SETTLED, and with the line's number as detail DUPLICATE_LINE,
    FIELD_INVALID, AMOUNT_NEGATIVE, LINE_AMOUNT_WRONG.
    """
    known = store.lock(tx, (one.visit_id for one in batches))
    live = store.with_live_settlement(tx, known)
    numbers = fee_lines.numbers(tx, known)
    results: list[SplitResult | Refusal] = []
    additions: list[Addition] = []
    for one in batches:
        if _theirs(known, one) is None:
            results.append(Refusal(RefusalCode.UNKNOWN_VISIT))
            continue
        if live.get(one.visit_id, False):
            results.append(Refusal(RefusalCode.ALREADY_SETTLED))
            continue
        seen = numbers.setdefault(one.visit_id, set())
        result = split_result(one, seen, catalogue)
        results.append(result)
        if isinstance(result, SplitResult):
            pairs = zip(one.lines, result.lines, strict=True)
            additions += [Addition(one.visit_id, new, split) for new, split in pairs]
            seen |= {new.line.line_no for new in one.lines}
    fee_lines.add(tx, additions, now)
    return results


def remove_lines(tx: Connection, removals: Sequence[LinesRemoval]) -> list[Done | Refusal]:
    """Delete unsettled lines, 2205 and 2302. Refusals: UNKNOWN_VISIT."""
    known = store.lock(tx, (one.visit_id for one in removals))
    theirs = [one for one in removals if _theirs(known, one) is not None]
    gone: list[tuple[VisitId, str | None, str | None]] = []
    for one in theirs:
        named: Sequence[str | None] = one.line_numbers or (None,)
        gone += [(one.visit_id, line_no, one.charge_batch) for line_no in named]
    fee_lines.remove(tx, gone)
    return [
        Done() if _theirs(known, one) is not None else Refusal(RefusalCode.UNKNOWN_VISIT)
        for one in removals
    ]


def of(tx: Connection, ids: Iterable[VisitId]) -> dict[VisitId, Visit]:
    """Those of these visits that exist."""
    return store.of(tx, ids)


def _theirs(
    known: dict[VisitId, Visit], one: VisitChange | LinesForVisit | LinesRemoval
) -> Visit | None:
    visit = known.get(one.visit_id)
    if visit is None or visit.hospital_code != one.hospital_code:
        return None
    return visit if visit.person_id == one.person_id else None


def _changed(visit: Visit, change: VisitChange) -> Visit:
    return replace(
        visit,
        visit_kind=change.visit_kind or visit.visit_kind,
        admitted_on=change.admitted_on or visit.admitted_on,
        discharged_on=change.discharged_on or visit.discharged_on,
        disease_code=change.disease_code or visit.disease_code,
        flags=visit.flags if change.flags is None else change.flags,
        echo_json=change.echo_json or visit.echo_json,
    )


def _change_refusal(after: Visit, now: datetime, *, is_settled: bool) -> Refusal | None:
    today = shanghai_date_of(now)
    checks = (
        (is_settled, RefusalCode.ALREADY_SETTLED),
        (
            not dates_hold(after.admitted_on, after.discharged_on, today),
            RefusalCode.DATES_IMPOSSIBLE,
        ),
        (not facts_fit(after.disease_code, after.flags), RefusalCode.FIELD_INVALID),
    )
    return next((Refusal(code) for refuses, code in checks if refuses), None)
