"""One call of a hospital, from what came over HTTP to what goes back, whatever it is."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from contracts.clock import Clock, shanghai_date_of
from contracts.codes import AreaCode, area_of
from contracts.refusal import RefusalCode, Refused
from participants.gateway.http.calls import RAW, Answer, Call
from participants.gateway.http.gate import Gate
from participants.gateway.security.guard import Admission, Claim, Guard, Seal
from participants.gateway.security.headers import GatewayRefused
from participants.gateway.security.replies import text_of
from participants.gateway.serving.desk import Desk
from participants.gateway.serving.requests import Request
from participants.gateway.serving.sessions import SIGN_IN
from participants.gateway.transactions.table import TRANSACTIONS
from participants.gateway.wire import jsontext
from participants.gateway.wire.checking import by_name, checked_input
from participants.gateway.wire.envelope import (
    REGION_UNKNOWN,
    Envelope,
    Reply,
    document_of,
    envelope_of,
    new_reference,
    refusal,
)
from participants.gateway.wire.fields import PREFLIGHT, shapes
from participants.gateway.wire.profiles import Profile, Profiles

log = logging.getLogger(__name__)

UNAUTHORIZED = 401
INFNO_MAX = 10  # so much of what nobody has checked yet stands in the log
_WITHOUT_SESSION = frozenset({SIGN_IN, PREFLIGHT})
RequestOf = Callable[[Envelope, datetime], Request]


class Gateway:
    """Behind every route. Who must show what is a matter of the profiles."""

    def __init__(
        self,
        desks: Mapping[AreaCode, Desk],
        profiles: Profiles,
        clock: Clock,
        guard: Guard,
        gate: Gate,
    ) -> None:
        self.desks, self.clock, self.guard, self.gate = desks, clock, guard, gate
        self.inside = 0
        """Requests that were let in and are not answered yet; whoever lets in counts."""
        self._profiles = profiles

    async def answer(self, call: Call) -> Answer:
        """Never an exception: a refusal in an envelope if there is nothing better to say.

        Only where a profile has HMAC headers a failure of theirs is told without an envelope.
        """
        received_at = self.clock.now()
        claim, seal = _CLAIM_UNKNOWN, Seal(self.profile_of("", received_at))
        try:
            claim = _claim_of(call)
            seal = Seal(self.profile_of(claim.institution_code, received_at))
            admission = await self._admitted(call, claim, received_at)
            seal = admission.seal
            envelope = envelope_of(admission.raw, call.path_infno)
            reply = await self.ask(envelope, received_at, _request)
            reply = replace(reply, warning=_joined(reply.warning, admission.warning))
        except GatewayRefused as no:
            return _told_by_gateway(no)
        except Refused as no:
            reply = refusal(no.code, no.detail)
        except Exception as error:  # noqa: BLE001 - no input may end without an envelope
            # Only the error's type: its text may quote the content.
            log.error("a request failed: %s", type(error).__name__)  # noqa: TRY400
            reply = refusal(RefusalCode.INTERNAL_FAULT)
        log.info("%s %s", claim.infno[:INFNO_MAX] or "?", reply.code.value if reply.code else "ok")
        return self._told(reply, claim, seal, received_at)

    @property
    def is_full(self) -> bool:
        on_their_way = self._on_their_way()
        return any(desk.is_full(on_their_way) for desk in self.desks.values())

    def shed(self, body: bytes, path_infno: str) -> Answer | None:
        """What new work is told, unread, while its desk has more than it answers in time."""
        glance = self.gate.glance(body, path_infno)
        desk = self.desks.get(glance.area or next(iter(self.desks)))
        if not glance.is_new_work or desk is None or not desk.is_full(self._on_their_way()):
            return None
        now = self.clock.now()
        claim = replace(_CLAIM_UNKNOWN, institution_code=glance.institution_code)
        seal = Seal(self.profile_of(glance.institution_code, now))
        return self._told(self.gate.full(), claim, seal, now)

    def refused(self, code: RefusalCode, detail: str = "") -> Answer:
        """A refusal of a body that was never read."""
        now = self.clock.now()
        seal = Seal(self.profile_of("", now))
        return self._told(refusal(code, detail), _CLAIM_UNKNOWN, seal, now)

    async def ask(self, envelope: Envelope, received_at: datetime, request_of: RequestOf) -> Reply:
        """The desk's reply to a caller that has been let in; Refused."""
        desk = self.desk_of(envelope.treatment_division)
        if (no := self.gate.passed(envelope, asyncio.get_running_loop().time())) is not None:
            return no
        if self.gate.begins(envelope.infno) and desk.is_full():
            return self.gate.full()
        profile = self.profile_of(envelope.institution_code, received_at)
        needs_session = profile.sign_no_required and envelope.infno not in _WITHOUT_SESSION
        request = replace(
            request_of(envelope, received_at),
            reference=new_reference(desk.door.terms.area, received_at),
            needs_session=needs_session,
        )
        reply = await desk.ask(request)
        return reply if reply.reference else replace(reply, reference=request.reference)

    def profile_of(self, institution_code: str, at: datetime) -> Profile:
        return self._profiles.of(institution_code, shanghai_date_of(at))

    def desk_of(self, treatment_division: str) -> Desk:
        """The desk of the area that this division belongs to; Refused."""
        area = area_of(treatment_division)
        told = f"就医地医保区划(mdtrtarea_admvs){treatment_division}"
        if area is None:
            raise Refused(RefusalCode.UNKNOWN_AREA, told)
        if area not in self.desks:
            raise Refused(RefusalCode.AREA_NOT_CONNECTED, told)
        return self.desks[area]

    def _on_their_way(self) -> int:
        """Requests between their connection and their desk. Of many that arrive at one moment, all
        would see the room that there is for one.
        """
        return max(0, self.inside - sum(desk.under_way for desk in self.desks.values()))

    async def _admitted(self, call: Call, claim: Claim, received_at: datetime) -> Admission:
        """Nothing is looked at before this but who says that he is calling."""
        profile = self.profile_of(claim.institution_code, received_at)
        if profile.is_open:
            return Admission(claim.raw, Seal(profile))
        door = self.desk_of(_division(claim.raw)).door
        return await self.guard.admit(call, claim, profile, door, received_at)

    def _told(self, reply: Reply, claim: Claim, seal: Seal, received_at: datetime) -> Answer:
        """The reply in the envelope that this institution expects, or the file itself."""
        if reply.file is not None:
            return Answer(reply.file, media_type=RAW)
        document = document_of(
            reply,
            profile=seal.profile,
            region=self._region(_division(claim.raw)),
            received_at=received_at,
            now=self.clock.now(),
        )
        return Answer.of_text(text_of(document, seal), retry_after_s=reply.retry_after_s)

    def _region(self, treatment_division: str) -> str:
        area = area_of(treatment_division)
        if area is not None and area in self.desks:
            return area
        return next(iter(self.desks), REGION_UNKNOWN)


_CLAIM_UNKNOWN = Claim()


def _claim_of(call: Call) -> Claim:
    """What the body says of itself; Refused NOT_JSON. Nothing of it is checked or believed."""
    text = jsontext.decoded(call.body)
    document = jsontext.loads(text)
    if not isinstance(document, dict):
        raise Refused(RefusalCode.NOT_JSON)
    raw = by_name(document)
    infno = said_in(raw, "infno") or call.path_infno
    return Claim(infno, said_in(raw, "fixmedins_code"), text, document, raw)


def said_in(raw: Mapping[str, Any], name: str) -> str:
    """A text of an unchecked object, as a check would take it; names in lower case."""
    value = raw.get(name)
    return value.strip() if isinstance(value, str) else ""


def _division(raw: Mapping[str, Any]) -> str:
    said = said_in(raw, "mdtrtarea_admvs")
    return said if said not in {"", "null", "NULL"} else said_in(raw, "fixmedins_code")[1:7]


def _joined(*warnings: str) -> str:
    return "；".join(filter(None, warnings))


def _told_by_gateway(no: GatewayRefused) -> Answer:
    log.info("refused by the headers")
    text = jsontext.encode({"code": UNAUTHORIZED, "message": no.message})
    return Answer.of_text(text, UNAUTHORIZED)


def _request(envelope: Envelope, received_at: datetime) -> Request:
    """The checked request; Refused UNKNOWN_TRANSACTION, or whatever its fields are refused for."""
    transaction = TRANSACTIONS.get(envelope.infno)
    if transaction is None:
        raise Refused(RefusalCode.UNKNOWN_TRANSACTION, f"交易编号(infno){envelope.infno}")
    checked = checked_input(shapes()[envelope.infno], envelope.input)
    return Request(envelope, checked, transaction, received_at)
