"""What must hold before a visit is opened or changed, and which texts can be stored at all."""

from contracts.codes import area_of
from contracts.refusal import RefusalCode
from participants.treatment.domain.asking import Facts, is_foreign
from participants.treatment.domain.results import Refusal
from participants.treatment.domain.visit import NewVisit, dates_hold


def visit_refusal(visit: NewVisit, facts: Facts) -> Refusal | None:
    """Why this visit cannot be opened, or None."""
    checks = (
        (facts.is_withdrawn, RefusalCode.WITHDRAWN_BEFORE),
        (facts.is_used, RefusalCode.CONFLICTING_REPLAY),
        (facts.institution is None, RefusalCode.UNKNOWN_INSTITUTION),
        (area_of(visit.insured_division) is None, RefusalCode.UNKNOWN_AREA),
        (not is_foreign(visit.insured_division, facts.area), RefusalCode.NOT_OUT_OF_AREA),
        (
            not dates_hold(visit.admitted_on, visit.discharged_on, facts.today),
            RefusalCode.DATES_IMPOSSIBLE,
        ),
        (not facts_fit(visit.disease_code, visit.flags), RefusalCode.FIELD_INVALID),
        (len(visit.person_id) != 29, RefusalCode.FIELD_INVALID),
    )
    return next((Refusal(code) for refuses, code in checks if refuses), None)


def facts_fit(disease_code: str | None, flags: tuple[str, ...]) -> bool:
    """Whether these can be stored and sent; their lengths are those of `Care`."""
    return fits(disease_code or "", 30) and all(fits(flag, 40) for flag in flags)


def fits(text: str, length_max: int) -> bool:
    """PostgreSQL stores neither NUL nor half a surrogate pair, both of which JSON can hold."""
    return len(text) <= length_max and text.isprintable()
