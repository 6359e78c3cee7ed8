"""What is asked of cases over HTTP."""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from contracts.codes import Fund
from contracts.ids import SettlementId
from contracts.money import FEN_MAX
from contracts.refusal import RefusalCode, Refused
from hub.api.fields import Coded
from hub.domain.case_states import CaseType
from hub.domain.cases import Item, Outcome, Reply
from hub.services.case_threads import TEXT_MAX
from hub.services.cases import ITEMS_MAX
from hub.services.opening_cases import RESPONDENTS_MAX, SETTLEMENTS_MAX

Text = Annotated[
    str,
    StringConstraints(
        min_length=1, max_length=TEXT_MAX, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+$"
    ),
]
AParty = Annotated[
    str, StringConstraints(pattern=r"^(hub|(insured|treatment)\.[0-9]{2}0000)$", max_length=20)
]
AFileName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Amount = Annotated[int, Field(strict=True, gt=0, le=FEN_MAX)]
Penalty = Annotated[int, Field(strict=True, ge=0, le=FEN_MAX)]


class ItemShape(BaseModel):
    """An amount of one fund of one settlement, in fen."""

    model_config = ConfigDict(extra="forbid")

    settlement_id: UUID
    fund: Fund
    amount_fen: Amount


Items = Annotated[list[ItemShape], Field(max_length=ITEMS_MAX)]


class SayingWanted(BaseModel):
    """What a party says, or gives as its reason. No identity numbers."""

    model_config = ConfigDict(extra="forbid")

    text: Text
    institution: Coded | None = None


class OpeningWanted(SayingWanted):
    """A new matter. `respondents` for a coordination only, `items` for a dispute about money."""

    type: CaseType
    settlements: Annotated[list[UUID], Field(max_length=SETTLEMENTS_MAX)] = []
    respondents: Annotated[list[AParty], Field(max_length=RESPONDENTS_MAX)] = []
    items: Items = []
    follows: UUID | None = None


class AnswerWanted(SayingWanted):
    """The other side's answer. `penalty_fen` 违约金 is recorded, and not posted."""

    reply: Reply
    items: Items = []
    penalty_fen: Penalty = 0


class DecisionWanted(SayingWanted):
    """An operator's decision of a case under review."""

    outcome: Outcome
    items: Items = []
    penalty_fen: Penalty = 0


class FileWanted(BaseModel):
    """A file: PDF, OFD, PNG, JPEG, XLSX or DOCX; its content decides which."""

    model_config = ConfigDict(extra="forbid")

    name: AFileName
    content_base64: Annotated[str, StringConstraints(min_length=1)]

    def content(self) -> bytes:
        """Refused: FIELD_INVALID."""
        try:
            return b64decode(self.content_base64, validate=True)
        except (NotBase64, ValueError) as error:
            raise Refused(RefusalCode.FIELD_INVALID, "content_base64") from error


def items_of(shapes: Sequence[ItemShape]) -> tuple[Item, ...]:
    return tuple(Item(SettlementId(s.settlement_id), s.fund, s.amount_fen) for s in shapes)
