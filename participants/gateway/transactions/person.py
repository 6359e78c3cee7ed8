"""1101 人员信息获取: who a person is and how insured, asked at the insured area."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from contracts.clock import shanghai_date_of
from contracts.messages.enquiry import Insurance, PersonCard
from contracts.person import person_id_of
from contracts.refusal import RefusalCode, Refused
from participants.gateway.serving.batching import batched
from participants.gateway.serving.requests import Awaiting, Facts, Request, Step, Subject, Work
from participants.gateway.telling.identity import opened, person_block
from participants.gateway.telling.weather_told import in_exp_content
from participants.gateway.wire import jsontext
from participants.gateway.wire.codes import person_type_of
from participants.gateway.wire.envelope import Reply, refusal
from participants.gateway.wire.jsontext import yuan
from participants.treatment.domain.enquiry import Enquired, Enquiry
from participants.treatment.domain.results import Refusal
from participants.treatment.services import enquiries

CREDENTIAL_IS_CERTIFICATE = "02"
INSURED, SUSPENDED = "1", "2"


def enquire(work: Work, requests: Sequence[Request]) -> list[Step]:
    """Ask the insured area that the message names; the certificate itself goes no further."""

    def run(wishes: list[Enquiry]) -> list[Enquired | Refusal]:
        results, outgoing = enquiries.enquire(work.writing.tx, wishes, work.now, work.door.terms)
        work.writing.say(outgoing)
        return results

    def step_of(_request: Request, _wish: Enquiry, result: Enquired) -> Step:
        return Awaiting(Subject.ENQUIRY, result.enquiry_id, result.answer_by)

    return batched(requests, partial(_wish, work), run, step_of)


def told(work: Work, request: Request, facts: Facts, enquiry_id: UUID) -> Reply | None:
    """baseinfo, insuinfo and idetinfo of the card that came back."""
    answer = facts.enquiries[enquiry_id].answer
    if answer is None:
        return None
    if answer.card is None:
        return refusal(answer.code or RefusalCode.PERSON_UNKNOWN)
    return _card_told(work, request, facts, answer.card)


def _wish(work: Work, request: Request) -> Enquiry:
    kind, number = _certificate(request)
    return Enquiry(
        msgid=request.envelope.msgid,
        hospital_code=request.envelope.institution_code,
        insured_division=request.insured_division(),
        person_id=person_id_of(kind, number, work.door.person_key),
    )


def _certificate(request: Request) -> tuple[str, str]:
    row = request.row
    number = row.text("certno")
    if not number and row.text("mdtrt_cert_type") == CREDENTIAL_IS_CERTIFICATE:
        number = row.text("mdtrt_cert_no")
    if not number:
        raise Refused(RefusalCode.FIELD_MISSING, "证件号码(certno)")
    return row.text("psn_cert_type"), number


def _card_told(work: Work, request: Request, facts: Facts, card: PersonCard) -> Reply:
    identity = opened(card.sealed_identity, work.door.sealer)
    said = request.row.text("psn_name")
    if said and said != identity.name:
        # The right name is not told: the one who asks may be guessing.
        return refusal(RefusalCode.PERSON_UNKNOWN, "证件号码与姓名不一致")
    block = person_block(
        identity, shanghai_date_of(work.now), born_on=card.born_on, gender=card.gender
    )
    ordered = ("psn_cert_type", "certno", "psn_name", "gend", "naty", "brdy", "age")
    base = {"psn_no": card.person_id, **{name: block[name] for name in ordered}}
    weather = in_exp_content(facts.weather_of(request), work.now)
    insurances = [_insurance_told(one) for one in card.insurances]
    return Reply(
        output={
            "baseinfo": {**base, "exp_content": jsontext.encode(weather) if weather else ""},
            "insuinfo": insurances,
            "idetinfo": [],
        }
    )


def _insurance_told(one: Insurance) -> dict[str, Any]:
    return {
        "balc": yuan(one.account_balance_fen),
        "insutype": one.insurance_kind.value,
        "psn_type": person_type_of(one.person_type),
        "psn_insu_stas": INSURED if one.in_force else SUSPENDED,
        "psn_insu_date": "",
        "paus_insu_date": "",
        "cvlserv_flag": "1" if one.civil_servant else "0",
        "insuplc_admdvs": one.division,
        "emp_name": "",
    }
