"""Pair days: which are ready to be cleared, which are held and why, and which run took them."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from contracts.codes import AreaCode
from contracts.delivery import bulk
from contracts.messages.values import PARTS
from hub.domain.pair_day import Admission, Held, Hold, PairDay, Span

FUNDS = tuple(part for part in PARTS if part not in {"cash_fen", "hospital_fen"})
KEY = "business_date, insured_area, treatment_area"

_FREE = f"""
    SELECT {KEY}, bool_or(has_rows) AS has_rows, sum(payable_fen)::bigint AS payable_fen
    FROM (
        SELECT {KEY}, true AS has_rows, {" + ".join(FUNDS)} AS payable_fen FROM daily_totals
        UNION ALL
        SELECT {KEY}, false, amount_fen FROM adjustments
        JOIN reconciliations USING (business_date)
    ) AS moved
    WHERE {{within}} AND NOT EXISTS (
        SELECT FROM clearing_pair_days AS taken
        WHERE taken.business_date = moved.business_date
            AND taken.insured_area = moved.insured_area
            AND taken.treatment_area = moved.treatment_area)
    GROUP BY {KEY}
"""  # noqa: S608 - column names of ours
# The first bound is there for the index: years of days must not be read for one cycle.
_IN_REACH = f"""
    business_date >= least(%(oldest)s, (SELECT min(business_date) FROM clearing_admissions
        WHERE ({KEY}) NOT IN (SELECT {KEY} FROM clearing_pair_days)))
    AND business_date <= %(last)s
"""  # noqa: S608 - column names of ours
_IN_TIME = f"""
    {_IN_REACH}
    AND (business_date >= %(oldest)s OR ({KEY}) IN (SELECT {KEY} FROM clearing_admissions))
"""  # noqa: S608 - column names of ours
_PAST_ITS_TIME = f"""business_date < %(oldest)s
    AND ({KEY}) NOT IN (SELECT {KEY} FROM clearing_admissions)"""  # noqa: S608 - column names of ours


def _hold(side: str, counterpart: str) -> str:
    """What keeps a side from vouching for a pair day; NULL when nothing does.

    What a pair was only adjusted on has no rows to report, so its sides need not be there. A
    break without a counterpart is about the whole side; one with a hospital is no province's.
    """
    return f"""CASE
        WHEN {side}.state = 'agreed' THEN NULL
        WHEN {side}.state IS NULL THEN CASE WHEN has_rows THEN 'silent' END
        WHEN {side}.reported_attempt = 0 THEN 'silent'
        WHEN {side}.state = 'waiting' THEN 'waiting'
        WHEN EXISTS (SELECT FROM breaks WHERE resolved_at IS NULL
            AND breaks.business_date = {side}.business_date AND breaks.hospital_code IS NULL
            AND breaks.area = {side}.area AND breaks.role = {side}.role
            AND coalesce(breaks.counterpart, {counterpart}) = {counterpart}) THEN 'differs'
        END"""


# A day counts once its comparison has begun: then it is closed, and its totals stand.
_JUDGED = f"""
    SELECT free.*, {_hold("payer", "treatment_area")} AS by_insured,
        {_hold("payee", "insured_area")} AS by_treatment
    FROM ({_FREE}) AS free
    LEFT JOIN reconciliation_sides AS payer ON payer.business_date = free.business_date
        AND payer.area = insured_area AND payer.role = 'insured'
    LEFT JOIN reconciliation_sides AS payee ON payee.business_date = free.business_date
        AND payee.area = treatment_area AND payee.role = 'treatment'
"""  # noqa: S608 - column names of ours
IF_FROZEN = f"""
    SELECT {KEY}, business_date < %(first)s AS is_late
    FROM ({_JUDGED.format(within=_IN_TIME)}) AS judged
    WHERE by_insured IS NULL AND by_treatment IS NULL
"""  # noqa: S608 - column names of ours
OF_RUN = f"SELECT {KEY}, is_late FROM clearing_pair_days WHERE run_id = %(run_id)s"  # noqa: S608
# What the sides said stays so until the run has them: nobody reopens a day while it is taken.
_HOLD_SIDES_STILL = f"""
    SELECT 1 FROM reconciliation_sides WHERE {_IN_REACH}
    ORDER BY business_date, area, role FOR SHARE
"""  # noqa: S608 - column names of ours
_TAKE = f"""
    INSERT INTO clearing_pair_days ({KEY}, is_late, run_id)
    SELECT {KEY}, is_late, %(run_id)s FROM ({IF_FROZEN}) AS ready ORDER BY {KEY}
"""  # noqa: S608 - column names of ours
_HELD = f"""
    SELECT {KEY}, by_insured, by_treatment, payable_fen
    FROM ({_JUDGED.format(within=_IN_TIME)}) AS judged
    WHERE by_insured IS NOT NULL OR by_treatment IS NOT NULL ORDER BY {KEY}
"""  # noqa: S608 - column names of ours
_PAST = f"""
    SELECT {KEY}, by_insured, by_treatment, payable_fen
    FROM ({_JUDGED.format(within=_PAST_ITS_TIME)}) AS judged ORDER BY {KEY}
"""  # noqa: S608 - column names of ours
_RELEASE = "DELETE FROM clearing_pair_days WHERE run_id = %s"
_ADMIT = f"""
    INSERT INTO clearing_admissions ({KEY}, why, admitted_by, second_person, admitted_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT ({KEY}) DO NOTHING
"""  # noqa: S608 - column names of ours


def ready(tx: Connection, span: Span) -> list[tuple[PairDay, bool]]:
    """What a run of this span would take if it were frozen now, and whether it comes late."""
    return [(_pair_day(row), row[3]) for row in bulk.fetch(tx, IF_FROZEN, span.as_parameters())]


def held(tx: Connection, span: Span) -> list[Held]:
    """What belongs to a run of this span, and is held; it may come late in a later run."""
    return [_held(row) for row in bulk.fetch(tx, _HELD, span.as_parameters())]


def past_its_time(tx: Connection, span: Span) -> list[Held]:
    """What no run took in time: it stands until two persons admit it. Held or not."""
    return [_held(row) for row in bulk.fetch(tx, _PAST, span.as_parameters())]


def take(tx: Connection, run_id: UUID, span: Span) -> int:
    """Make all that is ready the run's; how many pair days. One is taken once, ever.

    The run must be open or frozen, or the database refuses.
    """
    bulk.fetch(tx, _HOLD_SIDES_STILL, span.as_parameters())
    return bulk.run(tx, _TAKE, span.as_parameters() | {"run_id": run_id})


def release(tx: Connection, run_id: UUID) -> int:
    """Give back what a run that is not issued has taken; how many pair days."""
    return bulk.run(tx, _RELEASE, (run_id,))


def of_run(tx: Connection, run_id: UUID) -> list[tuple[PairDay, bool]]:
    """A run's pair days in the order of their key, and whether each came late."""
    rows = bulk.fetch(tx, f"{OF_RUN} ORDER BY {KEY}", {"run_id": run_id})
    return [(_pair_day(row), row[3]) for row in rows]


def admit(tx: Connection, one: Admission) -> bool:
    """Let a pair day in past its time; False when it was let in before."""
    day = one.pair_day
    key = (day.business_date, day.insured_area, day.treatment_area)
    said = (one.why, one.admitted_by, one.second_person, one.admitted_at)
    return bulk.run(tx, _ADMIT, (*key, *said)) == 1


def _pair_day(row: Sequence[Any]) -> PairDay:
    business_date: date = row[0]
    return PairDay(business_date, AreaCode(row[1]), AreaCode(row[2]))


def _held(row: Sequence[Any]) -> Held:
    by_insured, by_treatment = (None if why is None else Hold(why) for why in row[3:5])
    return Held(_pair_day(row), by_insured, by_treatment, row[5])
