"""State tables, control totals, sealing, topics and messages."""

import base64
from enum import StrEnum
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts import topics
from contracts.codes import AreaCode, Fund, InsuranceKind, Role, VisitKind, areas
from contracts.control_totals import Entry, bucket_of, digest_of
from contracts.delivery.codec import NotAMessage, body_of, decode, encode
from contracts.ids import MessageId, SettlementId, new_id
from contracts.message import Body, Message, effect_of, originate
from contracts.messages import kinds
from contracts.messages.settlement import WithdrawalRequested
from contracts.messages.values import PARTS, Bill, Shares
from contracts.sealing import SealBroken, Sealer
from contracts.state_machine import IllegalStep, StateMachine, Step
from tests.delivery.notebook import Hands


class Light(StrEnum):
    RED = "red"
    GREEN = "green"
    DARK = "dark"


class Press(StrEnum):
    GO = "go"
    STOP = "stop"
    CUT = "cut"


STEPS = (
    Step(Light.RED, Press.GO, Light.GREEN, "somebody waits"),
    Step(Light.GREEN, Press.STOP, Light.RED, "somebody comes"),
    Step(Light.GREEN, Press.CUT, Light.DARK, "no power"),
    Step(Light.DARK, Press.CUT, Light.DARK, "it stays dark"),
)


def machine(*steps: Step[Light, Press]) -> StateMachine[Light, Press]:
    return StateMachine(name="light", initial=(Light.RED,), steps=steps)


def test_a_state_table_permits_its_steps_and_nothing_else() -> None:
    light = machine(*STEPS)
    permitted = {(step.source, step.event): step.target for step in STEPS}
    for state in Light:
        for event in Press:
            assert light.allows(state, event) == ((state, event) in permitted)
            if light.allows(state, event):
                assert light.after(state, event) == permitted[state, event]
            else:
                with pytest.raises(IllegalStep, match=f"no step from {state} on {event}"):
                    light.after(state, event)


def test_a_state_that_only_leads_to_itself_is_terminal() -> None:
    assert machine(*STEPS).terminal() == {Light.DARK}


def test_a_table_with_two_steps_for_one_event_or_an_unreachable_state_is_refused() -> None:
    with pytest.raises(AssertionError, match="two steps"):
        machine(*STEPS, Step(Light.RED, Press.GO, Light.DARK, "or so"))
    with pytest.raises(AssertionError, match="unreachable"):
        machine(*STEPS[:2])


def test_a_table_writes_itself_down() -> None:
    assert "| red | go | green | somebody waits |" in machine(*STEPS).as_markdown()


ENTRIES = st.lists(
    st.builds(
        Entry,
        settlement_id=st.uuids().map(SettlementId),
        sign=st.sampled_from([1, -1]),
        total_fen=st.integers(0, 10**9),
        parts_fen=st.tuples(*[st.integers(0, 10**9)] * 11),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda entry: (entry.settlement_id, entry.sign),
)
KEY = ("340000", InsuranceKind.EMPLOYEE, VisitKind.INPATIENT)


@given(ENTRIES, st.integers())
def test_control_totals_do_not_depend_on_the_order(entries: list[Entry], seed: int) -> None:
    shuffled = list(entries)
    Random(seed).shuffle(shuffled)
    assert bucket_of(KEY, shuffled) == bucket_of(KEY, entries)


@given(ENTRIES, st.data())
def test_one_fen_in_one_place_changes_the_digest(entries: list[Entry], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(entries) - 1))
    part = data.draw(st.integers(-1, 10))
    one = entries[place]
    parts = tuple(fen + (n == part) for n, fen in enumerate(one.parts_fen))
    changed = Entry(one.settlement_id, one.sign, one.total_fen + (part == -1), parts)
    others = [*entries[:place], changed, *entries[place + 1 :]]
    assert digest_of(others) != digest_of(entries)


def test_a_fen_that_moves_between_two_settlements_is_seen_though_the_sums_agree() -> None:
    first, second = (SettlementId(UUID(int=n)) for n in (1, 2))
    mine = [Entry(first, 1, 100, (100,)), Entry(second, 1, 200, (200,))]
    theirs = [Entry(first, 1, 101, (101,)), Entry(second, 1, 199, (199,))]
    a, b = bucket_of(KEY, mine), bucket_of(KEY, theirs)
    assert (a.count, a.total_fen, a.parts_fen) == (b.count, b.total_fen, b.parts_fen)
    assert a.digest != b.digest


def test_a_reversal_counts_once_and_subtracts() -> None:
    settled = Entry(SettlementId(UUID(int=1)), 1, 100, (70, 30))
    reversed_ = Entry(SettlementId(UUID(int=1)), -1, 100, (70, 30))
    bucket = bucket_of(KEY, [settled, reversed_])
    assert (bucket.count, bucket.total_fen, bucket.parts_fen) == (2, 0, (0, 0))


OLD, NEW = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))


@given(st.text(max_size=50))
def test_what_is_sealed_is_opened_again_and_never_looks_the_same(text: str) -> None:
    sealer = Sealer.from_text(f"k1={NEW}")
    one, other = sealer.seal(text), sealer.seal(text)
    assert (sealer.open(one), sealer.open(other)) == (text, text)
    assert one != other
    assert len(text) < 4 or text not in one


def test_an_old_key_opens_while_the_new_one_seals() -> None:
    old = Sealer.from_text(f"k0={OLD}").seal("张三")
    both = Sealer.from_text(f"k1={NEW},k0={OLD}")
    assert (both.open(old), both.seal("张三")[:3]) == ("张三", "k1:")


def test_a_seal_that_was_changed_or_made_with_another_key_is_broken() -> None:
    sealer = Sealer.from_text(f"k1={NEW}")
    sealed = sealer.seal("张三")
    changed = sealed[:10] + ("A" if sealed[10] != "A" else "B") + sealed[11:]
    for broken in (changed, sealed[:-4], "k9" + sealed[2:], "", "张三", "k1:", "k1:%%"):
        with pytest.raises(SealBroken):
            sealer.open(broken)
    with pytest.raises(SealBroken):
        Sealer.from_text(f"k1={OLD}").open(sealed)


@pytest.mark.parametrize("text", ["", "k1", "k1=", f"={NEW}", "k1=AAAA", f"k1={NEW},k2=short"])
def test_a_sealing_key_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - base64 has words of its own
        Sealer.from_text(text)


def test_every_area_has_its_own_inbound_topics_and_all_names_differ() -> None:
    found = topics.all_topics(areas())
    assert len(found) == len(topics.OF_THE_HUB) + 4 * 32
    for area in areas():
        assert {topics.insured_work(area), topics.treatment_answers(area)} <= set(found)
        assert {topics.notices(role, area) for role in Role} <= set(found)
    for name, topic in found.items():
        assert (topic.name, topic.partitions > 0, bool(topic.why)) == (name, True, True)
        assert len(name) <= 100, "it fits the outbox"
    assert found["insured.340000.work"].key == "person"


def test_only_the_hub_writes_to_areas_and_only_areas_write_to_the_hub() -> None:
    for topic in topics.all_topics([AreaCode("340000")]).values():
        assert (topic.written_by == topics.HUB) != (topic.read_by == topics.HUB)


def test_every_kind_is_its_class_name_in_words() -> None:
    for kind, body in kinds().items():
        words = "".join(f"_{c.lower()}" if c.isupper() else c for c in body.__name__)
        assert kind == words.lstrip("_")
        assert body.__doc__


def a_withdrawal(settlement: UUID) -> Message[Body]:
    body = WithdrawalRequested(settlement_id=SettlementId(settlement), treatment_area="310000")
    said = originate(
        body,
        message_id=MessageId(new_id()),
        topic=topics.HUB_SETTLEMENTS,
        key=str(settlement),
        sender="treatment.310000",
        at=Hands().now(),
    )
    return said.message


def test_a_message_is_read_back_as_it_was_written() -> None:
    message = a_withdrawal(new_id())
    assert body_of(decode(encode(message).encode()), WithdrawalRequested) == message


def test_a_fault_of_a_body_is_told_without_its_content() -> None:
    value = encode(a_withdrawal(new_id())).replace('"310000"', '"secret"').encode()
    with pytest.raises(NotAMessage) as told:
        body_of(decode(value), WithdrawalRequested)
    assert "treatment_area" in str(told.value)
    assert "secret" not in str(told.value)


def test_the_fingerprint_tells_bodies_apart_and_not_heads() -> None:
    settlement, other = new_id(), new_id()
    one, again, another = (a_withdrawal(id_) for id_ in (settlement, settlement, other))
    assert one.head.message_id != again.head.message_id
    assert one.fingerprint() == again.fingerprint() != another.fingerprint()


def test_an_effect_has_one_id_a_topic_however_often_it_is_decided() -> None:
    cause = a_withdrawal(new_id())

    def effect(topic: str) -> MessageId:
        said = effect_of(cause, cause.body, topic=topic, key="k", sender="hub", at=Hands().now())
        assert said.message.head.cause_id == cause.head.message_id
        return said.message.head.message_id

    assert effect("a") == effect("a") != effect("b")


BILL = {
    "total_fen": 6,
    "fully_own_fen": 1,
    "over_ceiling_fen": 1,
    "first_self_pay_fen": 1,
    "in_scope_fen": 3,
}


@pytest.mark.parametrize("fen", [-1, 10**13 + 1, 0.5, "1", True, None])
def test_an_amount_is_a_whole_number_of_fen_within_reason(fen: object) -> None:
    with pytest.raises(ValidationError):
        Bill.model_validate(BILL | {"total_fen": fen})


def test_a_bill_adds_up_or_says_that_it_does_not() -> None:
    assert Bill.model_validate(BILL).adds_up()
    assert not Bill.model_validate(BILL | {"total_fen": 7}).adds_up()


def test_shares_speak_of_every_fund_and_of_nothing_twice() -> None:
    ones = Shares.model_validate({part: 10**n for n, part in enumerate(PARTS)})
    assert list(ones.by_fund()) == list(Fund)
    assert ones.total_fen() == sum(10**n for n in range(len(PARTS)))
    assert ones.fund_total_fen() == sum(10**n for n in range(8))
