"""Answers one case of a file: within one insurance year, or in two when the policy splits it."""

from dataclasses import dataclass
from typing import Any

from participants.policy.benefits import YearBoundary
from participants.policy.cases.file import case_of_json, days_of_json, result_as_json, year_as_json
from participants.policy.engine import calculate
from participants.policy.model import Policy, Result, YearToDate
from participants.policy.year_boundary import calculate_split


@dataclass(frozen=True, slots=True)
class Answer:
    """The result for the bill; `years` is what it adds to the old and the new year if split."""

    result: Result
    years: tuple[YearToDate, YearToDate] | None = None

    def as_json(self) -> dict[str, Any]:
        found = result_as_json(self.result)
        if self.years is not None:
            found["adds_to_year"] = year_as_json(self.years[0])
            found["adds_to_new_year"] = year_as_json(self.years[1])
        return found


def answer_of(policy: Policy, data: Any) -> Answer:
    """The answer to a case as plain JSON values; CaseRefused.

    A stay over the New Year that the policy splits begins the new year with nothing used of it.
    """
    case, year = case_of_json(policy, data)
    days = days_of_json(data)
    if policy.year_boundary is YearBoundary.DISCHARGE_DATE or not all(days):
        return Answer(calculate(policy, case, year))
    split = calculate_split(policy, case, days, (year, YearToDate()))
    return Answer(split.whole, (split.old_year, split.new_year))
