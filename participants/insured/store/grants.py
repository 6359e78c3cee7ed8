"""Grants and their workings: read, locked and written a batch at a time."""

# ruff: noqa: S608 - only our own column names stand in these texts; values are parameters.

from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Connection

from contracts.codes import AreaCode, InsuranceKind, RegistrationCategory, VisitKind
from contracts.delivery import bulk, prepared
from contracts.ids import PersonId, SettlementId
from contracts.messages.settlement import Basis
from contracts.messages.values import PARTS, Shares
from contracts.refusal import BY_CODE
from participants.insured.domain.grant import Ending, Grant, GrantState
from participants.insured.domain.insurance_year import key_before
from participants.insured.store import years
from participants.insured.store.columns import ADDED
from participants.policy.benefits import Elsewhere
from participants.policy.model import YearToDate

Workings = Mapping[SettlementId, list[dict[str, Any]]]
"""The steps of grants, as `participants.policy.explain.steps_as_json` writes them."""

_HEAD = ("settlement_id", "person_id", "state", "insurance_kind", "visit_kind", "treatment_area")
_CASE = ("year", "policy_id", "total_fen", "in_scope_fen")
_STOOD = ("registration_basis", "registration_category", "paid_as")
_TAIL = ("code", "detail", "calculated_at", "released_at", "settled_on", "reversed_on")
_AT = ("settled_at", "reversed_at")
_GAVE = ("deductible_fen", "beyond_bill_fen")
_ADDED = (*ADDED, "added_counters")
COLUMNS = (*_HEAD, *_CASE, *_STOOD, *PARTS, *_GAVE, *_ADDED, *_TAIL, *_AT)

# The year before is one value of the row, so that a grant without one costs nothing more.
_ALL = f"""
    SELECT {", ".join(COLUMNS)}, (
        SELECT to_jsonb(before) FROM grant_years AS before
        WHERE before.settlement_id = grants.settlement_id
    ) FROM grants
"""
_BY_ID = f"{_ALL} WHERE settlement_id = ANY($1)"
_OF = prepared.statement(_BY_ID, "uuid[]")
_LOCK = prepared.statement(f"{_BY_ID} ORDER BY settlement_id FOR UPDATE", "uuid[]")
_LOCK_ENDINGS = prepared.statement(
    """
    SELECT settlement_id, person_id, state, released_at, settled_on, reversed_on, settled_at,
        reversed_at
    FROM grants WHERE settlement_id = ANY($1) ORDER BY settlement_id FOR UPDATE
    """,
    "uuid[]",
)
_HELD = f"""{_ALL}
    WHERE person_id = %s AND year IN (%s, %s) AND state IN ('granted', 'settled')
    ORDER BY calculated_at, settlement_id
"""
_HELD_BY = f"""{_ALL}
    WHERE person_id = ANY(%s) AND year BETWEEN %s AND %s AND state IN ('granted', 'settled')
    ORDER BY person_id, calculated_at, settlement_id
"""
_AMOUNTS = "bigint " * len((*PARTS, *_GAVE, *ADDED))
_ADD = prepared.statement_of_rows(
    f"""
    WITH new ({", ".join(COLUMNS)}, steps) AS %s,
         worked AS (INSERT INTO workings (settlement_id, steps)
                    SELECT settlement_id, steps FROM new WHERE steps IS NOT NULL)
    INSERT INTO grants ({", ".join(COLUMNS)}) SELECT {", ".join(COLUMNS)} FROM new
    """,
    f"""uuid text text text text text int text bigint bigint text text text {_AMOUNTS} jsonb
    text text timestamptz timestamptz date date timestamptz timestamptz jsonb""",
)
_MOVE = prepared.statement_of_rows(
    """
    UPDATE grants SET state = moved.state, released_at = moved.released_at,
        settled_on = moved.settled_on, reversed_on = moved.reversed_on,
        settled_at = moved.settled_at, reversed_at = moved.reversed_at
    FROM %s AS moved
        (settlement_id, state, released_at, settled_on, reversed_on, settled_at, reversed_at)
    WHERE grants.settlement_id = moved.settlement_id
    """,
    "uuid text timestamptz date date timestamptz timestamptz",
)
_ADD_YEARS = prepared.statement_of_rows(
    f"INSERT INTO grant_years (settlement_id, year, {', '.join(_ADDED)}) %s",
    f"uuid int {'bigint ' * len(ADDED)} jsonb",
)
_PARTS = attrgetter(*PARTS)
_DAYS = attrgetter("settled_on", "reversed_on", "settled_at", "reversed_at")
_WORKING = "SELECT steps FROM workings WHERE settlement_id = %s"


def of(tx: Connection, ids: Iterable[SettlementId]) -> dict[SettlementId, Grant]:
    return _by_id(prepared.fetch(tx, _OF, list(ids)))


def lock(tx: Connection, ids: Iterable[SettlementId]) -> dict[SettlementId, Grant]:
    """As `of`, locked in id order."""
    return _by_id(prepared.fetch(tx, _LOCK, list(ids)))


def lock_endings(tx: Connection, ids: Iterable[SettlementId]) -> dict[SettlementId, Ending]:
    """As `lock`, as much as a conclusion needs: every settlement gets one."""
    found = (_ending(*row) for row in prepared.fetch(tx, _LOCK_ENDINGS, list(ids)))
    return {ending.settlement_id: ending for ending in found}


def held(tx: Connection, person_id: PersonId, year: int) -> list[Grant]:
    """What a person holds that counts in `year`, whole or in part, in the order of its granting."""
    found = map(_grant, bulk.fetch(tx, _HELD, (person_id, year, year + 1)))
    return [one for one in found if any(key[2] == year for key in one.moves)]


def held_by(
    tx: Connection, people: Iterable[str], numbers: Collection[int]
) -> dict[str, list[Grant]]:
    """What these people hold that may count in one of these years; a split stay counts in two."""
    found: dict[str, list[Grant]] = {}
    for row in bulk.fetch(tx, _HELD_BY, (sorted(set(people)), min(numbers), max(numbers) + 1)):
        grant = _grant(row)
        found.setdefault(grant.person_id, []).append(grant)
    return found


def add(tx: Connection, grants: Sequence[Grant], workings: Workings) -> None:
    """Write new grants; a second statement only when the bill of one of them was split."""
    rows = [(*_row(one), _steps(workings.get(one.settlement_id))) for one in grants]
    prepared.write(tx, _ADD, rows)
    split = [_row_before(one, one.delta_before) for one in grants if one.delta_before is not None]
    prepared.write(tx, _ADD_YEARS, split)


def move(tx: Connection, grants: Sequence[Grant | Ending]) -> None:
    """Write the state and the days of grants that the caller has locked."""
    rows = [(g.settlement_id, g.state.value, g.released_at, *_DAYS(g)) for g in grants]
    prepared.write(tx, _MOVE, rows)


def working_of(tx: Connection, id_: SettlementId) -> list[dict[str, Any]]:
    """The steps of a grant, in order; none when nothing was granted."""
    return [step for (steps,) in bulk.fetch(tx, _WORKING, (id_,)) for step in steps]


def _row(g: Grant) -> tuple[Any, ...]:
    head = (
        g.settlement_id,
        g.person_id,
        g.state.value,
        g.insurance_kind and g.insurance_kind.value,
        g.visit_kind and g.visit_kind.value,
        g.treatment_area,
    )
    case = (g.year, g.policy_id, g.total_fen, g.in_scope_fen)
    stood = (one and one.value for one in (getattr(g, name) for name in _STOOD))
    gave = (*_PARTS(g.shares), g.deductible_fen, g.beyond_bill_fen, *years.amounts(g.delta))
    code = None if g.code is None else g.code.value
    days = (g.calculated_at, g.released_at, *_DAYS(g))
    return (*head, *case, *stood, *gave, years.counters(g.delta), code, g.detail, *days)


def _steps(working: list[dict[str, Any]] | None) -> str | None:
    return None if working is None else to_json(working).decode()


def _row_before(g: Grant, delta: YearToDate) -> tuple[Any, ...]:
    year = key_before(g.year_key)[2]
    return (g.settlement_id, year, *years.amounts(delta), years.counters(delta))


def _ending(settlement_id: SettlementId, person_id: PersonId, state: str, *days: Any) -> Ending:
    return Ending(settlement_id, person_id, GrantState(state), *days)


def _by_id(rows: Iterable[tuple[Any, ...]]) -> dict[SettlementId, Grant]:
    found = map(_grant, rows)
    return {grant.settlement_id: grant for grant in found}


def _grant(row: tuple[Any, ...]) -> Grant:
    *columns, before = row
    at = dict(zip(COLUMNS, columns, strict=True))
    return Grant(
        settlement_id=SettlementId(at["settlement_id"]),
        person_id=PersonId(at["person_id"]),
        state=GrantState(at["state"]),
        insurance_kind=at["insurance_kind"] and InsuranceKind(at["insurance_kind"]),
        visit_kind=at["visit_kind"] and VisitKind(at["visit_kind"]),
        treatment_area=at["treatment_area"] and AreaCode(at["treatment_area"]),
        registration_basis=at["registration_basis"] and Basis(at["registration_basis"]),
        registration_category=at["registration_category"]
        and RegistrationCategory(at["registration_category"]),
        paid_as=at["paid_as"] and Elsewhere(at["paid_as"]),
        code=at["code"] and BY_CODE.get(at["code"]),
        shares=Shares(**{name: at[name] for name in PARTS}),
        delta=years.of_values([at[name] for name in _ADDED]),
        delta_before=before and years.of_values([before[name] for name in _ADDED]),
        **{name: at[name] for name in (*_CASE, *_GAVE, "detail")},
        **{name: at[name] for name in (*_TAIL[2:], *_AT)},
    )
