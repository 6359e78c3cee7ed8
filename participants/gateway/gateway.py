"""One call of a hospital, from the body's bytes to the reply's text, whatever the bytes are."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime

from contracts.clock import Clock
from contracts.codes import AreaCode, area_of
from contracts.refusal import RefusalCode, Refused
from participants.gateway import jsontext
from participants.gateway.access import Doorkeeper
from participants.gateway.checking import checked_input
from participants.gateway.desk import Desk
from participants.gateway.envelope import (
    REGION_UNKNOWN,
    Envelope,
    Reply,
    envelope_of,
    refusal,
    rendered,
)
from participants.gateway.fields import shapes
from participants.gateway.profiles import Profiles
from participants.gateway.requests import Request
from participants.gateway.transactions.table import TRANSACTIONS

log = logging.getLogger(__name__)


class Gateway:
    """Behind every route. `doorkeeper` None: the gateway listens on loopback and asks nobody."""

    def __init__(
        self,
        desks: Mapping[AreaCode, Desk],
        profiles: Profiles,
        clock: Clock,
        doorkeeper: Doorkeeper | None,
    ) -> None:
        self.desks = desks
        self.clock = clock
        self._profiles, self._doorkeeper = profiles, doorkeeper

    async def answer(self, body: bytes, *, path_infno: str, authorization: str) -> str:
        """Always an envelope, never an exception: a refusal if there is nothing better to say."""
        received_at = self.clock.now()
        envelope: Envelope | None = None
        try:
            raw = jsontext.loads(body)
            envelope = envelope_of(raw, path_infno)
            reply = await self.ask(envelope, authorization, received_at, _request)
        except Refused as no:
            reply = refusal(no.code, no.detail)
        except Exception as error:  # noqa: BLE001 - no input may end without an envelope
            # Only the error's type: its text may quote the content.
            log.error("a request failed: %s", type(error).__name__)  # noqa: TRY400
            reply = refusal(RefusalCode.INTERNAL_FAULT)
        return self.told(reply, envelope, received_at)

    def told(self, reply: Reply, envelope: Envelope | None, received_at: datetime) -> str:
        """The reply in the envelope that this institution expects."""
        code = envelope.institution_code if envelope else ""
        infno = envelope.infno if envelope else "?"
        log.info("%s %s", infno, reply.code.value if reply.code else "ok")
        return rendered(
            reply,
            profile=self._profiles.of(code),
            region=self._region(envelope),
            received_at=received_at,
            now=self.clock.now(),
        )

    async def ask(
        self,
        envelope: Envelope,
        authorization: str,
        received_at: datetime,
        request_of: Callable[[Envelope, datetime], Request],
    ) -> Reply:
        """The desk's reply, once the hospital has shown who it is; Refused."""
        desk = self._desk(envelope)
        if self._doorkeeper is not None:
            await self._doorkeeper.let_in(
                desk.door, authorization, envelope.institution_code, received_at
            )
        return await desk.ask(request_of(envelope, received_at))

    def _desk(self, envelope: Envelope) -> Desk:
        area = area_of(envelope.treatment_division)
        told = f"就医地医保区划(mdtrtarea_admvs){envelope.treatment_division}"
        if area is None:
            raise Refused(RefusalCode.UNKNOWN_AREA, told)
        if area not in self.desks:
            raise Refused(RefusalCode.AREA_NOT_CONNECTED, told)
        return self.desks[area]

    def _region(self, envelope: Envelope | None) -> str:
        area = area_of(envelope.treatment_division) if envelope else None
        if area is not None and area in self.desks:
            return area
        return next(iter(self.desks), REGION_UNKNOWN)


def _request(envelope: Envelope, received_at: datetime) -> Request:
    """The checked request; Refused UNKNOWN_TRANSACTION, or whatever its fields are refused for."""
    transaction = TRANSACTIONS.get(envelope.infno)
    if transaction is None:
        raise Refused(RefusalCode.UNKNOWN_TRANSACTION, f"交易编号(infno){envelope.infno}")
    checked = checked_input(shapes()[envelope.infno], envelope.input)
    return Request(envelope, checked, transaction, received_at)
