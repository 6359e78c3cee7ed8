"""Cases as they are stored: the matter and its clock, moved on by conditional updates."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from contracts.codes import Fund
from contracts.delivery import bulk
from contracts.ids import SettlementId
from hub.domain.case_states import ENDED, CaseEvent, CaseState, CaseType
from hub.domain.cases import (
    Basis,
    Case,
    CaseStep,
    Decision,
    Item,
    Outcome,
    Reply,
    Stage,
)

_PLAIN = (
    "case_id, type, opener, opened_by, opened_at, state, step_count, release_at, take_by,"
    " answer_by, due_at, follows, extensions, owner_party, owner, owned_at, reply, answered_at,"
    " penalty_fen, proposal_id"
)
_SELECT = f"""
    SELECT {_PLAIN},
        ARRAY(SELECT party FROM case_parties AS p
            WHERE p.case_id = c.case_id AND is_opener = 0 ORDER BY party),
        ARRAY(SELECT settlement_id FROM case_settlements AS s
            WHERE s.case_id = c.case_id ORDER BY settlement_id)
    FROM cases AS c
"""  # noqa: S608 - column names of ours
_LOCK = f"{_SELECT} WHERE case_id = %s FOR UPDATE OF c"
_FIND = f"{_SELECT} WHERE case_id = %s"
# Whoever has it under way has it: the next turn sees what became of it.
_DUE = f"""
    {_SELECT} WHERE state IN ('waiting', 'open', 'taken', 'answered') AND due_at <= %s
    ORDER BY due_at, case_id LIMIT %s FOR UPDATE OF c SKIP LOCKED
"""
_SENT_BACK = f"""
    {_SELECT} WHERE state = 'proposed' AND EXISTS (SELECT FROM proposals AS p
        WHERE p.proposal_id = c.proposal_id AND p.state IN ('declined', 'withdrawn'))
    ORDER BY case_id LIMIT %s FOR UPDATE OF c SKIP LOCKED
"""
# What was never sent to the other side is the opener's alone.
_LIST = f"""
    {_SELECT} WHERE (%(parties)s::text[] IS NULL OR opener = ANY(%(parties)s)
        OR EXISTS (SELECT FROM case_parties AS p WHERE p.case_id = c.case_id
            AND p.party = ANY(%(parties)s))
        AND (release_at IS NULL OR EXISTS (SELECT FROM case_steps AS t
            WHERE t.case_id = c.case_id AND t.event = 'release')))
    AND (%(ids)s::uuid[] IS NULL OR case_id = ANY(%(ids)s::uuid[]))
    AND (%(states)s::text[] IS NULL OR state = ANY(%(states)s))
    AND (%(kinds)s::text[] IS NULL OR type = ANY(%(kinds)s))
    AND (%(at)s::timestamptz IS NULL OR (opened_at, case_id) < (%(at)s, %(id)s::uuid))
    ORDER BY opened_at DESC, case_id DESC LIMIT %(count)s
"""  # noqa: S608 - column names of ours
_ADD = f"""
    INSERT INTO cases ({_PLAIN}, fingerprint) VALUES %s
    ON CONFLICT (case_id) DO NOTHING RETURNING case_id
"""  # noqa: S608 - column names of ours
_ADD_SETTLEMENTS = """
    INSERT INTO case_settlements (case_id, settlement_id, type, is_open) VALUES %s
    ON CONFLICT DO NOTHING RETURNING settlement_id
"""
_MOVE = """
    UPDATE cases AS c SET state = v.state, step_count = v.step_count::smallint,
        answer_by = v.answer_by::timestamptz, due_at = v.due_at::timestamptz,
        extensions = v.extensions::smallint, owner_party = v.owner_party, owner = v.owner,
        owned_at = v.owned_at::timestamptz, reply = v.reply,
        answered_at = v.answered_at::timestamptz, penalty_fen = v.penalty_fen::bigint,
        proposal_id = v.proposal_id::uuid
    FROM (VALUES %s) AS v (case_id, before, state, step_count, answer_by, due_at, extensions,
        owner_party, owner, owned_at, reply, answered_at, penalty_fen, proposal_id)
    WHERE c.case_id = v.case_id::uuid AND c.step_count = v.before::smallint
    RETURNING c.case_id
"""
_ADD_STEPS = """
    INSERT INTO case_steps (case_id, position, from_state, event, to_state, at, party, by, entry_id)
    VALUES %s
"""
_END = "UPDATE case_settlements SET is_open = 0 WHERE case_id = ANY(%s::uuid[])"
_ADD_ITEMS = """
    INSERT INTO case_items (case_id, stage, settlement_id, fund, amount_fen) VALUES %s
"""
_ITEMS = """
    SELECT case_id, stage, settlement_id, fund, amount_fen FROM case_items
    WHERE case_id = ANY(%s::uuid[]) ORDER BY case_id, stage, settlement_id, fund
"""
_DECIDE = """
    INSERT INTO case_decisions (case_id, outcome, basis, amount_fen, penalty_fen, decided_at,
        decided_by, second_by) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
_DECISION = """
    SELECT outcome, basis, amount_fen, penalty_fen, decided_at, decided_by, second_by
    FROM case_decisions WHERE case_id = %s
"""
_STEPS = """
    SELECT from_state, event, to_state, at, party, by FROM case_steps
    WHERE case_id = %s ORDER BY position
"""
_FINGERPRINT = "SELECT fingerprint FROM cases WHERE case_id = %s"

Items = Mapping[Stage, tuple[Item, ...]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases: None where anything will do. `after` is what a page ended with."""

    parties: tuple[str, ...] | None
    ids: tuple[UUID, ...] | None = None
    states: tuple[CaseState, ...] | None = None
    kinds: tuple[CaseType, ...] | None = None
    after: tuple[datetime, UUID] | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision as it stands; `amount_fen` is what was posted, signed as in the ledger."""

    outcome: Outcome
    basis: Basis
    amount_fen: int
    penalty_fen: int
    decided_at: datetime
    decided_by: str
    second_by: str | None


@dataclass(frozen=True, slots=True)
class StepTaken:
    """A line of a case's history."""

    from_state: CaseState
    event: CaseEvent
    to_state: CaseState
    at: datetime
    party: str
    by: str


def add(tx: Connection, case: Case, fingerprint: bytes) -> bool:
    """Whether it is new; False, and nothing written, when its id is known."""
    return bool(bulk.write_and_return(tx, _ADD, _marks(21), [(*_row(case), fingerprint)]))


def add_matters(tx: Connection, case: Case) -> int:
    """Its parties and settlements; how many settlements are in no other open case of its type."""
    parties = [(case.case_id, case.opener, 1)]
    parties += [(case.case_id, party, 0) for party in case.respondents]
    bulk.write_rows(
        tx,
        "INSERT INTO case_parties (case_id, party, is_opener) VALUES %s",
        _marks(3),
        parties,
    )
    rows = [(case.case_id, one, case.kind.value, 1) for one in case.settlements]
    return len(bulk.write_and_return(tx, _ADD_SETTLEMENTS, _marks(4), rows))


def fingerprint_of(tx: Connection, case_id: UUID) -> bytes | None:
    return next((bytes(row[0]) for row in bulk.fetch(tx, _FINGERPRINT, (case_id,))), None)


def lock(tx: Connection, case_id: UUID) -> Case | None:
    """The case, which nobody else moves before this transaction ends."""
    return next((_case(row) for row in bulk.fetch(tx, _LOCK, (case_id,))), None)


def find(tx: Connection, case_id: UUID) -> Case | None:
    return next((_case(row) for row in bulk.fetch(tx, _FIND, (case_id,))), None)


def take_due(tx: Connection, now: datetime, count_max: int) -> list[Case]:
    """Cases whose batch or deadline has come, or that were answered; locked, the oldest first."""
    return [_case(row) for row in bulk.fetch(tx, _DUE, (now, count_max))]


def take_sent_back(tx: Connection, count_max: int) -> list[Case]:
    """Cases whose second person said no; locked."""
    return [_case(row) for row in bulk.fetch(tx, _SENT_BACK, (count_max,))]


def listed(tx: Connection, wanted: Wanted, count: int) -> list[Case]:
    """Newest first."""
    at, id_ = wanted.after or (None, None)
    asked = {
        "parties": None if wanted.parties is None else list(wanted.parties),
        "ids": None if wanted.ids is None else list(wanted.ids),
        "states": None if wanted.states is None else [one.value for one in wanted.states],
        "kinds": None if wanted.kinds is None else [one.value for one in wanted.kinds],
        "at": at,
        "id": id_,
        "count": count,
    }
    return [_case(row) for row in bulk.fetch(tx, _LIST, asked)]


def move(tx: Connection, steps: Sequence[CaseStep]) -> None:
    """Take one step each of cases that are locked; what has ended lets its settlements go."""
    moved = bulk.write_and_return(tx, _MOVE, _marks(14), [_moved(step) for step in steps])
    assert len(moved) == len(steps), "a locked case was moved by somebody else"
    bulk.write_rows(tx, _ADD_STEPS, _marks(9), [_step(step) for step in steps])
    ended = [step.after.case_id for step in steps if step.after.state in ENDED]
    if ended:
        bulk.run(tx, _END, (ended,))


def add_items(tx: Connection, case_id: UUID, stage: Stage, items: Iterable[Item]) -> None:
    rows = [(case_id, stage.value, i.settlement_id, i.fund.value, i.amount_fen) for i in items]
    bulk.write_rows(tx, _ADD_ITEMS, _marks(5), rows)


def items_of(tx: Connection, ids: Iterable[UUID]) -> dict[UUID, dict[Stage, tuple[Item, ...]]]:
    """The amounts of these cases by whose word they are; every stage is there."""
    found = {case_id: dict.fromkeys(Stage, tuple[Item, ...]()) for case_id in ids}
    for case_id, stage, settlement_id, fund, amount_fen in bulk.fetch(tx, _ITEMS, (list(found),)):
        item = Item(SettlementId(settlement_id), Fund(fund), amount_fen)
        found[case_id][Stage(stage)] += (item,)
    return found


def add_decision(
    tx: Connection, case: Case, decision: Decision, *, by: str, second: str | None, now: datetime
) -> None:
    """Once a case: the key says so."""
    amount_fen = case.sign() * sum(item.amount_fen for item in decision.items)
    values = (decision.outcome.value, decision.basis.value, amount_fen, decision.penalty_fen)
    bulk.run(tx, _DECIDE, (case.case_id, *values, now, by, second))
    add_items(tx, case.case_id, Stage.DECIDED, decision.items)


def decision_of(tx: Connection, case_id: UUID) -> Decided | None:
    for outcome, basis, *rest in bulk.fetch(tx, _DECISION, (case_id,)):
        return Decided(Outcome(outcome), Basis(basis), *rest)
    return None


def steps_of(tx: Connection, case_id: UUID) -> list[StepTaken]:
    return [
        StepTaken(CaseState(before), CaseEvent(event), CaseState(after), *rest)
        for before, event, after, *rest in bulk.fetch(tx, _STEPS, (case_id,))
    ]


def _marks(count: int) -> str:
    return f"({', '.join(['%s'] * count)})"


def _row(c: Case) -> tuple[Any, ...]:
    return (
        c.case_id,
        c.kind.value,
        c.opener,
        c.opened_by,
        c.opened_at,
        c.state.value,
        c.step_count,
        c.release_at,
        c.take_by,
        c.answer_by,
        c.due_at,
        c.follows,
        c.extensions,
        c.owner_party,
        c.owner,
        c.owned_at,
        None if c.reply is None else c.reply.value,
        c.answered_at,
        c.penalty_fen,
        c.proposal_id,
    )


def _moved(step: CaseStep) -> tuple[Any, ...]:
    c = step.after
    return (
        c.case_id,
        step.before.step_count,
        c.state.value,
        c.step_count,
        c.answer_by,
        c.due_at,
        c.extensions,
        c.owner_party,
        c.owner,
        c.owned_at,
        None if c.reply is None else c.reply.value,
        c.answered_at,
        c.penalty_fen,
        c.proposal_id,
    )


def _step(step: CaseStep) -> tuple[Any, ...]:
    states = (step.before.state.value, step.event.value, step.after.state.value)
    who = (step.at, step.party, step.by, step.entry_id)
    return (step.after.case_id, step.after.step_count, *states, *who)


def _case(row: tuple[Any, ...]) -> Case:
    return Case(
        case_id=row[0],
        kind=CaseType(row[1]),
        opener=row[2],
        opened_by=row[3],
        opened_at=row[4],
        state=CaseState(row[5]),
        step_count=row[6],
        release_at=row[7],
        take_by=row[8],
        answer_by=row[9],
        due_at=row[10],
        follows=row[11],
        extensions=row[12],
        owner_party=row[13],
        owner=row[14],
        owned_at=row[15],
        reply=None if row[16] is None else Reply(row[16]),
        answered_at=row[17],
        penalty_fen=row[18],
        proposal_id=row[19],
        respondents=tuple(row[20]),
        settlements=tuple(SettlementId(one) for one in row[21]),
    )
