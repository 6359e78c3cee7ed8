"""The national envelope: what comes in around an input, and what goes out around an output."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from secrets import randbelow
from typing import Any

from contracts.clock import SHANGHAI
from contracts.refusal import RefusalCode, Refused
from participants.gateway.wire import jsontext
from participants.gateway.wire.checking import Row, by_name, checked_row
from participants.gateway.wire.fields import shapes
from participants.gateway.wire.jsontext import Number
from participants.gateway.wire.profiles import InfcodeType, Profile

REGION_UNKNOWN = "000000"
# Ten digits after the second: four that differ between processes, and six that count.
_serial_prefix = f"{randbelow(10_000):04d}"
_serials = count(1)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A sound request envelope. `sent_at` is what the hospital's clock says; `input` is unchecked.

    `insured_division` is empty where the hospital did not say it, `sign_no` without a session.
    """

    infno: str
    msgid: str
    institution_code: str
    institution_name: str
    treatment_division: str
    insured_division: str
    operator: str
    operator_name: str
    sent_at: datetime
    input: Mapping[str, Any]
    sign_no: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a hospital is told: an output, or a refusal with its Chinese sentence.

    `rows`: the output of the one answer that is a list without a node (90100).
    `file`: bytes that are sent as they are, without an envelope (9102); never kept as a reply.
    `reference`: the inf_refmsgid of the request that it answers; a stored reply keeps its first.
    `retry_after_s`: when somebody who was turned away may come again.
    """

    output: Mapping[str, Any] | None = None
    code: RefusalCode | None = None
    detail: str = ""
    warning: str = ""
    file: bytes | None = None
    rows: Sequence[Mapping[str, Any]] | None = None
    reference: str = ""
    retry_after_s: int = 0


def refusal(code: RefusalCode, detail: str = "", output: Mapping[str, Any] | None = None) -> Reply:
    return Reply(output=output, code=code, detail=detail)


def turned_away(code: RefusalCode, retry_after_s: int) -> Reply:
    """Not now: nothing was done, and when the same message may come again."""
    return Reply(code=code, detail=f"{retry_after_s}秒后可重发", retry_after_s=retry_after_s)


def unknown_until(answer_by: datetime, output: Mapping[str, Any] | None = None) -> Reply:
    """Neither yes nor no: when it will be certain, and how to find out."""
    told = f"{answer_by.astimezone(SHANGHAI):%H:%M:%S}"
    detail = f"将于 {told} 前确定，请用5203查询或2601冲正"
    return refusal(RefusalCode.OUTCOME_UNKNOWN, detail, output)


def ask_again_after(answer_by: datetime, output: Mapping[str, Any] | None = None) -> Reply:
    """Neither yes nor no to a registration, and the same message again finds out."""
    told = f"{answer_by.astimezone(SHANGHAI):%H:%M:%S}"
    detail = f"将于 {told} 前确定，请以原报文ID重发本交易查询结果"
    return refusal(RefusalCode.OUTCOME_UNKNOWN, detail, output)


def envelope_of(raw: Any, path_infno: str = "") -> Envelope:
    """The envelope of a parsed body; the transaction number may stand in the path instead.

    Raises Refused: NOT_JSON (not an object), FIELD_MISSING, FIELD_TOO_LONG, FIELD_INVALID.
    """
    if not isinstance(raw, dict):
        raise Refused(RefusalCode.NOT_JSON)
    given = by_name(raw)
    if not given.get("infno"):
        given["infno"] = path_infno
    row = checked_row(shapes()["envelope"].nodes[0], given)
    sent_at = row.values["inf_time"]
    assert isinstance(sent_at, datetime), "inf_time is a DT field"
    return Envelope(
        infno=row.text("infno"),
        msgid=row.text("msgid"),
        institution_code=row.text("fixmedins_code"),
        institution_name=row.text("fixmedins_name"),
        treatment_division=_treatment_division(row),
        insured_division=row.text("insuplc_admdvs"),
        operator=row.text("opter"),
        operator_name=row.text("opter_name"),
        sent_at=sent_at,
        input=_input_of(given.get("input")),
        sign_no=row.text("sign_no"),
    )


def document_of(
    reply: Reply,
    *,
    profile: Profile,
    region: str,
    received_at: datetime,
    now: datetime,
) -> dict[str, Any]:
    """The reply in its envelope, unsealed. `region` is the receiver's six digits."""
    infcode = 0 if reply.code is None else -1
    document: dict[str, Any] = {
        "infcode": str(infcode) if profile.infcode is InfcodeType.TEXT else infcode,
        "inf_refmsgid": reply.reference or new_reference(region, now),
        "refmsg_time": _moment17(received_at),
        "respond_time": _moment17(now),
        "err_msg": "" if reply.code is None else reply.code.told(reply.detail),
        "warn_msg": reply.warning,
        "cainfo": "",
        "signtype": "",
    }
    if reply.retry_after_s:
        document["retry_after"] = reply.retry_after_s
    if reply.code is None or reply.output is not None:
        document["output"] = reply.output or {} if reply.rows is None else reply.rows
    return document


def new_reference(region: str, at: datetime) -> str:
    """A fresh inf_refmsgid: the receiver's region, the second in China, and ten digits."""
    return f"{region}{at.astimezone(SHANGHAI):%Y%m%d%H%M%S}{_next_serial()}"


def stored_text(reply: Reply) -> str:
    """A reply as it is kept, to be given again word for word."""
    return jsontext.encode(
        {
            "output": reply.output,
            "code": reply.code,
            "detail": reply.detail,
            "warning": reply.warning,
            "reference": reply.reference,
        }
    )


def reply_of(text: str) -> Reply:
    """The reply behind `stored_text`."""
    data = jsontext.loads(text)
    code = next((code for code in RefusalCode if code == data["code"]), None)
    reference = data.get("reference", "")  # Replies that were kept before they had one.
    return Reply(data["output"], code, data["detail"], data["warning"], reference=reference)


def _treatment_division(row: Row) -> str:
    """What the envelope says, else where the institution's code says that it stands."""
    code = row.text("fixmedins_code")
    return row.text("mdtrtarea_admvs") or code[1:7]


def _input_of(raw: Any) -> Mapping[str, Any]:
    """The input is an object; in some provinces it travels as a JSON text."""
    if raw is None or (isinstance(raw, str) and raw.strip() in {"", "null", "NULL"}):
        raise Refused(RefusalCode.FIELD_MISSING, "交易输入(input)")
    tree = jsontext.loads(raw) if isinstance(raw, str) and not isinstance(raw, Number) else raw
    if not isinstance(tree, dict):
        raise Refused(RefusalCode.FIELD_INVALID, "交易输入(input)应为对象")
    return tree


def _next_serial() -> str:
    return f"{_serial_prefix}{next(_serials) % 1_000_000:06d}"


def _moment17(instant: datetime) -> str:
    here = instant.astimezone(SHANGHAI)
    return f"{here:%Y%m%d%H%M%S}{here.microsecond // 1_000:03d}"
