"""Stays and chronic visits: 2303, 2304, 2305 and what they say to the hub, as 2206 to 2208 do."""

from collections.abc import Callable, Mapping

from contracts.codes import VisitKind
from contracts.messages.settlement import CancellationRequested, Outcome, StatusAsked
from contracts.refusal import RefusalCode
from simulators.certify.cases import expect, expect_same
from simulators.certify.treatment.settling import tried
from simulators.certify.treatment.stage import BILL, SHARES, Asked, Stage, expect_figures

STAY, CHRONIC = VisitKind.INPATIENT, VisitKind.CHRONIC


def _settled(kind: VisitKind) -> Callable[[Stage], None]:
    def run(stage: Stage) -> None:
        asked, _told = stage.settled(stage.wish(kind=kind))
        _expect_as_wished(asked)

    return run


def _expect_as_wished(asked: Asked) -> None:
    """The hub hears of the visit what the hospital said."""
    care, wish = asked.request.care, asked.wish
    expect_same("请求的费用", BILL, asked.request.bill)
    expect_same("就诊类别", wish.kind, care.visit_kind)
    expect_same("入院（就诊）日期", wish.admitted_on, care.admitted_on)
    expect_same("出院（就诊）日期", wish.treated_on, care.discharged_on)
    expect_same("病种代码", wish.disease_code, care.disease_code or "")


def _trial(kind: VisitKind) -> Callable[[Stage], None]:
    def run(stage: Stage) -> None:
        told = tried(stage, stage.wish(kind=kind), shares=SHARES, deductible_fen=20_00)
        expect(told.ok, f"预结算应成功，实为：{told.text}")
        expect_figures(told)

    return run


def cancels(stage: Stage) -> None:
    asked, told = stage.settled(stage.wish(kind=STAY))
    answer = stage.cancellation(asked, told)
    stage.hub.say(stage.answer(asked, Outcome.REVERSED))
    found = stage.told(answer)
    expect(found.ok, f"枢纽已撤销，医院却被告知：{found.text}")
    expect_figures(found, sign=-1)


def kept(stage: Stage) -> None:
    asked, told = stage.settled(stage.wish(kind=STAY))
    answer = stage.cancellation(asked, told)
    stage.hub.say(stage.answer(asked, Outcome.KEPT))
    expect(not stage.told(answer).ok, "参保地保留了结算，医院却被告知已撤销")
    stage.expect_settled(asked.wish)


def withdraws(stage: Stage) -> None:
    asked, _told = stage.settled(stage.wish(kind=STAY))
    answer = stage.withdrawal(asked)
    stage.hub.say(stage.answer(asked, Outcome.REVERSED))
    expect(stage.told(answer).ok, "冲正应成功")
    again = stage.told(stage.calling(stage.outside.settle, asked.wish))
    expect(not again.ok, "已冲正的报文再次发送，不得告知成功")


def cancellation_lost(stage: Stage) -> None:
    """The answer to a cancellation is lost: the area asks after that very cancellation."""
    asked, told = stage.settled(stage.wish(kind=STAY))
    answer = stage.cancellation(asked, told)
    found = stage.hub.hear(
        StatusAsked, lambda body: body.settlement_id == asked.id, within=stage.certain_within
    ).body
    expect(found.cancellation_id is not None, "询问撤销的结果应指明是哪一次撤销(cancellation_id)")
    stage.hub.say(stage.answer(asked, Outcome.REVERSED))
    stage.told(answer, stage.certain_within)
    stage.hub.settle_down()
    since = stage.hub.mark()
    again = stage.told(stage.calling(stage.outside.cancel, asked.wish, told.settlement))
    expect(again.ok, f"再次撤销应得知已撤销，实为：{again.text}")
    expect_figures(again, sign=-1)
    stage.hub.settle_down()
    more = stage.hub.all(CancellationRequested, lambda body: body.settlement_id == asked.id, since)
    expect(not more, "已撤销的结算不应再次请求撤销")


def not_entitled(stage: Stage) -> None:
    asked = stage.asked(stage.wish(kind=CHRONIC))
    code = RefusalCode.CHRONIC_NOT_ELIGIBLE
    stage.hub.say(stage.answer(asked, Outcome.REFUSED, code=code))
    told = stage.told(asked.told)
    expect(not told.ok, "枢纽已拒绝，医院却被告知结算成功")
    expect_same("拒绝代码", code.value, told.code)


RUNS: Mapping[str, Callable[[Stage], None]] = {
    "T-601": _settled(STAY),
    "T-602": _trial(STAY),
    "T-603": cancels,
    "T-604": kept,
    "T-605": withdraws,
    "T-606": cancellation_lost,
    "T-607": _settled(CHRONIC),
    "T-608": _trial(CHRONIC),
    "T-609": not_entitled,
}
