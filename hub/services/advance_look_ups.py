"""What the screens ask of the advance fund beside its positions: warnings, contacts, changes."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from contracts.codes import AreaCode
from hub.domain.advance import Change
from hub.domain.advance_warning import Warned
from hub.store import advance as store
from hub.store import advance_warnings
from hub.store.advance import Wanted
from hub.store.advance_warnings import OfficeToCall


def warnings(
    tx: Connection, area: AreaCode | None, *, only_open: bool, count_max: int
) -> list[Warned]:
    """The newest first; of an area those in which it is named."""
    return advance_warnings.latest(tx, area, only_open=only_open, count_max=count_max)


def changes(tx: Connection, year: int | None) -> list[Change]:
    """The oldest draft first."""
    return store.listed(tx, Wanted(year=year))


def contacts(tx: Connection, areas: Iterable[AreaCode]) -> list[OfficeToCall]:
    return advance_warnings.contacts(tx, areas)


def put_contact(tx: Connection, one: OfficeToCall, *, by: str, now: datetime) -> None:
    """Name, or replace, whom an area wants told at a tier."""
    advance_warnings.put_contact(tx, one, by, now)
