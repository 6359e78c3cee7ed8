"""What out-of-area care cost a person: settled bills, and what of them was undone."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from contracts.codes import AreaCode, InsuranceKind, VisitKind
from contracts.delivery import bulk
from contracts.ids import PersonId
from contracts.messages.values import PARTS, Shares
from hub.domain.settlement import State

_PARTS = ", ".join(PARTS)
_VISIBLE = "(%(all)s OR s.insured_area = %(insured)s OR s.treatment_area = %(treatment)s)"
_COSTS = f"""
    SELECT s.settlement_id, s.received_at, s.insured_area, s.treatment_area, s.insurance_kind,
        s.visit_kind, s.hospital_code, i.name, s.admitted_on, s.discharged_on, s.state,
        s.settled_on, s.reversed_on, s.total_fen, s.deductible_fen, {_PARTS}
    FROM settlements AS s
        LEFT JOIN institutions AS i ON i.code = s.hospital_code AND i.area = s.treatment_area
    WHERE s.person_id = %(person)s AND s.settled_on IS NOT NULL AND {_VISIBLE}
        AND (%(year)s::int IS NULL OR extract(year FROM s.settled_on) = %(year)s)
        AND (%(at)s::timestamptz IS NULL
            OR (s.received_at, s.settlement_id) < (%(at)s::timestamptz, %(id)s::uuid))
    ORDER BY s.received_at DESC, s.settlement_id DESC LIMIT %(count)s
"""  # noqa: S608
# A bill counts on the day it was settled and, when it was undone, against it on that day: as the
# ledger has it, so that the sum of a year here is the sum of its postings.
_TOTALS = f"""
    SELECT extract(year FROM d.day)::int, count(*) FILTER (WHERE d.sign > 0),
        count(*) FILTER (WHERE d.sign < 0), sum(d.sign * s.total_fen)::bigint,
        {", ".join(f"sum(d.sign * s.{part})::bigint" for part in PARTS)}
    FROM settlements AS s
        CROSS JOIN LATERAL (VALUES (s.settled_on, 1), (s.reversed_on, -1)) AS d (day, sign)
    WHERE s.person_id = %(person)s AND d.day IS NOT NULL AND {_VISIBLE}
    GROUP BY 1 ORDER BY 1 DESC
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Eyes:
    """Whose settlements are seen: all, or those of an area in one or both of its roles."""

    everything: bool
    as_insured: AreaCode | None = None
    as_treatment: AreaCode | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """A settled bill; `reversed_on` when it was undone. `hospital_name` when it is listed."""

    settlement_id: UUID
    received_at: datetime
    insured_area: AreaCode
    treatment_area: AreaCode
    insurance_kind: InsuranceKind
    visit_kind: VisitKind
    hospital_code: str
    hospital_name: str | None
    admitted_on: date
    discharged_on: date
    state: State
    settled_on: date
    reversed_on: date | None
    total_fen: int
    deductible_fen: int
    shares: Shares


@dataclass(frozen=True, slots=True)
class YearTotal:
    """The bills settled in a year less those undone in it, in fen; it may be below zero."""

    year: int
    settled: int
    reversed: int
    total_fen: int
    parts_fen: dict[str, int]


def of_person(
    tx: Connection,
    person_id: PersonId,
    eyes: Eyes,
    *,
    year: int | None,
    after: tuple[datetime, UUID] | None,
    count: int,
) -> list[Cost]:
    """Up to `count` settled bills, the newest first; `year` is that of the day of settling."""
    at, id_ = after or (None, None)
    parameters = _parameters(person_id, eyes) | {"year": year, "at": at, "id": id_, "count": count}
    return [_cost(row) for row in bulk.fetch(tx, _COSTS, parameters)]


def totals_of(tx: Connection, person_id: PersonId, eyes: Eyes) -> list[YearTotal]:
    """The newest year first."""
    rows = bulk.fetch(tx, _TOTALS, _parameters(person_id, eyes))
    return [
        YearTotal(year, settled, undone, total_fen, dict(zip(PARTS, parts, strict=True)))
        for year, settled, undone, total_fen, *parts in rows
    ]


def _parameters(person_id: PersonId, eyes: Eyes) -> dict[str, Any]:
    return {
        "person": person_id,
        "all": eyes.everything,
        "insured": eyes.as_insured,
        "treatment": eyes.as_treatment,
    }


def _cost(row: tuple[Any, ...]) -> Cost:
    return Cost(
        settlement_id=row[0],
        received_at=row[1],
        insured_area=AreaCode(row[2]),
        treatment_area=AreaCode(row[3]),
        insurance_kind=InsuranceKind(row[4]),
        visit_kind=VisitKind(row[5]),
        hospital_code=row[6],
        hospital_name=row[7],
        admitted_on=row[8],
        discharged_on=row[9],
        state=State(row[10]),
        settled_on=row[11],
        reversed_on=row[12],
        total_fen=row[13],
        deductible_fen=row[14],
        shares=Shares(**dict(zip(PARTS, row[15:], strict=True))),
    )
