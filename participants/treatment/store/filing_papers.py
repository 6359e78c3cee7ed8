"""What hospitals said when they filed a registration, to be told again to whoever may ask."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from psycopg2.extras import Json
from sqlalchemy import Connection

from contracts.delivery import bulk
from contracts.ids import RegistrationId

_ADD = "INSERT INTO filing_papers (registration_id, said, sealed_contact) VALUES %s"
_OF = """
    SELECT registration_id, said, sealed_contact FROM filing_papers
    WHERE registration_id = ANY(%s::uuid[])
"""


@dataclass(frozen=True, slots=True, repr=False)
class Papers:
    """`said`: by the interface's names; `sealed_contact`: telephone and address."""

    registration_id: RegistrationId
    said: dict[str, str]
    sealed_contact: str


def add(tx: Connection, papers: Sequence[Papers]) -> None:
    """For registrations that are stored already."""
    rows = [(one.registration_id, Json(one.said), one.sealed_contact) for one in papers]
    bulk.write_rows(tx, _ADD, "(%s::uuid, %s, %s)", rows)


def of(tx: Connection, ids: Iterable[RegistrationId]) -> dict[RegistrationId, Papers]:
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    return {row[0]: Papers(*row) for row in bulk.fetch(tx, _OF, (wanted,))}
