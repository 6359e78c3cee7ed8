"""What should be true of registrations 备案: filed, decided, changed, ended, as the Rules have it.

Six kinds of registration, no 门诊慢特病. It calls nothing of the hub.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from contracts.clock import shanghai_date_of
from contracts.codes import LONG_TERM, TEMPORARY, area_of, areas
from contracts.codes import MaterialKind as M
from contracts.codes import RegistrationCategory as C
from contracts.message import Message
from contracts.messages.registration import (
    MATERIALS_MAX,
    Change,
    Material,
    RegistrationReviewRequested,
    RegistrationTold,
    Wanted,
)
from contracts.messages.registration import RegistrationStanding as S
from contracts.refusal import RefusalCode as R
from tests.model.saying import Hearing

DAY = timedelta(days=1)
CREDENTIAL_AND_ONE_OF: Mapping[C, frozenset[M]] = {
    C.RETIRED_RESETTLED: frozenset({M.RESETTLEMENT_PROOF, M.COMMITMENT}),
    C.LONG_TERM_RESIDENT: frozenset({M.RESIDENCE_PROOF, M.COMMITMENT}),
    C.POSTED_WORKER: frozenset({M.POSTING_PROOF, M.COMMITMENT}),
    C.REFERRAL: frozenset({M.REFERRAL_LETTER}),
    C.EMERGENCY: frozenset({M.EMERGENCY_PROOF, M.COMMITMENT}),
    C.OTHER_TEMPORARY: frozenset({M.COMMITMENT, M.FORM, M.OTHER}),
}
# From where a change leads, and to where; every other is out of step.
CHANGES: Mapping[Change, Mapping[S, S]] = {
    Change.SUPPLEMENT: {s: s for s in (S.SUBMITTED, S.ACTIVE, S.SUSPENDED)},
    Change.SUSPEND: {S.ACTIVE: S.SUSPENDED},
    Change.RESUME: {S.SUSPENDED: S.ACTIVE},
    Change.CANCEL: dict.fromkeys((S.SUBMITTED, S.ACTIVE, S.SUSPENDED), S.CANCELLED),
}


def months_after(day: date, months: int) -> date:
    """The same day so many months later; where that month lacks it, the first of the next."""
    month = day.year * 12 + day.month - 1 + months
    try:
        return date(month // 12, month % 12 + 1, day.day)
    except ValueError:
        return date((month + 1) // 12, (month + 1) % 12 + 1, 1)


def suffices(category: C, kinds: AbstractSet[M]) -> bool:
    """The credential, and one of the papers that support the category."""
    return M.CREDENTIAL in kinds and bool(kinds & CREDENTIAL_AND_ONE_OF[category])


@dataclass(slots=True)
class Filed:
    """One registration. `ended_on`: the last day it counted; `pauses`: [from, up to before)."""

    wanted: Wanted
    sender: str
    by: str
    at: datetime
    state: S = S.SUBMITTED
    version: int = 1
    papers: tuple[Material, ...] = ()
    decided_by: str = ""
    code: R | None = None
    reason: str = ""
    ended_on: date | None = None
    pauses: list[tuple[date, date | None]] = field(default_factory=list)

    @property
    def insured(self) -> str:
        return f"{self.wanted.insured_division[:2]}0000"

    @property
    def in_force(self) -> bool:
        return self.state in {S.ACTIVE, S.SUSPENDED}

    @property
    def ever_counted(self) -> bool:
        return self.in_force or self.ended_on is not None

    def spans(self, day: date) -> bool:
        last = self.ended_on or self.wanted.ends_on
        return self.wanted.begins_on <= day and (last is None or day <= last)

    def paused_on(self, day: date) -> bool:
        return any(a <= day and (until is None or day < until) for a, until in self.pauses)

    def counts_on(self, day: date) -> bool:
        """入院日 decides: whether who is admitted on this day is settled on it."""
        return self.ever_counted and self.spans(day) and not self.paused_on(day)

    def locked_in(self, months: int, today: date) -> bool:
        free_on = months_after(shanghai_date_of(self.at), months)
        return self.wanted.category in LONG_TERM and self.in_force and today < free_on

    def clashes_with(self, other: "Filed") -> bool:
        """One person, one day, one registration: for one place, and for one kind of absence."""
        a, b = self.wanted, other.wanted
        same = a.place == b.place or (a.category in LONG_TERM) == (b.category in LONG_TERM)
        both_begun = max(a.begins_on, b.begins_on)
        return same and other.ever_counted and self.spans(both_begun) and other.spans(both_begun)

    def end_before(self, day: date) -> None:
        last = self.wanted.ends_on
        self.ended_on = day - DAY if last is None else min(last, day - DAY)

    def by_mere_promise(self) -> bool:
        """With the 承诺书 set aside, its papers would not do."""
        kinds = {paper.kind for paper in self.papers}
        return M.COMMITMENT in kinds and not suffices(self.wanted.category, kinds - {M.COMMITMENT})

    def asked_for(self) -> tuple[Any, ...]:
        """Its content: the same id with another is another's."""
        return self.sender, self.wanted


@dataclass(slots=True)
class Registrations:
    """`open_areas`: connected; `lock_in_months`: how long an area binds a long-term person."""

    open_areas: frozenset[str]
    lock_in_months: Mapping[str, int]
    hearing: Hearing
    filed: dict[UUID, Filed] = field(default_factory=dict)
    granted: dict[UUID, tuple[tuple[Any, ...], datetime, str]] = field(default_factory=dict)

    def of(self, person_id: str) -> list[Filed]:
        return [one for one in self.filed.values() if one.wanted.person_id == person_id]

    def is_known(self, sender: str) -> bool:
        role, _, area = sender.partition(".")
        return role in {"insured", "treatment"} and area in self.open_areas

    # What is heard

    def submitted(self, message: Message[Any], now: datetime) -> None:
        sender, id_ = message.head.sender, message.body.wanted.registration_id
        one = self._as_kept(message.body.wanted, sender, message.body.by, now)
        if not self.is_known(sender):
            return self.hearing.note("wrong_sender")
        if id_ in self.filed:
            before = self.filed[id_]
            if before.asked_for() != one.asked_for():
                return self.hearing.note("repeated_id")
            return self._tell_filer(before, now)
        one.code = self._against(one, shanghai_date_of(now))
        replaced = self.filed.get(one.wanted.replaces or id_)
        self.filed[id_] = one
        if one.code is not None:
            one.state, one.decided_by = S.REJECTED, "hub"
            return self._tell_filer(one, now)
        one.version = 1 if replaced is None else replaced.version + 1
        self._tell_filer(one, now)
        body = RegistrationReviewRequested(wanted=one.wanted, submitted_at=now, by=one.by)
        return self.hearing.tell(f"insured.{one.insured}", one.wanted.person_id, body)

    def decided(self, message: Message[Any], now: datetime) -> None:
        said, sender = message.body, message.head.sender
        one = self._meant(said)
        if one is None:
            return self.hearing.note("unknown_subject")
        if sender != f"insured.{one.insured}":
            return self.hearing.note("wrong_sender")
        if one.state is not S.SUBMITTED:
            self.hearing.note("out_of_step")
            return self._tell(one, {sender}, now, "hub", R.DECIDED_ALREADY)
        if said.accepted:
            one.code = self._against_by_now(one)
        else:
            one.code = said.code or R.REJECTED_BY_DESK
        one.decided_by, one.reason = said.decided_by, said.reason
        one.state = S.ACTIVE if one.code is None else S.REJECTED
        old = self._replaced(one)
        if one.code is None and old is not None:
            old.state = S.SUPERSEDED
            old.end_before(one.wanted.begins_on)
            why = f"{one.wanted.registration_id} v{one.version}"
            self._tell(old, self._parties(old), now, said.decided_by or "hub", None, why)
        return self._tell(one, self._parties(one), now, one.decided_by, one.code, one.reason)

    def changed(self, message: Message[Any], now: datetime) -> None:
        wish, sender = message.body, message.head.sender
        one = self._meant(wish)
        if one is None:
            return self.hearing.note("unknown_subject")
        insured = f"insured.{one.insured}"
        if not self.is_known(sender) or sender not in {insured, one.sender}:
            return self.hearing.note("wrong_sender")
        content = (wish.registration_id, wish.change, wish.materials, wish.reason)
        before = self.granted.get(wish.change_id)
        if before is not None and before[0] == content:
            return self._tell(one, {sender}, *before[1:], None, wish.reason, wish.change_id)
        code = self._against_wish(one, message, now)
        if code is not None:
            odd = {R.NOT_ALLOWED: "wrong_sender", R.OUT_OF_STEP: "out_of_step"}
            odd[R.CONFLICTING_REPLAY] = "repeated_id"
            if code in odd:
                self.hearing.note(odd[code])
            return self._tell(one, {sender}, now, "hub", code, "", wish.change_id)
        self.granted[wish.change_id] = content, now, wish.by
        self._grant(one, wish, shanghai_date_of(now))
        parties = self._parties(one)
        return self._tell(one, parties, now, wish.by, None, wish.reason, wish.change_id)

    def expire(self, now: datetime) -> None:
        """The state follows the calendar; one whose next version is undecided waits for that."""
        today = shanghai_date_of(now)
        awaited = {f.wanted.replaces for f in self.filed.values() if f.state is S.SUBMITTED}
        for id_, one in self.filed.items():
            last = one.wanted.ends_on
            if one.in_force and last is not None and last < today and id_ not in awaited:
                one.state, one.ended_on = S.EXPIRED, last
                self._tell(one, self._parties(one), now, "hub", None)

    # What speaks against it

    def _against(self, one: Filed, today: date) -> R | None:
        """The first code that fits, in the order in which they are published."""
        w, old = one.wanted, self._replaced(one)
        place_area = None if w.place is None else area_of(w.place)
        nowhere = w.place is not None and place_area is None
        kinds, last = {paper.kind for paper in w.materials}, w.ends_on
        long_enough = months_after(w.begins_on, 6) - DAY
        proved = suffices(w.category, kinds)
        months = self.lock_in_months.get(one.insured, 0)
        # fmt: off
        found = (
            (R.UNKNOWN_AREA,           area_of(w.insured_division) is None or nowhere),
            (R.NOT_OUT_OF_AREA,        place_area == one.insured),
            (R.AREA_NOT_CONNECTED,     not {one.insured, place_area} - {None} <= self.open_areas),
            (R.PLACE_NOT_FITTING,      w.place is None),
            (R.DATES_IMPOSSIBLE,       last is not None and last < w.begins_on),
            (R.VALIDITY_HAS_END,       w.category in LONG_TERM and last is not None),
            (R.VALIDITY_TOO_SHORT,     w.category in TEMPORARY and last and last < long_enough),
            (R.MATERIALS_MISSING,      not proved),
            (R.UNKNOWN_REGISTRATION,   w.replaces is not None and old is None),
            (R.INSURED_ELSEWHERE,      old and old.insured != one.insured),
            (R.INSURANCE_KIND_DIFFERS, old and old.wanted.insurance_kind != w.insurance_kind),
            (R.OUT_OF_STEP,            old and old.state is not S.ACTIVE),
            (R.LOCKED_IN,              old and old.locked_in(months, today)),
            (R.REGISTRATION_OVERLAPS,  self._overlaps(one)),
        )
        # fmt: on
        return next((code for code, refuses in found if refuses), None)

    def _against_by_now(self, one: Filed) -> R | None:
        """What may have changed while the insured area thought about it."""
        old = self._replaced(one)
        if old is not None and old.state is not S.ACTIVE:
            return R.OUT_OF_STEP
        return R.REGISTRATION_OVERLAPS if self._overlaps(one) else None

    def _against_wish(self, one: Filed, message: Message[Any], now: datetime) -> R | None:
        wish, by_area = message.body, message.head.sender == f"insured.{one.insured}"
        months = 0 if by_area else self.lock_in_months.get(one.insured, 0)
        papers, today = {*one.papers, *wish.materials}, shanghai_date_of(now)
        pausing = wish.change in {Change.SUSPEND, Change.RESUME}
        cancelling, adding = wish.change is Change.CANCEL, wish.change is Change.SUPPLEMENT
        found = (
            (R.CONFLICTING_REPLAY, wish.change_id in self.granted),
            (R.NOT_ALLOWED, pausing and not by_area),
            (R.OUT_OF_STEP, one.state not in CHANGES[wish.change]),
            (R.FIELD_MISSING, adding and not wish.materials),
            (R.FIELD_TOO_LONG, len(papers) > MATERIALS_MAX),
            (R.LOCKED_IN, cancelling and one.locked_in(months, today)),
        )
        return next((code for code, refuses in found if refuses), None)

    def _overlaps(self, one: Filed) -> bool:
        others = self.of(one.wanted.person_id)
        id_, replaces = one.wanted.registration_id, one.wanted.replaces
        rest = [o for o in others if o.wanted.registration_id not in {id_, replaces}]
        return any(one.clashes_with(other) for other in rest)

    # What becomes of it

    def _as_kept(self, wanted: Wanted, sender: str, by: str, now: datetime) -> Filed:
        """京津沪渝琼藏兵 are one place each; a temporary one without an end lasts six months."""
        place, last = wanted.place, wanted.ends_on
        area = None if place is None else area_of(place)
        if area is not None and areas()[area].whole_unit:
            place = area
        if wanted.category in TEMPORARY and last is None:
            last = months_after(wanted.begins_on, 6) - DAY
        papers = tuple(dict.fromkeys(wanted.materials))
        kept = {"place": place, "ends_on": last, "materials": papers}
        return Filed(wanted.model_copy(update=kept), sender, by, now, papers=papers)

    def _grant(self, one: Filed, wish: Any, today: date) -> None:
        if wish.change is Change.SUPPLEMENT:
            one.papers = tuple(dict.fromkeys((*one.papers, *wish.materials)))
        elif wish.change is Change.SUSPEND:
            one.pauses.append((today, None))
        elif wish.change is Change.RESUME:
            one.pauses[-1] = (one.pauses[-1][0], today)
        elif one.in_force:
            one.end_before(today)
        one.state = CHANGES[wish.change][one.state]

    def _meant(self, body: Any) -> Filed | None:
        one = self.filed.get(body.registration_id)
        return one if one is not None and one.wanted.person_id == body.person_id else None

    def _replaced(self, one: Filed) -> Filed | None:
        """The person's own that it follows."""
        id_ = one.wanted.replaces
        old = None if id_ is None else self.filed.get(id_)
        return old if old is not None and old.wanted.person_id == one.wanted.person_id else None

    # Who hears of it

    def _parties(self, one: Filed) -> set[str]:
        return {f"insured.{one.insured}", one.sender}

    def _tell_filer(self, one: Filed, now: datetime) -> None:
        self._tell(one, {one.sender}, now, one.decided_by or "hub", one.code, one.reason)

    def _tell(
        self,
        one: Filed,
        parties: Iterable[str],
        at: datetime,
        by: str,
        code: R | None,
        detail: str = "",
        change_id: Any = None,
    ) -> None:
        body = RegistrationTold(
            registration_id=one.wanted.registration_id,
            person_id=one.wanted.person_id,
            insured_area=one.insured,
            state=one.state,
            materials=one.papers,
            ended_on=one.ended_on,
            change_id=change_id,
            code=code,
            detail=detail,
            at=at,
            by=by,
        )
        for party in parties:
            to_insured = party == f"insured.{one.insured}"
            key = one.wanted.person_id if to_insured else str(one.wanted.registration_id)
            self.hearing.tell(party, key, body)
