"""What a case is: a row of a table, and a short function that fails when a promise is not kept."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import Any, Generic, TypeVar

S = TypeVar("S")


class Sort(StrEnum):
    """What a case tries; `zh` is what the report says."""

    NORMAL = "normal"  # as every day
    EDGE = "edge"  # allowed, and rare
    FAULT = "fault"  # what goes wrong on the way, or is meant to

    @property
    def zh(self) -> str:
        return {"normal": "正常", "edge": "边界", "fault": "故障"}[self.value]


PROMISES: dict[int, str] = {
    1: "一笔结算只有一个最终状态",
    2: "同一编号同一内容，答复始终相同；同一编号不同内容，不予受理",
    3: "账目恒为零和",
    4: "最终状态必达，未达者可见",
    5: "一笔结算只属于一个结算日",
    6: "金额以整分计，各分项之和恒等于总额",
    7: "到期即终止，所占用的待遇随之释放",
    8: "对账结果可由明细逐笔重算",
    9: "无第二人复核，不动资金",
    10: "已确认的不丢失，未确认的不生效",
}
"""Our published promises, as an area's implementer reads them."""


class NotMet(Exception):
    """The area did not do what was expected; the text says what, in Chinese."""


@dataclass(frozen=True, slots=True)
class Case(Generic[S]):
    """`promise`: a number of PROMISES. `run` raises NotMet, and returns when all is well.

    `drives`: the kinds of messages that it sends, or that it wants to hear.
    """

    id: str
    sort: Sort
    zh: str
    en: str
    sent: str
    expected: str
    promise: int
    drives: tuple[str, ...]
    run: Callable[[S], None]


def cases_of(file: str, runs: Mapping[str, Callable[[S], None]]) -> tuple[Case[S], ...]:
    """The cases that a data file tells, each with its function; they must be the same ids."""
    text = files("simulators").joinpath("data", "certify", file).read_text(encoding="utf-8")
    rows = tomllib.loads(text)["cases"]
    assert [row["id"] for row in rows] == list(runs), f"{file} and the code tell other cases"
    return tuple(_case(row, runs[row["id"]]) for row in rows)


def _case(row: Mapping[str, Any], run: Callable[[S], None]) -> Case[S]:
    return Case(**{**row, "sort": Sort(row["sort"]), "drives": tuple(row["drives"]), "run": run})


def expect(holds: object, otherwise: str) -> None:
    """NotMet with these words unless it holds."""
    if not holds:
        raise NotMet(otherwise)


def expect_same(what: str, expected: object, found: object) -> None:
    """NotMet when the two differ; both are shown, so neither may hold an identity."""
    expect(expected == found, f"{what}：应为 {expected}，实为 {found}")
