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
from simulators.certify.cases import Case, NotMet
from simulators.certify.exchange import Exchange
from simulators.certify.hub import Hub
from simulators.certify.insured import reconciling as insured_books
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
    hub: Hub, token_key: bytes, tell: Tell = no_bar, only: Sequence[str] = ()
) -> Certificate:
    """All cases of an insured area; `only`: those whose id begins so."""
    stage = InsuredStage(hub, token_key)
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
    outcomes = []
    for done, case in enumerate(chosen):
        tell(done, len(chosen), f"{case.id} {case.zh}")
        outcomes.append(_tried(stage, case))
    tell(len(chosen), len(chosen), "")
    left_out = len(cases) - len(chosen)
    return Certificate(hub.role, hub.area, began_at, SystemClock().now(), outcomes, left_out)


def _tried(stage: S, case: Case[S]) -> Outcome:
    began, first, why = time.monotonic(), len(stage.hub.exchanges), ""
    try:
        case.run(stage)
        stage.hub.listen()
    except (NotMet, SendFailed, NoValidKey) as error:
        why = str(error) or type(error).__name__
    seconds, exchanges = time.monotonic() - began, tuple(stage.hub.exchanges[first:])
    stage.tidy()
    return Outcome(case, why, seconds, exchanges)
