"""The files of 3202 对明细账: what a hospital sends row by row, and what differs, row by row."""

import re
from collections.abc import Iterable, Iterator, Mapping
from uuid import NAMESPACE_URL, uuid5

from contracts.ids import id_of_short_text
from contracts.money import yuan_from_fen
from contracts.refusal import RefusalCode, Refused
from participants.treatment.domain.comparison import Difference, DifferenceClass, SaidRow

# fmt: off
COLUMNS = (
    "setl_id", "mdtrt_id", "psn_no", "medfee_sumamt", "fund_pay_sumamt", "acct_pay", "refd_setl_flag",
)
# fmt: on
UNEQUAL = "1"
TEXT_MAX = 30
_AMOUNT = re.compile(r"(-?)(\d{1,11})(?:\.(\d{1,2})0*)?", re.ASCII)


def said_rows(rows: Iterable[Mapping[str, str]]) -> Iterator[SaidRow]:
    """The rows of a file; Refused FILE_MALFORMED, naming the line.

    Whether a row is a refund says its amount: some write the flag into the refunded row too.
    """
    for number, row in enumerate(rows, start=1):
        yield _said(row, number)


def result_line(one: Difference) -> tuple[str, ...]:
    """psn_no, mdtrt_id, setl_id, msgid, stmt_rslt, refd_setl_flag, memo and three amounts.

    Where the hospital lacks the row, its setl_id and mdtrt_id stay empty: it knows neither.
    """
    lacking = one.kind is DifferenceClass.ONLY_PLATFORM
    shown = one.ours or one.said
    assert shown is not None, "a difference of nothing"
    return (
        shown.person_id,
        "" if lacking else shown.mdtrt_id,
        "" if lacking else shown.setl_id,
        one.msgid,
        UNEQUAL,
        "1" if one.sign < 0 else "0",
        f"{CLASS_TOLD[one.kind]}：{one.memo}",
        yuan_from_fen(shown.total_fen),
        yuan_from_fen(shown.fund_fen),
        yuan_from_fen(shown.account_fen),
    )


CLASS_TOLD: Mapping[DifferenceClass, str] = {
    DifferenceClass.ONLY_HOSPITAL: "单边账（仅医院有）",
    DifferenceClass.ONLY_PLATFORM: "单边账（仅平台有）",
    DifferenceClass.AMOUNT: "金额不符",
    DifferenceClass.STATUS: "状态不符",
    DifferenceClass.DUPLICATE: "重复",
}


def key_of(setl_id: str) -> str:
    """The UUID text behind a setl_id; what is none of ours gets one that no settlement has."""
    try:
        return str(id_of_short_text(setl_id))
    except ValueError:
        return str(uuid5(NAMESPACE_URL, setl_id))


def _said(row: Mapping[str, str], number: int) -> SaidRow:
    texts = [row[name] for name in COLUMNS[:3]]
    if not all(texts) or max(map(len, texts)) > TEXT_MAX:
        raise _wrong(number, "结算ID、就诊ID、人员编号不能为空，最多30个字符")
    total_fen, fund_fen, account_fen = (_fen(row[name], name, number) for name in COLUMNS[3:6])
    setl_id, mdtrt_id, person_id = texts
    sign = -1 if total_fen < 0 or (not total_fen and row["refd_setl_flag"] == "1") else 1
    return SaidRow(
        key_of(setl_id), sign, setl_id, mdtrt_id, person_id, total_fen, fund_fen, account_fen
    )


def _fen(text: str, name: str, number: int) -> int:
    match = _AMOUNT.fullmatch(text or "0")
    if match is None:
        raise _wrong(number, f"{name}应为金额，最多两位小数")
    minus, whole, cents = match.groups(default="")
    amount_fen = int(whole) * 100 + int(cents.ljust(2, "0") or 0)
    return -amount_fen if minus else amount_fen


def _wrong(number: int, why: str) -> Refused:
    return Refused(RefusalCode.FILE_MALFORMED, f"第{number}行{why}")
