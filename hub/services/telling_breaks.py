"""What treatment areas are told of breaks: of their own side, and of the insured side across."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import Connection

from contracts import topics
from contracts.codes import AreaCode, Role
from contracts.ids import id_of_effect
from contracts.message import Outgoing, originate
from contracts.messages.reconciliation import BreaksTold, BreakTold
from hub.domain.reconciliation import Break, Side
from hub.store import breaks

TELLING = uuid5(UUID(int=0), "yidi: the hub tells a treatment area of breaks")
BREAKS_PER_MESSAGE = 1_000


def changed(
    side: Side, before: Mapping[Break, int], after: set[Break], now: datetime
) -> list[Outgoing]:
    """What is new, and what is no more; nothing while the agreed time runs."""
    if now < side.break_after:
        return []
    told = {_key(one): _told(one, is_repaired=True) for one in before if one not in after}
    # One row has one break at most: what it is now says more than what it was.
    told |= {_key(one): _told(one, is_repaired=False) for one in after if one not in before}
    return _said(side, told, now)


def become_breaks(tx: Connection, sides: Iterable[Side], now: datetime) -> list[Outgoing]:
    """The agreed time of these sides is over: their differences are breaks from now on."""
    run_out = {side.key: side for side in sides}
    found = breaks.open_of(tx, list(run_out))
    return [
        said
        for key, ones in found.items()
        for said in _said(
            run_out[key], {_key(one): _told(one, is_repaired=False) for one in ones}, now
        )
    ]


_Key = tuple[AreaCode | None, object]


def _key(one: Break) -> _Key:
    return (AreaCode(one.bucket[0]) if one.bucket else None, one.row)


def _told(one: Break, *, is_repaired: bool) -> BreakTold | None:
    if one.row is None:
        return None
    return BreakTold(
        settlement_id=one.row[0],
        sign=one.row[1],
        break_class=one.break_class.value,
        hub_fen=one.hub_fen,
        side_fen=one.side_fen,
        is_repaired=is_repaired,
    )


def _said(side: Side, told: Mapping[_Key, BreakTold | None], now: datetime) -> list[Outgoing]:
    by_area: dict[AreaCode, list[BreakTold]] = {}
    for (counterpart, _row), one in told.items():
        area = side.area if side.role is Role.TREATMENT else counterpart
        if one is not None and area is not None:
            by_area.setdefault(area, []).append(one)
    return [
        _message(side, area, ones[start : start + BREAKS_PER_MESSAGE], start, now)
        for area, ones in sorted(by_area.items())
        for start in range(0, len(ones), BREAKS_PER_MESSAGE)
    ]


def _message(
    side: Side, area: AreaCode, ones: list[BreakTold], start: int, now: datetime
) -> Outgoing:
    said = f"{side.business_date} {side.role} {side.area} to {area} at {now.isoformat()}, {start}"
    body = BreaksTold(
        business_date=side.business_date,
        role=side.role,
        area=side.area,
        at=now,
        breaks=tuple(sorted(ones, key=lambda one: (one.settlement_id, one.sign))),
    )
    return originate(
        body,
        message_id=id_of_effect(TELLING, said),
        topic=topics.notices(Role.TREATMENT, area),
        key=area,
        sender=topics.HUB,
        at=now,
    )
