"""A hospital's rows beside ours: whatever is planted, exactly that is found."""

from collections import Counter
from datetime import date
from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from participants.treatment.domain.comparison import (
    Difference,
    DifferenceClass,
    OurRow,
    SaidRow,
    compared,
)

C = DifferenceClass
DAY = date(2024, 3, 1)


def ours(n: int, sign: int = 1, *, is_void: bool = False) -> OurRow:
    amounts = (sign * 1000 * (n + 1), sign * 400, sign * 60)
    return OurRow(f"{n:04d}", sign, f"id{n}", f"mz{n}", "P", *amounts, f"msg{n}", DAY, is_void)


def said(row: OurRow, **changes: object) -> SaidRow:
    return SaidRow(*row[:8])._replace(**changes)  # type: ignore[arg-type]  # fields of the row


# What the platform has of a settlement, what the file has, and what differs: (class, sign) each.
# fmt: off
def _case(n: int, name: str) -> tuple[list[OurRow], list[SaidRow], list[tuple[DifferenceClass, int]]]:
    plus, minus = ours(n), ours(n, -1)
    void = [ours(n, is_void=True), ours(n, -1, is_void=True)]
    return {
        #                        platform        file                                     differences
        "the same":              ([plus],        [said(plus)],                            []),
        "refunded, both know":   ([plus, minus], [said(plus), said(minus)],               []),
        "refund of another day": ([minus],       [said(minus)],                           []),
        "withdrawn, unseen":     (void,          [],                                      []),
        "withdrawn, seen":       (void,          [said(plus), said(minus)],               []),
        "withdrawn, kept":       (void,          [said(plus)],                            [(C.STATUS, -1)]),
        "only hospital":         ([],            [said(plus)],                            [(C.ONLY_HOSPITAL, 1)]),
        "only platform":         ([plus],        [],                                      [(C.ONLY_PLATFORM, 1)]),
        "both rows only there":  ([],            [said(plus), said(minus)],               [(C.ONLY_HOSPITAL, 1), (C.ONLY_HOSPITAL, -1)]),
        "both rows only here":   ([plus, minus], [],                                      [(C.ONLY_PLATFORM, 1), (C.ONLY_PLATFORM, -1)]),
        "total":                 ([plus],        [said(plus, total_fen=1)],               [(C.AMOUNT, 1)]),
        "fund":                  ([plus],        [said(plus, fund_fen=1)],                [(C.AMOUNT, 1)]),
        "account":               ([plus],        [said(plus, account_fen=1)],             [(C.AMOUNT, 1)]),
        "refund's amount":       ([plus, minus], [said(plus), said(minus, total_fen=-1)], [(C.AMOUNT, -1)]),
        "refunded only here":    ([plus, minus], [said(plus)],                            [(C.STATUS, -1)]),
        "refunded only there":   ([plus],        [said(plus), said(minus)],               [(C.STATUS, -1)]),
        "old one refunded here": ([minus],       [],                                      [(C.STATUS, -1)]),
        "twice":                 ([plus],        [said(plus)] * 2,                        [(C.DUPLICATE, 1)]),
        "thrice, only there":    ([],            [said(plus)] * 3,                        [(C.DUPLICATE, 1), (C.ONLY_HOSPITAL, 1)]),
        "twice, one of them off":([plus],        [said(plus, fund_fen=1), said(plus)],    [(C.DUPLICATE, 1)]),
        "another person":        ([plus],        [said(plus, person_id="Q")],             [(C.ONLY_HOSPITAL, 1), (C.ONLY_PLATFORM, 1)]),
        "another visit":         ([plus],        [said(plus, mdtrt_id="?")],              [(C.ONLY_HOSPITAL, 1), (C.ONLY_PLATFORM, 1)]),
    }[name]
# fmt: on


NAMES = (
    "the same", "refunded, both know", "refund of another day", "withdrawn, unseen",
    "withdrawn, seen", "withdrawn, kept", "only hospital", "only platform",
    "both rows only there", "both rows only here", "total", "fund", "account", "refund's amount",
    "refunded only here", "refunded only there", "old one refunded here", "twice",
    "thrice, only there", "twice, one of them off", "another person", "another visit",
)  # fmt: skip


def _seen(found: Difference) -> tuple[str, DifferenceClass, int]:
    return found.row.key, found.kind, found.sign


@given(st.lists(st.sampled_from(NAMES), max_size=40))
def test_exactly_what_was_planted_is_found(names: list[str]) -> None:
    cases = [_case(n, name) for n, name in enumerate(names)]
    platform = list(chain.from_iterable(case[0] for case in cases))
    file = list(chain.from_iterable(case[1] for case in cases))
    planted = [(f"{n:04d}", *one) for n, case in enumerate(cases) for one in case[2]]
    assert Counter(map(_seen, compared(file, platform))) == Counter(planted)


def test_nothing_beside_nothing_differs() -> None:
    assert list(compared([], [])) == []
