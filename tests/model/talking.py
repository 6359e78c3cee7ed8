"""Who says what to the hub, on which topic: the same message goes to the hub and to its model."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from hypothesis import note
from hypothesis import strategies as st

from contracts import topics
from contracts.ids import MessageId
from contracts.message import Body, Head, Message
from contracts.messages.registration import RegistrationDecided, RegistrationSubmitted, Wanted
from contracts.messages.settlement import (
    BenefitReleased,
    ReleaseReason,
    ReleaseRefused,
    SettlementCalculated,
    SettlementRequested,
    TrialRequested,
)
from contracts.refusal import RefusalCode
from tests.model import draws
from tests.model.real_hub import RealHub
from tests.model.reference import Model
from tests.model.registering import Filed

IDS = UUID(int=6)
Facts = tuple[UUID, str, str, int]
"""(id, insured area, treatment area, total) of a bill."""


class Posted(NamedTuple):
    topic: str
    key: str
    message: Message[Any]


@dataclass(slots=True)
class Talk:
    """`posted`: every message ever; `unread`: those that wait for the hub to read them."""

    hub: RealHub
    model: Model
    posted: list[Posted] = field(default_factory=list)
    unread: list[Posted] = field(default_factory=list)
    compared: bool = False
    _count: int = 0

    def new_id(self, what: str) -> UUID:
        self._count += 1
        return uuid5(IDS, f"{what} {self._count}")

    def say(
        self,
        topic: str,
        key: object,
        sender: str,
        body: Body,
        *,
        wait: bool,
        message_id: UUID | None = None,
    ) -> None:
        """Put a message there; unless it waits, the hub reads all that lies there."""
        head = Head(
            message_id=MessageId(message_id or self.new_id("message")),
            cause_id=None,
            kind=body.KIND,
            sender=sender,
            sent_at=self.hub.clock.now(),
        )
        self.post(Posted(topic, str(key), Message(head, body)), wait=wait)

    def post(self, one: Posted, *, wait: bool) -> None:
        note(f"{'waits: ' if wait else ''}{one.message.head.sender}: {one.message.body!r}")
        self.hub.post(*one)
        self.posted.append(one)
        self.unread.append(one)
        if not wait:
            self.read()

    def read(self) -> None:
        self.hub.work()
        for one in in_the_order_handled(self.unread):
            self.model.hear(one.message, self.hub.clock.now())
        self.unread.clear()
        self.compared = False

    def say_filed(self, body: RegistrationSubmitted, sender: str, *, wait: bool) -> None:
        self.say(topics.HUB_REGISTRATIONS, body.wanted.person_id, sender, body, wait=wait)

    def say_decided(self, wanted: Wanted, *, accepted: bool, astray: bool, wait: bool) -> None:
        body = RegistrationDecided(
            registration_id=wanted.registration_id,
            person_id=wanted.person_id,
            accepted=accepted,
            code=None,
            reason="" if accepted else "材料不符",
            decided_by="经办员007",
        )
        sender = draws.astray(f"insured.{wanted.insured_division[:2]}0000", astray)
        self.say(topics.HUB_REGISTRATIONS, wanted.person_id, sender, body, wait=wait)

    def say_billed(
        self, body: SettlementRequested | TrialRequested, astray: bool, *, wait: bool
    ) -> None:
        sender = draws.astray(f"treatment.{body.care.treatment_division[:2]}0000", astray)
        self.say(topics.HUB_SETTLEMENTS, body.settlement_id, sender, body, wait=wait)

    def say_of_insured(self, id_: UUID, insured: str, body: Body, astray: bool, wait: bool) -> None:
        sender = draws.astray(f"insured.{insured}", astray)
        self.say(topics.HUB_CALCULATIONS, id_, sender, body, wait=wait)

    def say_calculated(self, one: Facts, answer: draws.Answer, astray: bool, wait: bool) -> None:
        id_, insured, _, total_fen = one
        body = SettlementCalculated(
            settlement_id=id_,
            shares=answer.shares(total_fen),
            deductible_fen=answer.deductible_fen(total_fen),
            balance_fen=answer.balance_fen,
        )
        self.say_of_insured(id_, insured, body, astray, wait)

    def say_undone(
        self,
        body: type[Body],
        one: Facts,
        astray: bool = False,
        wait: bool = False,
        message_id: UUID | None = None,
        **more: Any,
    ) -> None:
        id_, _, treatment, _ = one
        sender = draws.astray(f"treatment.{treatment}", astray)
        said = body.model_validate({"settlement_id": id_, "treatment_area": treatment, **more})
        self.say(topics.HUB_SETTLEMENTS, id_, sender, said, wait=wait, message_id=message_id)

    def say_released(self, one: Facts, granted: bool = True, wait: bool = False) -> None:
        id_, insured, *_ = one
        reason = ReleaseReason.CANCELLED
        body = BenefitReleased(settlement_id=id_, reason=reason, was_granted=granted)
        self.say_of_insured(id_, insured, body, False, wait)

    def say_kept(self, one: Facts, astray: bool = False, wait: bool = False) -> None:
        id_, insured, *_ = one
        body = ReleaseRefused(settlement_id=id_, code=RefusalCode.OUT_OF_STEP, detail="年结")
        self.say_of_insured(id_, insured, body, astray, wait)

    def sent(self, kind: type[Body]) -> list[Posted]:
        return [one for one in self.posted if one.message.head.kind == kind.KIND]

    def registered(self) -> list[Filed]:
        return [one for one in self.model.registrations.filed.values() if one.ever_counted]

    def ending(self) -> list[date]:
        """The last days of those that are in force."""
        found = {one.wanted.ends_on for one in self.registered() if one.in_force}
        return sorted(day for day in found if day is not None)

    def billed(self) -> list[Facts]:
        return [facts_of(one.message.body) for one in self.sent(SettlementRequested)]

    def one_of(self, data: st.DataObject, *states: str) -> Facts:
        """Of all bills that were sent, mostly one that stands so."""
        return data.draw(st.sampled_from([*self.billed(), *self.standing(*states) * 5]), "of")

    def standing(self, *states: str) -> list[Facts]:
        known = self.model.settlements.known.values()
        return [facts_of(one.request) for one in known if one.state in states]

    def early(self) -> list[UUID]:
        return sorted(self.model.settlements.tombstones - self.model.settlements.known.keys())


def in_the_order_handled(unread: Iterable[Posted]) -> list[Posted]:
    """Topic by topic, the nth message of a key in the nth turn: what delivery promises."""
    turns: dict[tuple[str, str], int] = defaultdict(int)
    placed = []
    for one in sorted(unread, key=lambda one: one.topic):
        turn = turns[one.topic, one.key]
        turns[one.topic, one.key] += 1
        placed.append((turn, one))
    return [one for _, one in sorted(placed, key=lambda pair: pair[0])]


def facts_of(body: SettlementRequested) -> Facts:
    care = body.care
    areas = f"{care.insured_division[:2]}0000", f"{care.treatment_division[:2]}0000"
    return body.settlement_id, *areas, body.bill.total_fen
