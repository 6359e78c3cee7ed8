"""2507 人员意外伤害备案: an accident, registered here, and what it declares for a settlement."""

import json
from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial
from uuid import UUID

from contracts.codes import DivisionCode
from contracts.ids import PersonId, short_text_of
from participants.gateway.serving.batching import batched
from participants.gateway.serving.requests import Request, Step, Work
from participants.gateway.wire.envelope import Reply
from participants.gateway.wire.extension import lacks_word
from participants.treatment.domain.accident import NewAccident
from participants.treatment.domain.attempt import MessageKey
from participants.treatment.services import accidents

FUND_PAYS = "1"
_NOT_IN_THE_REPORT = {"psn_no", "insu_admdvs", "begndate", "enddate", "chk_pay_flag"}


def file(work: Work, requests: Sequence[Request]) -> list[Step]:
    """Register each accident."""

    def step_of(_request: Request, _wish: NewAccident, accident_id: UUID) -> Step:
        return Reply(output={"result": {"trt_dcla_detl_sn": short_text_of(accident_id)}})

    return batched(
        requests,
        partial(_accident, work),
        lambda wishes: accidents.file(work.writing.tx, wishes, work.now),
        step_of,
    )


def words_of(work: Work, admitted: Iterable[tuple[Request, date]]) -> dict[MessageKey, str]:
    """'third_party' or 'no_third_party', by message, for visits of trauma that say neither
    themselves: what an accident says that is registered here on the day of admission.
    """
    stays = {
        request.key: (request.envelope.institution_code, PersonId(row.text("psn_no")), day)
        for request, day in admitted
        for row in [request.row]
        if lacks_word(row.text("exp_content"), row.text("med_type"))
    }
    told = accidents.declared(work.writing.tx, stays.values())
    return {key: told[stay] for key, stay in stays.items() if stay in told}


def _accident(work: Work, request: Request) -> NewAccident:
    """chk_pay_flag 审核支付标志: whether the fund pays; not where somebody else is liable."""
    row = request.row
    begins_on = row.day("begndate")
    assert begins_on is not None, "a required field"
    return NewAccident(
        msgid=request.envelope.msgid,
        hospital_code=request.envelope.institution_code,
        person_id=PersonId(row.text("psn_no")),
        insured_division=DivisionCode(row.text("insu_admdvs")),
        happened_on=row.day("trum_time"),
        begins_on=begins_on,
        ends_on=row.day("enddate"),
        third_party=row.text("chk_pay_flag") != FUND_PAYS,
        sealed_report=_report(work, request),
    )


def _report(work: Work, request: Request) -> str:
    """All else that was said, sealed: names, numbers, and how it came about."""
    said = {name: str(value) for name, value in request.row.values.items()}
    told = {name: value for name, value in said.items() if name not in _NOT_IN_THE_REPORT}
    return work.door.sealer.seal(json.dumps(told, ensure_ascii=False))
