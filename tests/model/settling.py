"""What should be true of settlements 结算: taken on, answered, undone; each has one end.

Written from the Rules and the state table of the design; it calls nothing of the hub.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from contracts.clock import shanghai_date_of
from contracts.codes import RegistrationCategory, VisitKind, area_of
from contracts.message import Body, Message
from contracts.messages.settlement import (
    Basis,
    CalculationRequested,
    Care,
    Outcome,
    ReleaseReason,
    ReleaseRequested,
    SettlementAnswered,
    SettlementConcluded,
    SettlementRequested,
    Standing,
    TrialAnswered,
    TrialCalculationRequested,
)
from contracts.messages.values import Shares
from contracts.refusal import RefusalCode as R
from tests.model.keeping import Books
from tests.model.registering import Filed, Registrations
from tests.model.saying import Hearing

OUTCOMES = {
    "settled": Outcome.SETTLED,
    "rejected": Outcome.REFUSED,
    "expired": Outcome.EXPIRED,
    "withdrawn": Outcome.WITHDRAWN,
    "reversed": Outcome.REVERSED,
}
VOID = {"expired", "withdrawn", "rejected"}


@dataclass(slots=True)
class Settlement:
    """`caused`: the messages that moved it; `shares` once it is settled, for ever."""

    request: SettlementRequested
    state: str
    answer_by: datetime | None = None
    concluded_at: datetime | None = None
    settled_on: date | None = None
    reversed_on: date | None = None
    shares: Shares | None = None
    deductible_fen: int = 0
    code: R | None = None
    detail: str = ""
    late_answers: int = 0
    caused: set[UUID] = field(default_factory=set)

    @property
    def care(self) -> Care:
        return self.request.care

    @property
    def insured(self) -> str:
        return f"{self.care.insured_division[:2]}0000"

    @property
    def treatment(self) -> str:
        return f"{self.care.treatment_division[:2]}0000"


@dataclass(slots=True)
class Awaited:
    """A release that the insured area has not answered."""

    reason: ReleaseReason
    asked_at: datetime
    look_at: datetime
    times: int = 0
    alarmed: bool = False


@dataclass(slots=True)
class Settlements:
    """`need_registration`: for what, besides 住院, an area asks for one; it said nothing: all."""

    registrations: Registrations
    books: Books
    hearing: Hearing
    need_registration: Mapping[str, frozenset[VisitKind]]
    answer_within: timedelta
    ask_first: timedelta
    ask_longest: timedelta
    alarm_after: timedelta
    known: dict[UUID, Settlement] = field(default_factory=dict)
    tombstones: set[UUID] = field(default_factory=set)
    awaited: dict[UUID, Awaited] = field(default_factory=dict)

    # The treatment area speaks

    def requested(self, message: Message[Any], now: datetime) -> None:
        body, care = message.body, message.body.care
        if not self._may_bill(message):
            return self.hearing.note("wrong_sender")
        if body.settlement_id in self.known:
            return self.hearing.note("repeated_id")
        code, standing = self.judged(body, now)
        if body.settlement_id in self.tombstones:
            code = R.WITHDRAWN_BEFORE
        one = self.known[body.settlement_id] = Settlement(body, "routed", now + self.answer_within)
        one.caused.add(message.head.message_id)
        if code is not None or standing is None:
            one.state, one.code, one.answer_by, one.concluded_at = "rejected", code, None, now
            return self._answer(one)
        within_ms = self.answer_within // timedelta(milliseconds=1)
        asked = CalculationRequested(
            settlement_id=body.settlement_id,
            care=care,
            bill=body.bill,
            standing=standing,
            answer_within_ms=within_ms,
        )
        return self._tell_insured(one, asked)

    def tried(self, message: Message[Any], now: datetime) -> None:
        """预结算 changes nothing anywhere."""
        body, one = message.body, Settlement(message.body, "trial")
        if not self._may_bill(message):
            return self.hearing.note("wrong_sender")
        code, standing = self.judged(body, now)
        if code is not None or standing is None:
            no = TrialAnswered(settlement_id=body.settlement_id, shares=None, code=code)
            return self._tell_treatment(one, no)
        same = {"settlement_id": body.settlement_id, "care": body.care, "bill": body.bill}
        return self._tell_insured(one, TrialCalculationRequested(**same, standing=standing))

    def cancelled(self, message: Message[Any], now: datetime) -> None:
        """撤销 of what is settled; of anything else a no."""
        one = self.known.get(message.body.settlement_id)
        if not self._may_undo(message, one):
            return self.hearing.note("wrong_sender")
        if one is None:
            return self._tell_sender(message, Outcome.KEPT, R.UNKNOWN_SETTLEMENT, now)
        if one.state not in {"settled", "reversing", "reversed"}:
            return self._kept(one, R.NOT_CANCELLABLE, one.state, now)
        if one.state == "settled" and message.head.message_id in one.caused:
            # A question had begun it, and the insured area kept: it is not begun again.
            return self._kept(one, one.code or R.NOT_CANCELLABLE, one.detail, now)
        one.caused.add(message.head.message_id)
        if one.state == "settled":
            one.state = "reversing"
            self._ask_release(one, ReleaseReason.CANCELLED, now)
        elif one.state == "reversed":
            self._answer(one)
        return None

    def withdrawn(self, message: Message[Any], now: datetime) -> None:
        """冲正 by the id alone; of an id never seen it leaves a tombstone."""
        one = self.known.get(message.body.settlement_id)
        if self._may_undo(message, None) and one is None:
            self.tombstones.add(message.body.settlement_id)
            return self._tell_sender(message, Outcome.WITHDRAWN, None, now)
        if one is None or not self._may_undo(message, one):
            return self.hearing.note("wrong_sender")
        one.caused.add(message.head.message_id)
        if one.state == "reversing":
            return None  # The answer will come.
        if one.state in OUTCOMES and one.state != "settled":
            return self._answer(one)
        if one.state == "routed":
            one.state, one.concluded_at = "withdrawn", now
            self._answer(one)
        else:
            one.state = "reversing"
        return self._ask_release(one, ReleaseReason.WITHDRAWN, now)

    def asked(self, message: Message[Any], now: datetime) -> None:
        """Where does it stand? A cancellation that was lost on its way begins with the question."""
        one, about = self.known.get(message.body.settlement_id), message.body.cancellation_id
        if one is None or one.state not in OUTCOMES:
            return None
        if not self._may_undo(message, one):
            return self.hearing.note("wrong_sender")
        if one.state != "settled" or about is None:
            return self._answer(one)
        if about in one.caused:
            return self._kept(one, one.code or R.NOT_CANCELLABLE, one.detail, now)
        one.state = "reversing"
        one.caused.add(about)
        return self._ask_release(one, ReleaseReason.CANCELLED, now)

    # The insured area speaks

    def calculated(self, message: Message[Any], now: datetime) -> None:
        """In time and sound it settles, on the open day; else what was granted is given back."""
        body = message.body
        one = self._of_insured(message, {"routed", *VOID})
        if one is None:
            return None
        one.caused.add(message.head.message_id)
        if one.state in VOID:
            one.late_answers += 1
            return self._ask_release(one, ReleaseReason.LATE, now)
        told, total_fen = body.shares.model_dump(), one.request.bill.total_fen
        if told["hospital_fen"] is None:  # 医院垫付 left blank is what nobody else bears.
            told["hospital_fen"] = 0
            told["hospital_fen"] = max(0, total_fen - sum(told.values()))
        one.concluded_at = now
        if sum(told.values()) != total_fen or body.deductible_fen > total_fen:
            one.state, one.code = "rejected", R.PARTS_DO_NOT_ADD_UP
            self._answer(one)
            return self._ask_release(one, ReleaseReason.UNSOUND, now)
        one.state, one.shares, one.deductible_fen = "settled", Shares(**told), body.deductible_fen
        one.settled_on = self.books.book(one.request, one.shares, +1)
        self._answer(one, balance_fen=body.balance_fen)
        return self._conclude(one)

    def not_calculated(self, message: Message[Any], now: datetime) -> None:
        one = self._of_insured(message, {"routed", "expired", "withdrawn"})
        if one is None:
            return None
        one.caused.add(message.head.message_id)
        if one.state != "routed":
            one.late_answers += 1
            return None
        one.state, one.concluded_at = "rejected", now
        one.code, one.detail = message.body.code, message.body.detail
        return self._answer(one)

    def released(self, message: Message[Any], now: datetime) -> None:
        """What was being undone is undone on the open day; of the rest it is noted."""
        one = self._of_insured(message, {"reversing", "reversed", *VOID})
        if one is None:
            return None
        one.caused.add(message.head.message_id)
        self.awaited.pop(one.request.settlement_id, None)
        if one.state != "reversing":
            return None
        assert one.shares is not None, "only what was settled is undone"
        one.state, one.concluded_at, one.code, one.detail = "reversed", now, None, ""
        one.reversed_on = self.books.book(one.request, one.shares, -1)
        self._answer(one)
        if not message.body.was_granted:
            self.hearing.note("nothing_granted")
        return self._conclude(one)

    def not_released(self, message: Message[Any], now: datetime) -> None:
        """The insured area keeps the benefit: it stays settled."""
        body, known = message.body, self.known.get(message.body.settlement_id)
        if known is not None and message.head.sender == f"insured.{known.insured}":
            self.awaited.pop(body.settlement_id, None)
        one = self._of_insured(message, {"reversing", "settled"})
        if one is None:
            return None
        one.caused.add(message.head.message_id)
        if one.state == "settled":
            return None
        one.state, one.code, one.detail = "settled", body.code, body.detail
        return self._kept(one, body.code, body.detail, now)

    # The clock speaks

    def expire(self, now: datetime) -> None:
        """No answer by the deadline: void, and the insured area gives back what it may have."""
        for one in self.known.values():
            if one.state == "routed" and one.answer_by is not None and one.answer_by <= now:
                one.state, one.concluded_at, one.code = "expired", now, R.EXPIRED
                self._answer(one)
                self._ask_release(one, ReleaseReason.EXPIRED, now)

    def ask_again(self, now: datetime) -> None:
        """Pauses double up to the longest; after a while an operator hears of it, once."""
        for id_, awaited in self.awaited.items():
            due = (
                awaited.look_at <= now
                if awaited.times
                else awaited.asked_at + self.ask_first <= now
            )
            if not due:
                continue
            awaited.times += 1
            awaited.look_at = now + min(self.ask_first * 2**awaited.times, self.ask_longest)
            if not awaited.alarmed and now - awaited.asked_at >= self.alarm_after:
                awaited.alarmed = True
                self.hearing.note("release_overdue")
            self._release(self.known[id_], awaited.reason)

    # What the acceptance rules say

    def judged(self, body: Any, now: datetime) -> tuple[R | None, Standing | None]:
        """The first code that fits, in the order in which they are published; or what it is on."""
        care, bill = body.care, body.bill
        open_areas = self.registrations.open_areas
        insured, treatment = area_of(care.insured_division), area_of(care.treatment_division)
        parts = bill.fully_own_fen + bill.over_ceiling_fen + bill.first_self_pay_fen
        today, trauma = shanghai_date_of(now), "trauma" in care.flags
        found = (
            (R.UNKNOWN_AREA, insured is None or treatment is None),
            (R.NOT_OUT_OF_AREA, insured == treatment),
            (R.AREA_NOT_CONNECTED, not {insured, treatment} <= open_areas),
            (R.AMOUNT_IS_ZERO, bill.total_fen == 0),
            (R.PARTS_DO_NOT_ADD_UP, parts + bill.in_scope_fen != bill.total_fen),
            (R.DATES_IMPOSSIBLE, not care.admitted_on <= care.discharged_on),
            (R.DATES_IMPOSSIBLE, care.admitted_on > today),
            (R.DATES_IMPOSSIBLE, care.discharged_on > today),
            (R.THIRD_PARTY_LIABLE, "third_party" in care.flags),
            (R.TRAUMA_NOT_DECLARED, trauma and "no_third_party" not in care.flags),
        )
        code = next((code for code, refuses in found if refuses), None)
        return (code, None) if code is not None else self._stands_on(care)

    def _stands_on(self, care: Care) -> tuple[R | None, Standing | None]:
        """The registration that comes nearest; 急诊 is deemed registered, some care needs none."""
        theirs = self.registrations.of(care.person_id)
        best = max(theirs, key=lambda one: _nearness(one, care), default=None)
        lacks = R.REGISTRATION_NOT_FOUND if best is None else _first_against(best, care)
        asks = self.need_registration.get(f"{care.insured_division[:2]}0000", frozenset(VisitKind))
        needs_one = care.visit_kind is VisitKind.INPATIENT or care.visit_kind in asks
        if best is not None and lacks is None:
            return None, Standing(
                basis=Basis.REGISTERED if needs_one else Basis.NOT_NEEDED,
                category=best.wanted.category,
                registration_id=best.wanted.registration_id,
                by_commitment=best.by_mere_promise(),
            )
        if not needs_one:
            return None, Standing(basis=Basis.NOT_NEEDED, category=None)
        insurance = {R.INSURED_ELSEWHERE, R.INSURANCE_KIND_DIFFERS}
        if "emergency" in care.flags and lacks not in insurance:
            return None, Standing(basis=Basis.DEEMED, category=RegistrationCategory.EMERGENCY)
        return lacks, None

    # Who may speak, and who hears

    def _may_bill(self, message: Message[Any]) -> bool:
        area = f"{message.body.care.treatment_division[:2]}0000"
        return message.head.sender == f"treatment.{area}" and area in self.registrations.open_areas

    def _may_undo(self, message: Message[Any], one: Settlement | None) -> bool:
        area = message.body.treatment_area
        known = area in self.registrations.open_areas and message.head.sender == f"treatment.{area}"
        return known and (one is None or one.treatment == area)

    def _of_insured(self, message: Message[Any], states: set[str]) -> Settlement | None:
        one = self.known.get(message.body.settlement_id)
        if one is None:
            self.hearing.note("unknown_subject")
        elif message.head.sender != f"insured.{one.insured}":
            self.hearing.note("wrong_sender")
        elif one.state not in states:
            self.hearing.note("out_of_step")
        else:
            return one
        return None

    def _answer(self, one: Settlement, balance_fen: int | None = None) -> None:
        assert one.concluded_at is not None, one.state
        body = SettlementAnswered(
            settlement_id=one.request.settlement_id,
            outcome=OUTCOMES[one.state],
            concluded_at=one.concluded_at,
            business_date=one.reversed_on or one.settled_on,
            shares=one.shares,
            deductible_fen=one.deductible_fen,
            balance_fen=balance_fen,
            code=one.code if one.shares is None else None,
            detail=one.detail if one.shares is None else "",
        )
        self._tell_treatment(one, body)

    def _kept(self, one: Settlement, code: R, detail: str, now: datetime) -> None:
        id_ = one.request.settlement_id
        answer = {"outcome": Outcome.KEPT, "concluded_at": now, "code": code, "detail": detail}
        self._tell_treatment(one, SettlementAnswered(settlement_id=id_, **answer))

    def _conclude(self, one: Settlement) -> None:
        body = SettlementConcluded(
            settlement_id=one.request.settlement_id,
            person_id=one.care.person_id,
            outcome=OUTCOMES[one.state],
            business_date=one.reversed_on or one.settled_on,
            concluded_at=one.concluded_at,
        )
        self._tell_insured(one, body)

    def _ask_release(self, one: Settlement, reason: ReleaseReason, now: datetime) -> None:
        """It is asked again until it is answered; what is outstanding stays outstanding."""
        self._release(one, reason)
        self.awaited.setdefault(one.request.settlement_id, Awaited(reason, now, now))

    def _release(self, one: Settlement, reason: ReleaseReason) -> None:
        id_, person_id = one.request.settlement_id, one.care.person_id
        asked = ReleaseRequested(settlement_id=id_, person_id=person_id, reason=reason)
        self._tell_insured(one, asked)

    def _tell_insured(self, one: Settlement, body: Body) -> None:
        self.hearing.tell(f"insured.{one.insured}", one.care.person_id, body)

    def _tell_treatment(self, one: Settlement, body: Body) -> None:
        self.hearing.tell(f"treatment.{one.treatment}", str(one.request.settlement_id), body)

    def _tell_sender(
        self, message: Message[Any], outcome: Outcome, code: R | None, now: datetime
    ) -> None:
        id_ = message.body.settlement_id
        body = SettlementAnswered(settlement_id=id_, outcome=outcome, concluded_at=now, code=code)
        self.hearing.tell(message.head.sender, str(id_), body)


def _first_against(one: Filed, care: Care) -> R | None:
    return next((code for code, refuses in _against(one, care) if refuses), None)


def _nearness(one: Filed, care: Care) -> tuple[int, bool, datetime, int]:
    """How far it gets; then the one that counted on admission, then the newest."""
    refusing = [n for n, (_, refuses) in enumerate(_against(one, care)) if refuses]
    counted = one.counts_on(care.admitted_on)
    return min(refusing, default=99), counted, one.at, one.wanted.registration_id.int


def _against(one: Filed, care: Care) -> list[tuple[R, bool]]:
    """入院日 decides; who is registered during the stay, is settled from its first day on."""
    w, filed_on = one.wanted, shanghai_date_of(one.at)
    in_the_stay = care.admitted_on <= filed_on <= care.discharged_on
    day = care.admitted_on
    if in_the_stay and w.begins_on <= care.discharged_on:
        day = max(day, w.begins_on)
    too_late = filed_on > care.discharged_on
    treated_in = {care.treatment_division, f"{care.treatment_division[:2]}0000"}
    return [
        (R.REGISTRATION_NOT_ACTIVE, not one.ever_counted or one.paused_on(day)),
        (R.OUTSIDE_VALIDITY, not too_late and not one.spans(day)),
        (R.REGISTERED_AFTER_DISCHARGE, too_late),
        (R.INSURED_ELSEWHERE, one.insured != f"{care.insured_division[:2]}0000"),
        (R.INSURANCE_KIND_DIFFERS, w.insurance_kind != care.insurance_kind),
        (R.OUTSIDE_REGISTERED_PLACE, w.place not in treated_in),
    ]
