"""The sheet of breaks: what goes out comes back the same, and a bad one is refused by name."""

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import openpyxl
import pytest

from contracts.codes import AreaCode, InsuranceKind, Role, VisitKind
from contracts.ids import SettlementId
from hub.domain.reconciliation import Break, BreakClass
from hub.domain.repair import KIND_ZH, QueuedBreak, RepairKind
from hub.domain.settlement import State
from hub.papers import break_sheets
from hub.papers.break_sheets import COLUMNS, FIXED, SHEET, SheetWrong, read, written

BUCKET = ("310000", InsuranceKind.EMPLOYEE, VisitKind.INPATIENT)
Edit = Callable[[Any], None]


def one(number: int, kind: BreakClass = BreakClass.AMOUNT, side_fen: int = 300_007) -> QueuedBreak:
    row = (SettlementId(UUID(int=number)), 1)
    return QueuedBreak(
        break_id=number,
        side=(date(2026, 3, 10), Role.INSURED, AreaCode("320000")),
        found=Break(kind, BUCKET, row, 300_000, side_fen),
        since=datetime(2026, 3, 11, 4, 0, tzinfo=UTC),
        owner=None,
        proposal_id=None,
        repair_kind=None,
        repair_state=None,
        settlement_state=State.SETTLED,
    )


THREE = [one(7), one(8, BreakClass.FUND_SPLIT, 300_000), one(9, side_fen=0)]


def edited(content: bytes, edit: Edit) -> bytes:
    """As a person's spreadsheet program would write it."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    edit(book[SHEET])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def put(row: int, heading: str, value: Any) -> Edit:
    column = [name for name, _ in COLUMNS].index(heading) + 1

    def edit(page: Any) -> None:
        page.cell(row, column).value = value

    return edit


def test_what_went_out_comes_back_the_same() -> None:
    for content in (written(THREE), edited(written(THREE), put(3, "处理理由", "核对无误"))):
        sheet = read(content)
        assert [line.fixed for line in sheet.lines] == list(map(break_sheets.fixed_of, THREE))
        assert [line.break_id for line in sheet.lines] == [7, 8, 9]
        assert sheet.count == 3
    assert read(written([])).lines == ()


def test_a_clerk_reads_words_and_the_time_in_china() -> None:
    page = openpyxl.load_workbook(io.BytesIO(written(THREE)))[SHEET]
    shown = dict(zip((name for name, _ in COLUMNS), (cell.value for cell in page[3]), strict=True))
    assert [shown[name] for name in ("角色", "险种", "就诊类别", "逾期起始")] == [
        "参保地",
        "职工",
        "住院",
        "2026-03-11 12:00",
    ]


def test_what_is_filled_in_is_read() -> None:
    def edit(page: Any) -> None:
        put(4, "处理方式", KIND_ZH[RepairKind.ADOPT])(page)
        put(4, "处理理由", " 基金分项以中心为准 ")(page)

    filled = [line for line in read(edited(written(THREE), edit)).lines if line.kind]
    assert [(line.break_id, line.kind, line.reason) for line in filled] == [
        (8, "以中心为准", "基金分项以中心为准")
    ]


def test_the_sum_is_a_formula_that_agrees_with_its_value_and_heads_are_frozen() -> None:
    content = written(THREE)
    page = openpyxl.load_workbook(io.BytesIO(content))[SHEET]
    values = openpyxl.load_workbook(io.BytesIO(content), data_only=True)[SHEET]
    assert page["M6"].value == "=SUM(M3:M5)"
    assert values["M6"].value == sum(one.at_risk_fen for one in THREE) / 100 == 6000.07
    assert [cell.data_type for cell in page[3][10:13]] == ["n", "n", "n"]
    assert page.freeze_panes == "B3"


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (put(6, "结算日", 4), "合计笔数4与明细3行不符"),
        (put(6, "涉及金额（元）", 6000.08), "合计金额与明细不符"),
        (put(6, "涉及金额（元）", "=SUM(M3:M4)*2"), "含有公式"),
        (put(3, "处理理由", '=HYPERLINK("http://x","点")'), "含有公式"),
        (put(3, "处理方式", "@SUM(1)"), "以公式符号开头"),
        (put(3, "处理理由", "+1+cmd|' /C calc'!A0"), "以公式符号开头"),
        (put(3, "中心金额（元）", "=1+1"), "含有公式"),
        (put(3, "处理方式", "删除"), "处理方式“删除”不存在"),
        (put(3, "处理理由", "字" * 201), "超过200字"),
        (put(3, "差错编号", "七"), "不是整数"),
        (put(3, "差错编号", None), "不是整数"),
        (put(3, "涉及金额（元）", "1e9"), "不是金额"),
        (put(3, "结算日", datetime(2026, 3, 10)), "日期格式"),  # noqa: DTZ001 - as Excel has it
        (put(2, "结算日", "日期"), "表头被改动"),
        (put(6, "差错编号", "合 计"), "含有公式"),
        (lambda page: page.delete_rows(6), "缺少合计行"),
        (lambda page: page.delete_rows(4), "合计笔数3与明细2行不符"),
        (lambda page: page.insert_cols(3), "表头被改动"),
        (lambda page: setattr(page, "title", "别的"), "没有名为"),
    ],
)
def test_a_bad_sheet_is_refused_by_name(edit: Edit, said: str) -> None:
    with pytest.raises(SheetWrong, match=said.replace("(", r"\(")):
        read(edited(written(THREE), edit))


def zipped(**files: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "不是有效的xlsx文件"),
        (b"%PDF-1.7 not a sheet", "不是有效的xlsx文件"),
        (zipped(a=b"an archive, and no workbook"), "不是有效的xlsx文件"),
        (written(THREE)[:-300], "不是有效的xlsx文件"),
        (zipped(bomb=bytes(break_sheets.UNPACKED_MAX + 1)), "解压后过大"),
        (bytes(break_sheets.BYTES_MAX + 1), "文件超过"),
    ],
)
def test_what_is_no_workbook_or_too_large_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(SheetWrong, match=said):
        read(content)


def test_too_many_rows_are_refused_before_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(break_sheets, "ROWS_MAX", 2)
    content = written([one(number) for number in range(1, 10)])
    with pytest.raises(SheetWrong, match="超过2行"):
        read(content)


def test_a_text_that_looks_like_a_formula_goes_out_as_text() -> None:
    harmful = one(7)
    sent = written([QueuedBreak(**{
        **{name: getattr(harmful, name) for name in QueuedBreak.__slots__},
        "owner": '=HYPERLINK("http://x")',
    })])  # fmt: skip
    cell = openpyxl.load_workbook(io.BytesIO(sent))[SHEET].cell(3, FIXED - 3)
    assert (cell.value, cell.data_type) == ('=HYPERLINK("http://x")', "s")
