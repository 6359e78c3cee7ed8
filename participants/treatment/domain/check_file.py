"""Reads the rules of checks from data/check_rules.toml and data/item_limits.toml."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from participants.treatment.domain.check_rule import Combination, Limit, Rule, Rulebook, RuleKind
from participants.treatment.domain.finding import Severity

RULES, LIMITS = "check_rules.toml", "item_limits.toml"
_NEEDED = {RuleKind.DUPLICATE_VISIT: {"days"}}


@cache
def rulebook() -> Rulebook:
    """The shipped rules; AssertionError or ValueError when a file is not sound."""
    folder = files("participants.treatment").joinpath("data")
    return rulebook_of(
        folder.joinpath(RULES).read_text("utf-8"), folder.joinpath(LIMITS).read_text("utf-8")
    )


def rulebook_of(rules_text: str, limits_text: str) -> Rulebook:
    """The rules of these two texts."""
    told, limits = tomllib.loads(rules_text), tomllib.loads(limits_text)
    rules = tuple(map(_rule, told["rules"]))
    history_days = told["history_days"]
    assert len({rule.rule_id for rule in rules}) == len(rules), "a rule id stands twice"
    for rule in rules:
        assert _NEEDED.get(rule.kind, set()) <= set(rule.parameters), rule.rule_id
        assert rule.parameters.get("days", 0) <= history_days, rule.rule_id
    return Rulebook(
        rules=rules,
        items=tuple(map(_limit, limits["items"])),
        diagnoses=tuple(map(_limit, limits["diagnoses"])),
        combinations=tuple(Combination(**row) for row in told["combinations"]),
        units_per_day=told["units_per_day"],
        history_days=history_days,
        keep_days=told["keep_days"],
    )


def _rule(row: Mapping[str, Any]) -> Rule:
    return Rule(
        rule_id=row["id"],
        name=row["name"],
        kind=RuleKind(row["kind"]),
        severity=Severity(row["severity"]),
        behaviour=row["behaviour"],
        source=row["source"],
        valid_from=row["from"],
        valid_to=row.get("to"),
        charge_kinds=frozenset(row.get("charge_kinds", ())),
        prefixes=tuple(row.get("prefixes", ())),
        scenes=frozenset(row.get("scenes", ())),
        parameters=row.get("parameters", {}),
    )


def _limit(row: Mapping[str, Any]) -> Limit:
    daily_max = row.get("daily_max")
    assert row.get("sex", "") in {"", "1", "2"}, row["prefix"]
    return Limit(
        prefix=row["prefix"],
        name=row["name"],
        sex=row.get("sex", ""),
        age_from=row.get("age_from"),
        age_to=row.get("age_to"),
        not_for=frozenset(row.get("not_for", ())),
        indications=tuple(row.get("indications", ())),
        daily_max_e4=None if daily_max is None else daily_max * 10_000,
    )
