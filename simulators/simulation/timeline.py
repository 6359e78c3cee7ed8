"""The event log of a seed, read for one settlement: every hop of it, and what went wrong beside."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from contracts.clock import SHANGHAI
from simulators.simulation.event_log import SEPARATOR

SHOWN_MAX = 3
BESIDE = timedelta(seconds=2)
"""Troubles so long before the first hop and after the last are shown too."""
_ID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_NAMED = re.compile(rf"{_ID.pattern}|\b[A-Z][0-9]{{29}}\b")
"""An id of ours, or a hospital's own of a message of its."""
LAST = 40
# What a step of the log means to a reader; what is not here is shown as it is.
STEPS = {
    "sent": "发出",
    "read": "收到",
    "call": "医院",
    "operator": "运营",
    "books": "账务",
    "struck": "中断于",
    "dies": "进程终止",
    "starts": "进程启动",
    "gave up": "进程放弃",
    "lost offsets": "位点丢失",
    "over": "故障结束",
}
_OF_PROCESSES = frozenset({"struck", "dies", "starts", "gave up", "lost offsets"})
_OF_MESSAGES = frozenset({"sent", "read"})
_FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log."""

    at: datetime
    who: str
    step: str
    what: str

    @property
    def is_trouble(self) -> bool:
        return self.who == _FAULT or self.step in _OF_PROCESSES


def told(lines: Sequence[str], about: Iterable[str]) -> str:
    """The timelines of the first few settlements that these texts name, by their ids or by the id
    of a message about one, a hospital's included; when the log knows none of them, its end.
    """
    events = _events(lines)
    named = dict.fromkeys(_settlement(events, id_) for id_ in ids_in(about))
    known = [text for id_ in named if (text := _story(events, id_, ()))]
    return "\n\n".join(known[:SHOWN_MAX] or [_end(events)]) + "\n"


def timeline(lines: Sequence[str], settlement_id: UUID, msgids: Collection[str] = ()) -> str:
    """A table of hops; '' when the log does not know the settlement.

    `msgids`: of the hospital's messages about it, where the log itself does not connect them.
    """
    return _story(_events(lines), str(settlement_id), msgids)


def ids_in(texts: Iterable[str]) -> list[str]:
    """The ids that broken truths and pending things name, in their order, each once."""
    return list(dict.fromkeys(id_ for text in texts for id_ in _NAMED.findall(text)))


def _settlement(events: Sequence[Event], id_: str) -> str:
    """The settlement that a message is about; any other id stays as it is."""
    about = (
        _ID.findall(one.what)
        for one in events
        if one.step in (_OF_MESSAGES | {"call"}) and id_ in one.what
    )
    return next((ids[-1] for ids in about if ids), id_)


def _end(events: Sequence[Event]) -> str:
    """What came last, where nobody can say which settlement it is about."""
    last = events[-LAST:]
    rows = _rows(last, last[0].at) if last else ()
    return "\n".join(["没有点名某笔结算；日志的最后部分：", *rows])


def _story(events: Sequence[Event], id_: str, msgids: Collection[str]) -> str:
    hops = _hops(events, id_, msgids)
    if not hops:
        return ""
    begun, ended = hops[0].at, hops[-1].at
    shown = {
        *hops,
        *(one for one in events if one.is_trouble and begun - BESIDE <= one.at <= ended + BESIDE),
    }
    rows = _rows([one for one in events if one in shown], begun)
    heading = f"结算 {id_}：{len(hops)} 步，历时 {(ended - begun).total_seconds():.3f} 秒"
    return "\n".join([heading, *(line.replace(f" {id_}", "") for line in rows)])


def _hops(events: Sequence[Event], id_: str, msgids: Collection[str]) -> list[Event]:
    """What names the settlement, and what hospitals said under messages that are about it."""
    named = [one for one in events if id_ in one.what]
    of_hospitals = {one.what.split()[1] for one in named if one.step == "call"} | set(msgids)
    return [
        one
        for one in events
        if id_ in one.what or (one.step == "call" and one.what.split()[1] in of_hospitals)
    ]


def _rows(rows: Sequence[Event], begun: datetime) -> Iterator[str]:
    width = max(len(one.who) for one in rows)
    for one in rows:
        passed = (one.at - begun).total_seconds()
        mark = "！" if one.is_trouble else "　"
        moment = f"{one.at.astimezone(SHANGHAI):%m-%d %H:%M:%S.%f}"[:-3]
        step = STEPS.get(one.step, one.step)
        yield f"{mark}{moment}  {passed:+9.3f}  {one.who:<{width}}  {step}  {one.what}".rstrip()


def _events(lines: Sequence[str]) -> list[Event]:
    return [
        Event(datetime.fromisoformat(moment), who, step, what)
        for moment, who, step, what in (line.split(SEPARATOR, 3) for line in lines)
    ]
