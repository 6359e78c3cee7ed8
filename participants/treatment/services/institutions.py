"""The designated institutions of this area: loaded from its list, looked up by the gateway."""

from collections.abc import Iterable

from sqlalchemy import Connection

from participants.treatment.domain.institution import Institution, InstitutionKind
from participants.treatment.store import institutions as store


def load(tx: Connection, institutions: Iterable[Institution]) -> None:
    """Add these or bring them up to date; loading a list twice changes nothing."""
    store.put(tx, institutions)


def of(tx: Connection, codes: Iterable[str]) -> dict[str, Institution]:
    """Those of these institutions that are registered."""
    return store.of(tx, codes)


def find(
    tx: Connection, kind: InstitutionKind, *, code: str, name: str, count_max: int
) -> list[Institution]:
    """Those of a kind with this code and this in their name, an empty one being any; by code."""
    return store.find(tx, kind, code, name, count_max)
