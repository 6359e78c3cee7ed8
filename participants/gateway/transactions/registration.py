"""Registrations 备案: 2501, 2503 and 2505 file one; 2502, 2504 and 2506 take it back."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from uuid import UUID

from contracts.codes import InsuranceKind
from contracts.ids import PersonId, RegistrationId, id_of_short_text, short_text_of
from contracts.messages.enquiry import Insurance, PersonCard
from contracts.refusal import RefusalCode, Refused
from participants.gateway.serving.batching import batched
from participants.gateway.serving.requests import Awaiting, Facts, Request, Step, Subject, Work
from participants.gateway.transactions import on_record
from participants.gateway.transactions.wanting import Insured, wanted_of
from participants.gateway.wire import jsontext
from participants.gateway.wire.codes import insurance_kind_of, state_told
from participants.gateway.wire.envelope import Reply, refusal
from participants.treatment.domain.filing import (
    AlreadyCancelled,
    CancellationAsked,
    Filed,
    Filing,
    FilingState,
    NewCancellation,
    NewFiling,
)
from participants.treatment.domain.results import Refusal
from participants.treatment.services import enquiries, registrations
from participants.treatment.services.registrations import Cancelled
from participants.treatment.store import filing_papers
from participants.treatment.store.filing_papers import Papers

FILED_BY = {"2502": "2501", "2504": "2503", "2506": "2505"}
_UNDECIDED = frozenset({FilingState.SENT, FilingState.SUBMITTED})
_ENDED = frozenset({FilingState.CANCELLED, FilingState.EXPIRED})
_PERSON_LENGTH = 29
_NO_EXP_CONTENT = "2501"  # The only one whose result has no such field.


def file(work: Work, requests: Sequence[Request]) -> list[Step]:
    """Ask the hub, and through it the insured area, to register each."""
    persons = {PersonId(one.row.text("psn_no")) for one in requests}
    cards = enquiries.cards(work.writing.tx, persons)
    by_message = {request.key: request for request in requests}

    def run(wishes: list[NewFiling]) -> list[Filed | Refusal]:
        results, outgoing = registrations.file(work.writing.tx, wishes, work.now, work.door.terms)
        work.writing.say(outgoing)
        pairs = zip(wishes, results, strict=True)
        filed = [(by_message[wish.key], one) for wish, one in pairs if isinstance(one, Filed)]
        filing_papers.add(work.writing.tx, [_papers(work, *one) for one in filed])
        return results

    def step_of(_request: Request, _wish: NewFiling, result: Filed) -> Step:
        return Awaiting(Subject.FILING, result.registration_id, result.answer_by)

    return batched(requests, partial(_filing, work, cards), run, step_of)


def filed(_work: Work, request: Request, facts: Facts, registration_id: UUID) -> Reply | None:
    """The decision, once there is one."""
    found = facts.filings[registration_id]
    return None if found.state in _UNDECIDED else _told(request, found)


def filed_so_far(
    _work: Work, request: Request, facts: Facts, registration_id: UUID
) -> Reply | None:
    """'It waits for a clerk', if the hub took it; None while the hub has said nothing."""
    found = facts.filings[registration_id]
    return None if found.state is FilingState.SENT else _told(request, found)


def cancel(work: Work, requests: Sequence[Request]) -> list[Step]:
    """Take back what this hospital filed."""

    def run(wishes: list[NewCancellation]) -> list[Cancelled]:
        tx, terms = work.writing.tx, work.door.terms
        results, outgoing = registrations.cancel(tx, wishes, work.now, terms)
        work.writing.say(outgoing)
        return results

    return batched(requests, partial(_cancellation, work), run, partial(_cancel_step))


def cancelled(_work: Work, _request: Request, facts: Facts, id_: UUID) -> Reply | None:
    found = facts.cancellations[id_]
    if found.is_pending:
        return None
    return Reply(output={}) if found.code is None else refusal(found.code, found.detail)


def _papers(work: Work, request: Request, filed: Filed) -> Papers:
    """The hospital's own words, which 5302 and 5304 tell again."""
    row, kept = request.row, on_record.KEPT[request.envelope.infno]
    said = {name: row.text(name) for name in kept if row.text(name)}
    if refl_date := row.day("refl_date"):
        said["refl_date"] = refl_date.isoformat()
    contact = {name: row.text(name) for name in on_record.CONTACT}
    sealed = work.door.sealer.seal(json.dumps(contact, ensure_ascii=False))
    return Papers(filed.registration_id, said, sealed)


def _cancel_step(
    _request: Request, _wish: NewCancellation, result: CancellationAsked | AlreadyCancelled
) -> Step:
    if isinstance(result, AlreadyCancelled):
        return Reply(output={})
    return Awaiting(Subject.CANCELLATION, result.cancellation_id, result.answer_by)


def _told(request: Request, found: Filing) -> Reply:
    if found.state is FilingState.REJECTED:
        return refusal(found.code or RefusalCode.REJECTED_BY_DESK, found.detail)
    if found.state in _ENDED:
        return refusal(RefusalCode.OUT_OF_STEP, state_told(found.state))
    said = {"REG_STATE": found.state.value, "REG_STATE_NAME": state_told(found.state)}
    result = {"trt_dcla_detl_sn": short_text_of(found.registration_id)}
    if request.envelope.infno != _NO_EXP_CONTENT:
        result["exp_content"] = jsontext.encode(said)
    warning = "" if found.state is FilingState.ACTIVE else said["REG_STATE_NAME"]
    return Reply(output={"result": result}, warning=warning)


def _filing(work: Work, cards: Mapping[PersonId, PersonCard], request: Request) -> NewFiling:
    insured = _insured(request, cards.get(PersonId(request.row.text("psn_no"))))
    institution = work.institution_of(request)
    return NewFiling(
        msgid=request.envelope.msgid,
        hospital_code=institution.code,
        infno=request.envelope.infno,
        wanted=wanted_of(work, request, insured),
        by=f"{institution.code} {institution.name}"[:200],
    )


def _insured(request: Request, card: PersonCard | None) -> Insured:
    """Who, where and how insured: the message's word before the envelope's, then the last card's.

    Refused FIELD_INVALID, FIELD_MISSING.
    """
    row = request.row
    if len(row.text("psn_no")) != _PERSON_LENGTH:
        raise Refused(RefusalCode.FIELD_INVALID, "人员编号(psn_no)，请先用1101读取人员信息")
    division = row.text("insu_optins") or request.envelope.insured_division
    on_card = card.insurances if card else ()
    fits = [one for one in on_card if division in {"", one.division}]
    best = next((one for one in fits if one.in_force), fits[0] if fits else None)
    if not division and best is None:
        detail = "参保机构医保区划(insu_optins)，或先用1101读取人员信息"
        raise Refused(RefusalCode.FIELD_MISSING, detail)
    division = division or (best.division if best else "")
    return Insured(PersonId(row.text("psn_no")), division, _kind(row.text("insutype"), best))


def _kind(insutype: str, on_card: Insurance | None) -> InsuranceKind:
    if insutype:
        return insurance_kind_of(insutype)
    if on_card is None:
        raise Refused(RefusalCode.FIELD_MISSING, "险种类型(insutype)，或先用1101读取人员信息")
    return on_card.insurance_kind


def _cancellation(work: Work, request: Request) -> NewCancellation:
    row, institution = request.row, work.institution_of(request)
    try:
        registration_id = RegistrationId(id_of_short_text(row.text("trt_dcla_detl_sn")))
    except ValueError as error:
        raise Refused(RefusalCode.UNKNOWN_REGISTRATION) from error
    return NewCancellation(
        msgid=request.envelope.msgid,
        hospital_code=institution.code,
        filed_by=FILED_BY[request.envelope.infno],
        registration_id=registration_id,
        person_id=PersonId(row.text("psn_no")),
        reason=row.text("memo")[:200] or "医药机构撤销备案",
        by=f"{institution.code} {institution.name}"[:200],
    )
