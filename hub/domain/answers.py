"""What areas say about the lines of a clearing run: confirmed or contested, line by line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contracts.codes import AreaCode, InsuranceKind, Role, VisitKind
from contracts.messages.clearing import ClearingLine

LineKey = tuple[AreaCode, AreaCode, InsuranceKind, VisitKind]
"""(insured area, treatment area, insurance kind, visit kind)."""
AnswerKey = tuple[LineKey, Role]
"""A line, and which of its two areas speaks."""


class Verdict(StrEnum):
    """What an area says about a line."""

    CONFIRMED = "confirmed"  # it has the same amount
    CONTESTED = "contested"  # it has not, and says why


@dataclass(frozen=True, slots=True)
class Answer:
    """One area about one line. `payable_fen`: what the area has; of a confirmation the line's."""

    line: LineKey
    role: Role
    verdict: Verdict
    payable_fen: int
    reason: str = ""

    @property
    def key(self) -> AnswerKey:
        return self.line, self.role

    @property
    def area(self) -> AreaCode:
        return self.line[0] if self.role is Role.INSURED else self.line[1]


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """As it was given. `carried_from`: the version whose same line it confirmed; None if said."""

    answer: Answer
    by: str
    at: datetime
    carried_from: int | None = None


class Tie(StrEnum):
    """How an answer stands to our line."""

    FITS = "fits"  # it can be taken
    NO_SUCH_LINE = "no_such_line"  # it is about what the paper does not have
    ANOTHER_AMOUNT = "another_amount"  # it confirms what is not on the paper
    NO_REASON = "no_reason"  # it contests, and does not say why


def key_of(line: ClearingLine) -> LineKey:
    areas = AreaCode(line.insured_area), AreaCode(line.treatment_area)
    return (*areas, line.insurance_kind, line.visit_kind)


def tie(answer: Answer, lines: Mapping[LineKey, ClearingLine]) -> Tie:
    """Whether an answer can be taken: a confirmation must name the amount that it confirms."""
    line = lines.get(answer.line)
    if line is None:
        return Tie.NO_SUCH_LINE
    if answer.verdict is Verdict.CONTESTED:
        return Tie.FITS if answer.reason.strip() else Tie.NO_REASON
    return Tie.FITS if answer.payable_fen == line.payable_fen else Tie.ANOTHER_AMOUNT


def expected(lines: Iterable[ClearingLine]) -> set[AnswerKey]:
    """Who has to speak about what: both areas about every line of theirs."""
    return {(key_of(line), role) for line in lines for role in Role}


def without_confirmation(
    lines: Iterable[ClearingLine], given: Mapping[AnswerKey, Answer]
) -> set[AnswerKey]:
    """The answers that are missing, or that contest."""
    confirmed = {key for key, one in given.items() if one.verdict is Verdict.CONFIRMED}
    return expected(lines) - confirmed


def contested(given: Mapping[AnswerKey, Answer]) -> set[AnswerKey]:
    return {key for key, one in given.items() if one.verdict is Verdict.CONTESTED}
