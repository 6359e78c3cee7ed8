"""A case 协同事项: its types, and its states as a table."""

from enum import StrEnum

from contracts.state_machine import StateMachine, Step


class CaseType(StrEnum):
    """What a matter between the parties is."""

    DISPUTE = "dispute"  # 争议: one side claims money, or says that a row is wrong
    ASSISTANCE = "assistance"  # 费用协查: is this inpatient bill true?
    COORDINATION = "coordination"  # 问题协同: anything else one party needs of another


class CaseState(StrEnum):
    """Where a case stands."""

    WAITING = "waiting"  # 待送达: an assistance waits for its batch
    OPEN = "open"  # 待认领: the other side has it, and nobody there has taken it
    TAKEN = "taken"  # 办理中: its first responder owns it
    ANSWERED = "answered"  # 已答复: the other side's evidence is in
    REVIEW = "review"  # 待裁定: an operator of the hub must decide
    PROPOSED = "proposed"  # 待复核: a decision in money waits for its second person
    DECIDED = "decided"  # 已办结
    WITHDRAWN = "withdrawn"  # 已撤回


class CaseEvent(StrEnum):
    """What happens to a case."""

    RELEASE = "release"  # 送达
    TAKE = "take"  # 认领
    EXTEND = "extend"  # 延期
    ANSWER = "answer"  # 答复
    WITHDRAW = "withdraw"  # 撤回
    ESCALATE = "escalate"  # 转人工裁定
    PROPOSE = "propose"  # 提请复核
    DECIDE = "decide"  # 裁定
    APPROVE = "approve"  # 复核通过
    DECLINE = "decline"  # 复核退回


_S, _E = CaseState, CaseEvent

# fmt: off
CASE = StateMachine(name="case", initial=(_S.WAITING, _S.OPEN), steps=(
    #    from         on           to            why
    Step(_S.WAITING,  _E.RELEASE,  _S.OPEN,      "the day of its batch has come"),
    Step(_S.WAITING,  _E.WITHDRAW, _S.WITHDRAWN, "the opener took it back before it was sent"),
    Step(_S.OPEN,     _E.TAKE,     _S.TAKEN,     "the first responder owns it"),
    Step(_S.OPEN,     _E.WITHDRAW, _S.WITHDRAWN, "the opener took it back"),
    Step(_S.OPEN,     _E.DECIDE,   _S.DECIDED,   "the other side's time has passed; no money is in it"),
    Step(_S.OPEN,     _E.PROPOSE,  _S.PROPOSED,  "the other side's time has passed; money is in it"),
    Step(_S.TAKEN,    _E.EXTEND,   _S.TAKEN,     "once, before its time has passed"),
    Step(_S.TAKEN,    _E.ANSWER,   _S.ANSWERED,  "the other side's evidence is in, in time"),
    Step(_S.TAKEN,    _E.WITHDRAW, _S.WITHDRAWN, "the opener took it back before it was answered"),
    Step(_S.TAKEN,    _E.DECIDE,   _S.DECIDED,   "the other side's time has passed; no money is in it"),
    Step(_S.TAKEN,    _E.PROPOSE,  _S.PROPOSED,  "the other side's time has passed; money is in it"),
    Step(_S.ANSWERED, _E.DECIDE,   _S.DECIDED,   "the answer decides, and moves no money"),
    Step(_S.ANSWERED, _E.PROPOSE,  _S.PROPOSED,  "the answer decides, and moves money"),
    Step(_S.ANSWERED, _E.ESCALATE, _S.REVIEW,    "a contested second dispute: an operator decides"),
    Step(_S.REVIEW,   _E.DECIDE,   _S.DECIDED,   "an operator decided, and no money moves"),
    Step(_S.REVIEW,   _E.PROPOSE,  _S.PROPOSED,  "an operator decided, and money moves"),
    Step(_S.PROPOSED, _E.APPROVE,  _S.DECIDED,   "the second person agreed; the adjustment is posted"),
    Step(_S.PROPOSED, _E.DECLINE,  _S.REVIEW,    "the second person disagreed: an operator decides"),
))
# fmt: on

ENDED = CASE.terminal()
WITH_THE_RESPONDENT = (CaseState.OPEN, CaseState.TAKEN)
"""States in which the other side's clock runs."""
