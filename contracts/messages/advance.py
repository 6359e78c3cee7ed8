"""What areas are told of the advance fund 预付金: warnings, and notices of a changed amount."""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.message import Body, Frozen
from contracts.messages.values import Area, Text
from contracts.money import FEN_MAX, Fen

SignedFen = Annotated[int, Field(strict=True, ge=-FEN_MAX, le=FEN_MAX)]
Chance = Annotated[int, Field(ge=0, le=10_000)]
"""A probability in basis points."""
CONTACTS_MAX = 20
LINES_MAX = 100


class Level(StrEnum):
    """How much of an advance the clearing cycle has used."""

    NONE = "none"  # nothing is held: there is nothing to measure by
    GREEN = "green"  # below the yellow mark
    YELLOW = "yellow"  # 黄色预警
    RED = "red"  # 红色预警: an emergency top-up may be asked for


class NoticeKind(StrEnum):
    """Why an amount changes."""

    OPENING = "opening"  # 期初: held before the hub kept the account; nobody pays
    YEARLY = "yearly"  # 年度调整
    EMERGENCY = "emergency"  # 紧急调增


class Direction(StrEnum):
    """What the area that gets a notice has to do."""

    PAY = "pay"  # 付款通知书
    COLLECT = "collect"  # 收款通知书


class Contact(Frozen):
    """An office to call, never a person's name. Tier 1 hears first."""

    area: Area
    tier: Annotated[int, Field(ge=1, le=3)]
    office: Text
    phone: Annotated[str, Field(max_length=40, pattern=r"^[0-9+() -]*$")]


class AdvanceWarned(Body):
    """Hub → area: an advance is used so far. It warns; no settlement is stopped by it.

    `insured_area` None: all that the treatment area holds together. `tier`: whom it is meant for;
    above 1 nobody acknowledged it in time. Chances are those of reaching yellow and red before
    the cycle's clearing, None where too little is known; `days_left`: until nothing is left.
    """

    KIND: ClassVar[str] = "advance_warned"
    warning_id: UUID
    insured_area: Area | None
    treatment_area: Area
    level: Level
    cycle_first: date
    cycle_last: date
    spent_fen: SignedFen
    held_fen: Fen
    chance_yellow_bp: Chance | None
    chance_red_bp: Chance | None
    days_left: Annotated[int, Field(ge=0)] | None
    top_up_fen: Fen | None
    tier: Annotated[int, Field(ge=1, le=3)]
    contacts: Annotated[tuple[Contact, ...], Field(max_length=CONTACTS_MAX)]
    raised_at: AwareDatetime


class AdvanceLine(Frozen):
    """A pair of a notice: so much before, so much more (or less), so much after."""

    insured_area: Area
    treatment_area: Area
    before_fen: Fen
    amount_fen: SignedFen
    after_fen: Fen


class AdvanceNoticed(Body):
    """Hub → area, 付款 or 收款通知书: what to pay or to collect for its advances, and by when."""

    KIND: ClassVar[str] = "advance_noticed"
    number: Text
    title_zh: Text
    kind: NoticeKind
    direction: Direction
    area: Area
    year: int
    issued_on: date
    finance_by: date
    pay_by: date
    total_fen: Fen
    lines: Annotated[tuple[AdvanceLine, ...], Field(max_length=LINES_MAX)]
