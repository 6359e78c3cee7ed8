"""What a route may ask for: a transaction, the time, and who is asking."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import Field
from sqlalchemy import Connection, Engine

from contracts import access
from contracts.access import Principal
from contracts.clock import Clock
from contracts.delivery.outbox import Outbox, Writing
from contracts.refusal import RefusalCode, Refused
from contracts.sealing import Sealer
from hub.api.who_may import WHO_MAY, may

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2099, 12, 31))]
_bearer = HTTPBearer(auto_error=False, description="yidi hub token 发放的凭证")


@dataclass(frozen=True, slots=True)
class Hub:
    """What the application holds for all requests. `person_key` None: no certificates taken.

    `person_session`: how long a person's token holds. `stalled_after`: work that waits and does
    not move for so long is not well. `case_keys` None: no cases taken.
    """

    engine: Engine
    outbox: Outbox
    clock: Clock
    person_key: bytes | None
    person_session: timedelta
    stalled_after: timedelta
    case_keys: Sealer | None = None


def hub_of(request: Request) -> Hub:
    held = request.app.state.hub
    assert isinstance(held, Hub)
    return held


TheHub = Annotated[Hub, Depends(hub_of)]


def now_of(hub: TheHub) -> datetime:
    return hub.clock.now()


def reading(hub: TheHub) -> Iterator[Connection]:
    """A transaction in which nothing can be written, on one snapshot."""
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with hub.engine.connect().execution_options(**options) as tx:
        yield tx


def writing(hub: TheHub) -> Iterator[Writing]:
    """A transaction that may also send; refused or failed, nothing of it remains."""
    with hub.outbox.transaction() as under_way:
        yield under_way


def principal_of(
    hub: TheHub, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Principal:
    """Who holds the token. Refused: NOT_AUTHENTICATED.

    It has a connection of its own and gives it back: a request that held two could wait for
    another that waits for it. So every route names its principal before its transaction.
    """
    if given is None:
        raise Refused(RefusalCode.NOT_AUTHENTICATED)
    with hub.engine.connect() as tx:
        found = access.principal_of(tx, given.credentials, hub.clock.now())
    if found is None:
        raise Refused(RefusalCode.NOT_AUTHENTICATED)
    return found


def who_may(name: str) -> Callable[[Principal], Principal]:
    """A dependency that lets through whoever the table lets do this. Refused: NOT_ALLOWED."""
    assert name in WHO_MAY, name

    def check(principal: Annotated[Principal, Depends(principal_of)]) -> Principal:
        if not may(principal, name):
            raise Refused(RefusalCode.NOT_ALLOWED)
        return principal

    return check


Now = Annotated[datetime, Depends(now_of)]
Reading = Annotated[Connection, Depends(reading, scope="function")]
# scope="function": the commit comes before the answer leaves, so that a 201 is never a lie.
Transaction = Annotated[Writing, Depends(writing, scope="function")]
