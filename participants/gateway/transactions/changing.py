"""What hospitals say about visits they have opened: 2202, 2203, 2205, 2302, 2402 to 2405."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from contracts.ids import PersonId, VisitId
from contracts.refusal import RefusalCode, Refused
from participants.gateway.serving.batching import batched
from participants.gateway.serving.requests import Request, Step, Work
from participants.gateway.telling.diagnoses import diagnoses_in
from participants.gateway.transactions.visiting import visit_echo
from participants.gateway.wire.codes import visit_kind_within
from participants.gateway.wire.envelope import Reply
from participants.gateway.wire.extension import assert_fits, flags_of
from participants.gateway.wire.visit_ids import visit_id_of
from participants.treatment.domain.diagnosis import Stage
from participants.treatment.domain.fee import LinesRemoval
from participants.treatment.domain.results import Done
from participants.treatment.domain.visit import Visit, VisitChange
from participants.treatment.domain.visit_life import VisitEvent, VisitState
from participants.treatment.services import visits

ALL_LINES = "0000"
_Known = Mapping[VisitId, Visit]
_ChangeOf = Callable[[_Known, Request], VisitChange]


def diagnose(work: Work, requests: Sequence[Request]) -> list[Step]:
    """2203 门诊就诊信息上传: the kind of visit, its disease and its diagnoses."""
    return _amend(work, requests, _diagnosed)


def change(work: Work, requests: Sequence[Request]) -> list[Step]:
    """2403 住院信息变更."""
    return _amend(work, requests, _changed)


def discharge(work: Work, requests: Sequence[Request]) -> list[Step]:
    """2402 出院办理."""
    return _amend(work, requests, _discharged)


def say(event: VisitEvent) -> Callable[[Work, Sequence[Request]], list[Step]]:
    """2202, 2404 and 2405: an undoing that says no more than of which visit."""

    def said(work: Work, requests: Sequence[Request]) -> list[Step]:
        return _amend(work, requests, lambda _known, one: _about(one, event))

    return said


def remove(number_in: str) -> Callable[[Work, Sequence[Request]], list[Step]]:
    """2205 by charge batch, 2302 by line; 0000 takes back whatever is not settled."""

    def removed(work: Work, requests: Sequence[Request]) -> list[Step]:
        return batched(
            requests,
            partial(_removal, number_in),
            lambda wishes: visits.remove_lines(work.writing.tx, wishes),
            _done,
        )

    return removed


def _amend(work: Work, requests: Sequence[Request], change_of: _ChangeOf) -> list[Step]:
    ids = (visit_id_of(one.row.text("mdtrt_id")) for one in requests)
    known = visits.of(work.writing.tx, [id_ for id_ in ids if id_ is not None])
    return batched(
        requests,
        partial(change_of, known),
        lambda wishes: visits.amend(work.writing.tx, wishes, work.now),
        _done,
    )


def _done(_request: Request, _wish: object, _result: Done) -> Step:
    return Reply(output={})


def _about(request: Request, event: VisitEvent) -> VisitChange:
    return VisitChange(
        visit_id=_visit_id(request),
        hospital_code=request.envelope.institution_code,
        person_id=PersonId(request.row.text("psn_no")),
        event=event,
    )


def _diagnosed(known: _Known, request: Request) -> VisitChange:
    row, med_type = request.row, request.row.text("med_type")
    kind = visit_kind_within(med_type, inpatient=False)
    return VisitChange(
        visit_id=_visit_id(request),
        hospital_code=request.envelope.institution_code,
        person_id=PersonId(row.text("psn_no")),
        event=VisitEvent.DIAGNOSE,
        visit_kind=kind,
        admitted_on=row.day("begntime"),
        disease_code=row.text("dise_codg") or None,
        flags=_flags(known, request, med_type),
        echo_json=visit_echo(request, med_type),
        diagnoses=diagnoses_in(request, Stage.COMING),
    )


def _changed(known: _Known, request: Request) -> VisitChange:
    row, med_type = request.row, request.row.text("med_type")
    visit = known.get(_visit_id(request))
    has_left = visit is not None and visit.state is VisitState.DISCHARGED
    return VisitChange(
        visit_id=_visit_id(request),
        hospital_code=request.envelope.institution_code,
        person_id=PersonId(row.text("psn_no")),
        event=VisitEvent.CHANGE,
        visit_kind=visit_kind_within(med_type, inpatient=True),
        admitted_on=row.day("begntime"),
        # Only 2402 discharges; afterwards its day may be corrected here.
        discharged_on=row.day("endtime") if has_left else None,
        disease_code=row.text("dise_codg") or None,
        flags=_flags(known, request, med_type),
        echo_json=visit_echo(request, med_type),
        own_visit_no=row.text("ipt_otp_no") or None,
        diagnoses=diagnoses_in(request, Stage.COMING),
    )


def _discharged(known: _Known, request: Request) -> VisitChange:
    row = request.row
    return VisitChange(
        visit_id=_visit_id(request),
        hospital_code=request.envelope.institution_code,
        person_id=PersonId(row.text("psn_no")),
        event=VisitEvent.DISCHARGE,
        discharged_on=row.day("endtime"),
        disease_code=row.text("dise_codg") or None,
        flags=_flags(known, request, ""),
        echo_json=visit_echo(request, ""),
        diagnoses=diagnoses_in(request, Stage.LEAVING),
    )


def _flags(known: _Known, request: Request, med_type: str) -> tuple[str, ...]:
    """What was said before of the visit need not be said again."""
    flags = flags_of(request.row.text("exp_content"))
    visit = known.get(_visit_id(request))
    assert_fits(med_type, {*flags, *(visit.flags if visit else ())})
    return flags


def _removal(number_in: str, request: Request) -> LinesRemoval:
    row = request.row
    number = row.text(number_in)
    by_batch = number_in == "chrg_bchno"
    is_all = number == ALL_LINES
    return LinesRemoval(
        visit_id=_visit_id(request),
        hospital_code=request.envelope.institution_code,
        person_id=PersonId(row.text("psn_no")),
        line_numbers=() if is_all or by_batch else (number,),
        charge_batch=number if by_batch and not is_all else None,
    )


def _visit_id(request: Request) -> VisitId:
    mdtrt_id = request.row.text("mdtrt_id")
    found = visit_id_of(mdtrt_id)
    if found is None:
        raise Refused(RefusalCode.UNKNOWN_VISIT, f"就诊ID(mdtrt_id){mdtrt_id}")
    return found
