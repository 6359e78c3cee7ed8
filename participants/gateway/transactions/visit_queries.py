"""Questions about an institution's own visits: 5201, 5202, 5204, 5205 and 5303."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from contracts.codes import VisitKind
from contracts.ids import PersonId, SettlementId, VisitId, id_of_short_text
from contracts.messages.enquiry import PersonCard
from contracts.refusal import RefusalCode, Refused
from participants.gateway.serving.batching import batched
from participants.gateway.serving.requests import Request, Step, Work
from participants.gateway.transactions.visit_rows import (
    chronic_row,
    diagnosis_row,
    in_hospital_row,
    line_row,
    visit_row,
)
from participants.gateway.wire.codes import visit_kind_of
from participants.gateway.wire.envelope import Reply, refusal
from participants.gateway.wire.visit_ids import visit_id_of
from participants.treatment.domain.visit import Visit
from participants.treatment.domain.visit_query import VisitsWanted, VisitTold
from participants.treatment.services import enquiries, visit_queries, visits


def visits_of_person(work: Work, requests: Sequence[Request]) -> list[Step]:
    """5201 就诊信息查询: of one person, one kind, in a period; of one visit when it is named."""
    cards: dict[PersonId, PersonCard] = {}

    def step_of(request: Request, _wanted: VisitsWanted, found: list[VisitTold]) -> Step:
        mdtrt_id = request.row.text("mdtrt_id")
        named = visit_id_of(mdtrt_id) if mdtrt_id else None
        told = [one for one in found if not mdtrt_id or one.visit.visit_id == named]
        return Reply(output={"mdtrtinfo": [visit_row(work, one, cards) for one in told]})

    return batched(requests, _of_person, partial(_visits_and_cards, work, cards), step_of)


def in_hospital(work: Work, requests: Sequence[Request]) -> list[Step]:
    """5303 在院信息查询: who was admitted in the period and has not left."""
    cards: dict[PersonId, PersonCard] = {}

    def step_of(_request: Request, _wanted: VisitsWanted, found: list[VisitTold]) -> Step:
        return Reply(output={"data": [in_hospital_row(work, one, cards) for one in found]})

    return batched(requests, _in_hospital, partial(_visits_and_cards, work, cards), step_of)


def chronic_drugs(work: Work, requests: Sequence[Request]) -> list[Step]:
    """5205 人员慢特病用药记录查询: the lines of the person's chronic visits in the period."""

    def step_of(request: Request, wanted: VisitsWanted, found: list[VisitTold]) -> Step:
        chronic = {one.visit.visit_id: one.visit for one in found}
        lines = visit_queries.lines(work.writing.tx, chronic)
        here = work.institution_of(request)
        rows = [chronic_row(work, chronic[id_], one, here) for id_ in lines for one in lines[id_]]
        assert wanted.kind is VisitKind.CHRONIC, "nothing else is asked"
        return Reply(output={"feedetail": rows})

    return batched(requests, _chronic, lambda wanted: _visits(work, wanted), step_of)


def diagnoses_of_visit(work: Work, requests: Sequence[Request]) -> list[Step]:
    """5202 诊断信息查询."""
    known = _known(work, requests)
    found = visit_queries.diagnoses_of(work.writing.tx, known)

    def told(request: Request) -> Reply:
        visit = _their_visit(request, known)
        if visit is None:
            return refusal(RefusalCode.UNKNOWN_VISIT)
        said = found.get(visit.visit_id, [])
        return Reply(output={"diseinfo": [diagnosis_row(visit, one) for one in said]})

    return [told(one) for one in requests]


def lines_of_visit(work: Work, requests: Sequence[Request]) -> list[Step]:
    """5204 费用明细查询: of one settlement, or of the whole visit when none is named."""
    known = _known(work, requests)
    found = visit_queries.lines(work.writing.tx, known)

    def told(request: Request) -> Reply:
        visit = _their_visit(request, known)
        if visit is None:
            return refusal(RefusalCode.UNKNOWN_VISIT)
        lines, setl_id = found.get(visit.visit_id, []), request.row.text("setl_id")
        if setl_id:
            wanted = _settlement_id(setl_id)
            if wanted is None:  # Else it would be told the lines that no settlement has taken.
                return refusal(RefusalCode.UNKNOWN_SETTLEMENT)
            lines = [one for one in lines if one.settlement_id == wanted]
        return Reply(rows=[line_row(work, visit, one) for one in lines])

    return [told(one) for one in requests]


def _visits(work: Work, wanted: list[VisitsWanted]) -> list[list[VisitTold]]:
    return visit_queries.visits(work.writing.tx, wanted)


def _visits_and_cards(
    work: Work, cards: dict[PersonId, PersonCard], wanted: list[VisitsWanted]
) -> list[list[VisitTold]]:
    """The visits of every question; `cards` has the persons' then."""
    found = _visits(work, wanted)
    persons = {one.visit.person_id for told in found for one in told}
    cards |= enquiries.cards(work.writing.tx, persons)
    return found


def _known(work: Work, requests: Sequence[Request]) -> dict[VisitId, Visit]:
    ids = (visit_id_of(one.row.text("mdtrt_id")) for one in requests)
    return visits.of(work.writing.tx, [id_ for id_ in ids if id_ is not None])


def _their_visit(request: Request, known: Mapping[VisitId, Visit]) -> Visit | None:
    """The visit that a request names, if it is this institution's own and of that person."""
    visit_id = visit_id_of(request.row.text("mdtrt_id"))
    visit = known.get(visit_id) if visit_id else None
    is_theirs = visit is not None and (
        visit.hospital_code == request.envelope.institution_code
        and visit.person_id == request.row.text("psn_no")
    )
    return visit if is_theirs else None


def _settlement_id(text: str) -> SettlementId | None:
    try:
        return SettlementId(id_of_short_text(text))
    except ValueError:
        return None


def _of_person(request: Request) -> VisitsWanted:
    kind = visit_kind_of(request.row.text("med_type"))
    return _wanted(request, person_id=PersonId(request.row.text("psn_no")), kind=kind)


def _chronic(request: Request) -> VisitsWanted:
    person_id = PersonId(request.row.text("psn_no"))
    return _wanted(request, person_id=person_id, kind=VisitKind.CHRONIC)


def _in_hospital(request: Request) -> VisitsWanted:
    psn_no = request.row.text("psn_no")
    return _wanted(request, person_id=PersonId(psn_no) if psn_no else None, is_in_hospital=True)


def _wanted(request: Request, **more: Any) -> VisitsWanted:
    """From 00:00:00 of the first day to 23:59:59 of the last; Refused DATES_IMPOSSIBLE."""
    first_on = request.row.day("begntime")
    last_on = request.row.day("endtime") or request.sent_on
    assert first_on is not None, "begntime is required"
    if last_on < first_on:
        raise Refused(RefusalCode.DATES_IMPOSSIBLE)
    code = request.envelope.institution_code
    return VisitsWanted(hospital_code=code, first_on=first_on, last_on=last_on, **more)
