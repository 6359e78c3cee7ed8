"""A policy file that does not add up never loads: file, line, key and reason are named."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from contracts.codes import InsuranceKind
from participants.policy.benefits import Elsewhere, LargeSumBase
from participants.policy.loader import (
    PolicyFileWrong,
    check_together,
    library,
    load,
    policy_of,
)
from participants.policy.reading.national import points_ceiling_on
from participants.policy.reading.world import known_flags
from tests.policy.faults import FAULTS, Fault

WHOLE = Path(__file__).with_name("whole.toml")
TEXT = WHOLE.read_text(encoding="utf-8")
YIZHENG = Path(__file__).parents[2] / "participants/policy/library/yizheng-employee-2010.toml"
LAST_BAND = 'from = "20000.00"\nto = "40000.00"'

# Where a limit, the bands and the large-sum fund meet: old, new, key, and a word of the reason.
MEETING = [
    ('limit = "40000.00"', 'limit = "50000.00"', "inpatient.bands", "limit 50000.00"),
    (LAST_BAND, 'from = "20000.00"\nto = "39999.99"', "inpatient.bands", "limit 40000.00"),
    (
        'limit = "40000.00" ',
        'limit = { active = "1.00", retired = "2.00" }',
        "inpatient.bands",
        "o",
    ),
    ('from = "40000.00"', 'from = "41000.00"', "large_sum[0].bands[0].from", "a gap"),
    ('"through_year"', '"per_stay"', "large_sum[0].bands_run", "through_year"),
    ('"through_year"', '"through_year"\ndeductible = "1.00"', "large_sum[0].deductible", "limit"),
    ('"in_scope_fee"', '"fund_payment"', "large_sum[0].base", "in_scope_fee"),
]


def test_the_whole_file_loads() -> None:
    policy = load(WHOLE)
    assert (policy.id, sorted(policy.levels), policy.ages) == ("whole", [1, 2, 3], (16, 120))
    assert policy.defaults == {"average_wage_fen": 6_000_000}
    assert [row.base for row in policy.large_sum] == [
        LargeSumBase.LEFT_OPEN,
        LargeSumBase.OWN_SHARE,
    ]
    assert policy.elsewhere[Elsewhere.EMERGENCY] == policy.elsewhere[Elsewhere.REFERRAL]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.key}:{fault.reason}")
def test_a_wrong_file_is_refused_by_line_key_and_reason(tmp_path: Path, fault: Fault) -> None:
    assert fault.old in TEXT
    path = tmp_path / WHOLE.name
    path.write_text(TEXT.replace(fault.old, fault.new, 1), encoding="utf-8")
    with pytest.raises(PolicyFileWrong) as refused:
        load(path)
    assert (refused.value.line, refused.value.key) == (fault.line, fault.key)
    assert fault.reason in refused.value.reason
    said = f"{WHOLE.name}:{fault.line}: {fault.key}: {refused.value.reason}"
    assert str(refused.value) == said


@pytest.mark.parametrize(("old", "new", "key", "reason"), MEETING)
def test_limits_bands_and_the_large_sum_fund_must_meet(
    old: str, new: str, key: str, reason: str
) -> None:
    text = YIZHENG.read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(PolicyFileWrong) as refused:
        policy_of("file", text.replace(old, new, 1))
    assert refused.value.key == key
    assert reason in refused.value.reason


def test_a_policy_in_which_nothing_is_paid_is_refused() -> None:
    head = TEXT[: TEXT.index("combined_aid_limit")]
    with pytest.raises(PolicyFileWrong, match="no part says what is paid"):
        policy_of("file", head)


def test_a_file_that_is_not_there_or_not_text_is_refused_too(tmp_path: Path) -> None:
    with pytest.raises(PolicyFileWrong, match="missing-2010"):
        load(tmp_path / "missing-2010.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(PolicyFileWrong, match=r"bytes\.toml:1: -: "):
        load(tmp_path / "bytes.toml")
    (tmp_path / "old.toml").write_bytes('id = "old"\ntitle = "旧"\n'.encode("gb18030"))
    with pytest.raises(PolicyFileWrong, match=r"old\.toml:2: -: not UTF-8"):
        load(tmp_path / "old.toml")


@pytest.mark.parametrize("text", [f"a = {'[' * 9_000}{']' * 9_000}", f"a = {'9' * 9_000}"])
def test_a_file_without_measure_is_refused_too(text: str) -> None:
    with pytest.raises(PolicyFileWrong, match="without end"):
        policy_of("file", text)


@pytest.mark.parametrize("before", ["\ufeff", ""])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_what_an_editor_adds_to_a_file_changes_nothing(
    tmp_path: Path, before: str, newline: str
) -> None:
    path = tmp_path / WHOLE.name
    path.write_text(before + TEXT, encoding="utf-8", newline=newline)
    assert load(path) == load(WHOLE)


def test_changing_the_file_changes_the_policy() -> None:
    policy = policy_of("file", TEXT.replace('"25', '"26').replace('rate = "30%"', 'rate = "31%"'))
    assert policy.aids[0] != load(WHOLE).aids[0]
    assert replace(policy, aids=()) == replace(load(WHOLE), aids=())


def test_before_the_national_rule_no_ceiling_holds() -> None:
    assert points_ceiling_on(date(2022, 12, 31)) is None
    early = TEXT.replace("2024-01-01", "2022-12-31").replace('points = "10%"', 'points = "30%"')
    assert policy_of("file", early).elsewhere[Elsewhere.REFERRAL].points_bp == 3000


def test_the_national_ceiling_is_ten_points_or_twenty() -> None:
    ceiling = points_ceiling_on(date(2023, 1, 1))
    assert ceiling is not None
    assert ceiling.points_bp == {
        Elsewhere.REFERRAL: 1000,
        Elsewhere.EMERGENCY: 1000,
        Elsewhere.OTHER: 2000,
    }
    assert "医保发〔2022〕22号" in ceiling.source


# Another policy of 2024 in the same place: what is changed, and whether the two may stand together.
BESIDE = [
    ({}, False),
    ({"valid_from": date(2025, 1, 1), "valid_to": None}, True),
    ({"valid_from": date(2024, 12, 31), "valid_to": None}, False),
    ({"valid_from": date(2020, 1, 1), "valid_to": date(2023, 12, 31)}, True),
    ({"valid_from": date(2020, 1, 1), "valid_to": date(2024, 1, 1)}, False),
    ({"area": "340200"}, True),
    ({"insurance": InsuranceKind.RESIDENT}, True),
]


@pytest.mark.parametrize(("changed", "is_fine"), BESIDE)
def test_one_area_has_one_policy_on_one_day(changed: dict[str, object], is_fine: bool) -> None:
    one = load(WHOLE)
    other = replace(one, id="other", **changed)  # type: ignore[arg-type]  # a table of any field
    if is_fine:
        return check_together([one, other])
    with pytest.raises(PolicyFileWrong, match="whole and other"):
        check_together([one, other])
    return None


def test_every_policy_shipped_loads_and_cites_its_source() -> None:
    policies = library()
    assert "yizheng-employee-2010" in policies
    assert all(policy.source for policy in policies.values())


def test_every_ambiguity_of_yizheng_names_its_parameter_and_why() -> None:
    readings = library()["yizheng-employee-2010"].readings
    assert len(readings) == 14
    assert all(reading.question and reading.taken and reading.why for reading in readings)


def test_a_policy_holds_from_its_first_day_to_its_last() -> None:
    policy = library()["yizheng-employee-2010"]
    assert not policy.holds_on(date(2010, 9, 26))
    assert policy.holds_on(date(2010, 9, 27))


def test_the_flags_that_routes_rely_on_are_known() -> None:
    assert {"in_arrears", "cancer_chemo_radio", "dialysis"} <= known_flags()
