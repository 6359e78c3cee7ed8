"""What each person used of a year, written with the accounts, under the insurance's lock."""

# ruff: noqa: S608 - only our own column names stand in these texts; values are parameters.

from collections.abc import Collection, Mapping, Sequence
from operator import attrgetter
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Connection

from contracts.codes import InsuranceKind
from contracts.delivery import prepared
from participants.insured.domain.insurance_year import YearKey
from participants.insured.store.columns import USED
from participants.policy.model import YearToDate

Years = Mapping[YearKey, YearToDate]

_COLUMNS = ", ".join((*USED, "counters"))
_OF = prepared.statement(
    f"""
    SELECT person_id, insurance_kind, year, {_COLUMNS} FROM person_years
    WHERE person_id = ANY($1) AND year = ANY($2)
    """,
    "text[] int[]",
)
_PUT = prepared.statement_of_rows(
    f"""
    WITH new (person_id, insurance_kind, year, {_COLUMNS}, by_fen) AS %s,
         moved AS (UPDATE insurances SET account_balance_fen = account_balance_fen + new.by_fen
                   FROM new WHERE insurances.person_id = new.person_id
                     AND insurances.insurance_kind = new.insurance_kind AND new.by_fen <> 0)
    INSERT INTO person_years (person_id, insurance_kind, year, {_COLUMNS})
    SELECT person_id, insurance_kind, year, {_COLUMNS} FROM new
    ON CONFLICT (person_id, insurance_kind, year) DO UPDATE
    SET {", ".join(f"{name} = excluded.{name}" for name in (*USED, "counters"))}
    """,
    f"text text int {'bigint ' * len(USED)} jsonb bigint",
)
amounts = attrgetter(*USED)
"""The amounts of a YearToDate in the order of the columns."""


def of(tx: Connection, keys: Collection[YearKey]) -> dict[YearKey, YearToDate]:
    """The years that have begun; one that is not in it is a year of nothing."""
    if not keys:
        return {}
    people, years = [key[0] for key in keys], list({key[2] for key in keys})
    rows = prepared.fetch(tx, _OF, people, years)
    found = {(row[0], InsuranceKind(row[1]), row[2]): of_values(row[3:]) for row in rows}
    return {key: found[key] for key in keys if key in found}


def put(tx: Connection, years: Years, by_fen: Mapping[YearKey, int]) -> None:
    """Write years as they now stand, and move their accounts by these amounts of either sign.

    An account moves with one of these years; what is below zero is refused by the database.
    """
    assert by_fen.keys() <= years.keys(), "an account moves with a year"
    rows = [
        (key[0], key[1].value, key[2], *amounts(used), counters(used), by_fen.get(key, 0))
        for key, used in years.items()
    ]
    prepared.write(tx, _PUT, rows)


def counters(year: YearToDate) -> str:
    """The counters as the text of a JSON object."""
    return to_json(year.counters).decode() if year.counters else "{}"


def of_values(columns: Sequence[Any]) -> YearToDate:
    """The year of its amounts and, last, its counters, as the database gives them back."""
    *found, counted = columns
    return YearToDate(**dict(zip(USED, found, strict=True)), counters=counted)
