"""Areas make their rules, offices and institutions known: the newest publication counts."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection

from contracts.codes import AreaCode, Role
from contracts.message import Message, Outgoing
from contracts.messages.directory import (
    AreaTermsPublished,
    DirectoryPublished,
    InstitutionsPublished,
)
from hub.domain.anomaly import Anomaly, AnomalyKind
from hub.domain.directory import (
    PUBLISHED_AHEAD_MAX,
    ListedInstitution,
    contradicts_itself,
    has_foreign_institutions,
    institution_of,
    lists_foreign,
    offices_of,
    pooled_of,
    taken_elsewhere,
    terms_of,
)
from hub.services.decided import from_the_area
from hub.store import anomalies, directory, participants
from hub.store.directory import Edition, Published

Fault = AnomalyKind | None
_at = attrgetter("at")


def record_terms(
    tx: Connection, batch: Sequence[Message[AreaTermsPublished]], now: datetime
) -> list[Outgoing]:
    """Keep an insured area's terms. Older ones of the same day change nothing."""
    known = directory.terms_of(tx, [AreaCode(message.body.area) for message in batch])

    def wrong(message: Message[AreaTermsPublished]) -> Fault:
        said = message.body
        before = known.get((AreaCode(said.area), said.holds_from))
        return _differs(before, terms_of(said), said.published_at)

    sound = _sound(tx, batch, Role.INSURED, wrong, now)
    told = [Published(terms_of(one.body), one.body.published_at) for one in sound]
    newest = {(one.what.area, one.what.holds_from): one for one in sorted(told, key=_at)}
    directory.put_terms(tx, list(newest.values()))
    return []


def record_directory(
    tx: Connection, batch: Sequence[Message[DirectoryPublished]], now: datetime
) -> list[Outgoing]:
    """Replace an area's agencies and pooling areas in one role by those of a newer publication."""
    known = directory.editions_of(tx, [AreaCode(message.body.area) for message in batch])

    def wrong(message: Message[DirectoryPublished]) -> Fault:
        return _wrong_with_directory(message, known)

    sound = _sound(tx, batch, None, wrong, now)
    newest: dict[tuple[str, Role], Message[DirectoryPublished]] = {}
    for message in sorted(sound, key=lambda one: one.body.published_at):
        if _is_newer(message, known):
            newest[message.body.area, message.body.role] = message
    directory.replace_directories(
        tx,
        [_edition(message) for message in newest.values()],
        [office for message in newest.values() for office in offices_of(message.body)],
        [pooled for message in newest.values() for pooled in pooled_of(message.body)],
    )
    return []


def record_institutions(
    tx: Connection, batch: Sequence[Message[InstitutionsPublished]], now: datetime
) -> list[Outgoing]:
    """Keep a treatment area's institutions as they stand now; those it does not name stay."""
    codes = {one.code for message in batch for one in message.body.institutions}
    known = directory.published_institutions(tx, codes)

    def wrong(message: Message[InstitutionsPublished]) -> Fault:
        return _wrong_with_institutions(message.body, known)

    sound = _sound(tx, batch, Role.TREATMENT, wrong, now)
    told = [one for message in sound for one in _listed(message.body)]
    newest = {one.what.code: one for one in sorted(told, key=_at)}
    directory.put_institutions(tx, list(newest.values()))
    return []


def _sound(
    tx: Connection,
    batch: Sequence[Message[Any]],
    role: Role | None,
    wrong: Callable[[Message[Any]], Fault],
    now: datetime,
) -> list[Message[Any]]:
    """The messages that may change something; the others are kept as anomalies."""
    everyone, sound, odd = participants.everyone(tx), list[Message[Any]](), list[Anomaly]()
    for message in batch:
        kind = _not_its_own(message, role, everyone, now) or wrong(message)
        if kind is None:
            sound.append(message)
        else:
            odd.append(_odd(kind, message, now))
    anomalies.add(tx, odd)
    return sound


def _not_its_own(
    message: Message[Any], role: Role | None, everyone: Iterable[AreaCode], now: datetime
) -> Fault:
    said = message.body
    area = AreaCode(said.area)
    if area not in everyone or not from_the_area(message, role or said.role, area):
        return AnomalyKind.WRONG_SENDER
    if said.published_at > now + PUBLISHED_AHEAD_MAX:
        return AnomalyKind.OUT_OF_STEP
    return None


def _wrong_with_directory(
    message: Message[DirectoryPublished], known: Mapping[tuple[AreaCode, Role], Edition]
) -> Fault:
    said = message.body
    if lists_foreign(said):
        return AnomalyKind.WRONG_SENDER
    before = known.get((AreaCode(said.area), said.role))
    told = None if before is None else Published(before.fingerprint, before.published_at)
    if contradicts_itself(row.division for row in said.pooling_areas):
        return AnomalyKind.CONTRADICTORY
    return _differs(told, message.fingerprint(), said.published_at)


def _wrong_with_institutions(
    said: InstitutionsPublished, known: Mapping[str, Published[ListedInstitution]]
) -> Fault:
    if has_foreign_institutions(said):
        return AnomalyKind.WRONG_SENDER
    if taken_elsewhere(said, {code: one.what for code, one in known.items()}):
        return AnomalyKind.CONTRADICTORY
    if contradicts_itself(one.code for one in said.institutions):
        return AnomalyKind.CONTRADICTORY
    differ = (_differs(known.get(one.what.code), one.what, one.at) for one in _listed(said))
    return next(filter(None, differ), None)


def _differs(before: Published[Any] | None, what: object, at: datetime) -> Fault:
    """Two publications of one instant must say the same."""
    is_rival = before is not None and before.at == at and before.what != what
    return AnomalyKind.CONTRADICTORY if is_rival else None


def _is_newer(
    message: Message[DirectoryPublished], known: Mapping[tuple[AreaCode, Role], Edition]
) -> bool:
    before = known.get((AreaCode(message.body.area), message.body.role))
    return before is None or before.published_at < message.body.published_at


def _edition(message: Message[DirectoryPublished]) -> Edition:
    said = message.body
    return Edition(AreaCode(said.area), said.role, said.published_at, message.fingerprint())


def _listed(said: InstitutionsPublished) -> list[Published[ListedInstitution]]:
    area = AreaCode(said.area)
    return [Published(institution_of(area, one), said.published_at) for one in said.institutions]


def _odd(kind: AnomalyKind, message: Message[Any], now: datetime) -> Anomaly:
    head = message.head
    return Anomaly(kind, head.sender, head.message_id, now, area=AreaCode(message.body.area))
