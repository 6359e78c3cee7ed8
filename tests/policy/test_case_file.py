"""Cases as people write them: what may be left out, what is refused, and where."""

import json
from dataclasses import replace
from typing import Any

import pytest

from contracts.codes import PersonType
from participants.policy.benefits import CareKind, Elsewhere, YearBoundary
from participants.policy.cases.answer import answer_of
from participants.policy.cases.file import case_of_json, result_as_json
from participants.policy.cases.refusals import refusal_as_json
from participants.policy.cases.stream import CASE_MAX, parsed
from participants.policy.cases.what_if import changed
from participants.policy.engine import calculate
from participants.policy.loader import library
from participants.policy.model import Case, CaseRefused, Line, YearToDate

YIZHENG = library()["yizheng-employee-2010"]
WITH_WAGE = library()["henan-employee-2001"]


def refusal_of(data: Any, policy_id: str = "yizheng-employee-2010") -> dict[str, str]:
    """What is said about a case, given as JSON text or as values."""
    text = data if isinstance(data, bytes) else json.dumps(data).encode()
    with pytest.raises(CaseRefused) as refused:
        answer_of(library()[policy_id], parsed(text))
    return refusal_as_json(refused.value)


def test_every_key_may_be_left_out() -> None:
    case, year = case_of_json(YIZHENG, {})
    assert case == Case(
        kind=CareKind.INPATIENT,
        person_type=PersonType.ACTIVE,
        age_years=40,
        hospital_level=1,
        total_fen=0,
        in_scope_fen=0,
        months_insured=36,
    )
    assert year == YearToDate()


def test_null_is_the_same_as_left_out() -> None:
    empty = {"insured": None, "visit": {"out_of_area": None, "disease": None, "level": None}}
    assert case_of_json(YIZHENG, empty) == case_of_json(YIZHENG, {})


def test_all_that_is_written_arrives() -> None:
    data = {
        "insured": {
            "person_type": "retired",
            "age": 71,
            "years_insured": 9,
            "months_insured": 100,
            "diseases_approved": 2,
        },
        "visit": {
            "kind": "chronic",
            "level": 2,
            "stay_in_year": 3,
            "out_of_area": "long_term",
            "disease": "M01600",
            "flags": ["dialysis", "civil_servant"],
            "month": "2026-05",
        },
        "amounts_yuan": {"total": "100.5", "in_scope": 90},
        "year_to_date_yuan": {"in_scope": "7", "large_base": "8.01", "counters": {"aid.x": "9"}},
        "lines": [{"category": "examination", "amount_yuan": "50.00"}],
        "account_yuan": "20",
        "family_account_yuan": "30",
        "use_account": False,
        "parameters": {"average_wage_yuan": "12000.00"},
    }
    case, year = case_of_json(YIZHENG, data)
    assert case == Case(
        kind=CareKind.CHRONIC,
        person_type=PersonType.RETIRED,
        age_years=71,
        hospital_level=2,
        total_fen=100_50,
        in_scope_fen=90_00,
        elsewhere=Elsewhere.LONG_TERM,
        disease="M01600",
        flags=frozenset({"dialysis", "civil_servant"}),
        months_insured=100,
        month="2026-05",
        diseases_approved=2,
        lines=(Line("examination", 50_00),),
        account_balance_fen=20_00,
        family_balance_fen=30_00,
    )
    assert year == YearToDate(
        in_scope_fen=7_00, large_base_fen=8_01, stays=2, counters={"aid.x": 9_00}
    )


def test_an_account_that_is_given_is_used() -> None:
    case, _ = case_of_json(YIZHENG, {"account_yuan": "1"})
    assert case.account_use


@pytest.mark.parametrize(
    ("given", "total_and_in_scope"),
    [
        ({"total": "12.30"}, (12_30, 12_30)),
        ({"in_scope": "12.30"}, (12_30, 12_30)),
        ({"total": "20", "in_scope": "0"}, (20_00, 0)),
        ({"total": 20, "in_scope": 10}, (20_00, 10_00)),
        ({}, (0, 0)),
    ],
)
def test_one_amount_stands_for_the_other(
    given: dict[str, Any], total_and_in_scope: tuple[int, int]
) -> None:
    case, _ = case_of_json(YIZHENG, {"amounts_yuan": given})
    assert (case.total_fen, case.in_scope_fen) == total_and_in_scope


def test_defaults_follow_the_policy() -> None:
    residents, _ = case_of_json(library()["rizhao-outpatient-2012"], {})
    assert residents.kind is CareKind.OUTPATIENT
    wage, _ = case_of_json(WITH_WAGE, {"parameters": {"average_wage_yuan": "34567.89"}})
    assert wage.parameters == {"average_wage_fen": 34_567_89}
    nothing_said, _ = case_of_json(WITH_WAGE, {})
    assert nothing_said.parameters == {"average_wage_fen": 12_000_00}
    minor, _ = case_of_json(
        library()["rizhao-outpatient-2012"], {"insured": {"person_type": "resident_minor"}}
    )
    assert minor.age_years == 10


WRONG = [
    ("1008", "amounts_yuan.total", "负", {"amounts_yuan": {"total": "-1"}}),
    ("1008", "amounts_yuan.total", "负", {"amounts_yuan": {"total": -1}}),
    ("1007", "amounts_yuan.total", "两位小数", {"amounts_yuan": {"total": "1.234"}}),
    ("1007", "amounts_yuan.total", "文本", {"amounts_yuan": {"total": 12.5}}),
    ("1007", "amounts_yuan.total", "文本", {"amounts_yuan": {"total": 10.0}}),
    ("1007", "amounts_yuan.total", "true", {"amounts_yuan": {"total": True}}),
    ("1007", "amounts_yuan.total", "一百", {"amounts_yuan": {"total": "一百"}}),
    ("1007", "amounts_yuan.total", "1e3", {"amounts_yuan": {"total": "1e3"}}),
    ("1006", "amounts_yuan.total", "过大", {"amounts_yuan": {"total": "99999999999"}}),
    ("1006", "amounts_yuan.total", "过大", {"amounts_yuan": {"total": 10**30}}),
    (
        "3004",
        "amounts_yuan.in_scope",
        "超过总额",
        {"amounts_yuan": {"total": "5", "in_scope": "5.01"}},
    ),
    ("1006", "amounts_yuan.totl", "没有这一项", {"amounts_yuan": {"totl": "5"}}),
    ("1006", "amount", "没有这一项", {"amount": {}}),
    ("1006", "visit.stay", "没有这一项", {"visit": {"stay": 1}}),
    ("1006", "visit", "对象", {"visit": []}),
    ("1006", "visit.kind", "dental", {"visit": {"kind": "dental"}}),
    ("1006", "visit.kind", "数组", {"visit": {"kind": ["inpatient"]}}),
    ("1006", "visit.level", "9", {"visit": {"level": 9}}),
    ("1006", "visit.level", "整数", {"visit": {"level": "1"}}),
    ("1006", "visit.stay_in_year", "0", {"visit": {"stay_in_year": 0}}),
    ("1006", "visit.out_of_area", "abroad", {"visit": {"out_of_area": "abroad"}}),
    ("1006", "visit.flags", "数组", {"visit": {"flags": "dialysis"}}),
    ("1006", "visit.flags[1]", "5", {"visit": {"flags": ["dialysis", 5]}}),
    ("1006", "visit.flags", "caesarian", {"visit": {"flags": ["caesarian"]}}),
    ("1006", "visit.month", "2026-13", {"visit": {"month": "2026-13"}}),
    ("1006", "insured.age", "-1", {"insured": {"age": -1}}),
    ("1006", "insured.age", "131", {"insured": {"age": 131}}),
    ("1006", "insured.age", "40.5", {"insured": {"age": 40.5}}),
    ("1006", "insured.age", "true", {"insured": {"age": True}}),
    ("1006", "insured.person_type", "student", {"insured": {"person_type": "student"}}),
    (
        "1006",
        "insured.person_type",
        "resident_adult",
        {"insured": {"person_type": "resident_adult"}},
    ),
    ("1008", "year_to_date_yuan.pool", "负", {"year_to_date_yuan": {"pool": "-0.01"}}),
    (
        "1006",
        "parameters.median_wage_yuan",
        "没有这一项",
        {"parameters": {"median_wage_yuan": "1"}},
    ),
    ("1007", "parameters.average_wage_yuan", "x", {"parameters": {"average_wage_yuan": "x"}}),
    (
        "1006",
        "in_scope_by_class_yuan.class_z",
        "没有这一项",
        {"in_scope_by_class_yuan": {"class_z": "1"}},
    ),
    ("3004", "lines", "超过总额", {"lines": [{"category": "x", "amount_yuan": "1"}]}),
    ("1004", "lines[0].amount_yuan", "不能为空", {"lines": [{"category": "x"}]}),
    ("1008", "account_yuan", "负", {"account_yuan": "-5"}),
    ("1006", "use_account", "true", {"use_account": "yes"}),
    ("1006", "case", "对象", []),
    ("1001", "case", "没有内容", b""),
    ("1001", "case", "第 1 行第 2 个", b"{\n"),
    ("1001", "case", "第 2 行", b'{\n  "visit" 1}'),
    ("1001", "case", "UTF-8", b"\xff\xfe"),
    ("1001", "case", "嵌套", b"[" * 100_000),
    ("1001", "case", "过长", b"9" * 5_000),
    ("1002", "case", "过大", b" " * (CASE_MAX + 1)),
    ("1006", "level", "两次", b'{"visit": {"level": 1, "level": 2}}'),
    ("1006", "??[2J", "没有这一项", b'{"\\ud800\\u001b[2J": 1}'),
    ("1007", "amounts_yuan.total", "nan", b'{"amounts_yuan": {"total": NaN}}'),
]


@pytest.mark.parametrize(("code", "field", "text", "data"), WRONG)
def test_what_is_wrong_is_refused_by_its_field(data: Any, code: str, field: str, text: str) -> None:
    refusal = refusal_of(data)
    assert (refusal["code"], refusal["field"]) == (code, field)
    assert text in refusal["text"]
    json.dumps(refusal, ensure_ascii=False).encode()


def test_a_kind_that_the_policy_has_no_part_for_is_refused() -> None:
    refusal = refusal_of({"visit": {"kind": "inpatient"}}, "rizhao-outpatient-2012")
    assert refusal["field"] == "visit.kind"


def test_a_parameter_that_the_policy_has_no_use_for_changes_nothing() -> None:
    with_wage = {"parameters": {"average_wage_yuan": "12000.00"}}
    assert case_of_json(YIZHENG, with_wage) == case_of_json(YIZHENG, {})


def test_a_flag_of_any_shipped_policy_may_stand_in_a_case_of_another() -> None:
    names = {one.flag for policy in library().values() for one in policy.exclusions}
    assert "traffic_accident" in names
    case, _ = case_of_json(YIZHENG, {"visit": {"flags": sorted(names)}})
    assert case.flags == names


@pytest.mark.parametrize(
    ("kind", "used", "counted"),
    [
        ("chronic", {"outpatient_in_scope": "600"}, 600_00),
        ("chronic", {"outpatient_in_scope": "600", "chronic_in_scope": "50"}, 50_00),
        ("outpatient", {"outpatient_in_scope": "600"}, 0),
    ],
)
def test_the_years_outpatient_fee_is_that_of_chronic_care_when_no_other_is_given(
    kind: str, used: dict[str, str], counted: int
) -> None:
    _, year = case_of_json(YIZHENG, {"visit": {"kind": kind}, "year_to_date_yuan": used})
    assert year.chronic_in_scope_fen == counted


def test_a_byte_order_mark_is_no_fault() -> None:
    assert parsed(b"\xef\xbb\xbf{}") == {}


def test_a_result_is_written_in_yuan_and_adds_up() -> None:
    case, year = case_of_json(YIZHENG, {"amounts_yuan": {"total": "12000.00", "in_scope": "10000"}})
    result = calculate(YIZHENG, case, year)
    written = result_as_json(result)
    assert list(written)[:12] == [
        *("policy", "total", "in_scope", "deductible", "pool", "large_sum"),
        *("supplement", "aid", "account", "cash", "fund_total", "beyond_bill"),
    ]
    # 300 own, 4,700 at 83 %, 5,000 at 86 %: 3,901 + 4,300.
    assert (written["deductible"], written["pool"]) == ("300.00", "8201.00")
    assert (written["cash"], written["fund_total"]) == ("3799.00", "8201.00")
    assert [step["to"] for step in written["steps"]].count("pool") == 2
    assert written["steps"][-1]["amount"] == "3799.00"
    assert written["adds_to_year"]["in_scope"] == "10000.00"


def test_what_a_case_adds_can_be_given_as_the_year_so_far() -> None:
    case, year = case_of_json(YIZHENG, {"amounts_yuan": {"total": "12000.00"}})
    first = calculate(YIZHENG, case, year)
    again = {
        "visit": {"stay_in_year": 2},
        "year_to_date_yuan": result_as_json(first)["adds_to_year"],
    }
    assert case_of_json(YIZHENG, again)[1] == first.delta


OVER_NEW_YEAR = {
    "visit": {"days_before_new_year": 4, "days_after_new_year": 6},
    "amounts_yuan": {"total": "10000.00"},
    "year_to_date_yuan": {"in_scope": "39000.00"},
}


def test_a_policy_that_splits_by_days_calculates_each_part_in_its_year() -> None:
    splitting = replace(YIZHENG, year_boundary=YearBoundary.SPLIT_BY_DAYS)
    written = answer_of(splitting, OVER_NEW_YEAR).as_json()
    assert (written["total"], written["deductible"]) == ("10000.00", "600.00")
    assert written["adds_to_year"]["in_scope"] == "4000.00"
    assert written["adds_to_new_year"]["in_scope"] == "6000.00"
    # Of the old year 1,000 is left below the limit; 300 of it is the deductible.
    assert written["adds_to_year"]["pool"] == "581.00"
    # 4,700 at 83 % and 1,000 at 86 %.
    assert written["adds_to_new_year"]["pool"] == "4761.00"


def test_a_policy_that_goes_by_the_discharge_does_not_ask_for_the_days() -> None:
    written = answer_of(YIZHENG, OVER_NEW_YEAR).as_json()
    assert "adds_to_new_year" not in written
    assert written["adds_to_year"]["in_scope"] == "10000.00"


@pytest.mark.parametrize(
    ("setting", "path", "value"),
    [
        ("visit.out_of_area=referral", ("visit", "out_of_area"), "referral"),
        ("visit.out_of_area=null", ("visit", "out_of_area"), None),
        ("visit.level=3", ("visit", "level"), 3),
        ('visit.flags=["dialysis"]', ("visit", "flags"), ["dialysis"]),
        ("amounts_yuan.total=12000.50", ("amounts_yuan", "total"), "12000.50"),
        ("use_account=true", ("use_account",), True),
        (
            "year_to_date_yuan.counters.aid.inpatient=1",
            ("year_to_date_yuan", "counters", "aid.inpatient"),
            1,
        ),
    ],
)
def test_a_key_can_be_changed(setting: str, path: tuple[str, ...], value: Any) -> None:
    given = {"visit": {"kind": "inpatient", "level": 1}, "amounts_yuan": {"total": "5"}}
    before = json.dumps(given)
    found: Any = changed(given, [setting])
    for name in path:
        found = found[name]
    assert found == value
    assert json.dumps(given) == before


@pytest.mark.parametrize("setting", ["visit.level", "=3", "visit.=3", ".level=3", "", "a.b.c.d"])
def test_a_change_that_names_no_key_is_refused(setting: str) -> None:
    with pytest.raises(CaseRefused) as refused:
        changed({}, [setting])
    assert refused.value.field == "--set"
