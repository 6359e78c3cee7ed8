"""智能审核: a clerk's table for every kind of rule, on the rules as they are shipped."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.ids import PersonId
from contracts.money import fen_from_yuan
from participants.treatment.domain.catalogue import HospitalApproval
from participants.treatment.domain.catalogue_file import load_catalogue
from participants.treatment.domain.check_file import LIMITS, RULES, rulebook, rulebook_of
from participants.treatment.domain.check_rule import RuleKind
from participants.treatment.domain.checks import KINDS, find
from participants.treatment.domain.finding import Finding, ItemKind
from participants.treatment.domain.prescription import (
    Bearing,
    Encounter,
    History,
    Order,
    PastItem,
    PastStay,
    Patient,
)
from tests.support.tables import rows

BOOK, CATALOGUE = rulebook(), load_catalogue()
DAY = date(2024, 3, 1)
HERE, ELSEWHERE = "H31010100001", "H31010100002"
# What a clerk calls them → their codes in the shipped catalogue.
ITEMS = {
    "阿莫西林": "XJ01CAA040E001010102699",
    "左氧氟沙星": "XJ01MAZ089B002010201305",
    "美罗培南": "XJ01DHM066B001010100218",
    "白蛋白": "XB05AAR027B002010100071",
    "曲妥珠单抗": "XL01FDQ021B001010100012",
    "缬沙坦": "XC09CAX014E001010100320",
    "西地那非": "XG04BEX015A001010100077",
    "维生素C": "XA11GAW040B002010100562",
    "床位": "001109000010000",
    "二级护理": "001201000040000",
    "重症监护": "001201000010000",
    "血细胞分析": "002501010150000",
    "CT": "002103000010000",
    "挂号": "001101000010000",
}


def order(number: int, what: str, price: str, count: int = 1, **changes: object) -> Order:
    price_e6 = fen_from_yuan(price) * 10_000
    made = Order(
        order_no=f"R{number}",
        code=ITEMS[what],
        name=what,
        on=DAY,
        count_e4=count * 10_000,
        price_e6=price_e6,
        total_fen=price_e6 * count // 10_000,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # any field of an order


def visit(*orders: Order, **changes: object) -> Encounter:
    made = Encounter(
        visit_no="V1",
        hospital_code=HERE,
        is_stay=False,
        begins_on=DAY,
        ends_on=None,
        diagnoses=("J18.900",),
        operations=(),
        bearing=Bearing.OTHER,
        orders=orders,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # any field of an encounter


def patient(*encounters: Encounter, gender: str = "2", born_on: date = date(1980, 6, 1)) -> Patient:
    return Patient("P1", PersonId("A" * 29), gender, born_on, "V1", encounters)


def found(
    who: Patient, *kinds: RuleKind, past: History | None = None, day: date = DAY
) -> list[Finding]:
    rules = [rule for rule in BOOK.in_force(day, "", ()) if not kinds or rule.kind in kinds]
    return find(who, tuple(rules), BOOK, CATALOGUE, past or History())


def said(cell: str) -> list[str]:
    """What stands in a cell, none or several."""
    return [one for one in cell.split("+") if one != "-"]


def amounts(findings: Sequence[Finding]) -> list[int]:
    return [one.amount_fen for one in findings]


def test_every_kind_of_rule_has_its_function_and_a_shipped_rule() -> None:
    assert set(KINDS) == set(RuleKind) == {rule.kind for rule in BOOK.rules}


# `orders`: what was ordered on the one day; `violating`: the orders that are in question.
DUPLICATES = rows(
    """
    what | price | counts | rule | fen | violating
    血细胞分析 | 20 | 1 | - | - | -
    血细胞分析 | 20 | 1+1 | YD0101 | 2000 | R2
    血细胞分析 | 20 | 1+1+1 | YD0101 | 4000 | R2+R3
    血细胞分析 | 20 | 1+2 | - | - | -
    血细胞分析 | 20 | 1+1+-1 | - | - | -
    阿莫西林 | 0.35 | 10+10 | YD0102 | 350 | R2
    挂号 | 10 | 1+1 | - | - | -
    """
)


@pytest.mark.parametrize("row", DUPLICATES, ids=lambda row: f"{row['what']} {row['counts']}")
def test_the_same_line_twice_on_one_day(row: dict[str, str]) -> None:
    orders = [
        order(n, row["what"], row["price"], int(count))
        for n, count in enumerate(row["counts"].split("+"), start=1)
    ]
    findings = found(patient(visit(*orders)), RuleKind.DUPLICATE_LINE)
    assert [one.rule_id for one in findings] == said(row["rule"])
    assert amounts(findings) == [int(fen) for fen in said(row["fen"])]
    violating = [
        item.order_no for one in findings for item in one.items if item.kind is ItemKind.VIOLATES
    ]
    assert violating == said(row["violating"])


ONE_ORDER = rows(
    """
    what       | price  | count | gender | age | bearing | diagnosis | approval | own_fen | kind        | fen
    阿莫西林 | 0.35 | 10 | 2 | 40 | 0 | J18 | 0 | 0 | over_ceiling | -
    阿莫西林 | 0.40 | 10 | 2 | 40 | 0 | J18 | 0 | 0 | over_ceiling | 50
    美罗培南 | 128 | 2 | 2 | 40 | 0 | J18 | 0 | 0 | restricted | 25600
    美罗培南 | 128 | 2 | 2 | 40 | 0 | J18 | 1 | 0 | restricted | -
    美罗培南 | 128 | 2 | 2 | 40 | 0 | J18 | 2 | 0 | restricted | -
    美罗培南 | 128 | 2 | 2 | 40 | 0 | J18 | 0 | 25600 | restricted | -
    阿莫西林 | 0.35 | 10 | 2 | 40 | 0 | J18 | 0 | 0 | restricted | -
    曲妥珠单抗 | 5500 | 1 | 2 | 40 | 0 | J18 | 1 | 0 | indication | 550000
    曲妥珠单抗 | 5500 | 1 | 2 | 40 | 0 | C50.900 | 1 | 0 | indication | -
    西地那非 | 30 | 1 | 2 | 40 | 0 | J18 | 0 | 0 | sex | 3000
    西地那非 | 30 | 1 | 1 | 40 | 0 | J18 | 0 | 0 | sex | -
    西地那非 | 30 | 1 | 9 | 40 | 0 | J18 | 0 | 0 | sex | -
    左氧氟沙星 | 36.80 | 1 | 2 | 17 | 0 | J18 | 0 | 0 | age | 3680
    左氧氟沙星 | 36.80 | 1 | 2 | 18 | 0 | J18 | 0 | 0 | age | -
    缬沙坦 | 1.90 | 14 | 2 | 30 | 1 | I10 | 0 | 0 | bearing | 2660
    缬沙坦 | 1.90 | 14 | 2 | 30 | 2 | I10 | 0 | 0 | bearing | -
    床位 | 50 | 2 | 2 | 40 | 0 | J18 | 0 | 0 | per_day | 5000
    床位 | 50 | 1 | 2 | 40 | 0 | J18 | 0 | 0 | per_day | -
    重症监护 | 12 | 24 | 2 | 40 | 0 | J18 | 0 | 0 | per_day | -
    重症监护 | 12 | 26 | 2 | 40 | 0 | J18 | 0 | 0 | per_day | 2400
    白蛋白 | 378 | 5 | 2 | 40 | 0 | J18 | 1 | 0 | per_day | 37800
    维生素C | 1.10 | 1 | 2 | 40 | 0 | J18 | 0 | 0 | outside_dates | 110
    """
)


@pytest.mark.parametrize("row", ONE_ORDER, ids=lambda row: f"{row['kind']} {row['what']}")
def test_one_order_against_one_kind_of_rule(row: dict[str, str]) -> None:
    one = order(
        1,
        row["what"],
        row["price"],
        int(row["count"]),
        approval=HospitalApproval(row["approval"]),
        own_fen=int(row["own_fen"]),
    )
    here = visit(one, diagnoses=(row["diagnosis"],), bearing=Bearing(row["bearing"]))
    born_on = date(DAY.year - int(row["age"]), 3, 1)
    who = patient(here, gender=row["gender"], born_on=born_on)
    findings = found(who, RuleKind(row["kind"]))
    assert amounts(findings) == [int(fen) for fen in said(row["fen"])]
    assert all("P1" not in one.told for one in findings)


def test_a_diagnosis_of_the_other_sex_is_found_without_an_order() -> None:
    [one] = found(patient(visit(diagnoses=("N40.x00",))), RuleKind.SEX)
    assert "前列腺增生" in one.told
    assert (one.amount_fen, one.items[0].order_no) == (0, "")
    assert found(patient(visit(diagnoses=("N40.x00",)), gender="1"), RuleKind.SEX) == []


PAST = rows(
    """
    visit | days_ago | hospital | found
    V2 | 3 | H31010100002 | 其他医药机构
    V2 | 7 | H31010100001 | 本机构
    V2 | 8 | H31010100001 | -
    V1 | 3 | H31010100001 | -
    """
)


@pytest.mark.parametrize("row", PAST, ids=lambda row: f"{row['visit']} {row['days_ago']}")
def test_the_same_drug_at_another_visit_within_a_week(row: dict[str, str]) -> None:
    on = DAY - timedelta(days=int(row["days_ago"]))
    given = PastItem(row["hospital"], row["visit"], ITEMS["阿莫西林"], on, 10_000, False)
    who = patient(visit(order(1, "阿莫西林", "0.35", 10)))
    findings = found(who, RuleKind.DUPLICATE_VISIT, past=History(items=[given]))
    assert [row["found"] in one.told for one in findings] == [True] * bool(said(row["found"]))


def test_an_approval_that_was_uploaded_with_the_visit_counts() -> None:
    given = PastItem(HERE, "V1", ITEMS["美罗培南"], DAY, 10_000, is_approved=True)
    who = patient(visit(order(1, "美罗培南", "128")))
    assert found(who, RuleKind.RESTRICTED, past=History(items=[given])) == []


def test_intensive_care_and_nursing_are_not_charged_on_one_day() -> None:
    orders = order(1, "重症监护", "12", 10), order(2, "二级护理", "30")
    [one] = found(patient(visit(*orders)), RuleKind.COMBINATION)
    assert one.amount_fen == 3000
    assert [(item.kind, item.order_no) for item in one.items] == [
        (ItemKind.VIOLATES, "R2"),
        (ItemKind.INVOLVED, "R1"),
    ]
    apart = orders[0], replace(orders[1], on=DAY + timedelta(days=1))
    assert found(patient(visit(*apart)), RuleKind.COMBINATION) == []


STAYS = rows(
    """
    begins | ends | overlaps
    2024-02-20 | 2024-03-05 | yes
    2024-02-20 | - | yes
    2024-03-04 | 2024-03-20 | yes
    2024-02-20 | 2024-03-01 | no
    2024-03-10 | 2024-03-20 | no
    """
)


@pytest.mark.parametrize("row", STAYS, ids=lambda row: f"{row['begins']} to {row['ends']}")
def test_a_stay_that_overlaps_another(row: dict[str, str]) -> None:
    ends_on = date.fromisoformat(row["ends"]) if said(row["ends"]) else None
    other = PastStay(ELSEWHERE, "V2", date.fromisoformat(row["begins"]), ends_on)
    here = visit(is_stay=True, ends_on=date(2024, 3, 10))
    findings = found(patient(here), RuleKind.STAY_OVERLAP, past=History(stays=[other]))
    assert bool(findings) is (row["overlaps"] == "yes")
    assert found(patient(visit()), RuleKind.STAY_OVERLAP, past=History(stays=[other])) == []


OUTSIDE = rows(
    """
    on | found
    2024-02-28 | yes
    2024-02-29 | no
    2024-03-06 | no
    2024-03-07 | yes
    """
)


@pytest.mark.parametrize("row", OUTSIDE, ids=lambda row: row["on"])
def test_an_order_of_a_day_outside_the_visit(row: dict[str, str]) -> None:
    one = order(1, "CT", "240", on=date.fromisoformat(row["on"]))
    here = visit(one, is_stay=True, ends_on=date(2024, 3, 5))
    assert bool(found(patient(here), RuleKind.OUTSIDE_STAY)) is (row["found"] == "yes")


def test_only_what_is_about_to_be_given_is_told() -> None:
    before = order(1, "阿莫西林", "0.40", 10, is_current=False)
    now = order(2, "阿莫西林", "0.40", 20)
    assert amounts(found(patient(visit(before, now)), RuleKind.OVER_CEILING)) == [100]


def test_the_encounter_under_way_is_checked_and_the_others_are_not() -> None:
    other = replace(visit(order(1, "阿莫西林", "0.40", 10)), visit_no="V0")
    assert found(patient(visit(), other), RuleKind.OVER_CEILING) == []


def test_rules_hold_from_their_day_in_their_scenes_and_by_their_names() -> None:
    assert BOOK.in_force(date(2023, 12, 31), "", ()) == ()
    everything = BOOK.in_force(DAY, "", ())
    assert len(everything) == len(BOOK.rules)
    at_the_clinic = {rule.rule_id for rule in BOOK.in_force(DAY, "6", ())}
    assert "YD0103" in at_the_clinic
    assert "YD0401" not in at_the_clinic
    assert [rule.rule_id for rule in BOOK.in_force(DAY, "6", ["YD0401"])] == ["YD0401"]
    assert {rule.rule_id for rule in BOOK.in_force(DAY, "6", ["3101"])} == at_the_clinic


WRONG = (
    ('kind = "sex"', 'kind = "colour"'),
    ('severity = "1"', 'severity = "9"'),
    ('id = "YD0102"', 'id = "YD0101"'),
    ("days = 7", "days = 700"),
    ("parameters = { days = 3 }", ""),
)


@pytest.mark.parametrize(("right", "wrong"), WRONG)
def test_a_rule_file_that_is_not_sound_is_refused(right: str, wrong: str) -> None:
    folder = files("participants.treatment").joinpath("data")
    text, limits = folder.joinpath(RULES).read_text("utf-8"), folder.joinpath(LIMITS)
    with pytest.raises((ValueError, AssertionError)):
        rulebook_of(text.replace(right, wrong, 1), limits.read_text("utf-8"))


COUNTS = st.integers(min_value=-3, max_value=60)
DAYS = st.integers(min_value=-5, max_value=40).map(lambda n: DAY + timedelta(days=n))


@given(
    lines=st.lists(st.tuples(st.sampled_from(sorted(ITEMS)), COUNTS, DAYS), max_size=12),
    gender=st.sampled_from("0129"),
    born_on=st.dates(date(1920, 1, 1), DAY),
    is_stay=st.booleans(),
)
def test_no_finding_is_about_more_money_than_the_orders(
    lines: list[tuple[str, int, date]], gender: str, born_on: date, is_stay: bool
) -> None:
    orders = [
        order(n, what, "12.34", count, on=on) for n, (what, count, on) in enumerate(lines, start=1)
    ]
    who = patient(visit(*orders, is_stay=is_stay), gender=gender, born_on=born_on)
    by_number = {one.order_no: one for one in orders}
    for one in found(who):
        assert 0 <= one.amount_fen == sum(item.amount_fen for item in one.items)
        assert one.told
        for item in one.items:
            total_fen = by_number[item.order_no].total_fen if item.order_no else 0
            assert 0 <= item.amount_fen <= max(total_fen, 0)
