"""Papers as files: what a clerk reads in XLSX, PDF and CSV, and that they always come out alike."""

import csv
import io
import re
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from pyarrow import parquet

from hub.domain.merkle import leaf_hash, paths_of, root_by, root_of
from hub.papers import pdf, rows_csv, rows_parquet, xlsx
from hub.papers.capitals import in_capitals
from hub.papers.sheet import CellKind, Heading, Sheet
from tests.support.papers import ROWS, a_row, of_pair

AMOUNTS = (123_45, -3_05, 100_000_000_000_01)
SHEET = Sheet(
    title_zh="应付医疗费用清算通知书",
    facts=(("清算期", "2026-03"), ("批次", "7")),
    headings=(
        Heading("就医省", CellKind.TEXT),
        Heading("人次", CellKind.COUNT),
        Heading("应付金额", CellKind.YUAN),
    ),
    rows=[(f"第{number}省", number, fen) for number, fen in enumerate(AMOUNTS)],
    made_at=datetime(2026, 4, 21, tzinfo=UTC),
    marks=("强制确认",),
)


def test_a_workbook_has_numbers_a_frozen_head_and_totals_that_agree() -> None:
    written = xlsx.written(SHEET)
    formulas = load_workbook(io.BytesIO(written)).active
    values = load_workbook(io.BytesIO(written), data_only=True).active
    assert formulas is not None
    assert values is not None
    head = next(r for r in range(1, 20) if formulas.cell(r, 1).value == "就医省")
    assert formulas.freeze_panes == f"A{head + 1}"
    assert [values.cell(head + 1 + n, 3).value for n in range(3)] == [123.45, -3.05, 1e11 + 0.01]
    total = head + 4
    assert formulas.cell(total, 3).value == f"=SUM(C{head + 1}:C{head + 3})"
    assert values.cell(total, 3).value == sum(AMOUNTS) / 100
    assert values.cell(total, 2).value == 3


def test_a_pdf_has_its_font_inside_and_a_number_on_every_page() -> None:
    many = [(f"第{number}省", number, number) for number in range(200)]
    written = pdf.written(replace(SHEET, rows=many))
    assert len(re.findall(rb"/Type /Page\b", written)) == 6
    assert b"/FontFile2" in written
    assert b"Helvetica" not in written


def test_papers_come_out_alike_whenever_they_are_made() -> None:
    before = (xlsx.written(SHEET), pdf.written(SHEET))
    time.sleep(2.1)  # the clock of a ZIP ticks every other second
    assert (xlsx.written(SHEET), pdf.written(SHEET)) == before


def test_a_csv_shows_yuan_and_the_reversal_as_its_own_negative_row() -> None:
    read = list(csv.reader(io.StringIO(rows_csv.written(of_pair()).decode("utf-8-sig"))))
    assert read[0][:3] == ["结算日", "结算编号", "类型"]
    kinds = [(row[2], row[14], row[-1]) for row in read[1:]]
    assert kinds == [
        ("结算", "40.00", "11.00"),
        ("结算", "100.00", "50.00"),
        ("结算", "200.00", "150.00"),
        ("结算", "70.01", "35.00"),
        ("撤销", "-200.00", "-150.00"),
        ("审核扣款", "0.00", "-7.00"),
        ("更正", "0.00", "3.00"),
    ]


def test_a_hospital_code_that_looks_like_a_formula_stays_words() -> None:
    row = replace(a_row(1), place=("=1+1", "430100", "310115", "", ""))
    assert b",'=1+1," in rows_csv.written([row])


def test_a_parquet_file_holds_the_rows_and_is_the_same_file_again() -> None:
    written = rows_parquet.written(ROWS)
    found = parquet.read_table(io.BytesIO(written)).to_pylist()
    assert [one["row_id"] for one in found] == [str(row.row_id) for row in ROWS]
    assert [one["payable_fen"] for one in found] == [row.payable_fen for row in ROWS]
    assert [one["business_date"] for one in found] == [row.business_date for row in ROWS]
    assert rows_parquet.written(ROWS) == written


# fmt: off
CAPITALS = [
    (0,                 "零元整"),
    (1,                 "壹分"),
    (10,                "壹角"),
    (1_05,              "壹元零伍分"),
    (10_00,             "壹拾元整"),
    (1234_56,           "壹仟贰佰叁拾肆元伍角陆分"),
    (1_0000_00,         "壹万元整"),
    (10_0005_00,        "壹拾万零伍元整"),
    (1_0000_1000_00,    "壹亿零壹仟元整"),
    (2_0304_0506_07,    "贰亿零叁佰零肆万零伍佰零陆元零柒分"),
    (100_0001_0000_00,  "壹佰亿零壹万元整"),
    (-5_00,             "负伍元整"),
]
# fmt: on


@pytest.mark.parametrize(("amount_fen", "words"), CAPITALS)
def test_an_amount_in_words(amount_fen: int, words: str) -> None:
    assert in_capitals(amount_fen) == words


@given(st.integers(1, 200))
def test_every_leaf_of_a_tree_is_proved_and_no_other(size: int) -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(size)]
    root = root_of(leaves)
    for index, path in enumerate(paths_of(leaves)):
        assert root_by(leaves[index], index, size, path) == root
        assert root_by(leaf_hash(b"another"), index, size, path) != root
        assert root_by(leaves[index], index, size, (*path, root)) is None
