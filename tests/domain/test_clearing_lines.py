"""Lines of clearing: whom each concerns, and where they and the ledger do not agree."""

import pytest

from contracts.codes import AreaCode, Fund, InsuranceKind, Role, VisitKind
from contracts.messages.clearing import ClearingLine
from hub.domain.clearing import Difference, Pair, area_in, differences, fund_fen, lines_of
from tests.support.tables import rows

HUNAN, SHANGHAI, ANHUI = AreaCode("430000"), AreaCode("310000"), AreaCode("340000")
PAIR: Pair = (HUNAN, SHANGHAI)
# Fen of one pair by both computations; - where one does not have the pair at all.
AGREE = """
    payable | receivable | differs
    1       | 1          | no
    1       | -          | yes
    -       | 1          | yes
    -1      | -          | yes
    -       | -1         | yes
    0       | -          | no
    -       | 0          | no
    2       | 1          | yes
"""


def _line(insured: AreaCode, treatment: AreaCode) -> ClearingLine:
    return ClearingLine(
        insured_area=insured,
        treatment_area=treatment,
        insurance_kind=InsuranceKind.EMPLOYEE,
        visit_kind=VisitKind.INPATIENT,
        count=1,
        total_fen=66,
        parts_fen=(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
        payable_fen=45,
    )


@pytest.mark.parametrize("case", rows(AGREE), ids=lambda case: "-".join(case.values()))
def test_a_pair_that_is_missing_owes_nothing(case: dict[str, str]) -> None:
    payable, receivable = (
        {} if case[name] == "-" else {PAIR: int(case[name])} for name in ("payable", "receivable")
    )
    expected = [Difference(*PAIR, payable.get(PAIR, 0), receivable.get(PAIR, 0))]
    assert differences(payable, receivable) == (expected if case["differs"] == "yes" else [])


def test_a_line_concerns_its_two_areas_each_in_its_role() -> None:
    lines = [_line(HUNAN, SHANGHAI), _line(SHANGHAI, HUNAN), _line(ANHUI, SHANGHAI)]
    assert [area_in(lines[0], role) for role in (Role.INSURED, Role.TREATMENT)] == [HUNAN, SHANGHAI]
    assert lines_of(lines, Role.INSURED, HUNAN) == [lines[0]]
    assert lines_of(lines, Role.TREATMENT, HUNAN) == [lines[1]]
    assert lines_of(lines, Role.TREATMENT, SHANGHAI) == [lines[0], lines[2]]
    assert lines_of(lines, Role.TREATMENT, ANHUI) == []


def test_the_part_of_each_fund_is_found_by_its_name() -> None:
    line = _line(HUNAN, SHANGHAI)
    assert {fund: fund_fen(line, fund) for fund in Fund} == {
        fund: number for number, fund in enumerate(Fund, 1)
    }
    assert fund_fen(line, *Fund) == line.payable_fen
