"""The certifier as the hub: it says what the hub says, signed as the hub, and hears the area."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from contracts import topics
from contracts.clock import SystemClock
from contracts.codes import AreaCode, Role
from contracts.delivery.broker import Broker, Record, Sender
from contracts.delivery.codec import NotAMessage, body_of, decode, encode, signature_of
from contracts.delivery.lookout import Watchable
from contracts.delivery.transport import Transport
from contracts.delivery.trust import Distrusted, refuse_another_name, trusted
from contracts.ids import MessageId, new_id
from contracts.message import Body, Head, Message
from contracts.schemas.carried import ANY_AREA, CARRIED
from contracts.signing import KeyRing
from simulators.agency import Unexpected
from simulators.certify.cases import NotMet
from simulators.certify.exchange import Exchange, Way, shown
from simulators.certify.forging import OTHER_PARTY, Forgery, Letter, headers
from simulators.certify.keying import key_of, topic_of

HEARD_FROM = tuple(topics.WRITTEN_BY)
POLL_MS = 20
SENT_WITHIN_S = 10.0
JOINED_WITHIN_S = 30.0
QUIET = timedelta(milliseconds=300)
HISTORY_QUIETS = 4  # so many times as long without a message: all that was there has been read

B = TypeVar("B", bound=Body)


@dataclass(slots=True)
class Hub:
    """Speaks to one area and hears it. Not thread-safe: one case after the other.

    `within`: how long an answer may take. `quiet`: how long, after a true answer, an area is given
    to do what it must not. `heard`: all that the area said and that was sound. `faults`: what it
    said that was not, each a Chinese sentence.
    """

    role: Role
    area: AreaCode
    transport: Transport
    keys: KeyRing
    within: timedelta
    quiet: timedelta = QUIET
    exchanges: list[Exchange] = field(default_factory=list)
    heard: list[Message[Any]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    _sent: dict[MessageId, tuple[str, str, bytes, str]] = field(default_factory=dict)
    _broker: Broker = field(init=False)
    _sender: Sender = field(init=False)

    def __post_init__(self) -> None:
        # A group of its own each time: whatever an earlier run has read is no matter.
        group = f"{topics.HUB}.certify.{new_id().hex[-8:]}"
        self._broker = self.transport.reader(group, HEARD_FROM, batch_max=500)
        self._sender = self.transport.sender(group)

    @property
    def account(self) -> str:
        return topics.participant(self.role, self.area)

    def close(self) -> None:
        self._sender.close()
        self._broker.close()

    def say(
        self,
        body: Body,
        *,
        message_id: MessageId | None = None,
        forgery: Forgery = Forgery.NONE,
        change: Callable[[dict[str, Any]], None] = lambda _document: None,
        note: str = "",
    ) -> MessageId:
        """Send this to the area as the hub does; `change` may spoil it before it is signed."""
        id_ = message_id or MessageId(new_id())
        sender = OTHER_PARTY if forgery is Forgery.FALSE_NAME else topics.HUB
        head = Head(message_id=id_, cause_id=None, kind=body.KIND, sender=sender, sent_at=_now())
        document = json.loads(encode(Message(head, body)))
        change(document)
        value = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        pattern = topic_of(body.KIND, self.role)
        topic = pattern.replace(ANY_AREA, self.area)
        told = note or ("" if forgery is Forgery.NONE else f"签名：{forgery}")
        kind = str(document["head"]["kind"])
        key = key_of(pattern, body, self.area)
        self.put(topic, key, value, forgery, kind=kind, note=told)
        self._sent[id_] = (topic, key, value, kind)
        return id_

    def again(self, id_: MessageId) -> None:
        """Deliver the very same message once more, byte for byte."""
        topic, key, value, kind = self._sent[id_]
        self.put(topic, key, value, kind=kind, note="重复投递")

    def put(
        self,
        topic: str,
        key: str,
        value: bytes,
        forgery: Forgery = Forgery.NONE,
        *,
        kind: str = "",
        note: str = "",
    ) -> None:
        """Send these bytes, with a signature that is true or not."""
        letter = Letter(self.keys, self.account, topic, key.encode(), value, _now())
        signed = headers(letter, forgery)
        self._note(Way.TO_AREA, topic, key, kind, value, note)
        self._sender.send(topic, letter.key, value, signed)
        self._sender.flush(SENT_WITHIN_S)

    def mark(self) -> int:
        """How much was heard so far: `hear` can be told to look only at what comes later."""
        self._poll(wait_ms=0)
        return len(self.heard)

    def hear(
        self,
        kinds: type[B] | tuple[type[B], ...],
        about: Callable[[Any], object],
        *,
        since: int = 0,
        within: timedelta | None = None,
        what: str = "",
    ) -> Message[B]:
        """The first message of these kinds that is about it; NotMet when none comes in time."""
        allowed = within or self.within
        until = time.monotonic() + allowed.total_seconds()
        while (found := self.first(kinds, about, since)) is None:
            if time.monotonic() > until:
                raise NotMet(f"{allowed.total_seconds():g} 秒内未收到{what or _names(kinds)}")
            self.listen()
        return found

    def first(
        self, kinds: type[B] | tuple[type[B], ...], about: Callable[[Any], object], since: int = 0
    ) -> Message[B] | None:
        """Of what was heard already."""
        return next(iter(self.all(kinds, about, since)), None)

    def all(
        self, kinds: type[B] | tuple[type[B], ...], about: Callable[[Any], object], since: int = 0
    ) -> list[Message[B]]:
        """Everything of these kinds that was heard about it."""
        return [
            one for one in self.heard[since:] if isinstance(one.body, kinds) and about(one.body)
        ]

    def listen(self, for_: timedelta = timedelta(0)) -> None:
        """Take what has come, and what comes in this time."""
        until = time.monotonic() + for_.total_seconds()
        while True:
            self._poll(POLL_MS)
            if time.monotonic() >= until:
                return

    def settle_down(self) -> None:
        """Give the area the time to do what it must not, and hear it."""
        self.listen(self.quiet)

    def catch_up(self) -> None:
        """Read all that topics held before this run, and keep none of it as an exchange.

        Unexpected when there is nothing to read from.
        """
        self._join()
        seen = -1
        while len(self.heard) != seen:
            seen = len(self.heard)
            self.listen(HISTORY_QUIETS * self.quiet)
        self.exchanges.clear()
        self.faults.clear()

    def outside(self, way: Way, place: str, key: str, content: Mapping[str, Any]) -> None:
        """Note what the outside said or heard, between the messages; from any thread."""
        told = shown(json.dumps(content, ensure_ascii=False, default=str))
        self.exchanges.append(Exchange(_now(), way, f"HTTP {place}", key, place, told))

    def _join(self) -> None:
        """Read nothing before the broker has given us something to read."""
        broker, until = self._broker, time.monotonic() + JOINED_WITHIN_S
        while isinstance(broker, Watchable) and not broker.assigned():
            if time.monotonic() > until:
                raise Unexpected("枢纽的主题读不到，请先建立主题（yidi hub topics）")
            self._poll(POLL_MS)

    def _poll(self, wait_ms: int) -> None:
        for record in self._broker.poll(batch_max=500, wait_ms=wait_ms):
            self._take(record)

    def _take(self, record: Record) -> None:
        signature = signature_of(record.headers)
        owner = signature.key.rpartition("/")[0] if signature else ""
        if owner not in {self.account, ""}:
            return  # Somebody else's, on a Kafka that is shared.
        fault = ""
        try:
            self._believe(record)
        except (Distrusted, NotAMessage, KeyError) as error:
            fault = _told(error)
            self.faults.append(f"{record.topic}：{fault}")
        kind = _kind_in(record.value)
        self._note(Way.FROM_AREA, record.topic, record.key.decode(), kind, record.value, fault)

    def _believe(self, record: Record) -> None:
        """Keep it when it is signed, fits its schema, and lies where it belongs."""
        who = trusted(record, self.keys, topics.speaker, _now())
        letter = decode(record.value)
        refuse_another_name(letter.head.sender, who)
        carried = {body.KIND: body for body in CARRIED[record.topic]}
        message = body_of(letter, carried[letter.head.kind])
        expected = key_of(record.topic, message.body, self.area)
        if record.key.decode() != expected:
            raise NotAMessage(f"键应为 {expected}")
        self.heard.append(message)

    def _note(  # noqa: PLR0917 - the columns of an exchange
        self, way: Way, topic: str, key: str, kind: str, value: bytes, note: str
    ) -> None:
        self.exchanges.append(Exchange(_now(), way, topic, key, kind, shown(value), note))


def _now() -> datetime:
    return SystemClock().now()


def _told(error: Exception) -> str:
    if isinstance(error, Distrusted):
        return f"签名不可信（{error.fault} {error.detail}）"
    if isinstance(error, KeyError):
        return f"此主题不载此类消息：{error.args[0]}"
    return f"不是合格的消息（{error}）"


def _kind_in(value: bytes) -> str:
    try:
        return str(json.loads(value)["head"]["kind"])
    except (ValueError, KeyError, TypeError):
        return "?"


def _names(kinds: type[Body] | tuple[type[Body], ...]) -> str:
    all_ = kinds if isinstance(kinds, tuple) else (kinds,)
    return " 或 ".join(one.KIND for one in all_)
