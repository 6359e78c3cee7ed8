"""What hospitals were told, in the order of hearing it: evidence that no party can edit."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from threading import Lock
from typing import Any
from uuid import UUID

from contracts.clock import SHANGHAI
from contracts.codes import AreaCode
from contracts.ids import id_of_short_text
from contracts.money import fen_from_yuan
from contracts.refusal import RefusalCode


class Verdict(StrEnum):
    """The three kinds of replies that a hospital can get."""

    DONE = "done"  # it happened, and will have happened for ever
    REFUSED = "refused"  # it did not happen, and the same message will never make it happen
    UNKNOWN = "unknown"  # ask again with the same message; `certain_by` where it was told


@dataclass(frozen=True, slots=True)
class Reply:
    """One thing that a hospital was told about one request of its own.

    `content`: SHA-256 of what it sent, its message id and its clock apart. `figures`: what it was
    told of money, `*_fen` by the names of a settlement's columns, {} unless DONE; negative where a
    cancellation says them so. `about`: the message id that a 2601, 2208 or 5203 speaks of; the
    settlement id says it where the hospital named that instead.
    """

    at: datetime
    area: AreaCode
    infno: str
    msgid: str
    content: bytes
    verdict: Verdict
    settlement_id: UUID | None
    figures: Mapping[str, int]
    code: str = ""
    certain_by: datetime | None = None
    about: str = ""


@dataclass(frozen=True, slots=True)
class Witness:
    """A notebook to which any thread may add, and from which nothing is ever taken away."""

    _heard: list[Reply] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def heard(self, reply: Reply) -> None:
        with self._lock:
            self._heard.append(reply)

    @property
    def replies(self) -> tuple[Reply, ...]:
        """All of them, oldest first."""
        with self._lock:
            return tuple(self._heard)


# Said of the moment: the same message is tried again, and may then be done.
OF_THE_MOMENT = frozenset(
    {
        RefusalCode.INTERNAL_FAULT,
        RefusalCode.OUTCOME_UNKNOWN,
        RefusalCode.TOO_BUSY,
        RefusalCode.RATE_LIMITED,
        RefusalCode.ROUTE_DOWN,
        RefusalCode.NOT_SIGNED_IN,
    }
)
# How the interface calls what a settlement's columns hold; the later ones are 5203's own names.
FIGURES: Mapping[str, str] = {
    "medfee_sumamt": "total_fen",
    "hifp_pay": "pool_fen",
    "cvlserv_pay": "civil_servant_fen",
    "hifes_pay": "enterprise_fen",
    "hifmi_pay": "critical_illness_fen",
    "hifob_pay": "large_sum_fen",
    "hifdm_pay": "veterans_fen",
    "maf_pay": "medical_aid_fen",
    "oth_pay": "other_fen",
    "acct_pay": "account_fen",
    "psn_cash_pay": "cash_fen",
    "hosp_part_amt": "hospital_fen",
    "act_pay_dedc": "deductible_fen",
    "pref_fund_pay": "veterans_fen",
    "cash_payamt": "cash_fen",
}
NAMES: Mapping[str, tuple[str, ...]] = {
    figure: tuple(name for name, means in FIGURES.items() if means == figure)
    for figure in FIGURES.values()
}
"""The other way round: what 2207 calls a figure, and 5203 where it has another name."""
_OF_THE_CLOCK = frozenset({"msgid", "inf_time", "sign_no"})
_CERTAIN_BY = re.compile(r"将于 (\d\d):(\d\d):(\d\d) 前确定")
UNDONE = "1"


def told(
    area: AreaCode, request: Mapping[str, Any], answer: Mapping[str, Any], at: datetime
) -> Reply:
    """What an answer of the national interface says to a request of it, both as whole documents."""
    text, setlinfo = str(answer.get("err_msg") or ""), _setlinfo(answer)
    code = text[1:5] if str(answer.get("infcode")) != "0" else ""
    data = _data(request)
    if setlinfo.get("refd_setl_flag") == UNDONE:  # 5203 shows what it was, and that it is undone.
        code = RefusalCode.WITHDRAWN_BEFORE.value
    verdict = _verdict(code)
    return Reply(
        at=at,
        area=area,
        infno=str(request["infno"]),
        msgid=str(request["msgid"]),
        content=content_of(request),
        verdict=verdict,
        settlement_id=_id_in(str(setlinfo.get("setl_id") or data.get("setl_id") or "")),
        figures=_figures(setlinfo) if verdict is Verdict.DONE else {},
        code=code,
        certain_by=_certain_by(text, at),
        about=str(data.get("omsgid") or data.get("setl_id") or ""),
    )


def content_of(request: Mapping[str, Any]) -> bytes:
    """SHA-256 of what a request asks for, whenever and under whatever id it is sent."""
    asked = {name: value for name, value in request.items() if name not in _OF_THE_CLOCK}
    return hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).digest()


def _verdict(code: str) -> Verdict:
    if not code:
        return Verdict.DONE
    return Verdict.UNKNOWN if code in OF_THE_MOMENT else Verdict.REFUSED


def _figures(setlinfo: Mapping[str, Any]) -> dict[str, int]:
    found = ((column, setlinfo.get(name)) for name, column in FIGURES.items())
    return {column: _fen(str(value)) for column, value in found if value is not None}


def _fen(yuan: str) -> int:
    return -fen_from_yuan(yuan[1:]) if yuan.startswith("-") else fen_from_yuan(yuan)


def _setlinfo(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    output = answer.get("output")
    found = output.get("setlinfo") if isinstance(output, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _data(request: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = request.get("input")
    found = inner.get("data") if isinstance(inner, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _id_in(text: str) -> UUID | None:
    try:
        return id_of_short_text(text)
    except ValueError:
        return None


def _certain_by(text: str, at: datetime) -> datetime | None:
    """The hour that was told, in China, next after it was told."""
    found = _CERTAIN_BY.search(text)
    if found is None:
        return None
    here = at.astimezone(SHANGHAI)
    hour, minute, second = map(int, found.groups())
    then = datetime.combine(here.date(), time(hour, minute, second), SHANGHAI)
    return then if then >= here - timedelta(hours=12) else then + timedelta(days=1)
