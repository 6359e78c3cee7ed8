"""What the cases of an insured area have in their hands: bills, questions, and what came back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from contracts.clock import SystemClock, shanghai_date_of
from contracts.codes import AreaCode, InsuranceKind, RegistrationCategory, VisitKind
from contracts.ids import EnquiryId, PersonId, SettlementId, new_id
from contracts.message import Body, Message
from contracts.messages.enquiry import (
    PersonAnswered,
    PersonAsked,
    PersonEnquired,
    PersonTold,
    Question,
)
from contracts.messages.settlement import (
    Basis,
    BenefitReleased,
    CalculationRefused,
    CalculationRequested,
    Care,
    Outcome,
    ReleaseReason,
    ReleaseRefused,
    ReleaseRequested,
    SettlementCalculated,
    SettlementConcluded,
    Standing,
    TrialCalculated,
    TrialCalculationRequested,
)
from contracts.messages.values import Bill
from simulators.certify.cases import NotMet, expect, expect_same
from simulators.certify.closing import Day
from simulators.certify.forging import Forgery
from simulators.certify.hub import Hub
from simulators.certify.insured.desk import Desk
from simulators.certify.people import division_of, people

Calculation = SettlementCalculated | CalculationRefused
CALCULATIONS = (SettlementCalculated, CalculationRefused)
RELEASES = (BenefitReleased, ReleaseRefused)
REGISTERED = Standing(basis=Basis.REGISTERED, category=RegistrationCategory.OTHER_TEMPORARY)
ANSWER_WITHIN_MS = 5_000
NOBODY = PersonId("CERTIFY0NOBODY000000000000000")
Books = Mapping[tuple[str, ...], int]
"""Counters of the year and balances of accounts, by their names."""


def bill(in_scope_fen: int = 120_000_00, own_fen: int = 35_07) -> Bill:
    """Odd fen on purpose: whoever rounds to yuan shows it."""
    return Bill(
        total_fen=in_scope_fen + 13 + own_fen,
        fully_own_fen=own_fen,
        over_ceiling_fen=0,
        first_self_pay_fen=13,
        in_scope_fen=in_scope_fen,
    )


BILL = bill(6_543_21)
SMALLER = bill(2_100_99)


@dataclass(slots=True)
class Stage:
    """`granted`: what must be released when a case is over, by settlement; `day`: the run's own.

    `desk`: the area's clerk; without one the clerk's cases cannot pass.
    """

    hub: Hub
    token_key: bytes
    granted: dict[SettlementId, PersonId] = field(default_factory=dict)
    day: Day | None = None
    desk: Desk | None = None

    @property
    def area(self) -> AreaCode:
        return self.hub.area

    @property
    def counterpart(self) -> AreaCode:
        """Another area, where everybody is treated."""
        return AreaCode("310000" if self.area != "310000" else "320000")

    def token(self, who: str = "insured") -> PersonId:
        return people(self.area)[who].token(self.token_key)

    def today(self) -> date:
        return shanghai_date_of(SystemClock().now())

    def care(self, who: str = "insured", **fields: Any) -> Care:
        """A stay of three days that ends today, at a level-2 hospital of the other area."""
        known: dict[str, Any] = {
            "person_id": self.token(who),
            "insured_division": division_of(self.area),
            "treatment_division": f"{self.counterpart[:2]}0100",
            "insurance_kind": InsuranceKind.EMPLOYEE,
            "visit_kind": VisitKind.INPATIENT,
            "hospital_code": f"H{self.counterpart[:2]}010000901",
            "hospital_level": 2,
            "admitted_on": self.today() - timedelta(days=2),
            "discharged_on": self.today(),
        }
        return Care(**known | fields)

    def request(
        self, care: Care | None = None, of: Bill = BILL, id_: SettlementId | None = None
    ) -> CalculationRequested:
        return CalculationRequested(
            settlement_id=id_ or SettlementId(new_id()),
            care=care or self.care(),
            bill=of,
            standing=REGISTERED,
            answer_within_ms=ANSWER_WITHIN_MS,
        )

    def calculated(self, asked: CalculationRequested, **said: Any) -> Message[Any]:
        """Send it, and the answer to this very question; what is granted is remembered."""
        since = self.hub.mark()
        self._remember(asked)
        self.hub.say(asked, **said)
        return self.hub.hear(CALCULATIONS, _of(asked.settlement_id), since=since)

    def granted_for(self, asked: CalculationRequested, **said: Any) -> SettlementCalculated:
        """The grant; NotMet when the area refuses or the parts do not add up."""
        found = self.calculated(asked, **said).body
        if isinstance(found, CalculationRefused):
            raise NotMet(f"应给予待遇，实际被拒：{found.code} {found.detail}")
        assert isinstance(found, SettlementCalculated)
        expect_adds_up(found, asked.bill)
        return found

    def refused_for(self, asked: CalculationRequested) -> CalculationRefused:
        found = self.calculated(asked).body
        expect(isinstance(found, CalculationRefused), "应拒绝，实际给予了待遇")
        assert isinstance(found, CalculationRefused)
        return found

    def tried(self, asked: CalculationRequested) -> TrialCalculated:
        """What it would give, in a settlement id of its own."""
        trial = TrialCalculationRequested(
            settlement_id=SettlementId(new_id()),
            care=asked.care,
            bill=asked.bill,
            standing=asked.standing,
        )
        self.hub.say(trial)
        return self.hub.hear(TrialCalculated, _of(trial.settlement_id)).body

    def released(
        self,
        id_: SettlementId,
        person_id: PersonId | None = None,
        reason: ReleaseReason = ReleaseReason.CANCELLED,
        **said: Any,
    ) -> BenefitReleased | ReleaseRefused:
        since = self.hub.mark()
        person = person_id or self.token()
        body = ReleaseRequested(settlement_id=id_, person_id=person, reason=reason)
        self.hub.say(body, **said)
        found = self.hub.hear(RELEASES, _of(id_), since=since).body
        assert isinstance(found, RELEASES)
        return found

    def given_back(self, id_: SettlementId, *, was_granted: bool) -> None:
        """Release it; NotMet when the area says otherwise about what had been granted."""
        found = self.released(id_)
        if not isinstance(found, BenefitReleased):
            raise NotMet(f"应释放待遇，实际被拒：{found.code}")
        expect_same("was_granted（此前是否给予待遇）", was_granted, found.was_granted)

    def conclude(
        self, id_: SettlementId, outcome: Outcome, day: date | None, **fields: Any
    ) -> None:
        known = {"settlement_id": id_, "person_id": self.token(), "outcome": outcome}
        self.hub.say(SettlementConcluded(**known | {"business_date": day} | fields))

    def books(self, who: str = "insured") -> Books:
        """The person's counters of this year and the balances, as the area tells them."""
        told, answered = self.told(self.token(who)), self.enquired(self.token(who))
        expect(told.code is None, f"年度累计查询被拒：{told.code}")
        expect(answered.card is not None, f"人员查询被拒：{answered.code}")
        assert answered.card is not None
        counters: dict[tuple[str, ...], int] = {
            ("年度累计", one.insurance_kind, one.month, one.name): one.value
            for one in told.accumulated
            if one.value
        }
        accounts: dict[tuple[str, ...], int] = {
            ("个人账户", one.insurance_kind): one.account_balance_fen
            for one in answered.card.insurances
        }
        return counters | accounts

    def told(self, person_id: PersonId) -> PersonTold:
        asked = PersonAsked(
            enquiry_id=EnquiryId(new_id()),
            treatment_area=self.counterpart,
            question=Question.ACCUMULATORS,
            person_id=person_id,
            insured_division=division_of(self.area),
        )
        found: PersonTold = self.answer_to(asked, PersonTold, asked.enquiry_id)
        return found

    def enquired(self, person_id: PersonId) -> PersonAnswered:
        asked = PersonEnquired(
            enquiry_id=EnquiryId(new_id()),
            treatment_area=self.counterpart,
            insured_division=division_of(self.area),
            person_id=person_id,
        )
        found: PersonAnswered = self.answer_to(asked, PersonAnswered, asked.enquiry_id)
        return found

    def answer_to(self, asked: Body, kind: type[Any], enquiry_id: UUID) -> Any:
        since = self.hub.mark()
        self.hub.say(asked)
        return self.hub.hear(kind, lambda body: body.enquiry_id == enquiry_id, since=since).body

    def unheeded(self, forgery: Forgery) -> None:
        """A request that must not be believed grants nothing: the true release finds nothing."""
        asked = self.request()
        self._remember(asked)
        self.hub.say(asked, forgery=forgery)
        self.without_effect(asked)

    def without_effect(self, asked: CalculationRequested) -> None:
        """Nothing was granted by what went before, and nothing was answered."""
        self.given_back(asked.settlement_id, was_granted=False)
        self.hub.settle_down()
        answers = self.hub.all(CALCULATIONS, _of(asked.settlement_id))
        expect(not answers, "不应答复，实际答复了：" + "、".join(one.head.kind for one in answers))

    def tidy(self) -> None:
        """Release what cases left granted, so that a run leaves the area as it was."""
        for id_, person_id in self.granted.items():
            body = ReleaseRequested(
                settlement_id=id_, person_id=person_id, reason=ReleaseReason.CANCELLED
            )
            self.hub.say(body, note="善后：释放本用例给予的待遇")
        self.granted.clear()

    def _remember(self, asked: CalculationRequested) -> None:
        self.granted[asked.settlement_id] = PersonId(asked.care.person_id)


def expect_adds_up(found: SettlementCalculated | TrialCalculated, of: Bill) -> None:
    """The eleven parts are the bill, to the fen, and none is negative."""
    expect(found.shares is not None, "缺少各方分担(shares)")
    assert found.shares is not None
    told = found.shares.completed(of.total_fen)
    expect_same("各分项之和", of.total_fen, told.total_fen())


def _of(id_: SettlementId) -> Any:
    return lambda body: body.settlement_id == id_
