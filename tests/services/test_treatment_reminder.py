"""The loop that keeps T does so while the broker is away."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from contracts.clock import SystemClock
from contracts.codes import AreaCode
from contracts.delivery.broker import Broker, Headers
from contracts.delivery.memory import keys_of_one_process
from contracts.delivery.outbox import Outbox
from contracts.ids import MessageId, SettlementId, new_id
from contracts.message import originate
from contracts.messages.settlement import StatusAsked
from contracts.signing import KeyRing
from contracts.topics import HUB_SETTLEMENTS
from participants.treatment import main as treatment
from participants.treatment.settings import Settings
from participants.treatment.store.db import migrate
from tests.support.databases import Databases

AREA = AreaCode("310000")


class OnItsWay:
    is_done = False

    def failed(self) -> bool:
        return False


@dataclass(slots=True)
class Away:
    """A broker that takes everything, answers nothing, and stops the loop when it is waited for."""

    keys: KeyRing = field(default_factory=keys_of_one_process)
    stop: threading.Event = field(default_factory=threading.Event)
    waited_s: list[float] = field(default_factory=list)

    def reader(self, group: str, topics: Sequence[str], *, batch_max: int) -> Broker:
        raise AssertionError((group, topics, batch_max))

    def sender(self, _client_id: str) -> "Away":
        return self

    def send(self, topic: str, key: bytes, value: bytes, headers: Headers = ()) -> OnItsWay:
        assert (topic, bool(key), bool(value), bool(headers)) == (HUB_SETTLEMENTS, True, True, True)
        return OnItsWay()

    def flush(self, timeout_s: float) -> None:
        self.waited_s.append(timeout_s)
        self.stop.set()

    def close(self) -> None: ...


def test_what_was_left_behind_is_not_waited_for_beside_a_deadline(databases: Databases) -> None:
    engine, clock, away, settings = (
        databases.fresh("treatment", migrate),
        SystemClock(),
        Away(),
        Settings(),
    )
    settlement_id = SettlementId(new_id())
    asked = originate(
        StatusAsked(settlement_id=settlement_id, treatment_area=AREA),
        message_id=MessageId(new_id()),
        topic=HUB_SETTLEMENTS,
        key=str(settlement_id),
        sender=f"treatment.{AREA}",
        at=clock.now(),
    )
    # Another process died with it in its hands.
    with Outbox(engine, away, clock).transaction() as writing:
        writing.say([asked])
    remind = treatment.reminder(AREA, engine, away, clock, settings)
    remind(away.stop)
    assert away.waited_s[0] <= settings.void_before_ms / 1_000 / 5
