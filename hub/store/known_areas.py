"""What the hub knows of areas on a day: all that judging needs, in one statement a batch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from contracts.codes import AreaCode
from contracts.delivery import prepared
from hub.domain.directory import AreaTerms
from hub.domain.participant import Participant
from hub.store import directory

# The index on the area is asked for one institution of each, and none is read.
_ON = prepared.statement(
    """
    SELECT p.area, p.name, p.insured_connected, p.treatment_connected,
        (SELECT true FROM institutions AS i WHERE i.area = p.area LIMIT 1),
        t.area, t.holds_from, t.need_registration, t.lock_in_months
    FROM participants AS p LEFT JOIN LATERAL (
        SELECT area, holds_from, need_registration, lock_in_months FROM area_terms
        WHERE area = p.area AND holds_from <= $1 ORDER BY holds_from DESC LIMIT 1
    ) AS t ON true
    WHERE p.area = ANY($2) ORDER BY p.area
    """,
    "date text[]",
)


@dataclass(frozen=True, slots=True)
class KnownAreas:
    """Those that are participants; their terms in force, where they published some; who of them
    lists institutions at all.
    """

    participants: Mapping[AreaCode, Participant]
    terms: Mapping[AreaCode, AreaTerms]
    listing: frozenset[AreaCode]


def on(tx: Connection, day: date, areas: Iterable[AreaCode]) -> KnownAreas:
    """These areas as they stand now, with the terms that hold on a day; in the order of the codes.

    `contracts.codes.areas()` are all that can be participants.
    """
    rows = prepared.fetch(tx, _ON, day, sorted(set(areas)))
    return KnownAreas(
        participants={AreaCode(row[0]): Participant(*row[:4]) for row in rows},
        terms={AreaCode(row[0]): directory.terms(row[5:]) for row in rows if row[5] is not None},
        listing=frozenset(AreaCode(row[0]) for row in rows if row[4]),
    )
