"""What a batch of messages about settlements decided, gathered first and written once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Connection

from contracts import topics
from contracts.codes import AreaCode, Role
from contracts.ids import MessageId, SettlementId
from contracts.message import Message, Outgoing
from contracts.messages.settlement import ReleaseReason
from hub.domain.anomaly import Anomaly, AnomalyKind
from hub.domain.ledger import Posting
from hub.domain.settlement import Event, Moved, Settlement, State
from hub.services import adjusting, telling
from hub.store import anomalies, awaited_releases, ledger, settlements


class AboutSettlement(Protocol):
    """A body that names its settlement."""

    @property
    def settlement_id(self) -> SettlementId: ...


@dataclass(slots=True)
class Decided:
    """Steps, postings, anomalies and what to say; `write` puts them down in six statements."""

    now: datetime
    moves: list[Moved] = field(default_factory=list)
    postings: list[Posting] = field(default_factory=list)
    anomalies: list[Anomaly] = field(default_factory=list)
    outgoing: list[Outgoing] = field(default_factory=list)
    releases: list[tuple[SettlementId, ReleaseReason, datetime]] = field(default_factory=list)
    released: list[SettlementId] = field(default_factory=list)

    def move(
        self,
        before: Settlement,
        event: Event,
        cause: Message[Any] | None,
        *,
        caused_by: MessageId | None = None,
        **changes: Any,
    ) -> Settlement:
        """One step on: remembered, and returned as it stands after.

        `caused_by`: the message to remember as the cause, when we heard of it by another.
        """
        after = before.after(event, **changes)
        message_id = None if cause is None else cause.head.message_id
        message_id = caused_by or message_id
        self.moves.append(Moved(before, event, after, self.now, message_id))
        return after

    def ask_release(
        self, settlement: Settlement, reason: ReleaseReason, cause: Message[Any] | UUID | None
    ) -> None:
        """Have the insured area give back; it is asked again until it has answered.

        `cause`: the message or the repair that made us ask; None when the clock did.
        """
        self.outgoing.append(telling.release(settlement, reason, cause, self.now))
        self.releases.append((settlement.settlement_id, reason, self.now))

    def odd(self, kind: AnomalyKind, message: Message[Any], detail: str) -> None:
        """A message that changes nothing."""
        settlement_id = message.body.settlement_id
        id_ = message.head.message_id
        self.anomalies.append(Anomaly(kind, detail, id_, self.now, settlement_id=settlement_id))

    def write(self, tx: Connection) -> list[Outgoing]:
        settlements.move(tx, self.moves)
        ledger.append(tx, self.postings)
        adjusting.take_back(tx, self._undone(), "结算已撤销", self.now)
        anomalies.add(tx, self.anomalies)
        awaited_releases.forget(tx, self.released)
        awaited_releases.add(tx, self.releases)
        return self.outgoing

    def _undone(self) -> list[SettlementId]:
        """What is reversed by this batch."""
        return [
            moved.after.settlement_id
            for moved in self.moves
            if moved.after.state is State.REVERSED and moved.before.state is not State.REVERSED
        ]


def from_the_area(message: Message[Any], role: Role, area: AreaCode) -> bool:
    """Whether the one who speaks is the area it speaks for."""
    return message.head.sender == topics.participant(role, area)


def speakers(everyone: Iterable[AreaCode]) -> frozenset[str]:
    """How the areas that the hub knows sign, in both roles."""
    return frozenset(topics.participant(role, area) for role in Role for area in everyone)


def from_an_insured_area(message: Message[Any], everyone: Mapping[AreaCode, object]) -> bool:
    """Whether some insured area speaks, where we keep nothing that would say which one."""
    return any(from_the_area(message, Role.INSURED, area) for area in everyone)


def of_insured(
    message: Message[Any],
    known: Mapping[SettlementId, Settlement],
    allowed: Mapping[Any, object],
    decided: Decided,
) -> Settlement | None:
    """The settlement that its insured area may speak of in its present state, else an anomaly."""
    settlement = known.get(message.body.settlement_id)
    if settlement is None:
        decided.odd(AnomalyKind.UNKNOWN_SUBJECT, message, message.head.kind)
    elif not from_the_area(message, Role.INSURED, settlement.insured_area):
        decided.odd(AnomalyKind.WRONG_SENDER, message, message.head.sender)
    elif settlement.state not in allowed:
        decided.odd(AnomalyKind.OUT_OF_STEP, message, f"{settlement.state} on {message.head.kind}")
    else:
        return settlement
    return None
