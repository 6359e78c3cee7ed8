"""What somebody at a screen can say: a deed, what it is about, and the words themselves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from sqlalchemy import Connection

from contracts.access import Principal
from contracts.delivery.outbox import Writing
from contracts.refusal import RefusalCode

REFUSED = "refused "
WHY = "仿真复核"
# Each deed with the words by which people read of it.
DEEDS_ZH = {
    "proposed": "申请调整",
    "repair proposed": "申请处理差错",
    "undo proposed": "申请撤销处理",
    "claimed": "认领",
    "override proposed": "申请代为确认",
    "paid": "登记付款",
    "received": "确认收款",
    "withdrawal proposed": "申请撤销付款",
    "approved": "同意",
    "declined": "不同意",
    "withdrawn": "撤回",
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, with a stream of chance of his own."""

    who: Principal
    random: Random

    def by_chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody is about to say, and as which deed it counts; said again, it is the same.

    `answers`: with what he may be refused; any other refusal is a fault of ours.
    """

    deed: str
    about: str
    say: Callable[[Writing], object]
    answers: frozenset[RefusalCode]


Room = Callable[[Connection, Person], Sequence[Word]]
"""What somebody who looks around there could say now; nothing where there is nothing to do."""
