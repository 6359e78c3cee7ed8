"""What papers are proved by: rows of the log, roots of days, and the chain of seals."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from contracts.codes import AreaCode, Fund, InsuranceKind, VisitKind
from contracts.delivery import bulk
from contracts.messages.values import PARTS
from hub.domain.papers import ISSUED
from hub.domain.proof import NO_SEAL, BucketRoot, Row, Seal

# Two runs issued at once would both continue the same seal: one waits for the other.
CHAIN_LOCK = 7_946_310_005

_KEY = "business_date, insured_area, treatment_area, insurance_kind, visit_kind"
_PLACE = (
    "hospital_code, insured_division, treatment_division, admitted_on::text, discharged_on::text"
)
_NO_PLACE = "'', '', '', '', ''"
_ADJUSTED = ", ".join(f"CASE fund WHEN '{fund.value}' THEN amount_fen ELSE 0 END" for fund in Fund)
_LOGGED = f"""
    SELECT settled_on AS business_date, insured_area, treatment_area, insurance_kind, visit_kind,
        '' AS reason, settlement_id AS row_id, 1 AS sign, total_fen,
        ARRAY[{", ".join(PARTS)}] AS parts, {_PLACE}
    FROM settlements WHERE {{settled}}
    UNION ALL
    SELECT reversed_on, insured_area, treatment_area, insurance_kind, visit_kind,
        '', settlement_id, -1, total_fen, ARRAY[{", ".join(PARTS)}], {_PLACE}
    FROM settlements WHERE {{reversed}}
    UNION ALL
    SELECT business_date, insured_area, treatment_area, insurance_kind, visit_kind,
        reason, adjustment_id, 0, 0, ARRAY[{_ADJUSTED}, 0, 0], {_NO_PLACE}
    FROM adjustments WHERE {{adjusted}}
"""  # noqa: S608 - column names of ours
_WITHIN = """insurance_kind COLLATE "C", visit_kind COLLATE "C", reason COLLATE "C", row_id, sign"""
_BY_DAY = f"business_date, insured_area, treatment_area, {_WITHIN}"
_BY_PAIR = f"insured_area, treatment_area, business_date, {_WITHIN}"
_ORDERED = "SELECT * FROM ({rows}) AS logged ORDER BY {order}"
_OF_A_DAY = _ORDERED.format(
    order=_BY_DAY,
    rows=_LOGGED.format(
        settled="settled_on = %(day)s",
        reversed="reversed_on = %(day)s",
        adjusted="business_date = %(day)s",
    ),
)
# The bounds are there for the indexes: years of settlements must not be read for one run.
_MEMBER = """({day}, insured_area, treatment_area) IN (
        SELECT business_date, insured_area, treatment_area FROM clearing_pair_days
        WHERE run_id = %(run_id)s)
    AND {day} BETWEEN (SELECT min(business_date) FROM clearing_pair_days WHERE run_id = %(run_id)s)
        AND (SELECT max(business_date) FROM clearing_pair_days WHERE run_id = %(run_id)s)
    AND (%(insured)s::text IS NULL OR insured_area = %(insured)s)"""
_OF_A_RUN = _ORDERED.format(
    order=_BY_PAIR,
    rows=_LOGGED.format(
        settled=_MEMBER.format(day="settled_on"),
        reversed=_MEMBER.format(day="reversed_on"),
        adjusted=_MEMBER.format(day="business_date"),
    ),
)
_NOT_ROOTED = """
    SELECT business_date FROM reconciliations
    WHERE business_date NOT IN (SELECT business_date FROM rooted_days)
    ORDER BY business_date LIMIT %s
"""
_ROOTED = """
    INSERT INTO rooted_days (business_date, rows, rooted_at) VALUES (%s, %s, %s)
    ON CONFLICT (business_date) DO NOTHING
"""
_ADD_ROOTS = f"INSERT INTO day_roots ({_KEY}, count, root) VALUES %s"  # noqa: S608
_ROOTS_OF_DAY = f"SELECT {_KEY}, count, root FROM day_roots WHERE business_date = %s"  # noqa: S608
_ROOTS_OF_RUN = f"""
    SELECT {_KEY}, count, root FROM day_roots
    JOIN clearing_pair_days USING (business_date, insured_area, treatment_area)
    WHERE run_id = %s
"""  # noqa: S608 - column names of ours
_DAYS_MISSING = """
    SELECT DISTINCT business_date FROM clearing_pair_days
    WHERE run_id = %s AND business_date NOT IN (SELECT business_date FROM rooted_days)
    ORDER BY business_date
"""
_SEAL = """position, run_id, version, cycle, first_day, last_day, issued_at, lines, merkle_root,
    previous"""
_ADD_SEAL = f"""
    INSERT INTO run_seals ({_SEAL}, sha256, statements, details)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""  # noqa: S608 - column names of ours
_FIND_SEAL = f"SELECT {_SEAL} FROM run_seals WHERE run_id = %s AND version = %s"  # noqa: S608
_LAST_SEAL = "SELECT position, sha256 FROM run_seals ORDER BY position DESC LIMIT 1"
_CHAIN = f"SELECT {_SEAL}, sha256 FROM run_seals ORDER BY position"  # noqa: S608
_IS_ISSUED = f"state IN ({', '.join(repr(state.value) for state in sorted(ISSUED))})"
_NOT_SEALED = f"""
    SELECT run_id FROM clearing_runs
    WHERE {_IS_ISSUED} AND (run_id, version) NOT IN (SELECT run_id, version FROM run_seals)
    ORDER BY issued_at, cycle
"""  # noqa: S608 - states of ours
# A run in its present version has a national table, the statements and the details; once it is
# confirmed also as many notices as statements.
_NOT_PAPERED = f"""
    SELECT run_id FROM clearing_runs AS run JOIN run_seals AS seal USING (run_id, version)
    WHERE {_IS_ISSUED} AND (SELECT count(*) FROM clearing_papers AS paper
            WHERE paper.issue = run.run_id AND paper.version = run.version)
        < 1 + statements + details + CASE WHEN confirmed_at IS NULL THEN 0 ELSE statements END
    ORDER BY position LIMIT 1
"""  # noqa: S608 - states of ours


def rows_of_day(tx: Connection, business_date: date) -> Iterator[Row]:
    """The rows of a closed day, bucket by bucket, each bucket in its order."""
    yield from map(_row, bulk.streamed(tx, _OF_A_DAY, {"day": business_date}, "rows_of_day"))


def rows_of_run(
    tx: Connection, run_id: UUID, insured_area: AreaCode | None = None
) -> Iterator[Row]:
    """The rows of a run's pair days from the log itself, pair by pair, then as `rows_of_day`.

    `insured_area`: only the pairs of this payer.
    """
    wanted = {"run_id": run_id, "insured": insured_area}
    yield from map(_row, bulk.streamed(tx, _OF_A_RUN, wanted, "rows_of_run"))


def days_not_rooted(tx: Connection, days_max: int) -> list[date]:
    """Closed days whose comparison has begun, oldest first, without their roots."""
    return [row[0] for row in bulk.fetch(tx, _NOT_ROOTED, (days_max,))]


def days_missing(tx: Connection, run_id: UUID) -> list[date]:
    """Days of a run without their roots."""
    return [row[0] for row in bulk.fetch(tx, _DAYS_MISSING, (run_id,))]


def add_roots(
    tx: Connection, business_date: date, roots: Sequence[BucketRoot], now: datetime
) -> None:
    """Keep the roots of a closed day, unless another transaction has kept them meanwhile."""
    rows = sum(root.count for root in roots)
    if bulk.run(tx, _ROOTED, (business_date, rows, now)) == 0:
        return
    values = [(root.business_date, *root.line_key, root.count, root.root) for root in roots]
    bulk.write_rows(tx, _ADD_ROOTS, "(%s, %s, %s, %s, %s, %s, %s)", values)


def roots_of_day(tx: Connection, business_date: date) -> list[BucketRoot]:
    return [_root(row) for row in bulk.fetch(tx, _ROOTS_OF_DAY, (business_date,))]


def roots_of_run(tx: Connection, run_id: UUID) -> list[BucketRoot]:
    """The roots of all pair days that a run has now."""
    return [_root(row) for row in bulk.fetch(tx, _ROOTS_OF_RUN, (run_id,))]


def take_chain(tx: Connection) -> tuple[int, str]:
    """Wait until no other transaction seals; position and SHA-256 of the last seal."""
    bulk.fetch(tx, "SELECT pg_advisory_xact_lock(%s)", (CHAIN_LOCK,))
    found = bulk.fetch(tx, _LAST_SEAL)
    return (found[0][0], found[0][1]) if found else (0, NO_SEAL)


def add_seal(tx: Connection, seal: Seal, *, statements: int, details: int) -> None:
    """Continue the chain; with how many statements and pair details the run has."""
    previous = None if seal.previous == NO_SEAL else seal.previous
    span = (seal.cycle, seal.first_day, seal.last_day, seal.issued_at)
    proof = (seal.lines, seal.merkle_root, previous, seal.sha256())
    bulk.run(
        tx,
        _ADD_SEAL,
        (seal.position, seal.run_id, seal.version, *span, *proof, statements, details),
    )


def find_seal(tx: Connection, run_id: UUID, version: int) -> Seal | None:
    return next((_seal(row) for row in bulk.fetch(tx, _FIND_SEAL, (run_id, version))), None)


def chain(tx: Connection) -> list[tuple[Seal, str]]:
    """All seals in their order, each with the SHA-256 that was written beside it."""
    return [(_seal(row[:-1]), row[-1]) for row in bulk.fetch(tx, _CHAIN)]


def runs_not_sealed(tx: Connection) -> list[UUID]:
    """Runs whose present version was issued and has no seal, in the order of issue."""
    return [row[0] for row in bulk.fetch(tx, _NOT_SEALED)]


def run_wanting_papers(tx: Connection) -> UUID | None:
    """The oldest sealed run of which a paper is still to be made."""
    return next((row[0] for row in bulk.fetch(tx, _NOT_PAPERED)), None)


def _row(row: tuple[Any, ...]) -> Row:
    day, insured, treatment, insurance, visit, reason, id_, sign, total_fen, parts, *place = row
    return Row(
        business_date=day,
        insured_area=AreaCode(insured),
        treatment_area=AreaCode(treatment),
        insurance_kind=InsuranceKind(insurance),
        visit_kind=VisitKind(visit),
        row_id=id_,
        sign=sign,
        total_fen=total_fen,
        parts_fen=tuple(parts),
        reason=reason,
        place=tuple(place),
    )


def _root(row: tuple[Any, ...]) -> BucketRoot:
    day, insured, treatment, insurance, visit, count, root = row
    key = (AreaCode(insured), AreaCode(treatment), InsuranceKind(insurance), VisitKind(visit))
    return BucketRoot(day, key, count, bytes(root))


def _seal(row: Sequence[Any]) -> Seal:
    return Seal(
        position=row[0],
        run_id=row[1],
        version=row[2],
        cycle=row[3],
        first_day=row[4],
        last_day=row[5],
        issued_at=row[6].astimezone(UTC),  # an instant has one way to be written in a seal
        lines=row[7],
        merkle_root=row[8],
        previous=row[9] or NO_SEAL,
    )
