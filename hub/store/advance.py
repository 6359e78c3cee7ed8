"""Advances: their changes, the yearly rounds, and the postings that their balances are made of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from contracts.codes import AreaCode
from contracts.delivery import bulk
from contracts.messages.advance import NoticeKind
from hub.domain.advance import AdvancePosting, Balance, Change, ChangeState, Pair

# Whoever changes an advance waits for the others: it happens some hundred times a year and pair.
ADVANCE_LOCK = 7_946_310_013

_LOCK = "SELECT pg_advisory_xact_lock(%s)"
_TRY_LOCK = "SELECT pg_try_advisory_xact_lock(%s)"
_CHANGE = """change_id, kind, year, insured_area, treatment_area, before_fen, amount_fen,
    basis_fen, state, drafted_at, asked_by, decide_by, issue_id, issued_on, finance_by, pay_by"""
_DRAFT = f"""
    INSERT INTO advance_changes ({_CHANGE}) VALUES %s ON CONFLICT DO NOTHING RETURNING change_id
"""  # noqa: S608 - column names of ours
_MOVE = """
    UPDATE advance_changes AS change SET state = new.state, before_fen = new.before_fen,
        amount_fen = new.amount_fen, basis_fen = new.basis_fen, asked_by = new.asked_by,
        decide_by = new.decide_by, issue_id = new.issue_id, issued_on = new.issued_on,
        finance_by = new.finance_by, pay_by = new.pay_by
    FROM (VALUES %s) AS new (change_id, state, before_fen, amount_fen, basis_fen, asked_by,
        decide_by, issue_id, issued_on, finance_by, pay_by)
    WHERE change.change_id = new.change_id
"""
_MOVE_ROW = (
    "(%s::uuid, %s, %s::bigint, %s::bigint, %s::bigint, %s, %s::date, %s::uuid, %s::date,"
    " %s::date, %s::date)"
)
_FIND = f"SELECT {_CHANGE} FROM advance_changes WHERE change_id = ANY(%s::uuid[])"  # noqa: S608
_LIST = f"""
    SELECT {_CHANGE} FROM advance_changes
    WHERE (%(states)s::text[] IS NULL OR state = ANY(%(states)s))
        AND (%(kinds)s::text[] IS NULL OR kind = ANY(%(kinds)s))
        AND (%(year)s::int IS NULL OR year = %(year)s)
        AND (%(issue_id)s::uuid IS NULL OR issue_id = %(issue_id)s)
        AND (%(area)s::text IS NULL OR %(area)s IN (insured_area, treatment_area))
    ORDER BY drafted_at, insured_area, treatment_area, change_id
"""  # noqa: S608 - column names of ours
_POST = """
    INSERT INTO advance_postings (change_id, payment_id, insured_area, treatment_area, cause,
        from_account, to_account, amount_fen, posted_at) VALUES %s
"""
_BALANCES = """
    SELECT insured_area, treatment_area, account, sum(fen)::bigint FROM (
        SELECT insured_area, treatment_area, from_account AS account, -amount_fen AS fen
        FROM advance_postings
        UNION ALL
        SELECT insured_area, treatment_area, to_account, amount_fen FROM advance_postings
    ) AS moved GROUP BY insured_area, treatment_area, account
"""
_IS_KEPT = "SELECT EXISTS (SELECT FROM advance_postings)"
_ADD_ROUND = """
    INSERT INTO advance_rounds (year, drafted_at, quarter_fen) VALUES (%s, %s, %s)
    ON CONFLICT (year) DO UPDATE SET drafted_at = excluded.drafted_at,
        quarter_fen = excluded.quarter_fen
"""
_PROPOSED = """
    SELECT jsonb_object_keys(content -> 'changes')::uuid FROM proposals
    WHERE state = 'open' AND kind = 'advance_top_up'
"""
_ROUND = "SELECT year FROM advance_rounds WHERE year = %s"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which changes are asked for; None: all."""

    states: tuple[ChangeState, ...] | None = None
    kinds: tuple[NoticeKind, ...] | None = None
    year: int | None = None
    issue_id: UUID | None = None
    area: AreaCode | None = None


def take_turn(tx: Connection) -> None:
    """Wait until nobody else changes advances, and keep them off to the end of the transaction."""
    bulk.fetch(tx, _LOCK, (ADVANCE_LOCK,))


def may_take_turn(tx: Connection) -> bool:
    """As `take_turn`, without waiting; False when somebody else is at it."""
    return bool(bulk.fetch(tx, _TRY_LOCK, (ADVANCE_LOCK,))[0][0])


def draft(tx: Connection, changes: Sequence[Change]) -> set[UUID]:
    """Add drafts; one whose pair has a change of the kind in hand is left out. Which stayed."""
    rows = [_row(change) for change in changes]
    template = f"({', '.join(['%s'] * 16)})"
    return {row[0] for row in bulk.write_and_return(tx, _DRAFT, template, rows)}


def move(tx: Connection, changes: Sequence[Change]) -> None:
    """Write where changes stand now; a step that is not permitted is refused by the database."""
    rows = [
        (
            one.change_id,
            one.state.value,
            one.before_fen,
            one.amount_fen,
            one.basis_fen,
            one.asked_by,
            one.decide_by,
            one.issue_id,
            one.issued_on,
            one.finance_by,
            one.pay_by,
        )
        for one in changes
    ]
    bulk.write_rows(tx, _MOVE, _MOVE_ROW, rows)


def find(tx: Connection, change_ids: Iterable[UUID]) -> dict[UUID, Change]:
    found = [_change(row) for row in bulk.fetch(tx, _FIND, (list(change_ids),))]
    return {change.change_id: change for change in found}


def listed(tx: Connection, wanted: Wanted) -> list[Change]:
    """The oldest draft first."""
    parameters = {
        "states": None if wanted.states is None else [state.value for state in wanted.states],
        "kinds": None if wanted.kinds is None else [kind.value for kind in wanted.kinds],
        "year": wanted.year,
        "issue_id": wanted.issue_id,
        "area": wanted.area,
    }
    return [_change(row) for row in bulk.fetch(tx, _LIST, parameters)]


def proposed(tx: Connection) -> frozenset[UUID]:
    """The drafts that wait for a second person."""
    return frozenset(row[0] for row in bulk.fetch(tx, _PROPOSED))


def post(tx: Connection, postings: Sequence[AdvancePosting]) -> None:
    rows = [
        (
            one.change_id,
            one.payment_id,
            *one.pair,
            one.cause.value,
            one.from_account.value,
            one.to_account.value,
            one.amount_fen,
            one.posted_at,
        )
        for one in postings
    ]
    bulk.write_rows(tx, _POST, f"({', '.join(['%s'] * 9)})", rows)


def balances(tx: Connection) -> dict[Pair, Balance]:
    """What stands in the accounts of every pair that ever had an advance."""
    found: dict[Pair, dict[str, int]] = {}
    for insured, treatment, account, fen in bulk.fetch(tx, _BALANCES):
        found.setdefault((AreaCode(insured), AreaCode(treatment)), {})[f"{account}_fen"] = fen
    return {pair: Balance(**values) for pair, values in sorted(found.items())}


def is_kept(tx: Connection) -> bool:
    """Whether anybody has an advance at all."""
    return bool(bulk.fetch(tx, _IS_KEPT)[0][0])


def add_round(tx: Connection, year: int, quarter_fen: int, now: datetime) -> None:
    bulk.run(tx, _ADD_ROUND, (year, now, quarter_fen))


def has_round(tx: Connection, year: int) -> bool:
    return bool(bulk.fetch(tx, _ROUND, (year,)))


def _row(one: Change) -> tuple[Any, ...]:
    amounts = (one.before_fen, one.amount_fen, one.basis_fen)
    dates: tuple[date | None, ...] = (one.issued_on, one.finance_by, one.pay_by)
    head = (one.change_id, one.kind.value, one.year, *one.pair, *amounts)
    asked = (one.drafted_at, one.asked_by, one.decide_by)
    return (*head, one.state.value, *asked, one.issue_id, *dates)


def _change(row: tuple[Any, ...]) -> Change:
    change_id, kind, year, insured, treatment, before_fen, amount_fen, basis_fen, state, *rest = row
    drafted_at, asked_by, decide_by, issue_id, issued_on, finance_by, pay_by = rest
    return Change(
        change_id=change_id,
        kind=NoticeKind(kind),
        year=year,
        pair=(AreaCode(insured), AreaCode(treatment)),
        before_fen=before_fen,
        amount_fen=amount_fen,
        basis_fen=basis_fen,
        state=ChangeState(state),
        drafted_at=drafted_at,
        asked_by=asked_by,
        decide_by=decide_by,
        issue_id=issue_id,
        issued_on=issued_on,
        finance_by=finance_by,
        pay_by=pay_by,
    )
