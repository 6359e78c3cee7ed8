"""Runs every case of a role, one after the other, and keeps what came of each."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from contracts.clock import SystemClock
from contracts.codes import AreaCode, Role
from contracts.delivery.broker import SendFailed
from contracts.signing import NoValidKey
from simulators.agency import Unexpected
from simulators.certify.cases import Case, NotMet
from simulators.certify.exchange import Exchange, nobody_named
from simulators.certify.hub import Hub
from simulators.certify.insured import reconciling as insured_books
from simulators.certify.insured.desk import Desk
from simulators.certify.insured.stage import Stage as InsuredStage
from simulators.certify.insured.table import CASES as INSURED_CASES
from simulators.certify.treatment.stage import Stage as TreatmentStage
from simulators.certify.treatment.table import CASES as TREATMENT_CASES

Tell = Callable[[int, int, str], None]
"""How far it is: done, of how many, what comes next."""


class Stage(Protocol):
    """What every case has in its hands, whichever the role."""

    @property
    def hub(self) -> Hub: ...

    def tidy(self) -> None: ...


S = TypeVar("S", bound=Stage)
SILENT_MAX = 3
"""So many cases at first without a word of the area: then it is not there."""
REASON_CHARS_MAX = 200


@dataclass(frozen=True, slots=True)
class Outcome:
    """`why` is empty where the case passed, else what was not as expected, in Chinese."""

    case: Case[Any]
    why: str
    seconds: float
    exchanges: Sequence[Exchange]

    @property
    def passed(self) -> bool:
        return not self.why


@dataclass(frozen=True, slots=True)
class Certificate:
    """A whole run. It is one only when every case of the role was run and passed."""

    role: Role
    area: AreaCode
    began_at: datetime
    ended_at: datetime
    outcomes: Sequence[Outcome]
    left_out: int = 0

    @property
    def failed(self) -> list[Outcome]:
        return [one for one in self.outcomes if not one.passed]

    @property
    def is_given(self) -> bool:
        return bool(self.outcomes) and not self.failed and not self.left_out


def no_bar(_done: int, _of: int, _next: str) -> None:
    """Tell nobody how far it is."""


def certify_insured(
    hub: Hub,
    token_key: bytes,
    tell: Tell = no_bar,
    only: Sequence[str] = (),
    desk: Desk | None = None,
) -> Certificate:
    """All cases of an insured area; `only`: those whose id begins so; `desk`: its clerk."""
    stage = InsuredStage(hub, token_key, desk=desk)
    found = _certified(stage, INSURED_CASES, tell, only)
    if found.is_given:
        insured_books.finish(stage)
    return found


def certify_treatment(
    stage: TreatmentStage, tell: Tell = no_bar, only: Sequence[str] = ()
) -> Certificate:
    """All cases of a treatment area, whose hospitals `stage.outside` plays."""
    return _certified(stage, TREATMENT_CASES, tell, only)


def _certified(stage: S, cases: Sequence[Case[S]], tell: Tell, only: Sequence[str]) -> Certificate:
    hub, began_at = stage.hub, SystemClock().now()
    chosen = [case for case in cases if not only or case.id.startswith(tuple(only))]
    hub.catch_up()
    before = len(hub.heard)
    outcomes: list[Outcome] = []
    for done, case in enumerate(chosen):
        tell(done, len(chosen), f"{case.id} {case.zh}")
        outcomes.append(_tried(stage, case))
        if len(outcomes) == SILENT_MAX:
            _refuse_silence(hub, before, outcomes)
    tell(len(chosen), len(chosen), "")
    left_out = len(cases) - len(chosen)
    return Certificate(hub.role, hub.area, began_at, SystemClock().now(), outcomes, left_out)


def _refuse_silence(hub: Hub, before: int, outcomes: Sequence[Outcome]) -> None:
    """Unexpected when nothing at all was heard: hours of waiting would say no more."""
    if len(hub.heard) == before and not hub.faults and not any(one.passed for one in outcomes):
        raise Unexpected(
            f"被测地区 {hub.account} 没有发出任何消息：请检查它是否在运行，"
            "主题前缀（YIDI_KAFKA）与密钥（YIDI_MESSAGE_KEYS）是否与认证程序一致"
        )


def _tried(stage: S, case: Case[S]) -> Outcome:
    began, first = time.monotonic(), len(stage.hub.exchanges)
    why = _why_not(lambda: _run(stage, case))
    seconds, exchanges = time.monotonic() - began, tuple(stage.hub.exchanges[first:])
    return Outcome(case, why or _why_not(stage.tidy), seconds, exchanges)


def _run(stage: S, case: Case[S]) -> None:
    case.run(stage)
    stage.hub.listen()


def _why_not(work: Callable[[], None]) -> str:
    """What was not as expected; whatever somebody's area makes of a case, the next one is run."""
    try:
        work()
    except (NotMet, SendFailed, NoValidKey) as error:
        return nobody_named(str(error)) or type(error).__name__
    except Exception as error:  # noqa: BLE001  # an answer, or an adapter, that nobody foresaw
        text = nobody_named(str(error))[:REASON_CHARS_MAX]
        return f"得到的答复无法处理（{type(error).__name__}：{text}）"
    return ""
