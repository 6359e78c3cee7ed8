"""What nobody trusted signed is buried unread, and the others go on; keys change without a loss."""

import logging
import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from contracts import topics
from contracts.delivery.broker import Headers
from contracts.delivery.codec import encode, headers_of
from contracts.delivery.key_watch import KeyWatch
from contracts.delivery.memory import MemoryLog
from contracts.delivery.processor import Limits, Processor, Subscription
from contracts.delivery.replay import Replay
from contracts.signing import KeyRing, MessageKey, ring_of
from tests.delivery.notebook import DESK, NOTES, RECEIPTS, Notebook, Noted, a_note, note

DAY = timedelta(days=1)
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def a_key(who: str, key_id: str, since: datetime, until: datetime) -> MessageKey:
    return MessageKey(who, key_id, os.urandom(32), since, until)


def signed(ring: KeyRing, topic: str, key: bytes, value: bytes, at: datetime = START) -> Headers:
    return headers_of(ring.sign(DESK, topic, key, value, at))


OLD = a_key(DESK, "old", START - 30 * DAY, START + 10 * DAY)
NEW = a_key(DESK, "new", START + 2 * DAY, START + 99 * DAY)
ENDED = a_key(DESK, "ended", START - 30 * DAY, START - DAY)
STRANGE = a_key(DESK, "strange", START - DAY, START + DAY)
OTHER = a_key("neighbour", "own", START - DAY, START + DAY)
OWN = a_key("notebook", "own", START - DAY, START + 999 * DAY)
HELD = ring_of([OLD, NEW, OWN, OTHER])


@pytest.fixture
def guarded(notebook: Notebook) -> Notebook:
    """The notebook with a ring of real dates."""
    notebook.log = MemoryLog(keys=HELD)
    return notebook


def put(
    notebook: Notebook, ring: KeyRing, *, account: str = "a", number: int = 7, at: datetime = START
) -> None:
    said = a_note(account, number)
    value = encode(said.message).encode()
    headers = signed(ring, NOTES, said.key.encode(), value, at)
    notebook.log.append(NOTES, said.key.encode(), value, headers)


def forged(case: str) -> tuple[bytes, Headers]:
    """One message that must not be believed: its bytes, and the headers that come with it."""
    value = encode(a_note("x", 7).message).encode()
    ring = ring_of([OLD])
    true = signed(ring, NOTES, b"x", value)
    neighbour = headers_of(ring_of([OTHER]).sign("neighbour", NOTES, b"x", value, START))
    return {
        "no signature": (value, ()),
        "half a signature": (value, true[:1]),
        "another number in it": (value.replace(b"7", b"8"), true),
        "of another topic": (value, signed(ring, RECEIPTS, b"x", value)),
        "of another key": (value, signed(ring, NOTES, b"y", value)),
        "no JSON at all, unsigned": (b"\xff\x00", ()),
        "a key we do not hold": (value, signed(ring_of([STRANGE]), NOTES, b"x", value)),
        "a key not begun": (value, signed(ring_of([NEW]), NOTES, b"x", value, START + 3 * DAY)),
        "truly signed, in another's name": (value, neighbour),
    }[case]


# fmt: off
FORGED = [
    ("no signature",                    "unsigned"),
    ("half a signature",                "unsigned"),
    ("another number in it",            "bad_signature"),
    ("of another topic",                "bad_signature"),
    ("of another key",                  "bad_signature"),
    ("no JSON at all, unsigned",        "unsigned"),
    ("a key we do not hold",            "unknown_key"),
    ("a key not begun",                 "key_not_valid"),
    ("truly signed, in another's name", "wrong_sender"),
]
# fmt: on


@pytest.mark.parametrize(("case", "fault"), FORGED)
def test_what_is_not_truly_signed_is_buried_alarmed_and_passed_over(
    guarded: Notebook, caplog: pytest.LogCaptureFixture, case: str, fault: str
) -> None:
    value, headers = forged(case)
    put(guarded, HELD, account="before", number=1)
    guarded.log.append(NOTES, b"x", value, headers)
    put(guarded, HELD, account="after", number=2)
    processor = guarded.processor()
    guarded.drain(processor)
    assert guarded.notes() == {"before": [1], "after": [2]}
    assert [row[0] for row in guarded.buried()] == [fault]
    assert (processor.progress.distrusted, guarded.offsets_read()) == (1, 3)
    (alarm,) = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert alarm.getMessage().startswith(f"ALARM: buried 1 unread on {NOTES}: {fault}")
    assert guarded.count("inbox") == 2  # its id is free for the true one


def test_many_forged_messages_are_one_alarm_a_batch_and_never_stop_the_process(
    guarded: Notebook, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(50):
        guarded.log.append(NOTES, b"x", b"%d" % number)
    put(guarded, HELD, account="a", number=1)
    processor = guarded.processor(Limits(wait_ms=0, bugs_in_a_row_max=0))
    guarded.drain(processor)
    assert (guarded.notes(), processor.progress.distrusted) == ({"a": [1]}, 50)
    assert len([r for r in caplog.records if "ALARM: buried 50 unread" in r.getMessage()]) == 1


def test_a_key_that_ended_is_no_longer_believed(guarded: Notebook) -> None:
    guarded.log = MemoryLog(keys=ring_of([ENDED, OWN]))
    put(guarded, ring_of([ENDED]), at=START - 2 * DAY)
    guarded.drain(guarded.processor())
    assert (guarded.notes(), [row[0] for row in guarded.buried()]) == ({}, ["key_not_valid"])


def test_a_key_is_replaced_without_losing_a_message(guarded: Notebook) -> None:
    """One a day for thirty days; the reader is away for the week in which the key changes."""
    processor = guarded.processor()
    for day in range(30):
        put(guarded, HELD, number=day + 20, at=guarded.clock.now())
        if not 1 <= day < 8:
            processor.run_once()
        guarded.clock.forward(int(DAY.total_seconds()))
    processor.run_once()
    assert guarded.buried() == []
    assert guarded.notes() == {"a": list(range(20, 50))}
    keys = [dict(record.headers)["yidi-key"] for record in guarded.log.records(NOTES)]
    assert sorted(set(keys)) == [b"desk/new", b"desk/old"]


def test_what_waited_in_the_outbox_leaves_with_the_key_of_the_day_it_leaves(
    guarded: Notebook,
) -> None:
    outbox = guarded.outbox()
    outbox.tend()
    guarded.log.stop()
    with outbox.transaction() as writing:
        writing.say([a_note("a", 1)])
    guarded.clock.forward(int((20 * DAY).total_seconds()))  # the old key has ended meanwhile
    guarded.log.start()
    assert outbox.tend() == 1
    (record,) = guarded.log.records(NOTES)
    assert dict(record.headers)["yidi-key"] == b"desk/new"
    guarded.drain(guarded.processor())
    assert (guarded.notes(), guarded.buried()) == ({"a": [1]}, [])


def test_without_a_valid_key_messages_wait_and_leave_once_there_is_one(
    notebook: Notebook, caplog: pytest.LogCaptureFixture
) -> None:
    notebook.log = MemoryLog(keys=ring_of([ENDED]))
    outbox = notebook.outbox()
    outbox.tend()
    with outbox.transaction() as writing:
        writing.say([a_note("a", 1)])
    assert (notebook.log.records(NOTES), notebook.count("outbox_unsent")) == ([], 1)
    assert "no valid key of desk signs messages for hub.notes" in caplog.text
    notebook.log = MemoryLog(keys=HELD)  # as after a restart with another ring
    again = notebook.outbox()
    again.tend()
    assert len(notebook.log.records(NOTES)) == 1


def test_a_letter_that_was_distrusted_comes_through_once_its_key_is_known(
    notebook: Notebook,
) -> None:
    """The usual mistake: an area signs with a new key before its reader was told."""
    log = notebook.log = MemoryLog(keys=ring_of([OLD, OWN]))
    put(notebook, ring_of([STRANGE]), account="late")
    put(notebook, ring_of([a_key(DESK, "own", START - DAY, START + DAY)]), account="never")
    notebook.drain(notebook.processor())
    assert [row[0] for row in notebook.buried()] == ["unknown_key"] * 2
    log.keys = ring_of([OLD, STRANGE, OWN])
    replay = Replay(notebook.engine, log.sender("replay"), notebook.clock)
    assert replay.topic(NOTES, "unknown_key") == 2
    notebook.drain(notebook.processor())
    assert notebook.notes() == {"late": [7]}
    assert [row[0] for row in notebook.buried()] == ["unknown_key"]


@dataclass(frozen=True, slots=True)
class Case:
    """Who signs on which topic, in whose name, and who is then believed to speak."""

    account: str
    topic: str
    believed: str | None


# fmt: off
SPEAKERS = [
    Case("insured.340000",   "hub.calculations",         "insured.340000"),
    Case("insured.340000",   "hub.registrations",        "insured.340000"),
    Case("treatment.310000", "hub.settlements",          "treatment.310000"),
    Case("insured.340000",   "hub.settlements",          None),   # a treatment area's
    Case("treatment.310000", "hub.calculations",         None),   # an insured area's
    Case("insured.340000",   "insured.340000.work",      "hub"),  # the key the two share
    Case("insured.340000",   "insured.320000.work",      None),   # a neighbour's
    Case("insured.340000",   "treatment.340000.answers", None),   # its own province, another role
    Case("hub",              "hub.settlements",          None),
    Case("hub",              "insured.340000.work",      None),   # there is no key of this name
    Case("insured.340000",   "no.such.topic",            None),
]
# fmt: on


@pytest.mark.parametrize("case", SPEAKERS, ids=lambda case: f"{case.account} on {case.topic}")
def test_who_speaks_follows_from_the_key_and_the_topic(case: Case) -> None:
    assert topics.speaker(case.topic, case.account) == case.believed


@pytest.mark.parametrize(
    ("sender", "account", "topic", "faults"),
    [
        ("treatment.310000", "treatment.310000", "hub.settlements", []),
        ("insured.340000", "insured.340000", "hub.settlements", ["wrong_sender"]),
        ("treatment.330000", "treatment.310000", "hub.settlements", ["wrong_sender"]),
        ("hub", "insured.340000", "insured.340000.work", []),
        ("insured.340000", "insured.340000", "insured.340000.work", ["wrong_sender"]),
    ],
)
def test_a_participant_speaks_in_its_own_name_and_where_it_may(
    notebook: Notebook, sender: str, account: str, topic: str, faults: list[str]
) -> None:
    message = a_note("a", 1).message
    message = replace(message, head=message.head.model_copy(update={"sender": sender}))
    value = encode(message).encode()
    signature = notebook.log.keys.sign(account, topic, b"a", value, START)
    notebook.log.append(topic, b"a", value, headers_of(signature))
    processor = Processor(
        broker=notebook.log.reader("group", [topic], batch_max=9),
        outbox=notebook.outbox(),
        subscriptions=(Subscription(topic, Noted, note),),
        limits=Limits(wait_ms=0),
    )
    processor.run_once()
    assert [row[0] for row in notebook.buried()] == faults
    assert notebook.notes() == ({} if faults else {"a": [1]})


def test_an_end_that_comes_near_is_told_at_the_start_and_once_a_day(
    caplog: pytest.LogCaptureFixture,
) -> None:
    watch = KeyWatch(ring_of([a_key(DESK, "k1", START - DAY, START + 6 * DAY + DAY / 2)]))
    told = []
    for hours in range(0, 24 * 8, 6):
        caplog.clear()
        watch.look(START + timedelta(hours=hours))
        told += [(record.levelname, record.getMessage()) for record in caplog.records]
    for days, (level, text) in zip(range(6, -1, -1), told[:7], strict=True):
        assert (level, f"desk/k1 ends in {days} days" in text) == ("WARNING", True)
    assert {level for level, _ in told[7:]} == {"ERROR"}
