"""A small clearing run as values: rows, lines, a seal, and the bundles of it."""

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime
from uuid import UUID, uuid5

from openpyxl import load_workbook

from contracts.codes import AreaCode, InsuranceKind, VisitKind
from contracts.messages.values import PARTS
from hub.domain.clearing import ClearingRun, RunState
from hub.domain.netting import Netting
from hub.domain.papers import Audience
from hub.domain.proof import NO_SEAL, Row, Seal, bucket_roots, lines_from, proved
from hub.papers.seal_key import SealKey
from hub.papers.statements import Issue

HUNAN, SHANGHAI, ANHUI = AreaCode("430000"), AreaCode("310000"), AreaCode("340000")
KEY = SealKey.from_text("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
ISSUED_AT = datetime(2026, 4, 21, 2, 0, tzinfo=UTC)
FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)
PLACE = ("H31000000001", "430100", "310115", "2026-02-20", "2026-03-01")
PAIR = Audience(HUNAN, SHANGHAI)


def a_row(
    number: int,
    day: int = 1,
    *,
    pool_fen: int = 50_00,
    total_fen: int = 100_00,
    sign: int = 1,
    month: int = 3,
    pair: tuple[AreaCode, AreaCode] = (HUNAN, SHANGHAI),
    visit_kind: VisitKind = VisitKind.INPATIENT,
) -> Row:
    paid = {"pool_fen": pool_fen, "cash_fen": total_fen - pool_fen}
    return Row(
        business_date=date(2026, month, day),
        insured_area=pair[0],
        treatment_area=pair[1],
        insurance_kind=InsuranceKind.EMPLOYEE,
        visit_kind=visit_kind,
        row_id=uuid5(UUID(int=0), f"settlement {number}"),
        sign=sign,
        total_fen=total_fen,
        parts_fen=tuple(paid.get(part, 0) for part in PARTS),
        place=PLACE,
    )


def an_adjustment(number: int, amount_fen: int, reason: str, day: int = 9) -> Row:
    return Row(
        business_date=date(2026, 3, day),
        insured_area=HUNAN,
        treatment_area=SHANGHAI,
        insurance_kind=InsuranceKind.EMPLOYEE,
        visit_kind=VisitKind.INPATIENT,
        row_id=uuid5(UUID(int=0), f"adjustment {number}"),
        sign=0,
        total_fen=0,
        parts_fen=(amount_fen, *([0] * (len(PARTS) - 1))),
        reason=reason,
    )


ROWS = (
    a_row(1, total_fen=100_00),
    a_row(2, day=2, total_fen=70_01, pool_fen=35_00, visit_kind=VisitKind.PHARMACY),
    a_row(3, day=2, total_fen=200_00, pool_fen=150_00),
    a_row(3, day=5, total_fen=200_00, pool_fen=150_00, sign=-1),
    a_row(4, day=27, month=2, total_fen=40_00, pool_fen=11_00),  # a late pair day
    an_adjustment(1, -7_00, "audit"),
    an_adjustment(2, 3_00, "correction"),
    a_row(5, day=3, total_fen=9_00, pool_fen=9_00, pair=(SHANGHAI, HUNAN)),
    a_row(6, day=3, total_fen=8_00, pool_fen=2_00, pair=(ANHUI, SHANGHAI)),
)


def in_order(rows: Sequence[Row]) -> list[Row]:
    """As the store gives them: pair by pair, bucket by bucket."""
    return sorted(
        rows,
        key=lambda row: (*row.line_key[:2], row.business_date, *row.line_key[2:], row.order),
    )


def a_run(**changes: object) -> ClearingRun:
    usual: dict[str, object] = {
        "run_id": UUID(int=7),
        "cycle": "2026-03",
        "first_day": FIRST,
        "last_day": LAST,
        "version": 1,
        "state": RunState.ISSUED,
        "netting": Netting.GROSS,
        "opened_at": ISSUED_AT,
        "frozen_at": ISSUED_AT,
        "issued_at": ISSUED_AT,
    }
    return ClearingRun(**usual | changes)  # type: ignore[arg-type]  # a row of named values


def an_issue(
    rows: Sequence[Row] = ROWS, *, position: int = 1, previous: str = NO_SEAL, **changes: object
) -> Issue:
    """A version sealed over these rows."""
    run = a_run(**changes)
    lines, roots = lines_from(rows, FIRST, LAST), bucket_roots(in_order(rows))
    merkle_root, proofs = proved(lines, roots)
    seal = Seal(
        position=position,
        run_id=run.run_id,
        version=run.version,
        cycle=run.cycle,
        first_day=FIRST,
        last_day=LAST,
        issued_at=ISSUED_AT,
        lines=len(lines),
        merkle_root=merkle_root,
        previous=previous,
    )
    return Issue(run, seal, proofs)


def of_pair(rows: Sequence[Row] = ROWS, pair: Audience = PAIR) -> list[Row]:
    wanted = (pair.insured_area, pair.treatment_area)
    return [row for row in in_order(rows) if row.line_key[:2] == wanted]


def first_column(book: bytes) -> list[str]:
    """What a clerk reads down the first column of a workbook."""
    page = load_workbook(io.BytesIO(book)).active
    assert page is not None
    return [str(page.cell(number, 1).value) for number in range(1, (page.max_row or 0) + 1)]
