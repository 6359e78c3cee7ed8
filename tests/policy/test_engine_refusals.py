"""Cases outside the policy's world, or at odds with themselves, are refused by field."""

from dataclasses import replace

import pytest

from contracts.codes import PersonType
from contracts.money import FEN_MAX
from participants.policy.benefits import Account, CareKind, Elsewhere, Of, Terms
from participants.policy.choice import By
from participants.policy.model import Case, CaseRefused, Line, Policy
from tests.policy.made import by, case, clinic, policy, rate, result, share, stay, yuan

EMPLOYEES = policy(
    person_types=frozenset({PersonType.ACTIVE, PersonType.RETIRED}),
    ages=(16, 100),
    fee_classes=frozenset({"class_b"}),
    first_self_pay={"class_b": 1500},
)
CLINIC_ONLY = policy(
    stay=None, clinics={CareKind.OUTPATIENT: clinic()}, account=Account(frozenset(), False)
)
WAGE = policy(
    parameters=frozenset({"average_wage_fen"}), stay=stay(deductible=share("10%", Of.AVERAGE_WAGE))
)
HOLES = policy(
    stay=stay(deductible=by(By.PERSON, {"active": yuan("1")})),
    clinics={CareKind.OUTPATIENT: clinic(rate=by(By.LEVEL, {"level_1": rate("10%")}))},
)
WAGED = {"average_wage_fen": 12000_00}

REFUSALS: list[tuple[str, Policy, Case]] = [
    ("person_type", EMPLOYEES, case(person_type=PersonType.RESIDENT_MINOR)),
    ("age_years", EMPLOYEES, case(age_years=15)),
    ("age_years", EMPLOYEES, case(age_years=101)),
    ("age_years", policy(), case(age_years=-1)),
    ("age_years", policy(), case(age_years=131)),
    ("hospital_level", policy(), case(hospital_level=0)),
    ("hospital_level", policy(), case(hospital_level=4)),
    ("hospital_level", policy(), case(hospital_level=5)),
    ("hospital_level", policy(), case(hospital_level=-1)),
    ("total_fen", policy(), replace(case(), total_fen=-1, in_scope_fen=-1)),
    ("total_fen", policy(), replace(case(), total_fen=FEN_MAX + 1)),
    ("in_scope_fen", policy(), case("10.01", "10.00")),
    ("in_scope_fen", policy(), case(in_scope_fen=-1)),
    ("account_balance_fen", policy(), case(account_balance_fen=-1)),
    ("family_balance_fen", policy(), case(family_balance_fen=-1)),
    ("in_scope_by_class", EMPLOYEES, case(in_scope_by_class={"class_z": 1})),
    ("in_scope_by_class", EMPLOYEES, case(in_scope_by_class={"class_b": -1})),
    ("in_scope_by_class", EMPLOYEES, case("1.00", "9.00", in_scope_by_class={"class_b": 101})),
    ("lines", policy(), case(lines=(Line("examination", -1),))),
    ("lines", policy(), case("1.00", lines=(Line("examination", 101),))),
    ("months_insured", policy(), case(months_insured=-1)),
    ("diseases_approved", policy(), case(diseases_approved=-1)),
    ("parameters", policy(), case(parameters=WAGED)),
    ("parameters", WAGE, case()),
    ("parameters", WAGE, case(parameters={**WAGED, "price_of_tea_fen": 1})),
    ("parameters.average_wage_fen", WAGE, case(parameters={"average_wage_fen": -1})),
    ("parameters.average_wage_fen", WAGE, case(parameters={"average_wage_fen": 0})),
    ("kind", CLINIC_ONLY, case(kind=CareKind.INPATIENT)),
    ("kind", CLINIC_ONLY, case(kind=CareKind.PHARMACY)),
    ("kind", CLINIC_ONLY, case(kind=CareKind.MATERNITY)),
    ("person_type", HOLES, case(person_type=PersonType.RETIRED)),
    ("hospital_level", HOLES, case(kind=CareKind.OUTPATIENT)),
]


@pytest.mark.parametrize(("field", "made", "of"), REFUSALS)
def test_a_case_outside_the_policys_world_is_refused_by_name(
    field: str, made: Policy, of: Case
) -> None:
    with pytest.raises(CaseRefused) as refused:
        result(made, of)
    assert refused.value.field == field
    assert refused.value.text


def test_a_default_stands_for_a_parameter_and_a_case_overrules_it() -> None:
    made = replace(WAGE, defaults=WAGED)
    assert result(made, case()).deductible_fen == 1200_00
    assert result(made, case(parameters={"average_wage_fen": 100_00})).deductible_fen == 10_00


def test_a_level_may_use_anothers_row_and_terms_may_name_a_level() -> None:
    made = policy(
        level_used={4: 3},
        stay=stay(
            deductible=by(
                By.LEVEL, {"level_1": yuan("1"), "level_2": yuan("2"), "level_3": yuan("3")}
            )
        ),
        elsewhere={Elsewhere.OTHER: Terms("out_of_area.other", as_level=1)},
    )
    assert result(made, case(hospital_level=4)).deductible_fen == 3_00
    away = case(hospital_level=4, elsewhere=Elsewhere.OTHER)
    assert result(made, away).deductible_fen == 1_00
