"""Reconciliation 对账: 3201 sums, 3202 rows, 13203 a day's result, 3209A what is not agreed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from contracts.refusal import Refused
from participants.gateway.serving.batching import batched
from participants.gateway.serving.requests import Request, Step, Work
from participants.gateway.telling.identity import opened
from participants.gateway.telling.settlement_block import moment
from participants.gateway.transactions.query import PAID_ACROSS_PROVINCES
from participants.gateway.wire.checking import Row
from participants.gateway.wire.clearing_types import clearing_types, scope_of
from participants.gateway.wire.envelope import Reply
from participants.gateway.wire.jsontext import yuan
from participants.treatment.domain.booking import Scope, check_period
from participants.treatment.domain.day_result import (
    ROWS_PER_PAGE,
    DayQuestion,
    DayRow,
    Disagreed,
)
from participants.treatment.domain.hospital_statement import NewStatement, Said, Stated
from participants.treatment.services import comparisons, day_results, hospital_statements

EQUAL, UNEQUAL = "0", "1"
SIGN_OF_FLAG = {"0": 1, "1": -1}


def state(work: Work, requests: Sequence[Request]) -> list[Step]:
    """3201: whether the hospital's sums are ours."""

    def step_of(_request: Request, wish: NewStatement, result: Stated) -> Step:
        told = {
            "setl_optins": wish.office,
            "stmt_rslt": EQUAL if result.is_equal else UNEQUAL,
            "stmt_rslt_dscr": result.told[:200],
        }
        return Reply(output={"stmtinfo": told})

    return batched(
        requests,
        lambda request: _statement(work, request),
        lambda wishes: hospital_statements.state(work.writing.tx, wishes, work.now),
        step_of,
    )


def compare(work: Work, requests: Sequence[Request]) -> list[Step]:
    """3202: the file of what differs. Served apart, so there is one request in its transaction."""
    return [_compared(work, request) for request in requests]


def day(work: Work, requests: Sequence[Request]) -> list[Step]:
    """13203: how a day's rows stand, a page of at most a hundred."""

    def step_of(request: Request, _wish: DayQuestion, rows: list[DayRow]) -> Step:
        return Reply(output={"data": [_day_row(work, request, row) for row in rows]})

    return batched(
        requests,
        lambda request: _day_question(work, request),
        lambda wishes: day_results.pages(work.writing.tx, wishes),
        step_of,
    )


def disagreed(work: Work, requests: Sequence[Request]) -> list[Step]:
    """3209A: settlements on which hospital, areas and hub do not all agree."""

    def step_of(_request: Request, _wish: Scope, rows: list[Disagreed]) -> Step:
        told = [{"setlId": row.setl_id, "insuAdmdvs": row.insured_division} for row in rows]
        return Reply(output={"data": told})

    return batched(
        requests,
        lambda request: _period(work, request, ("begndate", "enddate")),
        lambda wishes: day_results.disagreed(work.writing.tx, wishes),
        step_of,
    )


def _compared(work: Work, request: Request) -> Step:
    try:
        wish, file_no = _statement(work, request), request.row.text("file_qury_no")
        found = comparisons.compare(work.writing.tx, wish, file_no, work.now, work.door.keeping)
    except Refused as no:
        return Reply(code=no.code, detail=no.detail)
    told = {
        "file_qury_no": found.file.file_no,
        "filename": found.file.filename,
        "dld_endtime": moment(found.file.expires_at),
    }
    return Reply(output={"fileinfo": told}, warning=found.warning)


def _statement(work: Work, request: Request) -> NewStatement:
    row = request.row
    begins_on, ends_on = _days(row, ("stmt_begndate", "stmt_enddate"))
    return NewStatement(
        msgid=request.envelope.msgid,
        infno=request.envelope.infno,
        scope=scope_of(
            request.envelope.institution_code,
            begins_on,
            ends_on,
            clr_type=row.text("clr_type"),
            insutype=row.text("insutype"),
        ),
        clr_type=row.text("clr_type"),
        insutype=row.text("insutype"),
        office=row.text("setl_optins"),
        own_office=work.institution_of(request).division,
        sign=SIGN_OF_FLAG.get(row.text("refd_setl_flag")),
        said=Said(
            count=row.number("fixmedins_setl_cnt") or 0,
            total_fen=row.number("medfee_sumamt") or 0,
            fund_fen=row.number("fund_pay_sumamt") or 0,
            account_fen=row.number("acct_pay"),
            cash_fen=row.number("cash_payamt"),
        ),
    )


def _days(row: Row, names: tuple[str, str]) -> tuple[date, date]:
    """Both are required; Refused DATES_IMPOSSIBLE."""
    begins_on, ends_on = row.day(names[0]), row.day(names[1])
    assert begins_on is not None, "the period is required"
    assert ends_on is not None, "the period is required"
    check_period(begins_on, ends_on)
    return begins_on, ends_on


def _period(work: Work, request: Request, names: tuple[str, str]) -> Scope:
    """What is asked for; of another office, or not across provinces, there is nothing here."""
    row = request.row
    begins_on, ends_on = _days(row, names)
    scope = scope_of(
        request.envelope.institution_code,
        begins_on,
        ends_on,
        clr_type=row.text("clr_type"),
        insutype=row.text("insutype"),
    )
    own = {"", work.institution_of(request).division}
    here = row.text("clr_optins") in own
    across = row.text("clr_pay_loc") in {"", PAID_ACROSS_PROVINCES}
    return scope if here and across else replace(scope, visit_kinds=())


def _day_question(work: Work, request: Request) -> DayQuestion:
    row, result = request.row, request.row.text("stmt_rslt")
    size = row.number("page_size") or ROWS_PER_PAGE
    return DayQuestion(
        scope=_period(work, request, ("stmt_date", "stmt_date")),
        clr_types=(row.text("clr_type"),) if row.text("clr_type") else tuple(clearing_types()),
        is_equal=(result == EQUAL) if result else None,
        page=row.number("page_num") or 1,
        page_size=min(size, ROWS_PER_PAGE),
    )


def _day_row(work: Work, request: Request, row: DayRow) -> dict[str, Any]:
    return {
        "refd_setl_flag": "1" if row.sign < 0 else "0",
        "psn_no": row.person_id,
        "mdtrt_id": row.mdtrt_id,
        "setl_id": row.setl_id,
        "psn_name": opened(row.sealed_identity, work.door.sealer).name,
        "stmt_rslt": EQUAL if row.is_equal else UNEQUAL,
        "medfee_sumamt": yuan(row.total_fen),
        "clr_optins": work.institution_of(request).division,
        "msg_id": row.msgid,
    }
