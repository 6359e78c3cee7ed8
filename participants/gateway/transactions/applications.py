"""Applying to be cleared: 3203 清算申请, and 3204 its withdrawal."""

from collections.abc import Sequence
from uuid import UUID

from contracts.ids import id_of_short_text, short_text_of
from contracts.refusal import RefusalCode, Refused
from participants.gateway.serving.batching import batched
from participants.gateway.serving.requests import Request, Step, Work
from participants.gateway.wire.clearing_types import clearing_type_of, scope_of
from participants.gateway.wire.envelope import Reply
from participants.treatment.domain.application import ApplicationState, NewApplication
from participants.treatment.domain.booking import Sums, month_days
from participants.treatment.services import applications
from participants.treatment.services.applications import PER_ITEM, Withdrawal


def apply(work: Work, requests: Sequence[Request]) -> list[Step]:
    """3203: the month's sums must be ours."""

    def step_of(_request: Request, _wish: NewApplication, id_: UUID) -> Step:
        return Reply(output={"result": {"clr_appy_evt_id": short_text_of(id_)}})

    return batched(
        requests,
        _application,
        lambda wishes: applications.apply(work.writing.tx, wishes, work.now),
        step_of,
    )


def withdraw(work: Work, requests: Sequence[Request]) -> list[Step]:
    """3204: while nobody has taken it up."""

    def step_of(_request: Request, _wish: Withdrawal, _state: ApplicationState) -> Step:
        return Reply(output={})

    return batched(
        requests,
        _withdrawal,
        lambda wishes: applications.withdraw(work.writing.tx, wishes, work.now),
        step_of,
    )


def _application(request: Request) -> NewApplication:
    row, month = request.row, request.row.text("setlym")
    first, last = month_days(month)
    if (row.day("begndate"), row.day("enddate")) != (first, last):
        detail = f"清算年月{month}的起止日期应为{first}至{last}"
        raise Refused(RefusalCode.DATES_IMPOSSIBLE, detail)
    clr_type = row.text("clr_type")
    if not clearing_type_of(clr_type).visits:
        detail = f"清算类别(clr_type){clr_type}不属于跨省异地结算"
        raise Refused(RefusalCode.FIELD_INVALID, detail)
    return NewApplication(
        msgid=request.envelope.msgid,
        clr_type=clr_type,
        clr_way=row.text("clr_way") or PER_ITEM,
        month=month,
        scope=scope_of(request.envelope.institution_code, first, last, clr_type=clr_type),
        said=Sums(
            count=row.number("psntime") or 0,
            total_fen=row.number("medfee_sumamt") or 0,
            fund_fen=row.number("fund_appy_sum") or 0,
            account_fen=row.number("acct_pay") or 0,
            cash_fen=row.number("cash_payamt") or 0,
        ),
        recognised_fen=row.number("med_sumfee") or 0,
    )


def _withdrawal(request: Request) -> Withdrawal:
    said = request.row.text("clr_appy_evt_id")
    try:
        return Withdrawal(request.envelope.institution_code, id_of_short_text(said))
    except ValueError as error:
        raise Refused(RefusalCode.UNKNOWN_APPLICATION) from error
