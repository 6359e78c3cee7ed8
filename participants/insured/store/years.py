"""What each person used of a year. Whoever reads it to write it holds the insurance's lock."""

# ruff: noqa: S608 - only our own column names stand in these texts; values are parameters.

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection

from contracts.codes import InsuranceKind
from contracts.delivery import bulk
from participants.insured.store.columns import USED
from participants.policy.model import YearToDate

YearKey = tuple[str, InsuranceKind, int]
"""(person, insurance kind, calendar year)."""

_COLUMNS = ", ".join(USED)
_OF = f"""
    SELECT person_id, insurance_kind, year, {_COLUMNS} FROM person_years
    WHERE person_id = ANY(%s)
"""
_PUT = f"""
    INSERT INTO person_years (person_id, insurance_kind, year, {_COLUMNS}) VALUES %s
    ON CONFLICT (person_id, insurance_kind, year) DO UPDATE
    SET {", ".join(f"{name} = excluded.{name}" for name in USED)}
"""
_GIVE_BACK = f"""
    UPDATE person_years SET {", ".join(f"{n} = person_years.{n} - back.{n}" for n in USED)}
    FROM (VALUES %s) AS back (person_id, insurance_kind, year, {_COLUMNS})
    WHERE person_years.person_id = back.person_id AND person_years.year = back.year
      AND person_years.insurance_kind = back.insurance_kind
"""
_PUT_TEMPLATE = f"(%s, %s, %s{', %s' * len(USED)})"
_BACK_TEMPLATE = f"(%s, %s, %s{', %s::bigint' * len(USED)})"


def of(tx: Connection, keys: Collection[YearKey]) -> dict[YearKey, YearToDate]:
    """The years that have begun; one that is not in it is a year of nothing."""
    rows = bulk.fetch(tx, _OF, ([key[0] for key in keys],))
    found = {(row[0], InsuranceKind(row[1]), row[2]): of_amounts(row[3:]) for row in rows}
    return {key: found[key] for key in keys if key in found}


def put(tx: Connection, years: Mapping[YearKey, YearToDate]) -> None:
    """Write years as they now stand."""
    rows = [(*key, *used(year)) for key, year in years.items()]
    bulk.write_rows(tx, _PUT, _PUT_TEMPLATE, rows)


def give_back(tx: Connection, deltas: Mapping[YearKey, YearToDate]) -> None:
    """Take back what grants had added; a year that would fall below zero is refused."""
    rows = [(*key, *used(delta)) for key, delta in deltas.items()]
    bulk.write_rows(tx, _GIVE_BACK, _BACK_TEMPLATE, rows)


def used(year: YearToDate) -> tuple[int, ...]:
    """The amounts in the order of the columns."""
    return tuple(getattr(year, name) for name in USED)


def of_amounts(amounts: Sequence[int]) -> YearToDate:
    """What `used` gave."""
    return YearToDate(**dict(zip(USED, amounts, strict=True)))
