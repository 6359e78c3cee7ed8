"""13203 日对账结果查询 and 3209A 三方对账未成功: what the comparisons found, row by row."""

from collections.abc import Sequence

from sqlalchemy import Connection

from participants.treatment.domain.booking import Scope
from participants.treatment.domain.day_result import DayQuestion, DayRow, Disagreed
from participants.treatment.store import day_results as store


def pages(tx: Connection, questions: Sequence[DayQuestion]) -> list[list[DayRow]]:
    """The page that each question asks for; a row without a difference counts as equal."""
    return [store.page(tx, one) for one in questions]


def disagreed(tx: Connection, scopes: Sequence[Scope]) -> list[list[Disagreed]]:
    """The settlements of each scope on which not all parties agree."""
    return [store.disagreed(tx, scope) for scope in scopes]
