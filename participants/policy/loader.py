"""Loads policy files and checks that they add up; a file that does not is never a policy."""

import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from contracts.codes import InsuranceKind, PersonType, VisitKind
from participants.policy.benefits import AgeRate, Chronic, Reading
from participants.policy.inpatient_file import inpatient_of, large_sum_of
from participants.policy.model import Policy
from participants.policy.section import PolicyFileWrong, Section

__all__ = ["PolicyFileWrong", "library", "load", "policy_of"]


@cache
def library() -> dict[str, Policy]:
    """The policies shipped with the product, by id."""
    folder = Path(str(files("participants.policy").joinpath("library")))
    return {policy.id: policy for policy in map(load, sorted(folder.glob("*.toml")))}


def load(path: Path) -> Policy:
    """The policy in `path`; PolicyFileWrong names the file, the key and the reason."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PolicyFileWrong(path.name, "-", str(error)) from error
    policy = policy_of(path.name, table)
    if policy.id != path.stem:
        raise PolicyFileWrong(path.name, "id", f"the file's name says {path.stem}")
    return policy


def policy_of(file: str, table: dict[str, Any]) -> Policy:
    """The policy that a parsed file describes; `file` is its name in what is refused."""
    top = Section(file, "", table)
    people = top.codes("person_types", PersonType)
    if not people:
        top.wrong("person_types", "at least one person type is expected")
    inpatient = inpatient_of(top.section("inpatient"), people)
    policy = Policy(
        id=top.text("id"),
        title=top.text("title"),
        source=top.text("source"),
        area=top.text("area"),
        insurance=top.code("insurance", InsuranceKind),
        valid_from=top.day("valid_from"),
        valid_to=top.day("valid_to") if top.has("valid_to") else None,
        waiting_months=top.count("waiting_months"),
        person_types=people,
        inpatient=inpatient,
        large_sum=large_sum_of(top, inpatient.pool_limit_fen),
        chronic=_chronic(top.section("chronic"), people) if top.has("chronic") else None,
        account_kinds=_account_kinds(top),
        readings=_readings(top, table),
    )
    if policy.valid_to is not None and policy.valid_to < policy.valid_from:
        top.wrong("valid_to", "lies before valid_from")
    top.done()
    return policy


def _account_kinds(top: Section) -> frozenset[VisitKind]:
    account = top.section("account")
    kinds = account.codes("kinds", VisitKind)
    account.done()
    return kinds


def _chronic(chronic: Section, people: frozenset[PersonType]) -> Chronic:
    cap = chronic.section("cap")
    found = Chronic(
        threshold_fen=chronic.fen("threshold"),
        rates=_age_rates(chronic, people),
        cap_fen={person: cap.fen(person) for person in sorted(people)},
        counts_toward_pool_limit=chronic.flag("counts_toward_pool_limit"),
    )
    cap.done()
    chronic.done()
    return found


def _age_rates(
    chronic: Section, people: frozenset[PersonType]
) -> dict[PersonType, tuple[AgeRate, ...]]:
    found: dict[PersonType, list[AgeRate]] = {person: [] for person in sorted(people)}
    for row in chronic.sections("rates"):
        person = row.code("person_type", PersonType)
        if person not in found:
            row.wrong("person_type", f"not in this policy's person_types: {person}")
        found[person].append(_age_rate(row, found[person]))
        row.done()
    for person, rates in found.items():
        if not rates or rates[-1].age_to is not None:
            chronic.wrong("rates", f"no rate without end of age for {person}")
    return {person: tuple(rates) for person, rates in found.items()}


def _age_rate(row: Section, before: list[AgeRate]) -> AgeRate:
    """One row of rates, which must begin the year after the one before it ends."""
    age_from = row.count("age_from") if row.has("age_from") else 0
    expected = 0 if not before else (before[-1].age_to or 0) + 1
    if before and before[-1].age_to is None:
        row.wrong("age_from", "overlaps: the row before it has no end")
    if age_from != expected:
        row.wrong("age_from", f"a gap or an overlap of ages: {expected} is expected")
    age_to = row.count("age_to") if row.has("age_to") else None
    if age_to is not None and age_to < age_from:
        row.wrong("age_to", "lies before age_from")
    return AgeRate(age_from, age_to, row.rate_bp("rate"), row.key("rate"))


def _readings(top: Section, table: dict[str, Any]) -> tuple[Reading, ...]:
    """What the file decided where its text is ambiguous; each names a key that stands in it."""
    if not top.has("readings"):
        return ()
    return tuple(_reading(row, table) for row in top.sections("readings"))


def _reading(row: Section, table: dict[str, Any]) -> Reading:
    reading = Reading(
        row.text("parameter"), row.text("question"), row.text("taken"), row.text("why")
    )
    value: Any = table
    for name in reading.parameter.split("."):
        if not isinstance(value, dict) or name not in value:
            row.wrong("parameter", f"no such key in this file: {reading.parameter}")
        value = value[name]
    row.done()
    return reading
