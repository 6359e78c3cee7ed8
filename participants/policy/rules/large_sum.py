"""Rules of 大额医疗 and 大病保险: the fee above the limit, what is left open, the own share."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from contracts.money import yuan_from_fen as yuan
from participants.policy.benefits import Counts, LargeSum, LargeSumBase, Runs
from participants.policy.rules.banding import Portion, portions
from participants.policy.rules.every_visit import uncovered
from participants.policy.rules.facts import Facts
from participants.policy.rules.values import (
    Room,
    Stated,
    rated,
    room_of,
    room_text,
    stated,
    sum_text,
)
from participants.policy.rules.wording import FUND_TEXT
from participants.policy.rules.working import Working


class Turn(NamedTuple):
    """One row of the policy, what it looked at and paid this year, its two counters' names."""

    row: LargeSum
    base_fen: int
    paid_fen: int
    counters: tuple[str, str] | None


def large_sum(work: Working, facts: Facts) -> None:
    """Each row in the file's order; what no later row takes is the person's before an own share."""
    rows = facts.policy.large_sum
    for place, row in enumerate(rows):
        if facts.kinds.isdisjoint(row.kinds):
            continue
        if row.base is LargeSumBase.OWN_SHARE and not _takes_open(rows[place + 1 :], facts):
            uncovered(work, facts)
        _BY_BASE[row.base](work, facts, _turn(facts, place))


def _takes_open(rows: tuple[LargeSum, ...], facts: Facts) -> bool:
    return any(
        row.base is not LargeSumBase.OWN_SHARE and not facts.kinds.isdisjoint(row.kinds)
        for row in rows
    )


def _turn(facts: Facts, place: int) -> Turn:
    """The columns are of all rows together; where there are several, each has its counters."""
    row = facts.policy.large_sum[place]
    if len(facts.policy.large_sum) == 1:
        return Turn(row, facts.year.large_base_fen, facts.year.large_sum_fen, None)
    names = (f"large_base.{place + 1}", f"large_sum.{place + 1}")
    base, paid = (facts.year.counters.get(name, 0) for name in names)
    return Turn(row, base, paid, names)


def _above_limit(work: Working, facts: Facts, turn: Turn) -> None:
    """The bands go on in the year's in-scope fee where the pool's limit ended."""
    if work.open_fen:
        start_fen = facts.year.in_scope_fen + work.place_fen
        _from_open(work, facts, turn, start_fen=start_fen, base_fen=work.open_fen)


def _left_open(work: Working, facts: Facts, turn: Turn) -> None:
    if not work.open_fen:
        return
    base_fen, free_fen, value = work.open_fen, 0, None
    if turn.row.deductible is not None:
        value, free_fen = _free(work, facts, turn, base_fen)
        text = f"{FUND_TEXT[turn.row.fund]}{_free_text(value, turn, free_fen)}，由个人负担"
        work.borne("large_sum_deductible", value.source, free_fen, text)
    start_fen = _start_fen(turn, value)
    _from_open(work, facts, turn, start_fen=start_fen, base_fen=base_fen)


def _from_open(work: Working, facts: Facts, turn: Turn, *, start_fen: int, base_fen: int) -> None:
    found, room = _portions(work, facts, turn, start_fen, work.open_fen)
    for portion in found:
        work.shared(
            "large_sum",
            portion.rate.source,
            portion.base_fen,
            rate_bp=portion.rate.bp,
            amount_fen=portion.amount_fen,
            fund=turn.row.fund,
            text=_text(turn.row, portion),
        )
    if work.open_fen and room is not None:
        text = f"{FUND_TEXT[turn.row.fund]}年度{room_text(room)}"
        work.noted("large_sum", room.limit.source, turn.row.fund, text)
    _count(work, turn, base_fen, found)


def _own_share(work: Working, facts: Facts, turn: Turn) -> None:
    """The bands look at the person's share in scope above the year's deductible."""
    base_fen, free_fen, value = work.own_fen, 0, None
    if not base_fen:
        return
    if turn.row.deductible is not None:
        value, free_fen = _free(work, facts, turn, base_fen)
        free = _free_text(value, turn, free_fen)
        text = f"{FUND_TEXT[turn.row.fund]}：个人负担 {yuan(base_fen)} 元，{free}"
        work.noted("own_share", value.source, turn.row.fund, text)
    start_fen = _start_fen(turn, value)
    found, room = _portions(work, facts, turn, start_fen, base_fen - free_fen)
    for portion in found:
        work.paid_from_own(
            "own_share",
            portion.rate.source,
            portion.base_fen,
            rate_bp=portion.rate.bp,
            amount_fen=portion.amount_fen,
            fund=turn.row.fund,
            text=_text(turn.row, portion),
        )
    if room is not None and _base_fen(found) < base_fen - free_fen:
        text = f"{FUND_TEXT[turn.row.fund]}年度{room_text(room)}"
        work.noted("own_share", room.limit.source, turn.row.fund, text)
    _count(work, turn, base_fen, found)


_BY_BASE: Mapping[LargeSumBase, Callable[[Working, Facts, Turn], None]] = {
    LargeSumBase.FEE_ABOVE_LIMIT: _above_limit,
    LargeSumBase.LEFT_OPEN: _left_open,
    LargeSumBase.OWN_SHARE: _own_share,
}


def _free(work: Working, facts: Facts, turn: Turn, base_fen: int) -> tuple[Stated, int]:
    """The yearly deductible, and how much of this case's base it still keeps free."""
    assert turn.row.deductible is not None, "asked only then"
    value = stated(turn.row.deductible, work, facts)
    return value, min(max(value.fen - turn.base_fen, 0), base_fen)


def _free_text(value: Stated, turn: Turn, free_fen: int) -> str:
    so_far = f"本年已计 {yuan(turn.base_fen)} 元"
    return f"年度起付 {sum_text(value)}，{so_far}，本次起付 {yuan(free_fen)} 元"


def _start_fen(turn: Turn, deductible: Stated | None) -> int:
    """Where the base above the deductible begins on the scale of the bands."""
    if turn.row.bands_run is Runs.PER_STAY:
        return 0
    return max(turn.base_fen - (0 if deductible is None else deductible.fen), 0)


def _portions(
    work: Working, facts: Facts, turn: Turn, start_fen: int, length_fen: int
) -> tuple[list[Portion], Room | None]:
    """The portions within the row's limit, which counts fee on the scale of the bands."""
    room, room_fen = None, None
    if turn.row.limit is not None:
        by_fee = turn.row.limit.counts is Counts.FEE
        room = room_of(turn.row.limit, start_fen if by_fee else turn.paid_fen, work, facts)
        length_fen, room_fen = (
            (min(length_fen, room.fen), None) if by_fee else (length_fen, room.fen)
        )
    found = portions(
        turn.row.bands,
        lambda band: rated(band.rate, turn.row.bonus, facts, None),
        start_fen=start_fen,
        length_fen=length_fen,
        counts=Counts.FEE,
        room_fen=room_fen,
    )
    return found, room


def _text(row: LargeSum, portion: Portion) -> str:
    runs = "年度累计" if row.bands_run is Runs.THROUGH_YEAR else "每次"
    name = f"{FUND_TEXT[row.fund]}分段（{runs}）{portion.band.label}"
    return f"{name}：其中 {yuan(portion.base_fen)} 元按比例支付{portion.rate.how}"


def _base_fen(found: list[Portion]) -> int:
    return sum(portion.base_fen for portion in found)


def _count(work: Working, turn: Turn, base_fen: int, found: list[Portion]) -> None:
    paid_fen = sum(portion.amount_fen for portion in found)
    work.adds("large_base_fen", base_fen)
    work.adds("large_sum_fen", paid_fen)
    if turn.counters is not None:
        work.counts(turn.counters[0], base_fen)
        work.counts(turn.counters[1], paid_fen)
