"""The designated institutions of this area: loaded from its list, looked up by the gateway."""

from collections.abc import Iterable

from sqlalchemy import Connection

from participants.treatment.domain.institution import Institution
from participants.treatment.store import institutions as store


def load(tx: Connection, institutions: Iterable[Institution]) -> None:
    """Add these or bring them up to date; loading a list twice changes nothing."""
    store.put(tx, institutions)


def of(tx: Connection, codes: Iterable[str]) -> dict[str, Institution]:
    """Those of these institutions that are registered."""
    return store.of(tx, codes)
