"""POST /preflight: will it settle? In plain JSON, without the national envelope around it."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contracts.messages.enquiry import CheckName
from contracts.refusal import RefusalCode, Refused
from participants.gateway.http.calls import Call
from participants.gateway.http.gateway import Gateway, said_in
from participants.gateway.security.guard import Claim
from participants.gateway.security.headers import GatewayRefused
from participants.gateway.serving.requests import Request
from participants.gateway.transactions.preflight import PLAIN, plain_document
from participants.gateway.wire import jsontext
from participants.gateway.wire.checking import Input, Row, by_name, checked_input
from participants.gateway.wire.envelope import Envelope, Reply
from participants.gateway.wire.extension import FLAGS
from participants.gateway.wire.fields import PREFLIGHT, shapes
from participants.treatment.domain.preflight import unanswered

log = logging.getLogger(__name__)

REFUSED = 422
STATUS = {
    RefusalCode.NOT_JSON: 400,
    RefusalCode.NOT_AUTHENTICATED: 401,
    RefusalCode.NOT_ALLOWED: 403,
    RefusalCode.BODY_TOO_LARGE: 413,
    RefusalCode.INTERNAL_FAULT: 503,
    RefusalCode.TOO_BUSY: 503,
}
# A No that is an answer to the question, not a fault in it.
_VERDICTS = {
    RefusalCode.UNKNOWN_INSTITUTION: CheckName.INSTITUTION,
    RefusalCode.AREA_UNAVAILABLE: CheckName.ROUTE,
}


async def preflight(gateway: Gateway, call: Call) -> tuple[int, str]:
    """HTTP status and JSON text, for any body: a verdict, or {"code", "zh"}."""
    received_at = gateway.clock.now()
    try:
        given = _given(jsontext.loads(call.body))
        await _let_in(gateway, call, given, received_at)
        row = _row(given)
        reply = await gateway.ask(_envelope(row, received_at), received_at, _request_of(row))
    except GatewayRefused as no:
        return 401, jsontext.encode({"code": 401, "message": no.message})
    except Refused as no:
        reply = Reply(code=no.code, detail=no.detail)
    except Exception as error:  # noqa: BLE001 - no input may end without an answer
        # Only the error's type: its text may quote the content.
        log.error("a pre-flight failed: %s", type(error).__name__)  # noqa: TRY400
        reply = Reply(code=RefusalCode.INTERNAL_FAULT)
    return told(reply)


def _given(raw: Any) -> dict[str, Any]:
    """The members of a body by their names in lower case: who is let in is who asks; Refused."""
    if not isinstance(raw, dict):
        raise Refused(RefusalCode.NOT_JSON, "应为对象")
    return by_name(raw)


async def _let_in(gateway: Gateway, call: Call, given: Mapping[str, Any], now: datetime) -> None:
    """Refused, GatewayRefused: by the headers of the institution's profile, or a token."""
    code, division = said_in(given, "institution"), said_in(given, "mdtrtarea_admvs")
    profile = gateway.profile_of(code, now)
    if not profile.is_open:
        door = gateway.desk_of(division or code[1:7]).door
        await gateway.guard.admit_plainly(call, Claim(PREFLIGHT, code), profile, door, now)


def told(reply: Reply) -> tuple[int, str]:
    """HTTP status and JSON text of a reply."""
    if reply.code is None:
        return 200, jsontext.encode(reply.output)
    if reply.code in _VERDICTS:
        found = unanswered(_VERDICTS[reply.code], reply.code)
        return 200, jsontext.encode(plain_document(found))
    document = {"code": reply.code.value, "zh": reply.code.told(reply.detail)}
    return STATUS.get(reply.code, REFUSED), jsontext.encode(document)


def _row(given: Mapping[str, Any]) -> Row:
    """The checked fields of a body, its flags as one text; Refused."""
    flags = _flags(given.get("flags"))
    rest = {name: value for name, value in given.items() if name != "flags"}
    values = checked_input(shapes()[PREFLIGHT], {"data": rest}).nodes["data"].values
    return Row({**values, "flags": ",".join(flags)})


def _flags(said: Any) -> tuple[str, ...]:
    if said is None or said == "":
        return ()
    if not isinstance(said, list) or not all(isinstance(one, str) for one in said):
        raise Refused(RefusalCode.FIELD_INVALID, "标志(flags)应为数组")
    unknown = set(said) - FLAGS
    if unknown:
        detail = f"标志(flags)只能是{'、'.join(sorted(FLAGS))}"
        raise Refused(RefusalCode.FIELD_INVALID, detail)
    return tuple(dict.fromkeys(said))


def _envelope(row: Row, received_at: datetime) -> Envelope:
    code = row.text("institution")
    return Envelope(
        infno=PREFLIGHT,
        msgid="",
        institution_code=code,
        institution_name="",
        treatment_division=row.text("mdtrtarea_admvs") or code[1:7],
        insured_division=row.text("insuplc_admdvs"),
        operator="",
        operator_name="",
        sent_at=received_at,
        input={},
    )


def _request_of(row: Row) -> Any:
    nodes: Mapping[str, Row] = {"data": row}
    return lambda envelope, received_at: Request(envelope, Input(nodes), PLAIN, received_at)
