"""Believing: answers forged, spoilt, unsound, delivered twice, or under an id that was used."""

from collections.abc import Callable, Mapping
from typing import Any

from contracts import topics
from contracts.ids import MessageId, SettlementId, new_id
from contracts.messages.settlement import Outcome
from contracts.messages.values import Shares
from simulators.certify.cases import expect
from simulators.certify.forging import Forgery
from simulators.certify.treatment.stage import BILL, SHARES, Stage

Change = Callable[[dict[str, Any]], None]
SHORT = Shares(**{**SHARES.model_dump(), "cash_fen": SHARES.cash_fen - 1})


def _forged(forgery: Forgery) -> Callable[[Stage], None]:
    """A settled that must not be believed; then the true no, which the hospital must hear."""

    def run(stage: Stage) -> None:
        asked = stage.asked()
        stage.hub.say(stage.answer(asked, Outcome.SETTLED), forgery=forgery)
        stage.hub.settle_down()
        stage.refused(asked)

    return run


def _spoilt(change: Change, note: str) -> Callable[[Stage], None]:
    def run(stage: Stage) -> None:
        asked = stage.asked()
        stage.hub.say(stage.answer(asked, Outcome.SETTLED), change=change, note=note)
        stage.hub.settle_down()
        stage.refused(asked)

    return run


def _unsound(note: str, **fields: Any) -> Callable[[Stage], None]:
    def run(stage: Stage) -> None:
        asked = stage.asked()
        stage.hub.say(stage.answer(asked, Outcome.SETTLED, **fields), note=note)
        stage.hub.settle_down()
        expect(not asked.told.done() or not asked.told.result().ok, f"{note}，医院却被告知成功")
        stage.refused(asked)

    return run


def no_message(stage: Stage) -> None:
    asked = stage.asked()
    for value in (b"", b"not json", b'{"head":{}}'):
        topic = topics.treatment_answers(stage.hub.area)
        stage.hub.put(topic, str(asked.id), value, note="不是消息")
    stage.refused(asked)


def delivered_twice(stage: Stage) -> None:
    asked = stage.asked()
    stage.hub.again(stage.hub.say(stage.answer(asked, Outcome.SETTLED)))
    stage.told(asked.told)
    stage.expect_settled(asked.wish)


def id_reused(stage: Stage) -> None:
    """A known message id says 'reversed' now: not believed."""
    asked, id_ = stage.asked(), MessageId(new_id())
    stage.hub.say(stage.answer(asked, Outcome.SETTLED), message_id=id_)
    stage.told(asked.told)
    body = stage.answer(asked, Outcome.REVERSED)
    stage.hub.say(body, message_id=id_, note="已用过的编号，不同内容")
    stage.hub.settle_down()
    stage.expect_settled(asked.wish)
    second = stage.calling(stage.outside.cancel, asked.wish, asked.told.result().settlement)
    stage.hub.settle_down()
    expect(not second.done(), "撤销未经枢纽确认即已告知医院")
    stage.hub.say(stage.answer(asked, Outcome.REVERSED))
    stage.told(second)


def of_nothing(stage: Stage) -> None:
    asked = stage.asked()
    stranger = stage.answer(asked, Outcome.SETTLED, settlement_id=SettlementId(new_id()))
    stage.hub.say(stranger, note="从未请求的结算")
    stage.refused(asked)


def _unknown_field(document: dict[str, Any]) -> None:
    document["body"]["certify_unknown"] = 1


def _unknown_kind(document: dict[str, Any]) -> None:
    document["head"]["kind"] = "certify_unknown"


def _fraction(document: dict[str, Any]) -> None:
    document["body"]["shares"]["pool_fen"] += 0.5


def _missing(document: dict[str, Any]) -> None:
    del document["body"]["concluded_at"]


_OVER = Shares(cash_fen=BILL.total_fen + 1)
RUNS: Mapping[str, Callable[[Stage], None]] = {
    "T-301": delivered_twice,
    "T-302": id_reused,
    "T-303": of_nothing,
    "T-304": _unsound("分担之和不等于总额", shares=SHORT),
    "T-305": _unsound("分担超过总额", shares=_OVER),
    "T-306": _unsound("没有结算日", business_date=None),
    "T-307": _forged(Forgery.UNSIGNED),
    "T-308": _forged(Forgery.UNKNOWN_KEY),
    "T-309": _forged(Forgery.ENDED_KEY),
    "T-310": _forged(Forgery.CHANGED),
    "T-311": _forged(Forgery.OTHER_TOPIC),
    "T-312": _forged(Forgery.OTHER_KEY),
    "T-313": _forged(Forgery.FALSE_NAME),
    "T-314": no_message,
    "T-315": _spoilt(_unknown_kind, "未知类型"),
    "T-316": _spoilt(_unknown_field, "未知字段"),
    "T-317": _spoilt(_missing, "缺字段"),
    "T-318": _spoilt(_fraction, "小数金额"),
}
