"""Settlements: added with what they take, locked, moved step by step, read for hospitals."""
# ruff: noqa: S608 - the columns are ours; values always travel as parameters

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from contracts.delivery import bulk, prepared
from contracts.ids import SettlementId
from contracts.messages.values import PARTS
from participants.treatment.domain.answering import LateDay, Move, Standing
from participants.treatment.domain.attempt import MessageKey
from participants.treatment.domain.settlement import Settlement
from participants.treatment.store.settlement_rows import (
    STANDING,
    Addition,
    moved_row,
    new_row,
    settlement,
    standing,
)

_NEW = """
    settlement_id, visit_id, msgid, hospital_code, person_id, insured_division, insurance_kind,
    visit_kind, admitted_on, discharged_on, disease_code, flags, use_account, mid_stay,
    total_fen, fully_own_fen, over_ceiling_fen, first_self_pay_fen, in_scope_fen, state,
    requested_at, answer_by, echo_json, own_visit_no
"""
_ADD = prepared.statement_of_rows(
    f"""
    WITH new ({_NEW}) AS %s,
         bound AS (UPDATE attempts SET subject_id = new.settlement_id
                   FROM new WHERE attempts.hospital_code = new.hospital_code
                     AND attempts.msgid = new.msgid),
         taken AS (UPDATE fee_lines SET settlement_id = new.settlement_id
                   FROM new
                   WHERE fee_lines.visit_id = new.visit_id AND fee_lines.settlement_id IS NULL)
    INSERT INTO settlements ({_NEW}) SELECT {_NEW} FROM new
    """,
    """uuid uuid text text text text text text date date text text[] boolean boolean
    bigint bigint bigint bigint bigint text timestamptz timestamptz text text""",
)
_LOCK = prepared.statement(
    f"""
    SELECT {STANDING} FROM settlements
    WHERE settlement_id = ANY($1) ORDER BY settlement_id FOR UPDATE
    """,
    "uuid[]",
)
_LOCK_MESSAGES = f"""
    SELECT {STANDING} FROM settlements
    WHERE (hospital_code, msgid) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
    ORDER BY settlement_id FOR UPDATE
"""
_KEPT_IF_NULL = (
    *PARTS, "deductible_fen", "balance_fen", "business_date", "reversed_on", "answer_by",
    "answered_at", "hub_settled_at", "hub_reversed_at",
)  # fmt: skip
_MOVED = f"""
    settlement_id, from_state, event, to_state, position, at, message_id, code, detail, wish_id,
    {", ".join(_KEPT_IF_NULL)}
"""
_MOVED_KINDS = (
    "uuid text text text smallint timestamptz uuid text text uuid "
    + "bigint " * (len(PARTS) + 2)
    + "date date timestamptz timestamptz timestamptz timestamptz"
)
_KEPT = "{0} = coalesce(moved.{0}, settlements.{0})"
_MOVE = prepared.statement_of_rows(
    f"""
    WITH moved ({_MOVED}) AS %s,
         stepped AS (
             INSERT INTO settlement_steps
                 (settlement_id, position, from_state, event, to_state, at, message_id)
             SELECT settlement_id, position, from_state, event, to_state, at, message_id FROM moved)
    UPDATE settlements SET
        state = moved.to_state, steps = moved.position, code = moved.code, detail = moved.detail,
        reminders = 0,
        cancellation_id = CASE moved.event WHEN 'cancel' THEN moved.wish_id
                                           WHEN 'withdraw' THEN NULL
                                           ELSE settlements.cancellation_id END,
        settled_at = CASE WHEN moved.business_date IS NULL OR settlements.lapsed_at IS NOT NULL
                          THEN settlements.settled_at ELSE moved.at END,
        reversed_at = CASE WHEN moved.reversed_on IS NULL OR settlements.lapsed_at IS NOT NULL
                           THEN settlements.reversed_at
                           ELSE coalesce(settlements.undone_at, moved.at) END,
        {", ".join(_KEPT.format(name) for name in _KEPT_IF_NULL)}
    FROM moved WHERE settlements.settlement_id = moved.settlement_id
    """,
    _MOVED_KINDS,
)
_NOTE_DAYS = """
    UPDATE settlements
    SET business_date = late.business_date, hub_settled_at = late.concluded_at
    FROM (VALUES %s) AS late (settlement_id, business_date, concluded_at)
    WHERE settlements.settlement_id = late.settlement_id AND settlements.business_date IS NULL
"""
_READ = f"""
    {_NEW.strip()}, {", ".join(PARTS)},
    deductible_fen, balance_fen, code, detail, business_date, reversed_on, answered_at, lapsed_at,
    undone_at, settled_at
"""
_OF = f"SELECT {_READ} FROM settlements WHERE settlement_id = ANY(%s::uuid[])"
_NAMES = [name.strip() for name in _READ.split(",")]


def add(tx: Connection, additions: Sequence[Addition]) -> None:
    """Store these, bind their message ids, and take the open fee lines of their visits."""
    prepared.write(tx, _ADD, [new_row(one) for one in additions])


def lock(tx: Connection, ids: Iterable[SettlementId]) -> dict[SettlementId, Standing]:
    """Load and lock, in id order so that two batches cannot deadlock."""
    rows = prepared.fetch(tx, _LOCK, sorted(set(ids)))
    return {row[0]: standing(row) for row in rows}


def lock_by_message(tx: Connection, keys: Iterable[MessageKey]) -> dict[MessageKey, Standing]:
    """As `lock`, by the messages that asked for them."""
    wanted = list(keys)
    columns = ([key.hospital_code for key in wanted], [key.msgid for key in wanted])
    found = [standing(row) for row in bulk.fetch(tx, _LOCK_MESSAGES, columns)]
    return {one.key: one for one in found}


def move(tx: Connection, moves: Sequence[Move]) -> None:
    """Write these steps; each settlement is locked and stands where its move says."""
    prepared.write(tx, _MOVE, [moved_row(one) for one in moves])


def note_days(tx: Connection, late: Sequence[LateDay]) -> None:
    """Write the days of locked settlements that were reversed before their day was heard of."""
    rows = [(one.settlement_id, one.business_date, one.concluded_at) for one in late]
    bulk.write_rows(tx, _NOTE_DAYS, "(%s::uuid, %s::date, %s::timestamptz)", rows)


def of(tx: Connection, ids: Iterable[SettlementId]) -> dict[SettlementId, Settlement]:
    rows = bulk.fetch(tx, _OF, (sorted(set(ids)),))
    return {row[0]: settlement(dict(zip(_NAMES, row, strict=True))) for row in rows}
