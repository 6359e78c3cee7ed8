"""Reading a message in one go says what reading its head and then its body says, or nothing."""

import json
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contracts.delivery.codec import NotAMessage, body_of, decode, encode, read
from contracts.ids import MessageId, SettlementId, new_id
from contracts.message import Body, Head, Message
from contracts.messages.settlement import Outcome, SettlementAnswered
from contracts.messages.values import Shares

NOW = datetime(2026, 3, 10, tzinfo=UTC)
BODY = SettlementAnswered(
    settlement_id=SettlementId(new_id()),
    outcome=Outcome.SETTLED,
    concluded_at=NOW,
    business_date=date(2026, 3, 10),
    shares=Shares(pool_fen=1, cash_fen=2),
)
HEAD = Head(
    message_id=MessageId(new_id()), cause_id=None, kind=BODY.KIND, sender="hub", sent_at=NOW
)
LETTER: dict[str, dict[str, Any]] = json.loads(encode(Message(HEAD, BODY)))
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
near = st.sampled_from(
    ["settled", "2026-03-10", "2026-03-10T00:00:00", "1", 1, 1.0, "true", 1e13, -1, BODY.KIND]
)
anything = st.recursive(scalars | near, lambda v: st.lists(v) | st.dictionaries(st.text(), v))
places = st.sampled_from([(part, name) for part in LETTER for name in LETTER[part]])


def _slowly(value: bytes) -> Message[Body] | None:
    try:
        return body_of(decode(value), SettlementAnswered)
    except NotAMessage:
        return None


def test_a_whole_message_is_read() -> None:
    assert read(encode(Message(HEAD, BODY)).encode(), SettlementAnswered) == Message(HEAD, BODY)


@given(places, anything)
def test_whatever_stands_in_a_field_both_ways_agree(place: tuple[str, str], found: object) -> None:
    part, name = place
    letter = {**LETTER, part: {**LETTER[part], name: found}}
    value = json.dumps(letter).encode()
    quickly, slowly = read(value, SettlementAnswered), _slowly(value)
    of_this_kind = slowly is not None and slowly.head.kind == BODY.KIND
    assert quickly == (slowly if of_this_kind else None)


def test_a_nul_or_a_third_part_or_another_kind_is_left_to_the_slow_way() -> None:
    for letter in (
        {**LETTER, "third": {}},
        {**LETTER, "body": {**LETTER["body"], "detail": "\0"}},
        {**LETTER, "head": {**LETTER["head"], "kind": "another"}},
    ):
        assert read(json.dumps(letter).encode(), SettlementAnswered) is None
