"""Clearing types as data: what each code holds, and that our own answers can be reconciled."""
# ruff: noqa: E501 - a table: a row stays a row

from datetime import date

import pytest

from contracts.codes import InsuranceKind, VisitKind
from participants.gateway.wire.clearing_types import clearing_type_of, clearing_types, scope_of
from participants.gateway.wire.codes import clearing_type_of as told_as
from participants.gateway.wire.dictionaries import dictionaries

V, K = VisitKind, InsuranceKind
DAY = date(2024, 3, 1)

# fmt: off
HELD = [
    # clr_type  insutype  kinds of care                                          insurances
    ("11",      "",       {V.OUTPATIENT},                                        {K.EMPLOYEE, K.RESIDENT}),
    ("1101",    "310",    {V.OUTPATIENT},                                        {K.EMPLOYEE}),
    ("99952",   "390",    set(V),                                                {K.RESIDENT}),
    ("310112",  "",       {V.OUTPATIENT, V.CHRONIC},                             {K.EMPLOYEE}),
    ("310112",  "390",    {V.OUTPATIENT, V.CHRONIC},                             set()),
    ("9909",    "",       set(),                                                 set(K)),
    ("",        "",       set(V),                                                set(K)),
]
# fmt: on


@pytest.mark.parametrize(("clr_type", "insutype", "visits", "insurances"), HELD)
def test_a_code_holds(
    clr_type: str, insutype: str, visits: set[VisitKind], insurances: set[InsuranceKind]
) -> None:
    scope = scope_of("H", DAY, DAY, clr_type=clr_type, insutype=insutype)
    assert set(scope.visit_kinds) == visits
    assert set(scope.insurance_kinds) == insurances


@pytest.mark.parametrize("kind", VisitKind)
def test_what_our_answers_say_is_what_a_hospital_reconciles(kind: VisitKind) -> None:
    assert clearing_type_of(told_as(kind)).visits == (kind,)


def test_every_code_is_in_the_dictionary() -> None:
    assert all(dictionaries()["clr_type"].allows(code) for code in clearing_types())
