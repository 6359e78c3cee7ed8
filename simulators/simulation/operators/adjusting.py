"""Adjustments of the ledger: about a settlement that is seen, or between two areas."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection

from contracts.access import Principal
from contracts.codes import AreaCode, Fund, InsuranceKind, VisitKind
from contracts.delivery import bulk
from contracts.delivery.outbox import Writing
from contracts.ids import new_id
from contracts.refusal import RefusalCode
from hub.domain.adjustment import Adjustment, AdjustmentReason
from hub.services import adjusting
from simulators.simulation.databases import AREAS
from simulators.simulation.operators.words import Person, Word

ABOUT_ONE_PERCENT = 60
SEEN_MAX = 20
LARGEST_FEN = 1_000_00
ANSWERS = frozenset(
    {
        RefusalCode.OUT_OF_STEP,  # its settlement is undone by now, or too much was taken off it
    }
)
_SETTLED = f"""
    SELECT settlement_id, insured_area, treatment_area, insurance_kind, visit_kind,
        {", ".join(f"{fund.value}_fen" for fund in Fund)}
    FROM settlements WHERE state = 'settled' ORDER BY settlement_id DESC LIMIT {SEEN_MAX}
"""


def room(tx: Connection, one: Person) -> Sequence[Word]:
    """Somebody always finds something to correct."""
    wanted = _about_one(one, bulk.fetch(tx, _SETTLED, ())) or _between_areas(one)
    about = f"{wanted.adjustment_id} {wanted.settlement_id}"
    return [Word("proposed", about, partial(_propose, wanted, one.who), ANSWERS)]


def _about_one(one: Person, settled: Sequence[tuple[Any, ...]]) -> Adjustment | None:
    """A little or all of what a fund paid for a settlement, which may be undone meanwhile."""
    if not settled or not one.by_chance(ABOUT_ONE_PERCENT):
        return None
    settlement_id, insured, treatment, insurance, visit, *paid = one.random.choice(settled)
    funds = [(fund, fen) for fund, fen in zip(Fund, paid, strict=True) if fen > 0]
    if not funds:
        return None
    fund, fen = one.random.choice(funds)
    return Adjustment(
        adjustment_id=new_id(),
        insured_area=AreaCode(insured),
        treatment_area=AreaCode(treatment),
        insurance_kind=InsuranceKind(insurance),
        visit_kind=VisitKind(visit),
        fund=fund,
        amount_fen=-one.random.randint(1, fen),
        reason=AdjustmentReason.AUDIT,
        cause="仿真审核扣款",
        by=one.who.subject,
        second="",
        settlement_id=settlement_id,
    )


def _between_areas(one: Person) -> Adjustment:
    insured, treatment = one.random.sample(AREAS, 2)
    fen = one.random.randint(1, LARGEST_FEN)
    return Adjustment(
        adjustment_id=new_id(),
        insured_area=insured,
        treatment_area=treatment,
        insurance_kind=one.random.choice(list(InsuranceKind)),
        visit_kind=one.random.choice(list(VisitKind)),
        fund=one.random.choice(list(Fund)),
        amount_fen=one.random.choice((fen, -fen)),
        reason=AdjustmentReason.CORRECTION,
        cause="仿真往期更正",
        by=one.who.subject,
        second="",
    )


def _propose(wanted: Adjustment, by: Principal, writing: Writing) -> None:
    adjusting.propose(writing.tx, wanted, reason=wanted.cause, by=by, now=writing.now)
