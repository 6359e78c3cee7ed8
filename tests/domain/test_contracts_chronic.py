"""The dated table of chronic diseases that are settled directly across provinces."""

from datetime import date

import pytest

from contracts.chronic import disease_of, diseases

FIRST_FIVE = date(2022, 1, 1)
ALL_TEN = date(2024, 12, 1)


def test_five_diseases_at_first_and_ten_since_december_2024() -> None:
    assert len([one for one in diseases() if one.since <= FIRST_FIVE]) == 5
    assert len([one for one in diseases() if one.since <= ALL_TEN]) == len(diseases()) == 10


# fmt: off
CODES = (
    ("M03900", ALL_TEN,            "高血压"),
    ("M01600", FIRST_FIVE,         "糖尿病"),
    ("M00503", ALL_TEN,            "恶性肿瘤门诊放化疗"),  # a sub-item
    ("M07803", ALL_TEN,            "尿毒症透析"),
    ("M00201", ALL_TEN,            "病毒性肝炎"),
    ("M05300", ALL_TEN,            "慢性阻塞性肺疾病"),
    ("M05300", date(2024, 11, 30), None),  # the day before it was opened
    ("M03900", date(2021, 12, 31), None),
    ("M99900", ALL_TEN,            None),  # no disease of the table
    ("M039",   ALL_TEN,            None),
    ("m03900", ALL_TEN,            None),
    (None,     ALL_TEN,            None),
)
# fmt: on


@pytest.mark.parametrize(("code", "day", "name"), CODES)
def test_a_code_is_open_from_its_day_on(code: str | None, day: date, name: str | None) -> None:
    found = disease_of(code, day)
    assert (found and found.name) == name
