"""A policy file that does not add up never loads: the file, the key and the reason are named."""

from datetime import date
from pathlib import Path

import pytest

from participants.policy.loader import PolicyFileWrong, library, load

FILE = Path("participants/policy/library/yizheng-employee-2010.toml")
TEXT = (Path(__file__).resolve().parents[2] / FILE).read_text(encoding="utf-8")

# What a clerk gets wrong, where it is said, and a word of the reason.
WRONG = [
    ('from = "5000.00"', 'from = "5000.01"', "inpatient.bands[1].from", "gap"),
    ('from = "5000.00"', 'from = "4999.99"', "inpatient.bands[1].from", "overlap"),
    ('from = "0.00"', 'from = "0.01"', "inpatient.bands[0].from", "gap"),
    ('to = "5000.00"', 'to = "0.00"', "inpatient.bands[0].to", "above from"),
    ('pool_limit = "40000.00"', 'pool_limit = "50000.00"', "inpatient.bands", "limit"),
    ('from = "40000.00"', 'from = "41000.00"', "large_sum.bands[0].from", "gap"),
    ('active = "83%"', 'active = "101%"', "inpatient.bands[0].active", "100 %"),
    ('active = "83%"', "active = 83", "inpatient.bands[0].active", "rate"),
    ('active = "83%"\n', "", "inpatient.bands[0].active", "missing"),
    ("level_used = { 3 = 2 }", "", "inpatient.deductible.active.3", "level"),
    ("level_used = { 3 = 2 }", "level_used = { 4 = 2 }", "inpatient.deductible.level_used.4", "1"),
    ('retired = { 1 = "200.00", 2', "retired = { 2", "inpatient.deductible.retired.1", "level"),
    ('2 = "600.00"', '2 = "600.005"', "inpatient.deductible.active.2", "amount"),
    ('2 = "600.00"', '2 = "-600.00"', "inpatient.deductible.active.2", "amount"),
    ('2 = "600.00"', "2 = 600.0", "inpatient.deductible.active.2", "amount"),
    ("age_from = 46", "age_from = 47", "chronic.rates[1].age_from", "gap"),
    ("age_from = 46", "age_from = 45", "chronic.rates[1].age_from", "overlap"),
    ("age_to = 45", "", "chronic.rates[1].age_from", "no end"),
    ("age_from = 46", "age_from = 46\nage_to = 60", "chronic.rates", "without end"),
    ("age_to = 45", "age_to = -1", "chronic.rates[0].age_to", "whole number"),
    ("valid_from = 2010-09-27", 'valid_from = "27.9.2010"', "valid_from", "day"),
    ("waiting_months = 6", "waiting_months = 6\nvalid_to = 2010-09-26", "valid_to", "before"),
    ("waiting_months = 6", "waiting_months = true", "waiting_months", "whole number"),
    ('insurance = "310"', 'insurance = "311"', "insurance", "one of"),
    ('"active", "retired"]', '"active", "pensioner"]', "person_types", "one of"),
    ('"active", "retired"]', '"active", "active"]', "person_types", "twice"),
    ('"active", "retired"]', '"active"]', "inpatient.bands[0].retired", "no rule knows"),
    ('["active", "retired"]', "[]", "person_types", "at least one"),
    ('bands_run = "per_stay"', 'bands_run = "per_week"', "inpatient.bands_run", "one of"),
    ("cumulative = true", 'cumulative = "yes"', "inpatient.repeat.cumulative", "true or false"),
    ("cumulative = true", "cumulative = true\nfactor = 2", "inpatient.repeat.factor", "no rule"),
    ('parameter = "account.kinds"', 'parameter = "account.kind"', "readings[10].parameter", "key"),
    ('source = "仪', 'source = ""\nx = "仪', "source", "text"),
    ('id = "yizheng-employee-2010"', 'id = "yizheng"', "id", "file's name"),
    ("[chronic]", "[chronic", "-", "line"),
]


@pytest.mark.parametrize(("old", "new", "key", "reason"), WRONG)
def test_a_wrong_file_is_refused(tmp_path: Path, old: str, new: str, key: str, reason: str) -> None:
    assert old in TEXT
    path = tmp_path / FILE.name
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PolicyFileWrong) as refused:
        load(path)
    assert (refused.value.file, refused.value.key) == (FILE.name, key)
    assert reason in refused.value.reason


def test_a_file_that_is_not_there_is_refused_too(tmp_path: Path) -> None:
    with pytest.raises(PolicyFileWrong, match="missing-2010"):
        load(tmp_path / "missing-2010.toml")


def test_changing_the_file_changes_the_policy(tmp_path: Path) -> None:
    path = tmp_path / FILE.name
    path.write_text(TEXT.replace('active = "83%"', 'active = "83.5%"', 1), encoding="utf-8")
    bands = next(iter(load(path).inpatient.bands.values()))
    assert (bands[0].rate_bp, bands[0].source) == (8350, "inpatient.bands[0].active")


def test_every_policy_shipped_loads_and_cites_its_source() -> None:
    policies = library()
    assert "yizheng-employee-2010" in policies
    assert all(policy.source for policy in policies.values())


def test_every_ambiguity_of_yizheng_names_its_parameter_and_why() -> None:
    readings = library()["yizheng-employee-2010"].readings
    assert len(readings) == 11
    assert all(reading.question and reading.taken and reading.why for reading in readings)


def test_a_policy_holds_from_its_first_day_to_its_last() -> None:
    policy = library()["yizheng-employee-2010"]
    assert not policy.holds_on(date(2010, 9, 26))
    assert policy.holds_on(date(2010, 9, 27))
