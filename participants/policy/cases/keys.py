"""The keys of a case file and what each may hold; a null counts as a key that is left out."""

from collections.abc import Mapping
from typing import Any

from contracts.codes import PersonType
from contracts.refusal import RefusalCode
from participants.policy.benefits import CareKind, Elsewhere
from participants.policy.cases.fields import (
    CaseFileWrong,
    Read,
    amount,
    amounts,
    month,
    one_of,
    sequence,
    table,
    whole,
    word,
    words,
    yes_or_no,
)
from participants.policy.model import AMOUNTS_OF_A_YEAR, Line

# A year's amounts by the key they have in a file; how many stays is told by the visit.
YEAR_KEYS = {name.removesuffix("_fen"): name for name in AMOUNTS_OF_A_YEAR if name != "stays"}
KEYS: Mapping[str, Mapping[str, Read]] = {
    "insured": {
        "person_type": one_of(PersonType),
        "age": whole(0, 130),
        "years_insured": whole(0, 100),
        "months_insured": whole(0, 1_200),  # goes before years_insured
        "diseases_approved": whole(1, 100),
    },
    "visit": {
        "kind": one_of(CareKind),
        "level": whole(0, 4),
        "stay_in_year": whole(1, 366),
        "out_of_area": one_of(Elsewhere),
        "disease": word,
        "flags": words,
        "month": month,
        "days_before_new_year": whole(0, 3_660),
        "days_after_new_year": whole(0, 3_660),
    },
    "amounts_yuan": {"total": amount, "in_scope": amount},
    "year_to_date_yuan": {**dict.fromkeys(YEAR_KEYS, amount), "counters": amounts},
}
_LINE = {"category": word, "amount_yuan": amount}


def _lines(value: Any, field: str) -> tuple[Line, ...]:
    return tuple(
        _line(row, f"{field}[{place}]") for place, row in enumerate(sequence(value, field))
    )


def _line(row: Any, field: str) -> Line:
    read = table(row, field, _LINE)
    for name in _LINE:
        if name not in read:
            raise CaseFileWrong(RefusalCode.FIELD_MISSING, f"{field}.{name}", "不能为空")
    return Line(read["category"], read["amount_yuan"])


def _part(name: str) -> Read:
    return lambda value, field: table(value, field, KEYS[name])


TOP: Mapping[str, Read] = {
    **{name: _part(name) for name in KEYS},
    "parameters": lambda value, _field: value,  # which of them there are, the policy says
    "in_scope_by_class_yuan": lambda value, _field: value,
    "lines": _lines,
    "account_yuan": amount,
    "family_account_yuan": amount,
    "use_account": yes_or_no,
}
