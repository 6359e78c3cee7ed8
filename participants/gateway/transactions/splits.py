"""The monthly split 异地清分: 3260 extract, 3261 confirm row by row, 3262 take back."""

from collections.abc import Sequence
from typing import Any

from contracts.ids import SettlementId, id_of_short_text, short_text_of
from participants.gateway.serving.batching import batched
from participants.gateway.serving.requests import Request, Step, Work
from participants.gateway.telling.identity import opened
from participants.gateway.telling.settlement_block import moment
from participants.gateway.wire.checking import Row
from participants.gateway.wire.envelope import Reply
from participants.gateway.wire.jsontext import Number, yuan
from participants.treatment.domain.split import Confirmation, Confirmed, Rollback, SplitRow
from participants.treatment.services import splits
from participants.treatment.services.splits import Extraction, TakenBack

SETTLED_DIRECTLY = "0"
INCLUDED = "1"
CERTNO_MAX = 18


def extract(work: Work, requests: Sequence[Request]) -> list[Step]:
    """3260: at most a hundred rows from startrow on."""

    def step_of(request: Request, _wish: Extraction, rows: list[SplitRow]) -> Step:
        return Reply(output={"data": [_row(work, request, row) for row in rows]})

    return batched(
        requests,
        _extraction,
        lambda wishes: splits.extract(work.writing.tx, wishes, work.now),
        step_of,
    )


def confirm(work: Work, requests: Sequence[Request]) -> list[Step]:
    """3261: its inf_refmsgid is what 3262 takes back."""

    def step_of(_request: Request, _wish: Confirmation, _reference: str) -> Step:
        return Reply(output={})

    return batched(
        requests,
        _confirmation,
        lambda wishes: splits.confirm(work.writing.tx, wishes, work.now),
        step_of,
    )


def roll_back(work: Work, requests: Sequence[Request]) -> list[Step]:
    """3262: one confirmation, or with 0 all of the month."""

    def step_of(_request: Request, _wish: Rollback, _result: TakenBack) -> Step:
        return Reply(output={})

    return batched(
        requests,
        _rollback,
        lambda wishes: splits.roll_back(work.writing.tx, wishes, work.now),
        step_of,
    )


def _month(request: Request) -> str:
    return request.row.text("trt_year") + request.row.text("trt_month").zfill(2)


def _extraction(request: Request) -> Extraction:
    start = request.row.number("startrow") or 1
    return Extraction(request.envelope.institution_code, _month(request), start)


def _confirmation(request: Request) -> Confirmation:
    return Confirmation(
        msgid=request.envelope.msgid,
        hospital_code=request.envelope.institution_code,
        month=_month(request),
        reference=request.reference,
        rows_said=request.row.number("totalrow") or 0,
        rows=tuple(_confirmed(row) for row in request.input.lists["detail"]),
    )


def _confirmed(row: Row) -> Confirmed:
    said = row.text("setl_sn")
    try:
        key = SettlementId(id_of_short_text(said))
    except ValueError:
        key = None
    return Confirmed(
        setl_sn=said,
        key=key,
        mdtrt_name=row.text("mdtrt_id"),
        total_fen=row.number("medfee_sumamt") or 0,
        paid_fen=row.number("optins_pay_sumamt") or 0,
        is_included=row.text("cnfm_flag") == INCLUDED,
    )


def _rollback(request: Request) -> Rollback:
    otransid = request.row.text("otransid")
    return Rollback(request.envelope.institution_code, _month(request), otransid)


def _row(work: Work, request: Request, row: SplitRow) -> dict[str, Any]:
    identity = opened(row.sealed_identity, work.door.sealer)
    return {
        "seqno": Number(str(row.seqno)),
        "mdtrtarea": work.institution_of(request).division,
        "medins_no": request.envelope.institution_code,
        "certno": identity.certificate_number[:CERTNO_MAX],
        "mdtrt_id": row.mdtrt_name,
        "mdtrt_setl_time": moment(row.booked_at),
        "setl_sn": short_text_of(row.settlement_id),
        "fulamt_advpay_flag": SETTLED_DIRECTLY,
        "medfee_sumamt": yuan(row.total_fen),
        "optins_pay_sumamt": yuan(row.paid_fen),
    }
