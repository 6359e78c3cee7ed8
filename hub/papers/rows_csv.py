"""The detail of a pair down to the settlement as CSV: UTF-8 with its mark, as Excel wants it."""

import csv
import io
from collections.abc import Iterable

from contracts.codes import areas
from contracts.money import yuan_from_fen
from hub.domain.clearing import INSURANCE_ZH, VISIT_ZH
from hub.domain.proof import Row

PARTS_ZH = (
    *("统筹", "公务员", "企业补充", "居民大病", "职工大额", "伤残", "医疗救助", "其他", "个人账户"),
    *("现金", "医院负担"),
)
"""In the order of contracts.messages.values.PARTS."""
TEXTS_ZH = (
    *("结算日", "结算编号", "类型", "参保地", "参保省", "就医地", "就医省", "险种", "类别"),
    *("医药机构", "参保统筹区", "就医统筹区", "入院", "出院"),
)
AMOUNTS_ZH = ("医疗费总额", *PARTS_ZH, "应清算金额")
HEADINGS = (*TEXTS_ZH, *(f"{zh}（元）" for zh in AMOUNTS_ZH))
KINDS_ZH = {("", 1): "结算", ("", -1): "撤销", ("audit", 0): "审核扣款", ("correction", 0): "更正"}
_BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def texts_of(row: Row) -> tuple[str, ...]:
    """The cells that are words, in the order of TEXTS_ZH."""
    insured, treatment = areas()[row.insured_area], areas()[row.treatment_area]
    return (
        row.business_date.isoformat(),
        str(row.row_id),
        KINDS_ZH[row.reason, row.sign],
        insured.code,
        insured.name,
        treatment.code,
        treatment.name,
        INSURANCE_ZH[row.insurance_kind],
        VISIT_ZH[row.visit_kind],
        *row.place,
    )


def amounts_of(row: Row) -> tuple[int, ...]:
    """The cells that are money, signed fen: total, the parts, what is cleared."""
    return (row.sign * row.total_fen, *row.signed_fen, row.payable_fen)


def written(rows: Iterable[Row]) -> bytes:
    """Headings, then one line a row; yuan with two decimals."""
    text = io.StringIO(newline="")
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow(HEADINGS)
    for row in rows:
        harmless = map(_harmless, texts_of(row))
        lines.writerow([*harmless, *map(yuan_from_fen, amounts_of(row))])
    return text.getvalue().encode("utf-8-sig")


def _harmless(cell: str) -> str:
    """A spreadsheet would compute what begins like a formula; an apostrophe makes it words."""
    return f"'{cell}" if cell.startswith(_BEGINS_FORMULA) else cell
