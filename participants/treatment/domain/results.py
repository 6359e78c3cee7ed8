"""What a use case says to each item of its batch: asked, done, or a considered no."""

from dataclasses import dataclass
from datetime import datetime

from contracts.ids import SettlementId
from contracts.refusal import RefusalCode


@dataclass(frozen=True, slots=True)
class Refusal:
    """This item was refused and changed nothing; `code.told(detail)` is the Chinese sentence.

    `retry_after_s`: when it may be asked again, where the no is of the moment only.
    """

    code: RefusalCode
    detail: str = ""
    retry_after_s: int = 0


@dataclass(frozen=True, slots=True)
class Requested:
    """The hub has been asked; the answer is certain by `answer_by` (aware UTC)."""

    settlement_id: SettlementId
    answer_by: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing is left to wait for. The id is None when no settlement was ever made."""

    settlement_id: SettlementId | None = None
