"""Settlements: taken on, locked and moved, each for a whole batch in one statement."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection

from contracts.codes import AreaCode, InsuranceKind
from contracts.delivery import bulk, prepared
from contracts.ids import MessageId, PersonId, RegistrationId, SettlementId
from contracts.messages.settlement import Basis, Care
from contracts.messages.values import PARTS, Bill, Shares
from contracts.refusal import BY_CODE, RefusalCode
from hub.domain.settlement import BOOKED, Event, Moved, Settlement, State

_COLUMNS = f"""settlement_id, person_id, insured_area, treatment_area, insurance_kind, total_fen,
    state, step_count, concluded_at, deductible_fen, settled_on, reversed_on, refusal_code,
    refusal_detail, released_at, late_answers, {", ".join(PARTS)}"""
_NEW = """settlement_id, person_id, insured_area, insured_division, treatment_area,
    treatment_division, insurance_kind, visit_kind, hospital_code, hospital_level, admitted_on,
    discharged_on, use_account, total_fen, fully_own_fen, over_ceiling_fen, first_self_pay_fen,
    in_scope_fen, registration_id, registration_basis, state, answer_by, received_at, concluded_at,
    refusal_code, step_count"""
_STEP = "settlement_id, position, from_state, event, to_state, at, message_id"
# "IS TRUE" has what was added hashed. As a join, a session that keeps plans would hold each row
# against each.
_ADD = prepared.statement_of_rows(
    f"""
    WITH new ({_NEW}, event, message_id) AS %s,
         added AS (INSERT INTO settlements ({_NEW}) SELECT {_NEW} FROM new
                   ON CONFLICT (settlement_id) DO NOTHING RETURNING settlement_id)
    INSERT INTO settlement_steps ({_STEP})
    SELECT settlement_id, step_count, '{State.RECEIVED}', event, state, received_at, message_id
    FROM new WHERE (settlement_id IN (SELECT settlement_id FROM added)) IS TRUE
    RETURNING settlement_id
    """,  # noqa: S608
    """uuid text text text text text text text text int date date boolean
    bigint bigint bigint bigint bigint uuid text text timestamptz timestamptz timestamptz text
    smallint text uuid""",
)
_OF = f"SELECT {_COLUMNS} FROM settlements WHERE settlement_id = ANY($1)"  # noqa: S608
_FIND = prepared.statement(_OF, "uuid[]")
_LOCK = prepared.statement(f"{_OF} ORDER BY settlement_id FOR NO KEY UPDATE", "uuid[]")
# Ten times a second, of rows that have nearly all been answered: a bitmap scan would go to each of
# them again, until a vacuum; an index scan marks their entries dead.
_OVERDUE = f"""
    SET LOCAL enable_bitmapscan = off;
    SELECT {_COLUMNS} FROM settlements WHERE state = 'routed' AND answer_by <= %s
    ORDER BY answer_by LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
"""  # noqa: S608
_MOVED = (
    ("state", "text"),
    ("concluded_at", "timestamptz"),
    ("deductible_fen", "bigint"),
    ("settled_on", "date"),
    ("reversed_on", "date"),
    ("refusal_code", "text"),
    ("refusal_detail", "text"),
    ("released_at", "timestamptz"),
    ("late_answers", "smallint"),
    ("step_count", "smallint"),
    *((part, "bigint") for part in PARTS),
)
_MOVE = prepared.statement_of_rows(
    f"""
    WITH stepped AS (
        UPDATE settlements AS s SET {", ".join(f"{name} = m.{name}" for name, _ in _MOVED)}
        FROM %s AS m (settlement_id, seen, from_state, event, at, message_id,
            {", ".join(name for name, _ in _MOVED)})
        WHERE s.settlement_id = m.settlement_id AND s.step_count = m.seen
        RETURNING m.settlement_id, m.step_count, m.from_state, m.event, m.state, m.at, m.message_id)
    INSERT INTO settlement_steps ({_STEP}) SELECT * FROM stepped
    """,  # noqa: S608
    f"uuid smallint text text timestamptz uuid {' '.join(kind for _, kind in _MOVED)}",
)
_CAUSED = """
    SELECT settlement_id, message_id FROM settlement_steps
    WHERE settlement_id = ANY(%s::uuid[]) AND message_id = ANY(%s::uuid[])
"""
_parts_of = attrgetter(*PARTS)
_care_of = attrgetter(
    "hospital_code", "hospital_level", "admitted_on", "discharged_on", "use_account"
)
_bill_of = attrgetter(
    "total_fen", "fully_own_fen", "over_ceiling_fen", "first_self_pay_fen", "in_scope_fen"
)
_NO_PARTS = (0,) * len(PARTS)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A settlement as it is first written: routed with a deadline, or rejected with a code.

    `basis`: on what a routed one stands. `message_id`: what brought it.
    """

    settlement_id: SettlementId
    care: Care
    bill: Bill
    insured_area: AreaCode
    treatment_area: AreaCode
    registration_id: RegistrationId | None
    basis: Basis | None
    answer_by: datetime | None
    refusal: RefusalCode | None
    received_at: datetime
    message_id: MessageId

    def state(self) -> State:
        return State.ROUTED if self.refusal is None else State.REJECTED


def add(tx: Connection, arrivals: Sequence[Arrival]) -> set[SettlementId]:
    """Store new settlements, each with its first step; the ids of those that were not there."""
    # In id order, so that two transactions that meet wait for each other instead of deadlocking.
    rows = sorted(map(_arrival_row, arrivals), key=lambda row: row[0])
    return {SettlementId(row[0]) for row in prepared.write_and_return(tx, _ADD, rows)}


def lock(tx: Connection, ids: Iterable[SettlementId]) -> dict[SettlementId, Settlement]:
    """Load and lock. Always in id order, so that two batches cannot deadlock."""
    return {row[0]: _settlement(row) for row in prepared.fetch(tx, _LOCK, list(ids))}


def find(tx: Connection, settlement_id: SettlementId) -> Settlement | None:
    """One settlement as it stands now, without a lock."""
    return next((_settlement(row) for row in prepared.fetch(tx, _FIND, [settlement_id])), None)


def lock_overdue(tx: Connection, now: datetime, count_max: int) -> list[Settlement]:
    """Routed settlements whose deadline has passed, and that nobody is moving, oldest first."""
    return [_settlement(row) for row in bulk.fetch(tx, _OVERDUE, (now, count_max))]


def move(tx: Connection, moves: Sequence[Moved]) -> None:
    """Write one step each of locked settlements; no settlement twice."""
    if moves:
        written = prepared.run(tx, _MOVE, *zip(*map(_moved_row, moves), strict=True))
        assert written == len(moves), "a locked settlement was moved by somebody else"


def steps_caused(
    tx: Connection, causes: Iterable[tuple[SettlementId, MessageId | None]]
) -> dict[SettlementId, frozenset[MessageId]]:
    """Which of these messages made a step of their settlement; None is no message."""
    asked = [(id_, message_id) for id_, message_id in causes if message_id is not None]
    if not asked:
        return {}
    ids, message_ids = zip(*asked, strict=True)
    found: dict[SettlementId, frozenset[MessageId]] = {}
    for id_, message_id in bulk.fetch(tx, _CAUSED, (list(ids), list(message_ids))):
        found[id_] = found.get(id_, frozenset()) | {message_id}
    return found


def _arrival_row(a: Arrival) -> tuple[Any, ...]:
    care, rejected = a.care, a.refusal is not None
    return (
        a.settlement_id,
        care.person_id,
        a.insured_area,
        care.insured_division,
        a.treatment_area,
        care.treatment_division,
        care.insurance_kind.value,
        care.visit_kind.value,
        *_care_of(care),
        *_bill_of(a.bill),
        a.registration_id,
        None if a.basis is None else a.basis.value,
        a.state().value,
        a.answer_by,
        a.received_at,
        a.received_at if rejected else None,
        a.refusal.value if a.refusal is not None else None,
        1,
        (Event.REJECT if rejected else Event.ROUTE).value,
        a.message_id,
    )


def _moved_row(moved: Moved) -> tuple[Any, ...]:
    after = moved.after
    return (
        after.settlement_id,
        moved.before.step_count,
        moved.before.state.value,
        moved.event.value,
        moved.at,
        moved.message_id,
        after.state.value,
        after.concluded_at,
        after.deductible_fen,
        after.settled_on,
        after.reversed_on,
        after.refusal.value if after.refusal is not None else None,
        after.refusal_detail,
        after.released_at,
        after.late_answers,
        after.step_count,
        *(_NO_PARTS if after.shares is None else _parts_of(after.shares)),
    )


def _settlement(row: tuple[Any, ...]) -> Settlement:
    state = State(row[6])
    return Settlement(
        settlement_id=SettlementId(row[0]),
        person_id=PersonId(row[1]),
        insured_area=AreaCode(row[2]),
        treatment_area=AreaCode(row[3]),
        insurance_kind=InsuranceKind(row[4]),
        total_fen=row[5],
        state=state,
        step_count=row[7],
        concluded_at=row[8],
        deductible_fen=row[9],
        settled_on=row[10],
        reversed_on=row[11],
        refusal=BY_CODE[row[12]] if row[12] else None,
        refusal_detail=row[13],
        released_at=row[14],
        late_answers=row[15],
        shares=Shares(**dict(zip(PARTS, row[16:], strict=True))) if state in BOOKED else None,
    )
