"""The monthly split 异地清分 of a hospital's rows: extracted, confirmed row by row, taken back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.ids import SettlementId
from contracts.money import yuan_from_fen
from contracts.refusal import RefusalCode
from participants.treatment.domain.results import Refusal

ROWS_PER_PAGE = 100
ALL = "0"
"""otransid of 3262 that takes back every confirmation of the month."""


@dataclass(frozen=True, slots=True)
class SplitRow:
    """One row of a frozen month, `seqno` from 1; amounts signed fen.

    `mdtrt_name`: S, the insuring city, the day and a serial, which fits into twenty characters.
    `paid_fen`: what the insuring office pays, every fund and the personal account.
    """

    seqno: int
    settlement_id: SettlementId
    sign: int
    mdtrt_name: str
    booked_at: datetime
    total_fen: int
    paid_fen: int
    sealed_identity: str | None


@dataclass(frozen=True, slots=True)
class Confirmed:
    """One row as the hospital confirms it; None where it does not say an amount."""

    setl_sn: str
    key: SettlementId | None
    mdtrt_name: str
    total_fen: int
    paid_fen: int
    is_included: bool


@dataclass(frozen=True, slots=True)
class Confirmation:
    """3261. `reference`: the inf_refmsgid of its reply."""

    msgid: str
    hospital_code: str
    month: str
    reference: str
    rows_said: int
    rows: tuple[Confirmed, ...]


@dataclass(frozen=True, slots=True)
class Rollback:
    """3262. `reference` of the 3261 that it takes back, or ALL."""

    hospital_code: str
    month: str
    reference: str


@dataclass(frozen=True, slots=True)
class StoredConfirmation:
    """A confirmation as stored."""

    reference: str
    month: str
    is_undone: bool


RowKey = tuple[SettlementId, int]


def decisions(
    one: Confirmation, ours: Mapping[RowKey, SplitRow], decided: Sequence[int]
) -> list[tuple[int, bool]] | Refusal:
    """(seqno, included) of each row; Refusal ROWS_DIFFER names the first row that is not ours.

    OUT_OF_STEP when a row was confirmed before: it has to be taken back first.
    """
    if one.rows_said != len(one.rows):
        detail = f"总行数{one.rows_said}，实有{len(one.rows)}行"
        return Refusal(RefusalCode.ROWS_DIFFER, detail)
    found: dict[int, bool] = {}
    taken = set(decided)
    for number, row in enumerate(one.rows, start=1):
        own = _own(row, ours)
        why = _fault(row, own)
        if own is None or why:
            return Refusal(RefusalCode.ROWS_DIFFER, f"第{number}行{why}")
        if own.seqno in found:
            return Refusal(RefusalCode.ROWS_DIFFER, f"第{number}行与前面重复")
        if own.seqno in taken:
            detail = f"第{number}行已确认，请先用3262回退"
            return Refusal(RefusalCode.OUT_OF_STEP, detail)
        found[own.seqno] = row.is_included
    return list(found.items())


def _own(row: Confirmed, ours: Mapping[RowKey, SplitRow]) -> SplitRow | None:
    sign = -1 if row.total_fen < 0 else 1
    return ours.get((row.key, sign)) if row.key is not None else None


def _fault(row: Confirmed, own: SplitRow | None) -> str:
    if own is None:
        return f"结算流水号{row.setl_sn}不在本月清分明细中"
    if row.mdtrt_name not in {"", own.mdtrt_name}:
        return f"就诊登记号{row.mdtrt_name}与平台{own.mdtrt_name}不符"
    pairs = (
        ("医疗费总额", row.total_fen, own.total_fen),
        ("经办机构支付", row.paid_fen, own.paid_fen),
    )
    return "，".join(
        f"{name}{yuan_from_fen(said)}与平台{yuan_from_fen(fen)}不符"
        for name, said, fen in pairs
        if said != fen
    )
