"""Believing: what is delivered twice, says something else under its id, or was signed by nobody."""

from collections.abc import Callable, Mapping
from typing import Any

from contracts import topics
from contracts.ids import MessageId, new_id
from contracts.messages.settlement import SettlementCalculated
from simulators.certify.cases import expect, expect_same
from simulators.certify.forging import Forgery
from simulators.certify.insured.stage import CALCULATIONS, SMALLER, Stage

Change = Callable[[dict[str, Any]], None]


def duplicate(stage: Stage) -> None:
    """The same message twice: one answer, or the very same again; the year moves once."""
    asked, id_ = stage.request(), MessageId(new_id())
    first = stage.granted_for(asked, message_id=id_)
    once = stage.books()
    stage.hub.again(id_)
    expect_same("重复投递后的年度累计与账户", once, stage.books())
    stage.hub.settle_down()
    found = stage.hub.all(CALCULATIONS, lambda body: body.settlement_id == asked.settlement_id)
    expect_same("对同一报文的不同答复编号数", 1, len({one.head.message_id for one in found}))
    expect(all(one.body == first for one in found), "对同一报文的答复内容不同")


def asked_again(stage: Stage) -> None:
    """The answer was lost, the hub asks again in a new message: the same answer, once granted."""
    asked = stage.request()
    first = stage.granted_for(asked)
    once = stage.books()
    again = stage.granted_for(asked)
    expect_same("再次询问的分担", first.shares, again.shares)
    expect_same("再次询问的起付线", first.deductible_fen, again.deductible_fen)
    expect_same("再次询问后的年度累计与账户", once, stage.books())


def other_content(stage: Stage) -> None:
    """A known message id with another settlement: nothing of it is done."""
    id_, other = MessageId(new_id()), stage.request(of=SMALLER)
    stage.granted_for(stage.request(), message_id=id_)
    stage.granted[other.settlement_id] = stage.token()
    stage.hub.say(other, message_id=id_, note="已用过的编号，不同内容")
    stage.without_effect(other)


def asked_differently(stage: Stage) -> None:
    """A known settlement with another bill: the stored answer stands, nothing is granted anew."""
    asked = stage.request()
    first = stage.granted_for(asked)
    once = stage.books()
    other = stage.request(of=SMALLER, id_=asked.settlement_id)
    found = stage.calculated(other).body
    is_same = isinstance(found, SettlementCalculated) and found.shares == first.shares
    is_no = not isinstance(found, SettlementCalculated)
    expect(is_same or is_no, "同一结算不同费用：应维持原答复或拒绝，实际重新计算")
    expect_same("年度累计与账户", once, stage.books())


def _forged(forgery: Forgery) -> Callable[[Stage], None]:
    return lambda stage: stage.unheeded(forgery)


def _spoilt(change: Change, note: str) -> Callable[[Stage], None]:
    """A truly signed message that does not fit: buried unread, and the next one is answered."""

    def run(stage: Stage) -> None:
        asked = stage.request()
        stage.granted[asked.settlement_id] = stage.token()
        stage.hub.say(asked, change=change, note=note)
        stage.without_effect(asked)

    return run


def no_message(stage: Stage) -> None:
    for value in (b"", b"not json", b'{"head":{}}', b"[1,2]"):
        topic = topics.insured_work(stage.area)
        stage.hub.put(topic, stage.token(), value, note="不是消息")
    stage.granted_for(stage.request())


def _unknown_field(document: dict[str, Any]) -> None:
    document["body"]["certify_unknown"] = 1


def _unknown_kind(document: dict[str, Any]) -> None:
    document["head"]["kind"] = "certify_unknown"


def _fraction(document: dict[str, Any]) -> None:
    document["body"]["bill"]["total_fen"] = 6578.41


def _negative(document: dict[str, Any]) -> None:
    document["body"]["bill"]["in_scope_fen"] = -1


def _missing(document: dict[str, Any]) -> None:
    del document["body"]["standing"]


RUNS: Mapping[str, Callable[[Stage], None]] = {
    "I-301": duplicate,
    "I-302": asked_again,
    "I-303": other_content,
    "I-304": asked_differently,
    "I-305": _forged(Forgery.UNSIGNED),
    "I-306": _forged(Forgery.UNKNOWN_KEY),
    "I-307": _forged(Forgery.ENDED_KEY),
    "I-308": _forged(Forgery.CHANGED),
    "I-309": _forged(Forgery.OTHER_TOPIC),
    "I-310": _forged(Forgery.OTHER_KEY),
    "I-311": _forged(Forgery.FALSE_NAME),
    "I-312": no_message,
    "I-313": _spoilt(_unknown_kind, "未知类型"),
    "I-314": _spoilt(_unknown_field, "未知字段"),
    "I-315": _spoilt(_missing, "缺字段"),
    "I-316": _spoilt(_fraction, "小数金额"),
    "I-317": _spoilt(_negative, "负金额"),
}
