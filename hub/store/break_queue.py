"""The work queue of breaks: open ones whose agreed time is over, owners, and their history."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from contracts.codes import AreaCode, InsuranceKind, Role, VisitKind
from contracts.delivery import bulk
from contracts.ids import SettlementId
from hub.domain.reconciliation import Break, BreakClass
from hub.domain.repair import (
    WHOLE_AT_RISK,
    BreakQuery,
    BreakStep,
    QueuedBreak,
    RepairKind,
    RepairState,
)
from hub.domain.settlement import State

_WHOLE = ", ".join(f"'{one.value}'" for one in sorted(WHOLE_AT_RISK))
AT_RISK = f"""CASE WHEN found.class IN ({_WHOLE})
        THEN greatest(abs(coalesce(found.hub_fen, 0)), abs(coalesce(found.side_fen, 0)))
        ELSE abs(coalesce(found.hub_fen, 0) - coalesce(found.side_fen, 0)) END"""
"""`hub.domain.repair.at_risk_fen` for the database; a test holds the two together."""

_QUEUED = f"""
    SELECT found.break_id, found.business_date, found.role, found.area, found.class,
        found.counterpart, found.insurance_kind, found.visit_kind, found.settlement_id, found.sign,
        found.hub_fen, found.side_fen, found.other_date,
        coalesce(side.break_after, found.found_at) AS since, owner.owner,
        proposed.proposal_id, last.kind, last.state, settlements.state AS stands,
        found.hospital_code, {AT_RISK} AS at_risk_fen
    FROM breaks AS found
    LEFT JOIN reconciliation_sides AS side ON (side.business_date, side.area, side.role)
        = (found.compared_on, found.area, found.role)
    LEFT JOIN break_owners AS owner USING (break_id)
    LEFT JOIN settlements USING (settlement_id)
    LEFT JOIN LATERAL (
        SELECT proposal_id FROM repair_proposals JOIN proposals USING (proposal_id)
        WHERE repair_proposals.break_id = found.break_id AND proposals.state = 'open' LIMIT 1
    ) AS proposed ON true
    LEFT JOIN LATERAL (
        SELECT kind, state FROM repairs WHERE repairs.break_id = found.break_id
        ORDER BY ordered_at DESC, repair_id LIMIT 1
    ) AS last ON true
    WHERE found.resolved_at IS NULL AND (side.state = 'broken' OR found.hospital_code IS NOT NULL)
"""  # noqa: S608 - column names of ours
_ASKED = f"""
    SELECT * FROM ({_QUEUED}) AS queued
    WHERE (%(classes)s::text[] IS NULL OR class = ANY(%(classes)s::text[]))
        AND (%(role)s::text IS NULL OR role = %(role)s)
        AND (%(area)s::text IS NULL OR area = %(area)s)
        AND (%(counterpart)s::text IS NULL OR counterpart = %(counterpart)s)
        AND (%(owner)s::text IS NULL OR owner = %(owner)s)
        AND (%(first_date)s::date IS NULL OR business_date >= %(first_date)s)
        AND (%(last_date)s::date IS NULL OR business_date <= %(last_date)s)
        AND (%(at_least_fen)s::bigint IS NULL OR at_risk_fen >= %(at_least_fen)s)
        AND (NOT %(free_only)s OR proposal_id IS NULL
            AND coalesce(state, 'none') NOT IN ('ordered', 'obeyed'))
        AND break_id > %(after)s
    ORDER BY break_id LIMIT %(count)s
"""  # noqa: S608 - column names of ours
_OF_IDS = f"""
    SELECT * FROM ({_QUEUED}) AS queued WHERE break_id = ANY(%s::bigint[]) ORDER BY break_id
"""  # noqa: S608 - column names of ours
_LOCK = """
    SELECT break_id, resolved_at IS NOT NULL FROM breaks WHERE break_id = ANY(%s::bigint[])
    ORDER BY break_id FOR UPDATE
"""
_RESOLVED = """
    SELECT break_id, resolved_at IS NOT NULL FROM breaks WHERE break_id = ANY(%s::bigint[])
"""
_OWN = """
    INSERT INTO break_owners (break_id, owner, since) VALUES %s
    ON CONFLICT (break_id) DO UPDATE SET owner = excluded.owner, since = excluded.since
"""
_DISOWN = "DELETE FROM break_owners WHERE break_id = ANY(%s::bigint[])"
_ADD_STEPS = """
    INSERT INTO break_steps (break_id, at, by, step, detail, proposal_id, repair_id) VALUES %s
"""
_STEPS = """
    SELECT break_id, at, by, step, detail, proposal_id, repair_id FROM break_steps
    WHERE break_id = %s ORDER BY step_id
"""
_WORTH = f"""
    SELECT class, count(*), sum(at_risk_fen)::bigint, min(since),
        count(owner), count(*) FILTER (WHERE proposal_id IS NOT NULL)
    FROM ({_QUEUED}) AS queued GROUP BY class ORDER BY class
"""  # noqa: S608 - column names of ours


@dataclass(frozen=True, slots=True)
class StepTaken:
    """One line of a break's history; `by` is a person, an area, or the hub itself."""

    break_id: int
    at: datetime
    by: str
    step: BreakStep
    detail: str = ""
    proposal_id: UUID | None = None
    repair_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ClassSum:
    """The open breaks of one class: how many, how much is at risk (fen), since when the oldest."""

    break_class: BreakClass
    count: int
    at_risk_fen: int
    oldest_since: datetime
    owned: int
    proposed: int


def queued(tx: Connection, query: BreakQuery, *, after: int, count: int) -> list[QueuedBreak]:
    """Breaks that the query asks for, by id, those after `after`."""
    asked = {
        "classes": None if query.classes is None else [one.value for one in query.classes],
        "role": None if query.role is None else query.role.value,
        "area": query.area,
        "counterpart": query.counterpart,
        "owner": query.owner,
        "first_date": query.first_date,
        "last_date": query.last_date,
        "at_least_fen": query.at_least_fen,
        "free_only": query.free_only,
        "after": after,
        "count": count,
    }
    return [_queued(row) for row in bulk.fetch(tx, _ASKED, asked)]


def of_ids(tx: Connection, break_ids: Collection[int]) -> dict[int, QueuedBreak]:
    """Those of these that are in the queue."""
    rows = bulk.fetch(tx, _OF_IDS, (list(break_ids),))
    return {row[0]: _queued(row) for row in rows}


def lock(tx: Connection, break_ids: Collection[int]) -> dict[int, bool]:
    """Whether each of these that exists is resolved, locked in id order."""
    return dict(bulk.fetch(tx, _LOCK, (list(break_ids),)))


def resolved(tx: Connection, break_ids: Collection[int]) -> dict[int, bool]:
    """Whether each of these that exists is resolved, without a lock."""
    return dict(bulk.fetch(tx, _RESOLVED, (list(break_ids),)))


def sums(tx: Connection) -> list[ClassSum]:
    """The whole queue class by class."""
    return [ClassSum(BreakClass(row[0]), *row[1:]) for row in bulk.fetch(tx, _WORTH)]


def own(tx: Connection, break_ids: Collection[int], owner: str, now: datetime) -> None:
    bulk.write_rows(tx, _OWN, "(%s, %s, %s)", [(one, owner, now) for one in break_ids])


def disown(tx: Connection, break_ids: Collection[int]) -> None:
    bulk.run(tx, _DISOWN, (list(break_ids),))


def add_steps(tx: Connection, taken: Sequence[StepTaken]) -> None:
    rows = [
        (s.break_id, s.at, s.by, s.step.value, s.detail[:500], s.proposal_id, s.repair_id)
        for s in taken
    ]
    bulk.write_rows(tx, _ADD_STEPS, "(%s, %s, %s, %s, %s, %s::uuid, %s::uuid)", rows)


def steps_of(tx: Connection, break_id: int) -> list[StepTaken]:
    """The full history of a break, oldest first."""
    return [
        StepTaken(row[0], row[1], row[2], BreakStep(row[3]), *row[4:])
        for row in bulk.fetch(tx, _STEPS, (break_id,))
    ]


def _queued(row: Sequence[Any]) -> QueuedBreak:
    break_id, day, role, area, kind, counterpart, insurance, visit, *rest = row
    settlement_id, sign, hub_fen, side_fen, other, since, owner, proposal_id, *stands = rest
    bucket = (counterpart, InsuranceKind(insurance), VisitKind(visit)) if visit else None
    named = (SettlementId(settlement_id), sign) if settlement_id else None
    repair_kind, repair_state, state, hospital_code, _at_risk_fen = stands
    return QueuedBreak(
        break_id=break_id,
        side=(day, Role(role), AreaCode(area)),
        found=Break(BreakClass(kind), bucket, named, hub_fen, side_fen, other),
        since=since,
        owner=owner,
        proposal_id=proposal_id,
        repair_kind=repair_kind and RepairKind(repair_kind),
        repair_state=repair_state and RepairState(repair_state),
        settlement_state=state and State(state),
        hospital_code=hospital_code,
    )
