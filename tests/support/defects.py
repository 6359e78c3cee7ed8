"""Areas with one thing wrong each: what somebody else's first implementation looks like."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from contracts.clock import shanghai_date_of
from contracts.codes import AreaCode, RegistrationCategory, Role, VisitKind
from contracts.delivery.broker import Broker, Record
from contracts.delivery.codec import Letter, NotAMessage, decode, headers_of
from contracts.delivery.processor import Handle
from contracts.ids import MessageId, new_id
from contracts.message import Message, Outgoing, effect_of
from contracts.messages.enquiry import PersonEnquired, PersonTold, PreflightForwarded
from contracts.messages.reconciliation import SliceRequested, TotalsRequested
from contracts.messages.registration import (
    RegistrationReviewRequested,
    RegistrationStanding,
    RegistrationTold,
)
from contracts.messages.repair import RepairOrdered
from contracts.messages.settlement import (
    BenefitReleased,
    CalculationRequested,
    Outcome,
    ReleaseRequested,
    SettlementAnswered,
    SettlementConcluded,
)
from contracts.messages.values import Shares
from contracts.signing import Distrust, KeyRing, Signature
from contracts.topics import HUB_CALCULATIONS, participant
from participants.insured.store import grants
from simulators.certify.slicing import MOMENT
from simulators.certify.treatment.stage import BILL, SHARES
from tests.support.certified import INSURED, TREATMENT, Change, Defect, Reading, keys_of


class Credulous(KeyRing):
    """Never looks at a signature, only whether there is one."""

    def distrust(
        self, signature: Signature, topic: str, key: bytes, value: bytes, now: datetime
    ) -> Distrust | None:
        return None


def _credulous(ring: KeyRing) -> KeyRing:
    return Credulous(ring.keys)


def _endless(ring: KeyRing) -> KeyRing:
    """Every key is believed for ever, and the newest signs."""
    last = max(key.valid_until for held in ring.keys.values() for key in held)
    return KeyRing(
        {
            name: tuple(replace(key, valid_until=last) for key in held)
            for name, held in ring.keys.items()
        }
    )


def _renamed(role: Role, area: AreaCode, *, of: Callable[[Letter, bytes], object]) -> Any:
    """What it has seen before comes to it under a new message id, so that it knows nothing again.

    `of`: what it would have to know again.
    """
    keys, seen = KeyRing.from_text(keys_of(role, area)), set()

    def change(record: Record) -> Record:
        try:
            letter = decode(record.value)
        except NotAMessage:
            return record
        if of(letter, record.value) not in seen:
            seen.add(of(letter, record.value))
            return record
        return _with_new_id(record, letter, keys, participant(role, area))

    def hears(broker: Broker) -> Broker:
        return Reading(broker, change)

    return hears


def _with_new_id(record: Record, letter: Letter, keys: KeyRing, account: str) -> Record:
    head = letter.head.model_copy(update={"message_id": MessageId(new_id())})
    document = {"head": json.loads(head.model_dump_json()), "body": letter.body}
    value = json.dumps(document, ensure_ascii=False).encode()
    signed = keys.sign(account, record.topic, record.key, value, head.sent_at)
    return replace(record, value=value, headers=headers_of(signed))


def _body_changed(one: Outgoing, **fields: Any) -> Outgoing:
    body = one.message.body.model_copy(update=fields)
    return replace(one, message=Message(one.message.head, body))


def _in_whole_yuan(_message: Message[Any], said: list[Outgoing]) -> list[Outgoing]:
    """The pool pays whole yuan, and the patient the rest: it adds up all the same."""
    return [_rounded(one) for one in said]


def _rounded(one: Outgoing) -> Outgoing:
    shares = getattr(one.message.body, "shares", None)
    if shares is None:
        return one
    spare = shares.pool_fen % 100
    rounded = {"pool_fen": shares.pool_fen - spare, "cash_fen": shares.cash_fen + spare}
    return _body_changed(one, shares=shares.model_copy(update=rounded))


def _without_tombstones(handle: Handle) -> Handle:
    """A release of what was never granted is answered, and forgotten."""

    def run(
        tx: Connection, batch: Sequence[Message[ReleaseRequested]], now: datetime
    ) -> list[Outgoing]:
        known = grants.of(tx, [one.body.settlement_id for one in batch])
        there = [one for one in batch if one.body.settlement_id in known]
        nothing = [one for one in batch if one.body.settlement_id not in known]
        return [*handle(tx, there, now), *(_nothing_released(one, now) for one in nothing)]

    return run


def _nothing_released(asked: Message[ReleaseRequested], now: datetime) -> Outgoing:
    body = BenefitReleased(
        settlement_id=asked.body.settlement_id, reason=asked.body.reason, was_granted=False
    )
    sender, key = participant(Role.INSURED, INSURED), str(asked.body.settlement_id)
    return effect_of(asked, body, topic=HUB_CALCULATIONS, key=key, sender=sender, at=now)


def _always_yes(_message: Message[Any], said: list[Outgoing]) -> list[Outgoing]:
    return [_body_changed(one, checks=_all_passed(one)) for one in said]


def _all_passed(one: Outgoing) -> tuple[Any, ...]:
    checks = one.message.body.checks  # type: ignore[attr-defined]  # a pre-flight's
    return tuple(check.model_copy(update={"passed": True, "code": None}) for check in checks)


def _in_clear(_message: Message[Any], said: list[Outgoing]) -> list[Outgoing]:
    return [_named(one) for one in said]


def _named(one: Outgoing) -> Outgoing:
    card = one.message.body.card  # type: ignore[attr-defined]  # of a person
    if card is None:
        return one
    return _body_changed(one, card=card.model_copy(update={"sealed_identity": "验甲"}))


def _subtracts_the_count(_message: Message[Any], said: list[Outgoing]) -> list[Outgoing]:
    """A reversal takes one off the count, where it should count as one."""
    return [_counted(one) for one in said]


def _counted(one: Outgoing) -> Outgoing:
    buckets = one.message.body.buckets  # type: ignore[attr-defined]  # of a report
    fewer = (b.model_copy(update={"count": max(0, b.count - 2)}) for b in buckets)
    return _body_changed(one, buckets=tuple(fewer))


def _whosoever(handle: Handle) -> Handle:
    """Repairs whatever it is told, in its own books."""

    def run(
        tx: Connection, batch: Sequence[Message[RepairOrdered]], now: datetime
    ) -> list[Outgoing]:
        ours = [Message(one.head, one.body.model_copy(update={"area": INSURED})) for one in batch]
        return list(handle(tx, ours, now))

    return run


def _made_to_add_up(handle: Handle) -> Handle:
    """What is missing of a bill is the patient's; what is too much is nobody's."""

    def run(
        tx: Connection, batch: Sequence[Message[SettlementAnswered]], now: datetime
    ) -> list[Outgoing]:
        return list(handle(tx, [_mended(one) for one in batch], now))

    return run


def _mended(one: Message[SettlementAnswered]) -> Message[SettlementAnswered]:
    told = one.body.shares
    if told is None:
        return one
    shares = Shares(cash_fen=BILL.total_fen) if told.total_fen() != BILL.total_fen else told
    return Message(one.head, one.body.model_copy(update={"shares": shares}))


def _heard_as(change: Callable[[Any], Any]) -> Callable[[Handle], Handle]:
    """It does with each message what it should do with another."""

    def wrapped(handle: Handle) -> Handle:
        def run(tx: Connection, batch: Sequence[Message[Any]], now: datetime) -> list[Outgoing]:
            return list(handle(tx, [Message(one.head, change(one.body)) for one in batch], now))

        return run

    return wrapped


def _of_care(kind: VisitKind, **fields: Any) -> Callable[[Any], Any]:
    """A bill of this kind of visit, with other words about the visit."""

    def change(body: Any) -> Any:
        if body.care.visit_kind is not kind:
            return body
        return body.model_copy(update={"care": body.care.model_copy(update=fields)})

    return change


def _pays_without_limit(asked: Message[Any], said: list[Outgoing]) -> list[Outgoing]:
    """Of a chronic visit the pool pays its rate of all in scope, as if there were no limit."""
    body = asked.body
    if body.care.visit_kind is not VisitKind.CHRONIC:
        return said
    paid, total = body.bill.in_scope_fen * 7 // 10, body.bill.total_fen
    shares = Shares(pool_fen=paid, cash_fen=total - paid)
    return [
        _body_changed(one, shares=shares) if hasattr(one.message.body, "shares") else one
        for one in said
    ]


def _as_self_service(body: Any) -> Any:
    """Every registration is of the category that the area decides at once."""
    other = RegistrationCategory.OTHER_TEMPORARY
    wanted = body.wanted.model_copy(update={"category": other, "disease_code": None})
    return body.model_copy(update={"wanted": wanted})


def _deaf(_handle: Handle) -> Handle:
    """Takes the message, and does nothing."""
    return lambda _tx, _batch, _now: []


def _as_before() -> Change:
    """What it once told of a slice it tells of it for ever."""
    first: dict[tuple[datetime, datetime], Any] = {}

    def change(asked: Message[Any], said: list[Outgoing]) -> list[Outgoing]:
        (one,) = said
        days = first.setdefault(
            (asked.body.since, asked.body.until),
            one.message.body.days,  # type: ignore[attr-defined]  # of a slice
        )
        return [_body_changed(one, days=days)]

    return change


def _with_its_end(handle: Handle) -> Handle:
    """The instant at which a slice ends is of the slice."""

    def run(
        tx: Connection, batch: Sequence[Message[SliceRequested]], now: datetime
    ) -> list[Outgoing]:
        longer = _heard_as(lambda body: body.model_copy(update={"until": body.until + MOMENT}))
        return [
            _body_changed(said, until=one.body.until)
            for one in batch
            for said in longer(handle)(tx, [one], now)
        ]

    return run


def _in_whole_seconds(body: Any) -> Any:
    at = body.concluded_at
    return body.model_copy(update={"concluded_at": at and at.replace(microsecond=0)})


def _as_reversed(body: Any) -> Any:
    """A cancellation that was refused is taken for one that was granted."""
    if body.outcome is not Outcome.KEPT:
        return body
    known = {"business_date": shanghai_date_of(body.concluded_at), "shares": SHARES, "code": None}
    return body.model_copy(update={"outcome": Outcome.REVERSED, **known})


def _as_active(body: Any) -> Any:
    """Whatever the hub says of what was filed, it counts."""
    if body.change_id is not None:
        return body
    return body.model_copy(update={"state": RegistrationStanding.ACTIVE, "code": None})


ANSWERS_DUPLICATES_ANEW = Defect(
    hears=_renamed(Role.INSURED, INSURED, of=lambda _letter, value: value)
)
IGNORES_EXPIRY = Defect(believes=_endless)
BELIEVES_ANYBODY = Defect(believes=_credulous)
ROUNDS_A_SHARE = Defect(says=(CalculationRequested, _in_whole_yuan))
FORGETS_TOMBSTONES = Defect(handles=(ReleaseRequested, _without_tombstones))
ALWAYS_WILL_SETTLE = Defect(says=(PreflightForwarded, _always_yes))
TELLS_NAMES_IN_CLEAR = Defect(says=(PersonEnquired, _in_clear))
SUBTRACTS_THE_COUNT = Defect(says=(TotalsRequested, _subtracts_the_count))
REPAIRS_FOR_OTHERS = Defect(handles=(RepairOrdered, _whosoever))
KNOWS_NO_ID_AGAIN = Defect(
    hears=_renamed(Role.TREATMENT, TREATMENT, of=lambda letter, _value: letter.head.message_id)
)
MAKES_BILLS_ADD_UP = Defect(handles=(SettlementAnswered, _made_to_add_up))
PAYS_FOR_ANY_DISEASE = Defect(
    handles=(CalculationRequested, _heard_as(_of_care(VisitKind.CHRONIC, disease_code="M01600")))
)
KNOWS_NO_LIMIT_OF_A_DISEASE = Defect(says=(CalculationRequested, _pays_without_limit))
TAKES_CHRONIC_FOR_A_STAY = Defect(
    handles=(
        CalculationRequested,
        _heard_as(_of_care(VisitKind.CHRONIC, visit_kind=VisitKind.INPATIENT)),
    )
)
DECIDES_FOR_THE_CLERK = Defect(handles=(RegistrationReviewRequested, _heard_as(_as_self_service)))
FORGETS_STANDINGS = Defect(handles=(RegistrationTold, _deaf))
TELLS_SLICES_AS_BEFORE = Defect(says=(SliceRequested, _as_before()))
COUNTS_THE_END_IN = Defect(handles=(SliceRequested, _with_its_end))
KEEPS_WHOLE_SECONDS = Defect(handles=(SettlementConcluded, _heard_as(_in_whole_seconds)))
UNDOES_WHAT_IS_KEPT = Defect(handles=(SettlementAnswered, _heard_as(_as_reversed)))
TAKES_EVERY_FILING_FOR_ACTIVE = Defect(handles=(RegistrationTold, _heard_as(_as_active)))
KNOWS_EVERYBODY = Defect(
    handles=(PersonTold, _heard_as(lambda body: body.model_copy(update={"code": None})))
)
