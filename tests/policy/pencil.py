"""Works one row of a clerk's table through a shipped policy, the way the command line does."""

from participants.policy.cases.file import case_of_json, result_as_json
from participants.policy.engine import calculate
from participants.policy.loader import library

Row = dict[str, str]

# Who pays what, in the order of payers. A column that a table leaves out is 0.00 in every row.
PARTS = ("pool", "large_sum", "supplement", "aid", "account", "cash")
EXPECTED = ("deductible", *PARTS, "beyond_bill")

# The columns of a table that say something of the case: where it stands in a case file.
WORDS = {
    "person": ("insured", "person_type"),
    "kind": ("visit", "kind"),
    "place": ("visit", "out_of_area"),
    "disease": ("visit", "disease"),
    "month": ("visit", "month"),
}
NUMBERS = {
    "age": ("insured", "age"),
    "years": ("insured", "years_insured"),
    "months": ("insured", "months_insured"),
    "diseases": ("insured", "diseases_approved"),
    "level": ("visit", "level"),
    "stay": ("visit", "stay_in_year"),
}
AMOUNTS = {
    "total": ("amounts_yuan", "total"),
    "in_scope": ("amounts_yuan", "in_scope"),
    "class_b": ("in_scope_by_class_yuan", "class_b"),
    "high_cost": ("in_scope_by_class_yuan", "high_cost"),
    "wage": ("parameters", "average_wage_yuan"),
    "y_fee": ("year_to_date_yuan", "in_scope"),
    "y_pool": ("year_to_date_yuan", "pool"),
    "y_large": ("year_to_date_yuan", "large_sum"),
    "y_base": ("year_to_date_yuan", "large_base"),
    "y_out_fee": ("year_to_date_yuan", "outpatient_in_scope"),
    "y_out_pool": ("year_to_date_yuan", "outpatient_pool"),
    "y_chronic_pool": ("year_to_date_yuan", "chronic_pool"),
    "y_aid": ("year_to_date_yuan", "aid"),
}
FLAGS, BALANCE = "flag", "balance"
COUNTERS = {"used_in_may": "outpatient_pool.2026-05"}


def case_file(row: Row) -> dict[str, object]:
    """The case file of a row; '-' in a cell leaves the key out, so that its default holds."""
    tables: dict[str, dict[str, object]] = {}
    for name, text in row.items():
        if text == "-" or name in EXPECTED or name == BALANCE:
            continue
        if name == FLAGS:
            tables.setdefault("visit", {})["flags"] = text.split("+")
            continue
        if name in COUNTERS:
            tables["year_to_date_yuan"] = {"counters": {COUNTERS[name]: text}}
            continue
        table, key = {**WORDS, **NUMBERS, **AMOUNTS}[name]
        tables.setdefault(table, {})[key] = int(text) if name in NUMBERS else text
    balance = row.get(BALANCE, "-")
    return {**tables} if balance == "-" else {**tables, "account_yuan": balance}


def worked(policy_id: str, row: Row) -> Row:
    """What the policy makes of the row: all of `EXPECTED`, in yuan."""
    policy = library()[policy_id]
    found = result_as_json(calculate(policy, *case_of_json(policy, case_file(row))))
    return {name: found[name] for name in EXPECTED}


def expect(policy_id: str, row: Row) -> None:
    """The policy pays the row as the table says, part by part, and the parts are the bill."""
    expected = {name: row.get(name, "0.00") for name in EXPECTED}
    assert worked(policy_id, row) == expected
    bill = row["total"] if row.get("total", "-") != "-" else row["in_scope"]
    assert sum(_fen(expected[name]) for name in PARTS) == _fen(bill), "the table adds up"


def _fen(yuan: str) -> int:
    return int(yuan.replace(".", ""))
