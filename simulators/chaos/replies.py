"""What an answer of the gateway means: done, refused, or unknown and certain by a time."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from contracts.clock import SHANGHAI
from contracts.ids import id_of_short_text
from contracts.messages.values import PARTS
from contracts.refusal import RefusalCode
from simulators.bench.http_client import HttpAnswer
from simulators.chaos.messages import Asked
from simulators.witness import NAMES, Reply, Verdict

# Said of the moment: nothing was done, and the same message may come again.
NOT_NOW = frozenset(
    {
        RefusalCode.INTERNAL_FAULT,
        RefusalCode.TOO_BUSY,
        RefusalCode.RATE_LIMITED,
        RefusalCode.OUTCOME_UNKNOWN,
    }
)
# The same, but there is no use in coming again soon: the message id is free.
TURNED_AWAY = frozenset({RefusalCode.ROUTE_DOWN})
CERTAIN_AT = re.compile(r"将于 (\d\d):(\d\d):(\d\d) 前确定")
WHOLE_SECONDS = timedelta(seconds=1)  # what is told leaves the fraction out
HALF_A_DAY = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Told:
    """A reply, and what only the asking hospital cares about.

    `is_undone`: 5203 shows a settlement that was undone. `wait_s`: how long it is told to wait.
    """

    reply: Reply
    is_undone: bool
    wait_s: float

    @property
    def is_certain(self) -> bool:
        """There is no use in sending the same message again."""
        return self.reply.verdict is not Verdict.UNKNOWN or self.is_turned_away

    @property
    def is_turned_away(self) -> bool:
        return self.reply.code in TURNED_AWAY


def heard(asked: Asked, answer: HttpAnswer, at: datetime) -> Told | None:
    """What this answer tells the hospital; None when it is no answer of the interface at all."""
    try:
        document = json.loads(answer.body, parse_float=str)
    except ValueError:
        return None
    setlinfo = _setlinfo(document)
    is_undone = str(setlinfo.get("refd_setl_flag")) == "1"
    return Told(_reply(asked, document, setlinfo, at), is_undone, answer.retry_after_s)


def _reply(
    asked: Asked, document: Mapping[str, Any], setlinfo: Mapping[str, Any], at: datetime
) -> Reply:
    text = str(document.get("err_msg") or "")
    code = "" if str(document.get("infcode")) == "0" else text[1:5]
    return Reply(
        at=at,
        area=asked.area,
        infno=asked.infno,
        msgid=asked.msgid,
        content=sha256(asked.body).digest(),
        verdict=_verdict(code),
        settlement_id=id_of_short_text(str(setlinfo["setl_id"])) if setlinfo else None,
        figures=_figures(setlinfo),
        code=code,
        certain_by=promised_by(text, at) if code == RefusalCode.OUTCOME_UNKNOWN else None,
        about=asked.about,
    )


def promised_by(text: str, now: datetime) -> datetime | None:
    """The instant by which a reply says that all is certain; None where it says none."""
    found = CERTAIN_AT.search(text)
    if found is None:
        return None
    hour, minute, second = map(int, found.groups())
    here = now.astimezone(SHANGHAI)
    told = here.replace(hour=hour, minute=minute, second=second, microsecond=0)
    if told < here - HALF_A_DAY:
        told += timedelta(days=1)  # told before midnight
    return told + WHOLE_SECONDS


def _verdict(code: str) -> Verdict:
    if not code:
        return Verdict.DONE
    return Verdict.UNKNOWN if code in NOT_NOW | TURNED_AWAY else Verdict.REFUSED


def _setlinfo(told: Mapping[str, Any]) -> Mapping[str, Any]:
    output = told.get("output")
    found = output.get("setlinfo") if isinstance(output, dict) else None
    return found if isinstance(found, dict) and found.get("setl_id") else {}


def _figures(setlinfo: Mapping[str, Any]) -> Mapping[str, int]:
    """In fen; negative where a settlement is undone."""
    if not setlinfo:
        return {}
    return {
        part: int(100 * Decimal(str(setlinfo[name])))
        for part in ("total_fen", *PARTS)
        for name in NAMES[part]
        if setlinfo.get(name) is not None
    }
