"""Pre-flight 结算预检: 2001 for the systems that hospitals have, and the same in plain JSON."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from contracts.codes import InsuranceKind, VisitKind
from contracts.ids import PersonId
from contracts.messages.enquiry import Check, CheckName
from contracts.refusal import RefusalCode, Refused
from participants.gateway.serving.batching import batched
from participants.gateway.serving.requests import (
    Awaiting,
    Effect,
    Facts,
    Patience,
    Request,
    Step,
    Subject,
    Transaction,
    Work,
)
from participants.gateway.telling.weather_told import in_exp_content, plainly
from participants.gateway.wire import jsontext
from participants.gateway.wire.codes import (
    check_told,
    check_type_of,
    insurance_kind_of,
    pool_type_of,
    visit_kind_of,
)
from participants.gateway.wire.envelope import Reply
from participants.gateway.wire.extension import assert_fits, flags_of
from participants.gateway.wire.fields import PREFLIGHT
from participants.treatment.domain.preflight import (
    PreflightSlot,
    PreflightWish,
    Verdict,
    verdict,
)
from participants.treatment.domain.weather import Weather
from participants.treatment.services import preflights
from participants.treatment.services.preflights import Asked

_Output = Callable[[Request, Verdict, "Sky"], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Sky:
    """The weather on the way to the insured area, as it is looked at now."""

    weather: Weather | None
    now: datetime


def check(work: Work, requests: Sequence[Request]) -> list[Step]:
    """2001 人员待遇享受检查."""
    return _check(work, requests, _wish_of_2001, _trtinfo)


def told(work: Work, request: Request, facts: Facts, id_: UUID) -> Reply | None:
    return _told(work, request, facts, id_, _trtinfo)


def told_so_far(work: Work, request: Request, facts: Facts, id_: UUID) -> Reply | None:
    return _told_so_far(work, request, facts, id_, _trtinfo)


def _check_plainly(work: Work, requests: Sequence[Request]) -> list[Step]:
    return _check(work, requests, _plain_wish, _plain)


def _told_plainly(work: Work, request: Request, facts: Facts, id_: UUID) -> Reply | None:
    return _told(work, request, facts, id_, _plain)


def _told_plainly_so_far(work: Work, request: Request, facts: Facts, id_: UUID) -> Reply | None:
    return _told_so_far(work, request, facts, id_, _plain)


PLAIN = Transaction(
    PREFLIGHT,
    Effect.ASKS,
    _check_plainly,
    _told_plainly,
    _told_plainly_so_far,
    Subject.PREFLIGHT,
    Patience.MOMENT,
)
"""POST /preflight: no transaction of the national interface, and in no table of them."""


def plain_document(found: Verdict, sky: Sky | None = None) -> dict[str, Any]:
    """What POST /preflight answers."""
    standing = found.standing
    return {
        "will_settle": found.will_settle,
        "final": found.is_final,
        "answered_by": found.answered_by.value,
        "standing": None
        if standing is None
        else {"basis": standing.basis.value, "category": standing.category},
        "checks": [
            {
                "name": one.name.value,
                "passed": one.passed,
                "code": one.code.value if one.code else None,
                "zh": one.code.zh if one.code else check_told(one.name),
                "fix": one.fix,
            }
            for one in found.checks
        ],
        "weather": None if sky is None else plainly(sky.weather, sky.now),
    }


def _check(
    work: Work,
    requests: Sequence[Request],
    wish_of: Callable[[Request], PreflightWish],
    output_of: _Output,
) -> list[Step]:
    def run(wishes: list[PreflightWish]) -> list[Asked]:
        results, outgoing = preflights.ask(work.writing.tx, wishes, work.now, work.door.terms)
        work.writing.say(outgoing)
        return results

    return batched(requests, wish_of, run, partial(_step, output_of, work.now))


def _step(
    output_of: _Output,
    now: datetime,
    request: Request,
    _wish: PreflightWish,
    result: PreflightSlot | Verdict,
) -> Step:
    if isinstance(result, Verdict):
        # Found at this desk, whatever the way is like: nothing will be sent on it.
        return Reply(output=output_of(request, result, Sky(None, now)))
    return Awaiting(Subject.PREFLIGHT, result.enquiry_id, result.answer_by)


def _told(
    work: Work, request: Request, facts: Facts, id_: UUID, output_of: _Output
) -> Reply | None:
    slot, sky = facts.preflights[id_], Sky(facts.weather_of(request), work.now)
    if slot.answer is None or not slot.answer.final:
        return None
    return Reply(output=output_of(request, verdict(slot.own, slot.answer, is_last=False), sky))


def _told_so_far(
    work: Work, request: Request, facts: Facts, id_: UUID, output_of: _Output
) -> Reply:
    slot, sky = facts.preflights[id_], Sky(facts.weather_of(request), work.now)
    return Reply(output=output_of(request, verdict(slot.own, slot.answer, is_last=True), sky))


def _wish_of_2001(request: Request) -> PreflightWish:
    row, code = request.row, request.envelope.institution_code
    if row.text("fixmedins_code") != code:
        raise Refused(RefusalCode.FIELD_INVALID, "定点医药机构编号(fixmedins_code)与报文头不一致")
    flags = flags_of(row.text("exp_content"))
    return _wish(request, ("begntime", "endtime", "dise_codg"), flags)


def _plain_wish(request: Request) -> PreflightWish:
    flags = tuple(filter(None, request.row.text("flags").split(",")))
    return _wish(request, ("admitted_on", "discharged_on", "disease_code"), flags)


def _wish(request: Request, names: tuple[str, str, str], flags: tuple[str, ...]) -> PreflightWish:
    row, (begins, ends, disease) = request.row, names
    assert_fits(row.text("med_type"), set(flags))
    admitted_on = row.day(begins)
    assert admitted_on is not None, "a required field"
    return PreflightWish(
        hospital_code=request.envelope.institution_code,
        person_id=PersonId(row.text("psn_no")),
        insured_division=request.insured_division(),
        insurance_kind=insurance_kind_of(row.text("insutype")),
        visit_kind=_visit_kind(row.text("med_type"), row.text("visit_kind")),
        admitted_on=admitted_on,
        discharged_on=row.day(ends),
        disease_code=row.text(disease) or None,
        flags=flags,
    )


def _visit_kind(med_type: str, visit_kind: str) -> VisitKind:
    if med_type:
        return visit_kind_of(med_type)
    if visit_kind:
        return VisitKind(visit_kind)
    raise Refused(RefusalCode.FIELD_MISSING, "就诊类别(visit_kind)或医疗类别(med_type)")


def _plain(_request: Request, found: Verdict, sky: Sky) -> dict[str, Any]:
    return plain_document(found, sky)


def _trtinfo(request: Request, found: Verdict, sky: Sky) -> dict[str, Any]:
    return {"trtinfo": [_row(request, found, sky, one) for one in found.checks]}


def _row(request: Request, found: Verdict, sky: Sky, one: Check) -> dict[str, Any]:
    begins, ends = request.row.day("begntime"), request.row.day("endtime")
    said = {"CHECK": one.name.value, "CODE": one.code, "FINAL": "1" if found.is_final else "0"}
    return {
        "psn_no": request.row.text("psn_no"),
        "trt_chk_type": check_type_of(one.name),
        "fund_pay_type": pool_type_of(InsuranceKind(request.row.text("insutype"))),
        "trt_enjymnt_flag": "1" if one.passed else "0",
        "begndate": begins.isoformat() if begins else "",
        "enddate": ends.isoformat() if ends else "",
        "trt_chk_rslt": one.code.told(one.fix) if one.code else _passed(one),
        "exp_content": jsontext.encode(
            said | in_exp_content(sky.weather, sky.now) if one.name is CheckName.ROUTE else said
        ),
    }


def _passed(one: Check) -> str:
    """A Yes may come with advice, as that a proof is still to be handed in."""
    return f"{check_told(one.name)}：通过" + (f"。{one.fix}" if one.fix else "")
