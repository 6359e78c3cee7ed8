"""What every message carries (the head), and what it says (the body)."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Generic, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict

from contracts.ids import MessageId, id_of_effect


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Body(Frozen):
    """What a message says. KIND is its name on the wire and never changes."""

    KIND: ClassVar[str]


class Head(Frozen):
    """Who says it, when, and because of what; `sender` is 'hub' or '<role>.<area>'."""

    message_id: MessageId
    cause_id: MessageId | None
    kind: str
    sender: str
    sent_at: AwareDatetime


B_co = TypeVar("B_co", bound=Body, covariant=True)


@dataclass(frozen=True, slots=True)
class Message(Generic[B_co]):
    head: Head
    body: B_co

    def fingerprint(self) -> bytes:
        """Tells a replay (same id, same body) from a clash (same id, another body). 32 bytes."""
        return hashlib.sha256(self.body.model_dump_json().encode()).digest()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message with the topic it goes to and the key whose state its reader guards."""

    topic: str
    key: str
    message: Message[Body]


def originate(
    body: Body, *, message_id: MessageId, topic: str, key: str, sender: str, at: datetime
) -> Outgoing:
    """A message that no other message caused: its id is minted by whoever starts."""
    head = Head(message_id=message_id, cause_id=None, kind=body.KIND, sender=sender, sent_at=at)
    return Outgoing(topic, key, Message(head, body))


def effect_of(
    cause: Message[Body], body: Body, *, topic: str, key: str, sender: str, at: datetime
) -> Outgoing:
    """A message that follows from another. Deciding again after a crash yields the same id.

    The topic is part of the id, so that one cause may tell two parties the same thing.
    """
    cause_id = cause.head.message_id
    head = Head(
        message_id=id_of_effect(cause_id, f"{body.KIND} to {topic}"),
        cause_id=cause_id,
        kind=body.KIND,
        sender=sender,
        sent_at=at,
    )
    return Outgoing(topic, key, Message(head, body))
