"""Calculating: what an insured area grants, what it refuses, and what a trial leaves behind."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from contracts.codes import InsuranceKind, RegistrationCategory
from contracts.ids import MessageId, new_id
from contracts.messages.settlement import Basis, SettlementCalculated, Standing
from contracts.messages.values import Bill
from contracts.refusal import RefusalCode
from simulators.certify.cases import expect, expect_same
from simulators.certify.insured.stage import (
    BILL,
    CALCULATIONS,
    NOBODY,
    SMALLER,
    Stage,
    expect_adds_up,
)

_UNSOUND = Bill(
    total_fen=100_00,
    fully_own_fen=0,
    over_ceiling_fen=0,
    first_self_pay_fen=0,
    in_scope_fen=99_99,
)
_ONE_FEN = Bill(
    total_fen=1, fully_own_fen=0, over_ceiling_fen=0, first_self_pay_fen=0, in_scope_fen=1
)


def grants(stage: Stage) -> None:
    before = stage.books()
    stage.granted_for(stage.request())
    expect(stage.books() != before, "给予待遇后年度累计没有变化")


def is_caused(stage: Stage) -> None:
    id_ = MessageId(new_id())
    answer = stage.calculated(stage.request(), message_id=id_)
    expect_same("答复的 cause_id", id_, answer.head.cause_id)


def uses_the_account(stage: Stage) -> None:
    before = stage.enquired(stage.token()).card
    found = stage.granted_for(stage.request(stage.care(use_account=True)))
    after = stage.enquired(stage.token()).card
    assert before is not None
    assert after is not None
    spent = [one.account_balance_fen for one in before.insurances]
    left = [one.account_balance_fen for one in after.insurances]
    expect_same("个人账户减少额", found.shares.account_fen, sum(spent) - sum(left))


def trial_leaves_nothing(stage: Stage) -> None:
    before = stage.books()
    asked = stage.request()
    tried = stage.tried(asked)
    expect_adds_up(tried, asked.bill)
    expect_same("预结算后的年度累计与账户", before, stage.books())


def trial_is_the_settlement(stage: Stage) -> None:
    asked = stage.request()
    tried, granted = stage.tried(asked), stage.granted_for(asked)
    expect_same("结算与预结算的分担", tried.shares, granted.shares)
    expect_same("结算与预结算的起付线", tried.deductible_fen, granted.deductible_fen)


def one_fen(stage: Stage) -> None:
    stage.granted_for(stage.request(of=_ONE_FEN))


def nothing_in_scope(stage: Stage) -> None:
    own = Bill(
        total_fen=321_09,
        fully_own_fen=321_09,
        over_ceiling_fen=0,
        first_self_pay_fen=0,
        in_scope_fen=0,
    )
    found = stage.granted_for(stage.request(of=own))
    expect_same("基金支付", 0, found.shares.completed(own.total_fen).fund_total_fen())


def second_after_first(stage: Stage) -> None:
    """Two bills of a person right after each other: the second is as a trial after the first."""
    first, second = stage.request(), stage.request(of=SMALLER)
    for asked in (first, second):
        stage.granted[asked.settlement_id] = stage.token()
        stage.hub.say(asked)
    found = [_calculation(stage, asked) for asked in (first, second)]
    for body, asked in zip(found, (first, second), strict=True):
        expect_adds_up(body, asked.bill)
    stage.given_back(second.settlement_id, was_granted=True)
    expect_same("第二笔的分担", stage.tried(second).shares, found[1].shares)


def _calculation(stage: Stage, asked: Any) -> SettlementCalculated:
    found = stage.hub.hear(CALCULATIONS, lambda body: body.settlement_id == asked.settlement_id)
    expect(isinstance(found.body, SettlementCalculated), "应给予待遇，实际被拒")
    assert isinstance(found.body, SettlementCalculated)
    return found.body


def apart(stage: Stage) -> None:
    """What one person is granted moves nobody else's year."""
    before = stage.books("second")
    stage.granted_for(stage.request())
    expect_same("他人的年度累计与账户", before, stage.books("second"))


def emergency(stage: Stage) -> None:
    deemed = Standing(basis=Basis.DEEMED, category=RegistrationCategory.EMERGENCY)
    stage.granted_for(stage.request().model_copy(update={"standing": deemed}))


def _refused(code: RefusalCode, of: Bill = BILL, **fields: Any) -> Any:
    def run(stage: Stage) -> None:
        told: Mapping[str, Any] = {
            name: value(stage) if callable(value) else value for name, value in fields.items()
        }
        before = stage.books()
        found = stage.refused_for(stage.request(stage.care(**told), of))
        expect_same("拒绝代码", code.value, found.code.value)
        expect_same("被拒后的年度累计与账户", before, stage.books())

    return run


_C = RefusalCode
RUNS: Mapping[str, Callable[[Stage], None]] = {
    "I-101": grants,
    "I-102": is_caused,
    "I-103": uses_the_account,
    "I-104": trial_leaves_nothing,
    "I-105": trial_is_the_settlement,
    "I-106": one_fen,
    "I-107": nothing_in_scope,
    "I-108": second_after_first,
    "I-109": apart,
    "I-110": emergency,
    "I-111": _refused(_C.PERSON_UNKNOWN, person_id=NOBODY),
    "I-112": _refused(_C.INSURANCE_NOT_IN_FORCE, person_id=lambda stage: stage.token("ended")),
    "I-113": _refused(_C.INSURANCE_KIND_DIFFERS, insurance_kind=InsuranceKind.RESIDENT),
    "I-114": _refused(_C.INSURED_ELSEWHERE, insured_division=lambda stage: f"{stage.area[:2]}9800"),
    "I-115": _refused(
        _C.DATES_IMPOSSIBLE,
        admitted_on=lambda stage: stage.today(),
        discharged_on=lambda stage: stage.today() - timedelta(days=1),
    ),
    "I-116": _refused(_C.PARTS_DO_NOT_ADD_UP, _UNSOUND),
}
