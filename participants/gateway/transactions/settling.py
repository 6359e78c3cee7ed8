"""Asking for a trial or a settlement: what 2206, 2207, 2303 and 2304 have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from contracts.codes import VisitKind
from contracts.ids import PersonId, VisitId
from participants.gateway.serving.batching import batched
from participants.gateway.serving.requests import Awaiting, Request, Step, Subject, Work
from participants.gateway.telling.fee_lines import split_of
from participants.gateway.telling.identity import identity_in
from participants.gateway.transactions.accident import words_of
from participants.gateway.transactions.visiting import echo_of
from participants.gateway.wire.codes import (
    insurance_kind_of,
    med_type_of,
    visit_kind_of,
    visit_kind_within,
)
from participants.gateway.wire.extension import assert_fits, flags_of
from participants.gateway.wire.visit_ids import visit_id_of, visit_id_to_settle
from participants.treatment.domain.attempt import MessageKey
from participants.treatment.domain.results import Refusal, Requested
from participants.treatment.domain.settlement import SettleRequest, Split
from participants.treatment.domain.visit import Visit
from participants.treatment.services import settlements, trials, visits, weather
from participants.treatment.store import fee_lines

WHOLE_IN_SCOPE = "未上传费用明细且未给出费用分项，医疗费总额全部按符合政策范围金额计算"
_SPLIT = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
OWN_ACCOUNT = "1"
MID_STAY = "1"


@dataclass(frozen=True, slots=True)
class Known:
    """What we have of the visits that a batch names, and which of them have fee lines.

    `words`: what registered accidents say on third parties, by the message of the visit.
    """

    visits: Mapping[VisitId, Visit]
    with_lines: frozenset[VisitId]
    words: Mapping[MessageKey, str]

    def visit_of(self, request: Request) -> Visit | None:
        """The visit that is named, where it is one of this hospital's."""
        visit_id = visit_id_of(request.row.text("mdtrt_id"))
        visit = self.visits.get(visit_id) if visit_id else None
        is_theirs = visit and visit.hospital_code == request.envelope.institution_code
        return visit if is_theirs else None


def try_out(work: Work, requests: Sequence[Request], kind: VisitKind) -> list[Step]:
    """Ask what each bill would give."""
    return _ask(work, requests, kind, Subject.TRIAL, weather.unless_down(trials.try_out))


def settle(work: Work, requests: Sequence[Request], kind: VisitKind) -> list[Step]:
    """Ask to settle each bill."""
    service = weather.unless_down(settlements.request)
    return _ask(work, requests, kind, Subject.SETTLEMENT, service)


def _ask(
    work: Work,
    requests: Sequence[Request],
    kind: VisitKind,
    subject: Subject,
    service: weather.Service,
) -> list[Step]:
    known = _known(work, requests)

    def run(wishes: list[SettleRequest]) -> list[Requested | Refusal]:
        results, outgoing = service(work.writing.tx, wishes, work.now, work.door.terms)
        work.writing.say(outgoing)
        return results

    def step_of(request: Request, _wish: SettleRequest, result: Requested) -> Step:
        awaiting = Awaiting(subject, result.settlement_id, result.answer_by)
        if _is_whole_in_scope(request, known):
            return replace(awaiting, warning=WHOLE_IN_SCOPE)
        return awaiting

    return batched(requests, partial(_wish, work, known, kind), run, step_of)


def _known(work: Work, requests: Sequence[Request]) -> Known:
    found = (visit_id_of(request.row.text("mdtrt_id")) for request in requests)
    named = [visit_id for visit_id in found if visit_id is not None]
    known = visits.of(work.writing.tx, named)
    words = words_of(work, [(one, _admitted_on(one, known)) for one in requests])
    return Known(known, frozenset(fee_lines.open_bills(work.writing.tx, named)), words)


def _admitted_on(request: Request, known: Mapping[VisitId, Visit]) -> date:
    visit_id = visit_id_of(request.row.text("mdtrt_id"))
    visit = known.get(visit_id) if visit_id else None
    return visit.admitted_on if visit else request.row.day("begntime") or request.sent_on


def _wish(work: Work, known: Known, kind: VisitKind, request: Request) -> SettleRequest:
    """For a visit that we opened, its own facts count; else what stands in this message."""
    row, visit = request.row, known.visit_of(request)
    visit_id = visit_id_to_settle(row.text("mdtrt_id"))
    said, word = row.text("med_type"), known.words.get(request.key)
    kind = visit.visit_kind if visit else kind
    if said:
        visit_kind_within(said, inpatient=kind is VisitKind.INPATIENT)
    own_kind, med_type = kind_and_med_type(request, kind)
    sealed = identity_in(row).sealed(work.door.sealer)
    flags = flags_of(row.text("exp_content"), med_type=said, accident=word)
    # What was said when the visit was opened need not be said again.
    assert_fits(said, {*flags, *(visit.flags if visit else ())})
    return SettleRequest(
        msgid=request.envelope.msgid,
        hospital_code=request.envelope.institution_code,
        visit_id=visit_id,
        own_visit_no=row.text("mdtrt_id") or None,
        person_id=PersonId(row.text("psn_no")),
        insured_division=visit.insured_division if visit else request.insured_division(),
        insurance_kind=insurance_kind_of(row.text("insutype")),
        total_fen=row.number("medfee_sumamt") or 0,
        split=_split(work, request),
        visit_kind=own_kind,
        admitted_on=None if visit else row.day("begntime") or request.sent_on,
        discharged_on=_discharged_on(request, own_kind),
        disease_code=row.text("dise_codg") or None,
        flags=flags,
        use_account=row.text("acct_used_flag") == OWN_ACCOUNT,
        mid_stay=row.text("mid_setl_flag") == MID_STAY,
        sealed_identity=sealed,
        echo_json=echo_of(request, med_type),
    )


def kind_and_med_type(request: Request, otherwise: VisitKind) -> tuple[VisitKind, str]:
    """What the message says of the visit, or the kind that it has anyway."""
    said = request.row.text("med_type")
    return (visit_kind_of(said), said) if said else (otherwise, med_type_of(otherwise))


def _discharged_on(request: Request, kind: VisitKind) -> date | None:
    """As said here. Else 2402 has said it, or it is today, which their clock does not decide."""
    if kind is not VisitKind.INPATIENT:
        return None  # Out-patients leave the day they come.
    return request.row.day("dscgTime")


def _split(work: Work, request: Request) -> Split:
    """By the catalogue where lines came along, else as the hospital says, else all in scope."""
    if lines := request.input.lists.get("feedetail"):
        return split_of(lines, request.sent_on, work.door.catalogue)
    row = request.row
    if not _says_split(request):
        return Split(0, 0, 0, row.number("medfee_sumamt") or 0)
    return Split(*(row.number(name) or 0 for name in _SPLIT))


def _says_split(request: Request) -> bool:
    return any(request.row.number(name) is not None for name in _SPLIT)


def _is_whole_in_scope(request: Request, known: Known) -> bool:
    if request.input.lists.get("feedetail") or _says_split(request):
        return False
    visit = known.visit_of(request)
    return visit is None or visit.visit_id not in known.with_lines
