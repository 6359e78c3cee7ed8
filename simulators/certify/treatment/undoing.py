"""Undoing: cancellations and withdrawals, kept, twice, before their request, out of order."""

from collections.abc import Callable, Mapping

from contracts.messages.settlement import CancellationRequested, Outcome, WithdrawalRequested
from contracts.refusal import RefusalCode
from simulators.certify.cases import expect, expect_same
from simulators.certify.treatment.stage import Asked, Stage, expect_figures


def _cancelled(stage: Stage) -> tuple[Asked, str]:
    asked, told = stage.settled()
    answer = stage.cancellation(asked, told)
    stage.hub.say(stage.answer(asked, Outcome.REVERSED))
    found = stage.told(answer)
    expect(found.ok, f"枢纽已撤销，医院却被告知：{found.text}")
    expect_figures(found, sign=-1)
    return asked, told.settlement


def cancels(stage: Stage) -> None:
    _cancelled(stage)


def kept(stage: Stage) -> None:
    asked, told = stage.settled()
    answer = stage.cancellation(asked, told)
    stage.hub.say(stage.answer(asked, Outcome.KEPT))
    found = stage.told(answer)
    expect(not found.ok, "参保地保留了结算，医院却被告知已撤销")
    stage.expect_settled(asked.wish)


def cancelled_twice(stage: Stage) -> None:
    asked, settlement = _cancelled(stage)
    since = stage.hub.mark()
    stage.told(stage.calling(stage.outside.cancel, asked.wish, settlement))
    stage.hub.settle_down()
    again = stage.hub.all(CancellationRequested, lambda body: body.settlement_id == asked.id, since)
    expect(not again, "已撤销的结算不应再次请求撤销")


def withdraws(stage: Stage) -> None:
    asked, _told = stage.settled()
    answer = stage.withdrawal(asked)
    stage.hub.say(stage.answer(asked, Outcome.REVERSED))
    expect(stage.told(answer).ok, "冲正应成功")
    again = stage.told(stage.calling(stage.outside.settle, asked.wish))
    expect(not again.ok, "已冲正的报文再次发送，不得告知成功")


def withdrawn_in_time(stage: Stage) -> None:
    """Withdrawn while the hub has not answered: then nothing comes of it."""
    asked = stage.asked()
    answer = stage.withdrawal(asked)
    stage.hub.say(stage.answer(asked, Outcome.WITHDRAWN))
    expect(stage.told(answer).ok, "冲正应成功")
    told = stage.told(asked.told)
    expect(not told.ok, "已冲正，医院却被告知结算成功")


def crossing(stage: Stage) -> None:
    """'settled' crossed the withdrawal on its way: the hospital is not told that it is settled."""
    asked = stage.asked()
    answer = stage.withdrawal(asked)
    stage.hub.say(stage.answer(asked, Outcome.SETTLED))
    stage.hub.say(stage.answer(asked, Outcome.REVERSED))
    expect(stage.told(answer).ok, "冲正应成功")
    _expect_undone(stage, asked)


def reordered(stage: Stage) -> None:
    """'reversed' overtakes the 'settled' that it undoes."""
    asked = stage.asked()
    answer = stage.withdrawal(asked)
    stage.hub.say(stage.answer(asked, Outcome.REVERSED))
    stage.hub.say(stage.answer(asked, Outcome.SETTLED), note="晚于撤销到达")
    expect(stage.told(answer).ok, "冲正应成功")
    stage.hub.settle_down()
    _expect_undone(stage, asked)


def _expect_undone(stage: Stage, asked: Asked) -> None:
    again = stage.told(stage.calling(stage.outside.settle, asked.wish))
    expect(not again.ok, "已冲正的报文再次发送，不得告知成功")


def tombstone(stage: Stage) -> None:
    """The withdrawal comes before the message it withdraws."""
    wish = stage.wish()
    expect(stage.told(stage.calling(stage.outside.withdraw, wish)).ok, "对未到报文的冲正应成功")
    told = stage.told(stage.calling(stage.outside.settle, wish))
    expect_same("代码", RefusalCode.WITHDRAWN_BEFORE.value, told.code)
    expect(not stage.requests_of(wish), "已冲正的报文不应引起结算请求")


def withdrawn_twice(stage: Stage) -> None:
    asked, _told = stage.settled()
    answer = stage.withdrawal(asked)
    stage.hub.say(stage.answer(asked, Outcome.REVERSED))
    stage.told(answer)
    since = stage.hub.mark()
    again = stage.told(stage.calling(stage.outside.withdraw, asked.wish))
    expect(again.ok, f"再次冲正应得相同答复，实为：{again.text}")
    stage.hub.settle_down()
    heard = stage.hub.all(WithdrawalRequested, lambda body: body.settlement_id == asked.id, since)
    expect(not heard, "已撤销的结算不应再次请求冲正")


RUNS: Mapping[str, Callable[[Stage], None]] = {
    "T-201": cancels,
    "T-202": kept,
    "T-203": cancelled_twice,
    "T-204": withdraws,
    "T-205": withdrawn_in_time,
    "T-206": crossing,
    "T-207": reordered,
    "T-208": tombstone,
    "T-209": withdrawn_twice,
}
