"""What the cases of a treatment area have in their hands: a hospital outside, the hub inside."""

import base64
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLong
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from contracts.clock import SystemClock, shanghai_date_of
from contracts.codes import AreaCode, VisitKind
from contracts.control_totals import Entry
from contracts.ids import PersonId, SettlementId
from contracts.message import Message
from contracts.messages.settlement import (
    CancellationRequested,
    Outcome,
    SettlementAnswered,
    SettlementRequested,
    StatusAsked,
    WithdrawalRequested,
)
from contracts.messages.values import Bill, Shares
from contracts.refusal import RefusalCode
from contracts.sealing import Sealer
from simulators.certify.cases import NotMet, expect, expect_same
from simulators.certify.closing import Day
from simulators.certify.hub import Hub
from simulators.certify.people import division_of
from simulators.certify.totals import entry
from simulators.certify.treatment.outside import Outside, Told, Wish

T = TypeVar("T")
AT_ONCE = 4
UNKNOWN = RefusalCode.OUTCOME_UNKNOWN.value

BILL = Bill(
    total_fen=1_234_56,
    fully_own_fen=34_56,
    over_ceiling_fen=1_01,
    first_self_pay_fen=98_99,
    in_scope_fen=1_100_00,
)
# Every part has fen of its own: whoever rounds, drops or swaps one shows it.
SHARES = Shares(
    pool_fen=500_07,
    civil_servant_fen=11_01,
    enterprise_fen=12_02,
    critical_illness_fen=13_03,
    large_sum_fen=14_04,
    veterans_fen=15_05,
    medical_aid_fen=16_06,
    other_fen=17_07,
    account_fen=100_09,
    cash_fen=530_02,
    hospital_fen=6_10,
)
assert BILL.adds_up()
assert SHARES.total_fen() == BILL.total_fen


@dataclass(frozen=True, slots=True)
class Asked:
    """A settlement under way: the wish, the hospital's answer to come, what the hub was asked."""

    wish: Wish
    told: "Future[Told]"
    request: SettlementRequested

    @property
    def id(self) -> SettlementId:
        return self.request.settlement_id


@dataclass(slots=True)
class Stage:
    """`certain_within`: how long until the area has ended by itself what got no answer."""

    hub: Hub
    outside: Outside
    certain_within: timedelta
    sealer: Sealer
    day: Day | None = None
    kept: Asked | None = None
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AT_ONCE))

    @property
    def counterpart(self) -> AreaCode:
        """Another area, where everybody is insured."""
        return AreaCode("340000" if self.hub.area != "340000" else "320000")

    @property
    def insured_division(self) -> str:
        return division_of(self.counterpart)

    def wish(self, bill: Bill = BILL, kind: VisitKind = VisitKind.OUTPATIENT) -> Wish:
        """Of somebody who never came before, so that what the hub is asked can be told apart."""
        token = PersonId(base64.b32encode(os.urandom(18)).decode().rstrip("="))
        return self.outside.wish(token, self.insured_division, bill, kind)

    def calling(self, call: Callable[..., Told], *args: Any) -> "Future[Told]":
        return self.pool.submit(call, *args)

    def told(self, answer: "Future[Told]", within: timedelta | None = None) -> Told:
        """What the hospital was told; NotMet when it still waits."""
        allowed = within or self.hub.within
        try:
            return answer.result(allowed.total_seconds())
        except TooLong:
            raise NotMet(f"{allowed.total_seconds():g} 秒内医院未得到答复") from None

    def asked(self, wish: Wish | None = None) -> Asked:
        """A hospital asks, and the hub hears it."""
        wanted = wish or self.wish()
        answer = self.calling(self.outside.settle, wanted)
        heard = self.hub.hear(
            SettlementRequested, lambda body: body.care.person_id == wanted.person_id
        )
        return Asked(wanted, answer, heard.body)

    def requests_of(self, wish: Wish) -> list[Message[SettlementRequested]]:
        self.hub.listen()
        return self.hub.all(SettlementRequested, lambda body: body.care.person_id == wish.person_id)

    def answer(self, asked: Asked, outcome: Outcome, **fields: Any) -> SettlementAnswered:
        """The hub's word, as yet unsaid: with a day and shares where it has them."""
        known: dict[str, Any] = {
            "settlement_id": asked.id,
            "outcome": outcome,
            "concluded_at": SystemClock().now(),
        }
        if outcome in {Outcome.SETTLED, Outcome.REVERSED}:
            today = shanghai_date_of(SystemClock().now())
            day = self.day.business_date if self.day else today
            known |= {"business_date": day, "shares": SHARES, "deductible_fen": 20_00}
        if outcome in {Outcome.REFUSED, Outcome.KEPT}:
            known |= {"code": RefusalCode.REGISTRATION_NOT_FOUND}
        return SettlementAnswered(**known | fields)

    def settled(self, wish: Wish | None = None, **fields: Any) -> tuple[Asked, Told]:
        """A settlement that the hub settles; the hospital is told every fen."""
        asked = self.asked(wish)
        self.hub.say(self.answer(asked, Outcome.SETTLED, **fields))
        told = self.told(asked.told)
        expect(told.ok, f"枢纽已结算，医院却被告知：{told.text}")
        expect_figures(told)
        return asked, told

    def refused(self, asked: Asked) -> None:
        """The true answer is a no, and the hospital hears it: nothing else was believed."""
        self.hub.say(self.answer(asked, Outcome.REFUSED))
        told = self.told(asked.told)
        expect(not told.ok, "枢纽已拒绝，医院却被告知结算成功")
        expect_same("拒绝代码", RefusalCode.REGISTRATION_NOT_FOUND.value, told.code)

    def status(self, wish: Wish) -> Told:
        return self.told(self.calling(self.outside.ask, wish))

    def expect_settled(self, wish: Wish) -> None:
        found = self.status(wish)
        expect(found.ok, f"应仍为已结算，实际答复：{found.text}")

    def cancellation(self, asked: Asked, told: Told) -> "Future[Told]":
        """The hospital cancels, and the hub hears it."""
        answer = self.calling(self.outside.cancel, asked.wish, told.settlement)
        self.hub.hear(CancellationRequested, _of(asked.id))
        return answer

    def withdrawal(self, asked: Asked) -> "Future[Told]":
        answer = self.calling(self.outside.withdraw, asked.wish)
        self.hub.hear(WithdrawalRequested, _of(asked.id))
        return answer

    def hear_status_asked(self, id_: SettlementId) -> None:
        self.hub.hear(StatusAsked, _of(id_), within=self.certain_within)

    def hear_withdrawal(self, id_: SettlementId) -> None:
        self.hub.hear(WithdrawalRequested, _of(id_), within=self.certain_within)

    def entry(self, asked: Asked, sign: int) -> Entry:
        return entry(asked.id, sign, BILL.total_fen, SHARES)

    def answer_probe(self, request: SettlementRequested) -> None:
        """One that was let through all the same is refused, so that its hospital need not wait."""
        self.hub.say(
            SettlementAnswered(
                settlement_id=request.settlement_id,
                outcome=Outcome.REFUSED,
                concluded_at=SystemClock().now(),
                code=RefusalCode.REGISTRATION_NOT_FOUND,
            )
        )

    def tidy(self) -> None:
        """Nothing: a treatment area ends by itself what nobody answers."""

    def close(self) -> None:
        self.pool.shutdown(wait=False, cancel_futures=True)
        self.outside.close()


def expect_figures(told: Told, sign: int = 1) -> None:
    """Every part as the hub said it, to the fen."""
    expect_same("医疗费总额（分）", sign * BILL.total_fen, told.total_fen)
    expected = {name: sign * fen for name, fen in SHARES.model_dump().items()}
    wrong = {
        name: (fen, told.parts_fen.get(name))
        for name, fen in expected.items()
        if told.parts_fen.get(name) != fen
    }
    expect(not wrong, f"分担与枢纽所告不符（应为，实为）：{wrong}")


def _of(id_: SettlementId) -> Callable[[Any], object]:
    return lambda body: body.settlement_id == id_
