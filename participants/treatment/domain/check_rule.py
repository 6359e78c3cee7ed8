"""The rules of a check as data: what each looks for, at what, since when, and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from participants.treatment.domain.finding import Severity


class RuleKind(StrEnum):
    """What a rule looks for; each has one function in `checks`."""

    DUPLICATE_LINE = "duplicate_line"  # 同日同项目重复收费
    DUPLICATE_VISIT = "duplicate_visit"  # 近期其他就诊已开具同一项目
    OVER_CEILING = "over_ceiling"  # 单价超过限价
    RESTRICTED = "restricted"  # 限制使用项目未经审批
    INDICATION = "indication"  # 超适应症
    SEX = "sex"  # 性别不符
    AGE = "age"  # 年龄不符
    BEARING = "bearing"  # 妊娠、哺乳期禁用
    PER_DAY = "per_day"  # 日用量超限
    COMBINATION = "combination"  # 互斥项目同日收费
    STAY_OVERLAP = "stay_overlap"  # 住院期间重叠
    OUTSIDE_STAY = "outside_stay"  # 医嘱日期不在就诊期间
    OUTSIDE_DATES = "outside_dates"  # 目录项目不在有效期


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. Empty `charge_kinds`, `prefixes` or `scenes` is any of them.

    `parameters`: whole numbers by name, as its kind needs them. `behaviour`: vola_bhvr_type.
    """

    rule_id: str
    name: str
    kind: RuleKind
    severity: Severity
    behaviour: str
    source: str
    valid_from: date
    valid_to: date | None
    charge_kinds: frozenset[str]
    prefixes: tuple[str, ...]
    scenes: frozenset[str]
    parameters: Mapping[str, int]

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def fits(self, code: str, charge_kind: str) -> bool:
        kind_fits = not self.charge_kinds or charge_kind in self.charge_kinds
        return kind_fits and (not self.prefixes or code.startswith(self.prefixes))


@dataclass(frozen=True, slots=True)
class Limit:
    """For whom and for what an item or a diagnosis is, by the beginning of its code.

    `sex` empty, ages None, no indications: no such limit. `daily_max_e4` in ten-thousandths.
    """

    prefix: str
    name: str
    sex: str
    age_from: int | None
    age_to: int | None
    not_for: frozenset[str]
    indications: tuple[str, ...]
    daily_max_e4: int | None

    def is_for_age(self, years: int) -> bool:
        return (self.age_from or 0) <= years <= (200 if self.age_to is None else self.age_to)

    def is_for_sex(self, gender: str) -> bool:
        """A gender that nobody knows fits everything."""
        return not self.sex or gender not in {"1", "2"} or gender == self.sex


@dataclass(frozen=True, slots=True)
class Combination:
    """Two kinds of items that are not charged for one patient on one day."""

    first: str
    second: str
    why: str


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Everything that the checks of this area go by. `history_days`: how far rules look back."""

    rules: tuple[Rule, ...]
    items: tuple[Limit, ...]
    diagnoses: tuple[Limit, ...]
    combinations: tuple[Combination, ...]
    units_per_day: Mapping[str, int]
    history_days: int
    keep_days: int

    def names(self) -> dict[str, Rule]:
        return {rule.rule_id: rule for rule in self.rules}

    def in_force(self, day: date, scene: str, asked: Iterable[str]) -> tuple[Rule, ...]:
        """The rules of a day and a scene, or those asked for where we have any of them."""
        today = [rule for rule in self.rules if rule.holds_on(day)]
        named = set(asked) & {rule.rule_id for rule in today}
        if named:
            return tuple(rule for rule in today if rule.rule_id in named)
        return tuple(r for r in today if not scene or not r.scenes or scene in r.scenes)


def limit_of(code: str, limits: Iterable[Limit]) -> Limit | None:
    """The limit with the longest beginning of this code."""
    fitting = [one for one in limits if code.startswith(one.prefix)]
    return max(fitting, key=lambda one: len(one.prefix), default=None)
