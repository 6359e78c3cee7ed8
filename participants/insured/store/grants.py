"""Grants and their workings: read, locked and written a batch at a time."""

# ruff: noqa: S608 - only our own column names stand in these texts; values are parameters.

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Connection

from contracts.codes import AreaCode, InsuranceKind, VisitKind
from contracts.delivery import bulk
from contracts.ids import PersonId, SettlementId
from contracts.messages.values import PARTS, Shares
from contracts.refusal import RefusalCode
from participants.insured.domain.grant import Grant, GrantState
from participants.insured.store.columns import ADDED
from participants.insured.store.years import of_amounts, used

_HEAD = ("settlement_id", "person_id", "state", "insurance_kind", "visit_kind", "treatment_area")
_CASE = ("year", "policy_id", "total_fen", "in_scope_fen")
_TAIL = ("code", "detail", "calculated_at", "released_at", "settled_on", "reversed_on")
COLUMNS = (*_HEAD, *_CASE, *PARTS, "deductible_fen", *ADDED, *_TAIL)

CODES = {code.value: code for code in RefusalCode}

_OF = f"SELECT {', '.join(COLUMNS)} FROM grants WHERE settlement_id = ANY(%s::uuid[])"
_LOCK = f"{_OF} ORDER BY settlement_id FOR UPDATE"
_ADD = f"INSERT INTO grants ({', '.join(COLUMNS)}) VALUES %s"
_ADD_TEMPLATE = f"({', '.join(['%s'] * len(COLUMNS))})"
_MOVE = """
    UPDATE grants SET state = moved.state, released_at = moved.released_at,
        settled_on = moved.settled_on, reversed_on = moved.reversed_on
    FROM (VALUES %s) AS moved (settlement_id, state, released_at, settled_on, reversed_on)
    WHERE grants.settlement_id = moved.settlement_id
"""
_MOVE_TEMPLATE = "(%s, %s, %s::timestamptz, %s::date, %s::date)"
_ADD_WORKINGS = "INSERT INTO workings (settlement_id, steps) VALUES %s"
_WORKING = "SELECT steps FROM workings WHERE settlement_id = %s"


def of(tx: Connection, ids: Iterable[SettlementId]) -> dict[SettlementId, Grant]:
    return _by_id(bulk.fetch(tx, _OF, (list(ids),)))


def lock(tx: Connection, ids: Iterable[SettlementId]) -> dict[SettlementId, Grant]:
    """As `of`, locked in id order."""
    return _by_id(bulk.fetch(tx, _LOCK, (list(ids),)))


def add(tx: Connection, grants: Sequence[Grant]) -> None:
    bulk.write_rows(tx, _ADD, _ADD_TEMPLATE, [_row(grant) for grant in grants])


def move(tx: Connection, grants: Sequence[Grant]) -> None:
    """Write the state and the days of grants that the caller has locked."""
    rows = [
        (g.settlement_id, g.state.value, g.released_at, g.settled_on, g.reversed_on) for g in grants
    ]
    bulk.write_rows(tx, _MOVE, _MOVE_TEMPLATE, rows)


def add_workings(tx: Connection, steps: Mapping[SettlementId, list[dict[str, Any]]]) -> None:
    rows = [(id_, to_json(lines).decode()) for id_, lines in steps.items()]
    bulk.write_rows(tx, _ADD_WORKINGS, "(%s, %s::jsonb)", rows)


def working_of(tx: Connection, id_: SettlementId) -> list[dict[str, Any]]:
    """The steps of a grant, in order; none when nothing was granted."""
    return [step for (steps,) in bulk.fetch(tx, _WORKING, (id_,)) for step in steps]


def _row(g: Grant) -> tuple[Any, ...]:
    head = (
        g.settlement_id,
        g.person_id,
        g.state.value,
        g.insurance_kind and g.insurance_kind.value,
    )
    case = (g.visit_kind and g.visit_kind.value, g.treatment_area, g.year, g.policy_id)
    amounts = (g.total_fen, g.in_scope_fen, *(getattr(g.shares, name) for name in PARTS))
    code = None if g.code is None else g.code.value
    days = (g.calculated_at, g.released_at, g.settled_on, g.reversed_on)
    return (*head, *case, *amounts, g.deductible_fen, *used(g.delta), code, g.detail, *days)


def _by_id(rows: Iterable[tuple[Any, ...]]) -> dict[SettlementId, Grant]:
    found = map(_grant, rows)
    return {grant.settlement_id: grant for grant in found}


def _grant(row: tuple[Any, ...]) -> Grant:
    at = dict(zip(COLUMNS, row, strict=True))
    return Grant(
        settlement_id=SettlementId(at["settlement_id"]),
        person_id=PersonId(at["person_id"]),
        state=GrantState(at["state"]),
        insurance_kind=at["insurance_kind"] and InsuranceKind(at["insurance_kind"]),
        visit_kind=at["visit_kind"] and VisitKind(at["visit_kind"]),
        treatment_area=at["treatment_area"] and AreaCode(at["treatment_area"]),
        code=CODES.get(at["code"]),
        shares=Shares(**{name: at[name] for name in PARTS}),
        delta=of_amounts([at[name] for name in ADDED]),
        **{name: at[name] for name in (*_CASE, "deductible_fen", "detail")},
        **{name: at[name] for name in _TAIL[2:]},
    )
