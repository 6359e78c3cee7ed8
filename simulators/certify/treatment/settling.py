"""Settling: what a treatment area asks, and what its hospital is told; trials; the lost answer."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from contracts.clock import SystemClock
from contracts.messages.settlement import (
    Outcome,
    StatusAsked,
    TrialAnswered,
    TrialRequested,
    WithdrawalRequested,
)
from contracts.refusal import RefusalCode
from simulators.certify.cases import expect, expect_same
from simulators.certify.treatment.outside import Told, Wish
from simulators.certify.treatment.stage import BILL, SHARES, UNKNOWN, Asked, Stage, expect_figures


def settles(stage: Stage) -> None:
    asked, _told = stage.settled()
    care, bill = asked.request.care, asked.request.bill
    expect(bill.adds_up(), "请求的费用分项之和不等于总额")
    expect_same("请求的费用", BILL, bill)
    expect_same("参保地区划", stage.insured_division, care.insured_division)
    expect_same("就医地", stage.hub.area[:2], care.treatment_division[:2])
    expect(care.admitted_on <= care.discharged_on, "出院早于入院")


def refuses(stage: Stage) -> None:
    stage.refused(stage.asked())


def expires(stage: Stage) -> None:
    asked = stage.asked()
    stage.hub.say(stage.answer(asked, Outcome.EXPIRED))
    told = stage.told(asked.told)
    expect(not told.ok, "枢纽已作废，医院却被告知成功")
    expect_same("代码", RefusalCode.EXPIRED.value, told.code)


def tried(stage: Stage, of: Wish | None = None, **fields: object) -> Told:
    """What the hospital is told of a trial to which the hub answers with these fields."""
    wish = of or stage.wish()
    answer = stage.calling(stage.outside.try_out, wish)
    asked = stage.hub.hear(TrialRequested, lambda body: body.care.person_id == wish.person_id)
    said = TrialAnswered.model_validate({"settlement_id": asked.body.settlement_id, **fields})
    stage.hub.say(said)
    told = stage.told(answer)
    expect(not stage.requests_of(wish), "预结算不应引起结算请求")
    return told


def trial(stage: Stage) -> None:
    told = tried(stage, shares=SHARES, deductible_fen=20_00)
    expect(told.ok, "预结算应成功")
    expect_figures(told)


def trial_refused(stage: Stage) -> None:
    told = tried(stage, shares=None, code=RefusalCode.REGISTRATION_NOT_FOUND)
    expect(not told.ok, "预结算被拒，医院却被告知成功")


def asks_how_it_stands(stage: Stage) -> None:
    asked, _told = stage.settled()
    found = stage.status(asked.wish)
    expect(found.ok, f"查询失败：{found.text}")
    expect_same("查询的总额（分）", BILL.total_fen, found.total_fen)
    expect_same("查询的统筹支付（分）", SHARES.pool_fen, found.parts_fen["pool_fen"])


def same_again(stage: Stage) -> None:
    """The hospital sends its message again, after the answer: the same answer, one request."""
    asked, first = stage.settled()
    again = stage.told(stage.calling(stage.outside.settle, asked.wish))
    expect_same("同一报文再次发送的结算编号", first.settlement, again.settlement)
    expect_figures(again)
    expect_same("结算请求数", 1, len(stage.requests_of(asked.wish)))


def same_at_once(stage: Stage) -> None:
    """The hospital sends its message again while the first still waits."""
    asked = stage.asked()
    second = stage.calling(stage.outside.settle, asked.wish)
    stage.hub.settle_down()
    stage.hub.say(stage.answer(asked, Outcome.SETTLED))
    first, again = stage.told(asked.told), stage.told(second)
    expect_same("两次的结算编号", first.settlement, again.settlement)
    expect_same("结算请求数", 1, len(stage.requests_of(asked.wish)))


def other_content(stage: Stage) -> None:
    asked, _told = stage.settled()
    other = stage.wish()
    reused = replace(other, msgid=asked.wish.msgid)
    told = stage.told(stage.calling(stage.outside.settle, reused))
    expect_same("代码", RefusalCode.CONFLICTING_REPLAY.value, told.code)
    expect(not stage.requests_of(other), "被拒的报文不应引起结算请求")


def _unknown(stage: Stage, asked: Asked) -> None:
    """The hospital is not kept waiting for ever, and is told neither yes nor no."""
    told = stage.told(asked.told, stage.certain_within)
    expect(not told.ok, "枢纽未答复，医院却被告知成功")
    known = {UNKNOWN, RefusalCode.EXPIRED.value}
    expect(told.code in known, f"应告知结果未知（2004）或已作废（2006），实为 {told.text}")


def lost_then_told(stage: Stage) -> None:
    """The hub's answer was lost: the area asks how it stands, and then tells the hospital."""
    asked = stage.asked()
    stage.hear_status_asked(asked.id)
    stage.hub.say(stage.answer(asked, Outcome.SETTLED))
    stage.told(asked.told, stage.certain_within)
    stage.hub.settle_down()
    stage.expect_settled(asked.wish)


def never_answered(stage: Stage) -> None:
    """No answer at all: at T it is void, for good; what comes later is undone."""
    asked = stage.asked()
    _unknown(stage, asked)
    stage.hear_withdrawal(asked.id)
    since = stage.hub.mark()
    found = stage.status(asked.wish)
    expect_same("到期后查询的代码", RefusalCode.EXPIRED.value, found.code)
    stage.hub.say(stage.answer(asked, Outcome.SETTLED), note="迟到的结算")
    stage.hub.settle_down()
    late = stage.status(asked.wish)
    expect(not late.ok, "到期作废后，迟到的结算不得生效")
    about = (WithdrawalRequested, StatusAsked)
    stage.hub.hear(
        about,
        lambda body: body.settlement_id == asked.id,
        since=since,
        within=stage.certain_within,
        what="再次冲正（枢纽尚未撤销）",
    )
    stage.hub.say(stage.answer(asked, Outcome.REVERSED))
    stage.hub.settle_down()
    again = stage.told(stage.calling(stage.outside.settle, asked.wish))
    expect(not again.ok, "作废的报文再次发送，不得告知成功")


def stays_as_told(stage: Stage) -> None:
    """After the answer, a contradictory one is not followed."""
    asked, _told = stage.settled()
    for outcome in (Outcome.REFUSED, Outcome.EXPIRED, Outcome.WITHDRAWN):
        at = SystemClock().now() + timedelta(milliseconds=1)
        stage.hub.say(stage.answer(asked, outcome, concluded_at=at), note="与已告结果矛盾")
    stage.hub.settle_down()
    stage.expect_settled(asked.wish)


RUNS: Mapping[str, Callable[[Stage], None]] = {
    "T-101": settles,
    "T-102": refuses,
    "T-103": expires,
    "T-104": trial,
    "T-105": trial_refused,
    "T-106": asks_how_it_stands,
    "T-107": same_again,
    "T-108": same_at_once,
    "T-109": other_content,
    "T-110": lost_then_told,
    "T-111": never_answered,
    "T-112": stays_as_told,
}
