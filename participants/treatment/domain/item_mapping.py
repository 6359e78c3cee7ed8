"""What a hospital calls an item of the catalogue: 目录对照, uploaded with 3301."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from contracts.refusal import RefusalCode
from participants.treatment.domain.catalogue import Catalogue
from participants.treatment.domain.results import Refusal

# 目录类别 list_type by the first characters of a national code: the usual one first, then the
# others that a hospital may know the item under.
LIST_TYPES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("XZ", ("101", "103", "104", "105")),
    ("T", ("102", "106")),
    ("C", ("301",)),
    ("0123456789", ("201",)),
)


def list_types_of(national_code: str) -> tuple[str, ...]:
    """What a code's item may be listed as, the usual list_type first; none for another form."""
    found = (
        types for firsts, types in LIST_TYPES if national_code[:1] and national_code[0] in firsts
    )
    return next(found, ())


class Ending(StrEnum):
    """Why a mapping is no longer in force."""

    REPLACED = "replaced"  # the hospital uploaded it again
    WITHDRAWN = "withdrawn"  # the hospital took it back, 3302


@dataclass(frozen=True, slots=True)
class MappingWish:
    """One mapping as uploaded; `details`: what else the hospital says of its item, by our names."""

    institution: str
    item_code: str
    item_name: str
    list_type: str
    national_code: str
    valid_from: date
    valid_to: date
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        return self.institution, self.item_code, self.list_type


@dataclass(frozen=True, slots=True)
class MappingWithdrawal:
    """A mapping that its hospital takes back, 3302."""

    institution: str
    item_code: str
    list_type: str
    national_code: str

    @property
    def key(self) -> tuple[str, str, str]:
        return self.institution, self.item_code, self.list_type


@dataclass(frozen=True, slots=True)
class ItemMapping:
    """A mapping as it is kept; `ended_at` None while it is in force."""

    mapping_id: UUID
    wish: MappingWish
    uploaded_at: datetime
    ended_at: datetime | None = None
    ending: Ending | None = None

    @property
    def updated_at(self) -> datetime:
        return self.ended_at or self.uploaded_at


@dataclass(frozen=True, slots=True)
class MappingQuery:
    """What 1317 asks for; an empty or absent condition holds for all. Rows from 0."""

    institution: str
    updated_since: date
    first_row: int
    rows_max: int
    on_day: date | None = None
    from_day: date | None = None
    item_code: str = ""
    item_name: str = ""
    list_type: str = ""
    national_code: str = ""
    in_force: bool | None = None


def mapping_refusal(wish: MappingWish, before: str | None, catalogue: Catalogue) -> Refusal | None:
    """What speaks against a mapping; `before`: the national code that its item has now.

    Refusals: DATES_IMPOSSIBLE, UNKNOWN_DICTIONARY, FIELD_INVALID, OUT_OF_STEP.
    """
    if wish.valid_to < wish.valid_from:
        return Refusal(RefusalCode.DATES_IMPOSSIBLE, "结束日期(enddate)早于开始日期(begndate)")
    if wish.national_code not in catalogue.items:
        told = f"医疗目录编码(med_list_codg){wish.national_code}不在目录中"
        return Refusal(RefusalCode.UNKNOWN_DICTIONARY, told)
    if wish.list_type not in list_types_of(wish.national_code):
        return Refusal(RefusalCode.FIELD_INVALID, "目录类别(list_type)与医疗目录编码不符")
    if before not in {None, wish.national_code}:
        return Refusal(RefusalCode.OUT_OF_STEP, f"该项目已对照{before}，请先以3302撤销")
    return None
