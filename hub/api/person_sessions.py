"""Sessions of persons: a channel that has authenticated somebody gets a token for some minutes."""

import logging
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict

from contracts.access import Principal
from contracts.person import person_id_of
from contracts.refusal import RefusalCode, Refused
from hub.api.deps import TheHub, Transaction, who_may
from hub.api.fields import ACertificateKind, ACertificateNumber
from hub.services import person_sessions

log = logging.getLogger(__name__)
router = APIRouter(prefix="/person-sessions", tags=["个人 person"])


class Certificate(BaseModel):
    """The national psn_cert_type and certno. They become the token here and are kept nowhere."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    certificate_kind: ACertificateKind
    certificate_number: ACertificateNumber


class Opened(BaseModel):
    """The token is shown this once; it says nothing about whether the hub knows the person."""

    token: str
    person_id: str
    expires_at: datetime


@router.post("", status_code=201, name="open_person_session", summary="开通个人会话")
def begin(
    principal: Annotated[Principal, Depends(who_may("open_person_session"))],
    body: Certificate,
    hub: TheHub,
    response: Response,
    writing: Transaction,
) -> Opened:
    """Every certificate gets one, known or not. Refused: FIELD_INVALID without a key for them."""
    if hub.person_key is None:
        raise Refused(RefusalCode.FIELD_INVALID, "本服务未启用证件号")
    person = person_id_of(body.certificate_kind, body.certificate_number, hub.person_key)
    token = person_sessions.begin(writing.tx, person, hub.person_session, writing.now)
    response.headers["Cache-Control"] = "no-store"
    log.info("a person's session, opened by %s", principal.subject)
    return Opened(token=token, person_id=person, expires_at=writing.now + hub.person_session)
