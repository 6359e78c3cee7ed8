"""How many cases of a policy one core calculates in a second, with the working and around it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle, islice
from time import process_time
from typing import Any

from participants.policy.benefits import CareKind
from participants.policy.cases.answer import answer_of
from participants.policy.cases.file import case_of_json
from participants.policy.cases.stream import parsed
from participants.policy.engine import calculate
from participants.policy.explain import explain
from participants.policy.model import Policy

CASES = 240
_ROUND = 1_000  # cases between two looks at the clock


@dataclass(frozen=True, slots=True)
class Figures:
    """Cases per CPU second of this process."""

    policy_id: str
    calculated: int  # the result with every step of its working
    explained: int  # and the working in words
    json_to_json: int  # from a line of JSON to a line of JSON, as `calculate --batch` does

    def told(self) -> list[str]:
        return [
            f"政策 {self.policy_id}，单核，每 CPU 秒：",
            f"计算（含全部步骤）      {self.calculated:>8,}",
            f"计算并写成说明          {self.explained:>8,}",
            f"从一行 JSON 到一行 JSON {self.json_to_json:>8,}",
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "policy": self.policy_id,
            "calculated_per_second": self.calculated,
            "explained_per_second": self.explained,
            "json_to_json_per_second": self.json_to_json,
        }


def measured(policy: Policy, seconds: int) -> Figures:
    """Each of the three for `seconds` of CPU time, over stays of all persons, levels and bands."""
    data = [_stay(policy, place) for place in range(CASES)]
    cases = [case_of_json(policy, one) for one in data]
    lines = [json.dumps(one).encode() for one in data]
    return Figures(
        policy_id=policy.id,
        calculated=_per_second(lambda one: calculate(policy, *one), cases, seconds),
        explained=_per_second(lambda one: explain(calculate(policy, *one)), cases, seconds),
        json_to_json=_per_second(
            lambda one: json.dumps(answer_of(policy, parsed(one)).as_json(), ensure_ascii=False),
            lines,
            seconds,
        ),
    )


def _stay(policy: Policy, place: int) -> dict[str, Any]:
    """From a small bill to one far above every limit, at each level, for each kind of person."""
    persons, levels = sorted(policy.person_types), sorted(policy.levels)
    total = 1_000 + 1_237 * place
    return {
        "insured": {"person_type": persons[place % len(persons)]},
        "visit": {
            "kind": CareKind.INPATIENT,
            "level": levels[place // len(persons) % len(levels)],
            "stay_in_year": 1 + place % 3,
        },
        "amounts_yuan": {"total": str(total), "in_scope": str(total * 9 // 10)},
    }


def _per_second(work: Callable[[Any], object], cases: list[Any], seconds: int) -> int:
    endless = cycle(cases)
    for case in islice(endless, CASES):  # once, so that nothing is done for the first time
        work(case)
    done, began = 0, process_time()
    while (spent := process_time() - began) < seconds:
        for case in islice(endless, _ROUND):
            work(case)
        done += _ROUND
    return int(done / spent)
