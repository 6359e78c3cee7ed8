"""Anomalies: messages that do not fit what the hub knows. They change nothing and are kept."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contracts.codes import AreaCode
from contracts.ids import MessageId, RegistrationId, SettlementId


class AnomalyKind(StrEnum):
    """What does not fit."""

    OUT_OF_STEP = "out_of_step"  # the state table has no such step
    UNKNOWN_SUBJECT = "unknown_subject"  # about a settlement or registration we never saw
    WRONG_SENDER = "wrong_sender"  # the sender may not speak about this
    REPEATED_ID = "repeated_id"  # a settlement or registration id used again by another message
    NOTHING_GRANTED = "nothing_granted"  # released, though the insured area had granted nothing
    RELEASE_OVERDUE = "release_overdue"  # an insured area has not answered a release for long
    CONTRADICTORY = "contradictory"  # a publication that contradicts itself or another's


@dataclass(frozen=True, slots=True)
class Anomaly:
    """About a settlement, a registration or an area; `detail` holds states and senders, never content."""

    kind: AnomalyKind
    detail: str
    message_id: MessageId
    at: datetime
    settlement_id: SettlementId | None = None
    registration_id: RegistrationId | None = None
    area: AreaCode | None = None
