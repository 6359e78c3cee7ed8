"""Policies and cases that tests put together: the plainest of each, and what a test changes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from contracts.codes import Fund, InsuranceKind, PersonType
from contracts.money import fen_from_yuan, yuan_from_fen
from participants.policy.benefits import (
    Account,
    Aid,
    AidBase,
    Amount,
    AsStay,
    Band,
    CareKind,
    Clinic,
    Counts,
    DeductibleLies,
    LargeSum,
    LargeSumBase,
    Limit,
    Of,
    Period,
    Rate,
    Repeat,
    Runs,
    Stay,
    Supplement,
    Waiver,
    YearBoundary,
)
from participants.policy.choice import By, Choice, Leaf, Split, T
from participants.policy.engine import calculate
from participants.policy.model import Case, Policy, Result, YearToDate

EVERY_KIND = frozenset(CareKind)
STAYS = frozenset({CareKind.INPATIENT})


def yuan(text: str, source: str = "made.amount") -> Leaf[Amount]:
    return Leaf(Amount(fixed_fen=fen_from_yuan(text)), source)


def share(percent: str, of: Of, at_least: str = "0", at_most: str | None = None) -> Leaf[Amount]:
    most_fen = None if at_most is None else fen_from_yuan(at_most)
    return Leaf(Amount(0, bp(percent), of, fen_from_yuan(at_least), most_fen), "made.share")


def rate(percent: str, source: str = "made.rate") -> Leaf[Rate]:
    return Leaf(Rate(bp(percent)), source)


def bp(percent: str) -> int:
    return fen_from_yuan(percent.removesuffix("%"))


def by(dimension: By, branches: Mapping[str, Choice[T]]) -> Split[T]:
    return Split(dimension, "made.tree", branches)


def steps(dimension: By, branches: Mapping[int, Choice[T]]) -> Split[T]:
    return Split(dimension, "made.tree", {}, tuple(sorted(branches.items())))


def bands(*limits_and_rates: str, first: str = "0.00") -> tuple[Band, ...]:
    """'5000.00 83%' is a band up to there, '- 90%' one without end."""
    found, from_fen = [], fen_from_yuan(first)
    for place, row in enumerate(limits_and_rates):
        limit, percent = row.split()
        to_fen = None if limit == "-" else fen_from_yuan(limit)
        label = f"{yuan_from_fen(from_fen)}–{limit} 元"
        found.append(Band(from_fen, to_fen, rate(percent, f"made.bands[{place}]"), label))
        from_fen = to_fen or 0
    return tuple(found)


def limit(text: str, counts: Counts = Counts.PAYMENT) -> Limit:
    return Limit(yuan(text, "made.limit"), counts)


def stay(**changes: Any) -> Stay:
    """500 yuan, then 80 % without end; no limit."""
    plain = Stay(
        deductible=yuan("500.00", "inpatient.deductible"),
        repeat=Repeat(0, False, None, (), True),
        waiver=Waiver(frozenset(), False),
        as_stay=AsStay(frozenset(), frozenset()),
        bands=bands("- 80%"),
        bands_count=Counts.FEE,
        bands_run=Runs.PER_STAY,
        deductible_lies=DeductibleLies.INSIDE_FIRST_BAND,
        deductible_reaches_large_sum=True,
        bonus=None,
        class_rates={},
        limit=None,
    )
    return replace(plain, **changes)


def clinic(**changes: Any) -> Clinic:
    """50 % of everything."""
    plain = Clinic(
        visit_self_pay=None,
        threshold=None,
        threshold_per=Period.YEAR,
        rate=rate("50%"),
        bonus=None,
        ceilings=(),
        disease_limits={},
        extra_disease_fen=0,
        counts_toward_pool_limit=False,
    )
    return replace(plain, **changes)


def large_sum(**changes: Any) -> LargeSum:
    """大病: half of the own share, from the first fen."""
    plain = LargeSum(
        fund=Fund.CRITICAL_ILLNESS,
        base=LargeSumBase.OWN_SHARE,
        kinds=STAYS,
        deductible=None,
        bands=bands("- 50%"),
        bands_run=Runs.THROUGH_YEAR,
        bonus=None,
        limit=None,
    )
    return replace(plain, **changes)


def supplement(**changes: Any) -> Supplement:
    plain = Supplement(Fund.CIVIL_SERVANT, frozenset(), STAYS, None, rate("50%"), None)
    return replace(plain, **changes)


def aid(**changes: Any) -> Aid:
    plain = Aid(
        id="inpatient",
        label="住院救助",
        base=AidBase.OWN_TOTAL,
        for_flags=frozenset(),
        for_classes=frozenset(),
        kinds=STAYS,
        line_limits={},
        deductible=None,
        rate=rate("80%"),
        limit=None,
        counts_in_combined=True,
    )
    return replace(plain, **changes)


def policy(**changes: Any) -> Policy:
    """Everybody, levels 1 to 3, the plain stay; nothing else."""
    plain = Policy(
        id="made",
        title="made",
        source="made",
        area="321081",
        insurance=InsuranceKind.EMPLOYEE,
        valid_from=date(2020, 1, 1),
        valid_to=None,
        waiting_months=0,
        person_types=frozenset(PersonType),
        levels=frozenset({1, 2, 3}),
        level_used={},
        ages=(0, 130),
        exclusions=(),
        pays_in_arrears=False,
        year_boundary=YearBoundary.DISCHARGE_DATE,
        parameters=frozenset(),
        defaults={},
        classes={},
        fee_classes=frozenset(),
        first_self_pay={},
        stay=stay(),
        clinics={},
        maternity=None,
        large_sum=(),
        supplements=(),
        aids=(),
        combined_aid_limit=None,
        account=Account(EVERY_KIND, True),
        elsewhere={},
        readings=(),
    )
    return replace(plain, **changes)


def case(in_scope: str = "10000.00", total: str | None = None, **changes: Any) -> Case:
    """An active person of 40 in a level-2 hospital at home."""
    plain = Case(
        kind=CareKind.INPATIENT,
        person_type=PersonType.ACTIVE,
        age_years=40,
        hospital_level=2,
        total_fen=fen_from_yuan(total or in_scope),
        in_scope_fen=fen_from_yuan(in_scope),
    )
    return replace(plain, **changes)


def result(made: Policy, of: Case, year: YearToDate | None = None) -> Result:
    return calculate(made, of, year or YearToDate())


def shares(found: Result) -> dict[str, str]:
    """Every part of a result in yuan, as the columns of the tables name them."""
    return {
        "deductible": yuan_from_fen(found.deductible_fen),
        "pool": yuan_from_fen(found.pool_fen),
        "large_sum": yuan_from_fen(found.large_sum_fen),
        "supplement": yuan_from_fen(found.supplement_fen),
        "aid": yuan_from_fen(found.aid_fen),
        "account": yuan_from_fen(found.account_fen),
        "cash": yuan_from_fen(found.cash_fen),
    }


def expect(row: Mapping[str, str], found: Result) -> None:
    """The columns of a row that name a part say what it is."""
    parts = shares(found)
    assert {name: row[name] for name in parts if name in row} == {
        name: parts[name] for name in parts if name in row
    }
