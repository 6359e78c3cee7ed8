"""The terms of clearing as data: cycle length, due steps, lateness; hub/data/clearing.toml."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from hub.domain.netting import Netting

LENGTH_MAX = 15
_RULES = ("day", "month_end", "after_days", "working_days")


class Due(StrEnum):
    """A step of a cycle that has a date."""

    RECONCILE = "reconcile"  # the days of the cycle agree on all sides
    DECLARE = "declare"  # treatment areas have reconciled with their hospitals
    ISSUE = "issue"  # the hub freezes the run and issues its table
    ANSWER = "answer"  # areas have confirmed or contested
    NOTIFY = "notify"  # the hub has issued the notices of what is payable and receivable
    SUBMIT = "submit"  # the payer's agency has asked its finance
    PAY = "pay"  # the payer's finance has paid
    RECORD_PAYMENT = "record_payment"  # the payer has recorded it
    RECORD_RECEIPT = "record_receipt"  # the payee has recorded the receipt


@dataclass(frozen=True, slots=True)
class DueRule:
    """When a step is due; exactly one of the four ways is set.

    `day`, `month_end`: of the month after the cycle's. `after_days`: after the cycle's last day.
    `working_days`: after the step `after`.
    """

    step: Due
    zh: str
    who: str
    day: int | None = None
    month_end: bool = False
    after_days: int | None = None
    working_days: int | None = None
    after: Due | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds from a day on. `length`: days of a cycle, None for a month."""

    holds_from: date
    length: int | None
    netting: Netting
    late_months: int
    year_end: tuple[int, int]
    source: str
    rules: tuple[DueRule, ...]


class TermsWrong(ValueError):
    """A table of terms that cannot be so."""


_IN_USE: list[tuple[Terms, ...]] = []


def all_terms() -> tuple[Terms, ...]:
    """The table in use: the deployment's own, or the one that travels with the program."""
    return _IN_USE[-1] if _IN_USE else shipped_terms()


@cache
def shipped_terms() -> tuple[Terms, ...]:
    """The table that travels with the program, in the order of its days; TermsWrong."""
    return read_terms(files("hub").joinpath("data/clearing.toml").read_text(encoding="utf-8"))


def use_terms(table: tuple[Terms, ...] | None) -> None:
    """Let this process go by another table from now on; None: by the shipped one."""
    _IN_USE[:] = [] if table is None else [table]


@contextmanager
def terms_in_use(table: tuple[Terms, ...] | None) -> Iterator[None]:
    """As `use_terms`, for the length of a `with` block."""
    before = _IN_USE[-1] if _IN_USE else None
    use_terms(table)
    try:
        yield
    finally:
        use_terms(before)


def terms_on(day: date, table: Sequence[Terms]) -> Terms:
    """What holds on a day; before the first term, the first one."""
    holding = [terms for terms in table if terms.holds_from <= day]
    return holding[-1] if holding else table[0]


def read_terms(text: str) -> tuple[Terms, ...]:
    """A table of terms, checked; TermsWrong."""
    try:
        found = tuple(_terms(row) for row in tomllib.loads(text)["terms"])
    except (KeyError, TypeError, ValueError) as error:
        raise TermsWrong(f"cannot be read: {error}") from error
    days = [terms.holds_from for terms in found]
    if not found or days != sorted(set(days)) or any(day.day != 1 for day in days):
        raise TermsWrong("terms begin on the first of a month, each after the one before")
    for terms in found:
        _check(terms)
    return found


def _terms(row: Mapping[str, Any]) -> Terms:
    month, day = (int(part) for part in row["year_end"].split("-"))
    return Terms(
        holds_from=row["holds_from"],
        length=None if row["length"] == "month" else int(row["length"]),
        netting=Netting(row["netting"]),
        late_months=row["late_months"],
        year_end=(month, day),
        source=row["source"],
        rules=tuple(_rule(step) for step in row["steps"]),
    )


def _rule(row: Mapping[str, Any]) -> DueRule:
    if sum(name in row for name in _RULES) != 1 or ("after" in row) != ("working_days" in row):
        raise TermsWrong(f"{row['step']}: one way to be due, and working days after a step")
    given = {name: row[name] for name in (*_RULES, "zh", "who") if name in row}
    after = Due(row["after"]) if "after" in row else None
    return DueRule(step=Due(row["step"]), after=after, **given)


def _check(terms: Terms) -> None:
    if terms.length is not None and not 1 <= terms.length <= LENGTH_MAX:
        raise TermsWrong(f"a cycle has 1 to {LENGTH_MAX} days, or is a month")
    if terms.late_months < 0:
        raise TermsWrong("lateness is counted forwards")
    if [rule.step for rule in terms.rules] != list(Due):
        raise TermsWrong("every step once, in the order of the work")
    for position, rule in enumerate(terms.rules):
        before = [one.step for one in terms.rules[:position]]
        if rule.after is not None and rule.after not in before:
            raise TermsWrong(f"{rule.step} waits for what comes later")
        if rule.day is not None and not 1 <= rule.day <= 28:
            raise TermsWrong(f"{rule.step}: not every month has that day")
