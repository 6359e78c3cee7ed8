"""How a refusal is told: its code, the place in the case file that it is about, a Chinese text."""

from collections.abc import Mapping

from contracts.refusal import RefusalCode
from participants.policy.cases.fields import CaseFileWrong
from participants.policy.model import CaseRefused

# Where the engine's names of a case's parts stand in a file.
_PLACES: Mapping[str, str] = {
    "kind": "visit.kind",
    "person_type": "insured.person_type",
    "age_years": "insured.age",
    "hospital_level": "visit.level",
    "level": "visit.level",
    "stays": "visit.stay_in_year",
    "elsewhere": "visit.out_of_area",
    "disease": "visit.disease",
    "flags": "visit.flags",
    "month": "visit.month",
    "months_insured": "insured.months_insured",
    "diseases_approved": "insured.diseases_approved",
    "total_fen": "amounts_yuan.total",
    "in_scope_fen": "amounts_yuan.in_scope",
    "in_scope_by_class": "in_scope_by_class_yuan",
    "account_balance_fen": "account_yuan",
    "family_balance_fen": "family_account_yuan",
}


def place_of(field: str) -> str:
    """The path in a case file of what the engine refused by its own name."""
    head, _, tail = field.partition(".")
    if head == "parameters" and tail.endswith("_fen"):
        return f"parameters.{tail.removesuffix('_fen')}_yuan"
    place = _PLACES.get(head, head)
    return f"{place}.{tail}" if tail else place


def refusal_as_json(refused: CaseRefused) -> dict[str, str]:
    """`{"code", "field", "text"}` of a CaseRefused, from reading the case or from the engine."""
    if isinstance(refused, CaseFileWrong):
        return {"code": refused.code.value, "field": refused.field, "text": refused.text}
    code = RefusalCode.FIELD_INVALID
    return {"code": code.value, "field": place_of(refused.field), "text": refused.text}
