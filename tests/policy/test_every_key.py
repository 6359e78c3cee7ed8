"""No key of a policy is lost, mistyped or broken without being refused, or being said here."""

import re
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from pathlib import Path as File
from typing import Any

import pytest

from participants.policy.loader import PolicyFileWrong, policy_of
from participants.policy.model import Policy
from participants.policy.reading.lines import Path, spelled

LIBRARY = (File(__file__).parents[2] / "participants/policy/library").glob("*.toml")
FILES = sorted([*LIBRARY, File(__file__).with_name("whole.toml")])

# A key that may be left out, and what then holds. Everything else must be there.
MAY_BE_MISSING = {
    r"valid_to": "without end",
    r"ages": "0 to 130",
    r"waiting_months": "0",
    r"pays_in_arrears": "false",
    r"year_boundary": "discharge_date",
    r"level_used(\.\d)?": "no other level's rows: a case of such a level is refused",
    r"parameter_defaults(\..+)?": "none: every case brings the parameter",
    r"(exclusions|classes|fee_classes)(\..+)?": "no such exclusion or class",
    r"inpatient|outpatient|chronic|pharmacy|large_sum|supplement|aid|maternity|account": "no part",
    r"readings": "no readings",
    r"account\.family": "false",
    r"inpatient\.(waiver|as_stay|repeat|bonus)": "none",
    r"inpatient\.as_stay\.(flags|diseases)": "none, where the other stands",
    r"inpatient\.bands_count": "in_scope_fee",
    r"inpatient\.repeat\.(floor|stay_\d)": "no floor; the steps before hold on",
    r"inpatient\.class_rates(\..+)?": "the band's rate",
    r".+\.bands\[\d+\]\.to": "without end, in the last band only",
    r".+\.(age|insured|stay)_\d+": "the steps before hold on; the first must be there",
    r"(outpatient|chronic)\.(visit_self_pay|threshold|bonus|extra_disease)": "none",
    r"(outpatient|chronic)\.threshold_per": "year",
    r"(outpatient|chronic)\.((cap|ceiling_fee)_(year|month|visit))": "no limit",
    r"(outpatient|chronic)\.disease_caps(\..+)?": "no limit",
    r"(outpatient|chronic)\.counts_toward_pool_limit": "false, where the pool has no limit",
    r"(large_sum|supplement|aid)\[\d\]\.(deductible|bonus)": "none",
    r"(large_sum|supplement|aid)\[\d\]\.kinds": "stays",
    r"(supplement|aid)\[\d\]\.limit(_counts)?": "no limit; it counts payment",
    r"(supplement|aid)\[\d\]\.(for_flags|not_for_flags|for_classes)": "everybody",
    r"aid\[\d\]\.line_limits(\..+)?": "a line counts whole",
    r"maternity\.lump_sums\[\d\]\.(flag|months_needed|per_month_insured)": "none",
    r"out_of_area(\.\w+)?": "as at home",
    r"out_of_area\.\w+\.(points|factor|first_self_pay|as_level|floor|clinic_rate)": "as at home",
    r"out_of_area\.\w+\.(deductible|bands|rate)": "as at home",
    r"out_of_area\.\w+\.keeps_repeat": "false",
}
# Names that a policy gives itself: another name is another class, disease or category.
OWN_NAMES = r"(exclusions|classes|fee_classes|chronic\.disease_caps|aid\[\d\]\.line_limits)\.\w+"
FREE_TEXTS = (
    r"title|source|exclusions\..+|classes\..+|.+\.label|readings\[\d+\]\.(question|taken|why)"
)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_lost_key_is_refused_or_has_a_default_that_is_said_above(file: File) -> None:
    table, policy = read(file)
    silent = [
        spelled(path)
        for path in keys(table)
        if (found := loaded(without(table, path))) is not None
        and found != policy
        and not matches(MAY_BE_MISSING, path)
    ]
    assert silent == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_mistyped_key_is_refused(file: File) -> None:
    table, _ = read(file)
    silent = [
        spelled(path)
        for path in keys(table)
        if loaded(renamed(table, path)) is not None and not matches([OWN_NAMES], path)
    ]
    assert silent == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
@pytest.mark.parametrize("wrong", [17.5, "?", [], {}, date(2024, 1, 1)], ids=repr)
def test_a_value_of_another_kind_is_refused(file: File, wrong: object) -> None:
    table, _ = read(file)
    silent = [
        spelled(path)
        for path in keys(table)
        if loaded(changed(table, path, wrong)) is not None
        and not (wrong == "?" and matches([FREE_TEXTS], path))
        and not (isinstance(wrong, date) and path[-1] in {"valid_from", "valid_to"})
    ]
    assert silent == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_value_with_something_after_it_is_refused(file: File) -> None:
    table, _ = read(file)
    texts = [path for path in keys(table) if isinstance(at(table, path), str)]
    silent = [
        spelled(path)
        for path in texts
        if loaded(changed(table, path, f"{at(table, path)}?")) is not None
        and not matches([FREE_TEXTS], path)
    ]
    assert silent == []


def read(file: File) -> tuple[dict[str, Any], Policy]:
    """The file's table without its readings' bodies, which only repeat keys; and its policy."""
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    table["readings"] = [{**table["readings"][0], "parameter": "id"}]
    policy = loaded(table)
    assert policy is not None, file.name
    return table, policy


def loaded(table: dict[str, Any]) -> Policy | None:
    """The policy of a table; None when it is refused."""
    text = "\n".join(f"{written(key)} = {toml(value)}" for key, value in table.items())
    try:
        return policy_of("file", text)
    except PolicyFileWrong:
        return None


def keys(value: object, above: Path = ()) -> Iterator[Path]:
    """Every key of a table, whatever stands below it; rows of lists have none of their own."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*above, key)
            yield from keys(inner, (*above, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from keys(inner, (*above, place))


def at(table: Any, path: Path) -> Any:
    for part in path:
        table = table[part]
    return table


def without(table: dict[str, Any], path: Path) -> dict[str, Any]:
    found = deepcopy(table)
    del at(found, path[:-1])[path[-1]]
    return found


def renamed(table: dict[str, Any], path: Path) -> dict[str, Any]:
    found = deepcopy(table)
    inner = at(found, path[:-1])
    inner[f"{path[-1]}x"] = inner.pop(path[-1])
    return found


def changed(table: dict[str, Any], path: Path, value: object) -> dict[str, Any]:
    found = deepcopy(table)
    at(found, path[:-1])[path[-1]] = value
    return found


def matches(patterns: Any, path: Path) -> bool:
    return any(re.fullmatch(pattern, spelled(path)) for pattern in patterns)


def toml(value: object) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        pairs = (f"{written(key)} = {toml(inner)}" for key, inner in value.items())
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    return written(value) if isinstance(value, str) else str(value)


def written(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
