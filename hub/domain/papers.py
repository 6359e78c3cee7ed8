"""The papers of clearing: which there are, for whom, and by what each is known."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

from contracts.codes import AreaCode, Role
from hub.domain.clearing import RunState

PAPER = uuid5(UUID(int=0), "yidi: a paper of clearing")


class PaperKind(StrEnum):
    """What a paper is; each is one sealed bundle of XLSX, PDF and what proves them."""

    NATIONAL = "national"  # 全国跨省异地就医费用清算表: every line, for the hub's own people
    STATEMENT = "statement"  # 清算明细表 of a province in one of its roles
    DETAIL = "detail"  # 结算明细 of a pair, down to the settlement
    NOTICE = "notice"  # 应付/应收医疗费用清算通知书, once the run is confirmed
    ADVANCE = "advance"  # 预付金额度调整/紧急调增 通知书


ISSUED = frozenset(
    {RunState.ISSUED, RunState.CONTESTED, RunState.CONFIRMED, RunState.PAID, RunState.CLOSED}
)
"""The states in which a run's present version was issued: it has papers."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Who a paper concerns: nobody in particular, an area in one role, or both of a pair."""

    insured_area: AreaCode | None = None
    treatment_area: AreaCode | None = None

    def area_in(self, role: Role) -> AreaCode | None:
        return self.insured_area if role is Role.INSURED else self.treatment_area

    @property
    def code(self) -> str:
        """'430000-310000', '430000-', '-310000' or '-'."""
        return f"{self.insured_area or ''}-{self.treatment_area or ''}"


EVERYBODY = Audience()


@dataclass(frozen=True, slots=True)
class Paper:
    """A sealed bundle without its bytes. `issue`: the run's id, or the advance notices' issue."""

    paper_id: UUID
    kind: PaperKind
    issue: UUID
    version: int
    audience: Audience
    name: str
    title_zh: str
    made_at: datetime
    sha256: str
    size_bytes: int
    public_key: str


def paper_id(kind: PaperKind, issue: UUID, version: int, audience: Audience) -> UUID:
    """Making a paper again gives the same paper."""
    return uuid5(PAPER, f"{kind.value} {issue} version {version} for {audience.code}")


def seen_as(role: Role, area: AreaCode) -> Audience:
    """An area in one of its roles."""
    return Audience(insured_area=area) if role is Role.INSURED else Audience(treatment_area=area)
