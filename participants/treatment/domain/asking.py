"""What must hold before the hub is asked: ordered rules over facts, and the bill that counts."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date

from pydantic import ValidationError

from contracts.codes import AreaCode, DivisionCode, VisitKind, area_of
from contracts.ids import VisitId, short_text_of
from contracts.messages.settlement import Care
from contracts.messages.values import Bill
from contracts.money import FEN_MAX
from contracts.refusal import RefusalCode
from participants.treatment.domain.institution import Institution
from participants.treatment.domain.results import Refusal
from participants.treatment.domain.settlement import SettleRequest, Split
from participants.treatment.domain.visit import Visit, dates_hold
from participants.treatment.domain.visit_life import (
    PERMITTED,
    UNDOING_NOW,
    VISIT,
    Settled,
    VisitEvent,
)


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the rules may look at; whoever loads it does the I/O.

    `lines_bill`: the sum of the visit's unsettled fee lines, None when it never had a line.
    `settled`: how much of the visit its live settlements cover.
    `opened_as`: the visit that the hospital has opened under the number it now calls its own.
    `is_used`: this message id has asked for a settlement before.
    """

    area: AreaCode
    today: date
    institution: Institution | None
    visit: Visit | None = None
    lines_bill: Split | None = None
    settled: Settled = Settled.NOTHING
    opened_as: VisitId | None = None
    is_withdrawn: bool = False
    is_used: bool = False


@dataclass(frozen=True, slots=True)
class Asking:
    """What the hub is asked to settle or to try out."""

    care: Care
    bill: Bill


Refuses = Callable[[SettleRequest, Facts], bool | Refusal]
"""A rule that has more to say than its code gives the refusal itself."""


def is_foreign(division: str, area: AreaCode) -> bool:
    return area_of(division) != area


def is_undeclared_trauma(flags: Collection[str]) -> bool:
    """外伤 without a word on third parties 涉及第三方标志."""
    return "trauma" in flags and "third_party" not in flags and "no_third_party" not in flags


def _visit_is_not_theirs(request: SettleRequest, facts: Facts) -> bool:
    if request.visit_id is None:
        return False
    visit = facts.visit
    if visit is None or visit.hospital_code != request.hospital_code:
        return True
    return visit.person_id != request.person_id


def _number_is_of_a_visit(request: SettleRequest, facts: Facts) -> bool | Refusal:
    """Opened here: settled by another name it would be settled twice."""
    if facts.opened_as is None:
        return False
    told = f"就诊ID(mdtrt_id){request.own_visit_no}是已登记就诊的住院/门诊号，该就诊的就诊ID为"
    return Refusal(RefusalCode.FIELD_INVALID, told + short_text_of(facts.opened_as))


def _care_is_missing(request: SettleRequest, facts: Facts) -> bool:
    without = request.admitted_on is None or request.visit_kind is None
    return facts.visit is None and without


def _dates_are_impossible(request: SettleRequest, facts: Facts) -> bool:
    admitted_on, discharged_on = _dates_of(request, facts)
    return not dates_hold(admitted_on, discharged_on, facts.today)


def _institution_is_closed(request: SettleRequest, facts: Facts) -> bool:
    assert facts.institution is not None, "an earlier rule"
    admitted_on, _ = _dates_of(request, facts)
    return not facts.institution.is_open(_kind_of(request, facts), admitted_on)


def _amount_is_negative(request: SettleRequest, _facts: Facts) -> bool:
    return min(_amounts_of(request)) < 0


def _amount_is_too_large(request: SettleRequest, _facts: Facts) -> bool:
    return max(_amounts_of(request)) > FEN_MAX


def _visit_is_over(_request: SettleRequest, facts: Facts) -> bool:
    return facts.visit is not None and not VISIT.allows(facts.visit.state, VisitEvent.SETTLE)


def _is_being_undone(_request: SettleRequest, facts: Facts) -> bool | Refusal:
    return UNDOING_NOW if facts.settled is Settled.UNDOING else False


def _is_settled(_request: SettleRequest, facts: Facts) -> bool:
    return facts.settled not in PERMITTED[VisitEvent.SETTLE]


def _part_is_open(request: SettleRequest, facts: Facts) -> bool:
    """Lines that a mid-stay settlement holds come back when it comes to nothing: wait for it."""
    return facts.settled is Settled.BEING and not request.mid_stay


def _refunds_outweigh(_request: SettleRequest, facts: Facts) -> bool:
    """A bill is not negative, nor a part of it: undo the settlement of what is refunded first."""
    return facts.lines_bill is not None and min(facts.lines_bill.parts_fen()) < 0


def _lines_differ(request: SettleRequest, facts: Facts) -> bool:
    return facts.lines_bill is not None and facts.lines_bill.total_fen() != request.total_fen


def _split_is_missing(request: SettleRequest, facts: Facts) -> bool:
    return facts.lines_bill is None and request.split is None


def _parts_do_not_add_up(request: SettleRequest, facts: Facts) -> bool:
    if facts.lines_bill is not None or request.split is None:
        return False
    return request.split.total_fen() != request.total_fen


# fmt: off
# The order is the precedence: the first rule that refuses gives the answer.
RULES: tuple[tuple[RefusalCode, Refuses], ...] = (
    (RefusalCode.WITHDRAWN_BEFORE,        lambda _, facts: facts.is_withdrawn),
    (RefusalCode.CONFLICTING_REPLAY,      lambda _, facts: facts.is_used),
    (RefusalCode.UNKNOWN_INSTITUTION,     lambda _, facts: facts.institution is None),
    (RefusalCode.UNKNOWN_VISIT,           _visit_is_not_theirs),
    (RefusalCode.FIELD_INVALID,           _number_is_of_a_visit),
    (RefusalCode.VISIT_OUT_OF_STEP,       _visit_is_over),
    (RefusalCode.FIELD_MISSING,           _care_is_missing),
    (RefusalCode.UNKNOWN_AREA,            lambda ask, facts: area_of(_division_of(ask, facts)) is None),
    (RefusalCode.NOT_OUT_OF_AREA,         lambda ask, facts: not is_foreign(_division_of(ask, facts), facts.area)),
    (RefusalCode.DATES_IMPOSSIBLE,        _dates_are_impossible),
    (RefusalCode.INSTITUTION_NOT_CONNECTED, _institution_is_closed),
    (RefusalCode.AMOUNT_NEGATIVE,         _amount_is_negative),
    (RefusalCode.FIELD_INVALID,           _amount_is_too_large),
    (RefusalCode.AMOUNT_IS_ZERO,          lambda ask, _: ask.total_fen == 0),
    (RefusalCode.TOO_BUSY,                _is_being_undone),
    (RefusalCode.ALREADY_SETTLED,         _is_settled),
    (RefusalCode.VISIT_OUT_OF_STEP,       _part_is_open),
    (RefusalCode.AMOUNT_NEGATIVE,         _refunds_outweigh),
    (RefusalCode.LINES_DIFFER_FROM_TOTAL, _lines_differ),
    (RefusalCode.FIELD_MISSING,           _split_is_missing),
    (RefusalCode.PARTS_DO_NOT_ADD_UP,     _parts_do_not_add_up),
)
# fmt: on


def decide(request: SettleRequest, facts: Facts) -> Asking | Refusal:
    """What to ask the hub, or the first rule that refuses."""
    for code, refuses in RULES:
        if no := refuses(request, facts):
            return no if isinstance(no, Refusal) else Refusal(code)
    try:
        return Asking(_care_of(request, facts), _bill_of(request, facts))
    except ValidationError as error:
        # Where, never what: the value may be somebody's illness.
        return Refusal(RefusalCode.FIELD_INVALID, str(error.errors()[0]["loc"][0]))


def _division_of(request: SettleRequest, facts: Facts) -> DivisionCode:
    return request.insured_division if facts.visit is None else facts.visit.insured_division


def _dates_of(request: SettleRequest, facts: Facts) -> tuple[date, date]:
    visit = facts.visit
    admitted_on = visit.admitted_on if visit else request.admitted_on
    assert admitted_on is not None, "an earlier rule"
    left_on = request.discharged_on or (visit.discharged_on if visit else None)
    if left_on is None:
        # Out-patients leave the day they come; who settles in mid-stay is still there.
        is_stay = _kind_of(request, facts) is VisitKind.INPATIENT
        left_on = max(facts.today, admitted_on) if is_stay else admitted_on
    return admitted_on, left_on


def _kind_of(request: SettleRequest, facts: Facts) -> VisitKind:
    kind = request.visit_kind or (facts.visit.visit_kind if facts.visit else None)
    assert kind is not None, "an earlier rule"
    return kind


def _amounts_of(request: SettleRequest) -> tuple[int, ...]:
    parts = request.split or Split(0, 0, 0, 0)
    own = (parts.fully_own_fen, parts.over_ceiling_fen, parts.first_self_pay_fen)
    return (request.total_fen, *own, parts.in_scope_fen)


def _bill_of(request: SettleRequest, facts: Facts) -> Bill:
    split = facts.lines_bill or request.split
    assert split is not None, "an earlier rule"
    return Bill(
        total_fen=request.total_fen,
        fully_own_fen=split.fully_own_fen,
        over_ceiling_fen=split.over_ceiling_fen,
        first_self_pay_fen=split.first_self_pay_fen,
        in_scope_fen=split.in_scope_fen,
    )


def _care_of(request: SettleRequest, facts: Facts) -> Care:
    assert facts.institution is not None, "an earlier rule"
    admitted_on, discharged_on = _dates_of(request, facts)
    visit = facts.visit
    return Care(
        person_id=request.person_id,
        insured_division=_division_of(request, facts),
        treatment_division=facts.institution.division,
        insurance_kind=request.insurance_kind,
        visit_kind=_kind_of(request, facts),
        hospital_code=request.hospital_code,
        hospital_level=facts.institution.level,
        admitted_on=admitted_on,
        discharged_on=discharged_on,
        disease_code=request.disease_code or (visit.disease_code if visit else None),
        flags=tuple(dict.fromkeys((*(visit.flags if visit else ()), *request.flags))),
        use_account=request.use_account,
    )
