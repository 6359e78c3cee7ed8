"""Whatever breaks on the way, in the end every way of asking says the same, and from T on for good.

Random stories of settling, asking, repeating, withdrawing and cancelling, while messages are lost
and repeated and overtake each other, insured areas say yes, no, late or nothing, and the hub is
away for longer than T. Every hospital's question goes through the door's own transactions.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from contracts.ids import short_text_of
from contracts.messages.values import PARTS
from contracts.refusal import RefusalCode
from participants.gateway.serving.requests import Awaiting, Request, Step
from participants.gateway.wire.envelope import Reply
from tests.support import insured
from tests.support.databases import Databases
from tests.support.three_parties import INSURED, UNKNOWN, UNREGISTERED, World, world

STORIES = range(900, 916)
MOVES = 90
UNDECIDED, DONE, NO, UNDONE = "undecided", "done", "no", "undone"

# What a treatment area may think of a settlement when all is said, by where it stands at the hub.
AGREES = {
    "settled": {"settled"},
    "reversed": {"reversed"},
    "rejected": {"refused", "withdrawn"},
    "expired": {"expired", "withdrawn"},
    "withdrawn": {"withdrawn", "expired"},
}
AT_THE_HUB = "SELECT settlement_id, state FROM settlements ORDER BY 1"
OF_TREATMENT = "SELECT settlement_id, state, lapsed_at IS NOT NULL FROM settlements ORDER BY 1"
# ruff: noqa: S608 - column names of ours
BOOKED = f"settlement_id, reversed_on IS NULL, deductible_fen, {', '.join(PARTS)}"
HELD = f"SELECT {BOOKED} FROM settlements WHERE state = 'settled' ORDER BY 1"
GRANTED = f"""
    SELECT {BOOKED} FROM grants WHERE state IN ('granted', 'settled') ORDER BY 1
"""
OWED = """
    SELECT coalesce(sum(CASE kind WHEN 'settlement' THEN amount_fen ELSE -amount_fen END), 0)
    FROM postings
"""
HELD_FUNDS = f"""
    SELECT coalesce(sum({" + ".join(PARTS[:9])}), 0) FROM settlements WHERE state = 'settled'
"""
USED = """
    SELECT i.person_id, coalesce(sum(y.in_scope_fen), 0), 50000 - min(i.account_balance_fen)
    FROM insurances AS i LEFT JOIN person_years AS y USING (person_id, insurance_kind)
    GROUP BY 1 ORDER BY 1
"""
ADDED = """
    SELECT i.person_id, coalesce(sum(added_in_scope_fen), 0), coalesce(sum(account_fen), 0)
    FROM insurances AS i LEFT JOIN grants AS g
        ON g.person_id = i.person_id AND state IN ('granted', 'settled')
    GROUP BY 1 ORDER BY 1
"""


@dataclass(slots=True)
class Asked:
    """One 2304: its document, and what the hospital was told of it so far."""

    document: dict[str, Any]
    setl_id: str = ""
    certain_by: datetime | None = None
    told: str = UNDECIDED
    first_no: RefusalCode | None = None
    may_be_undone: bool = False

    @property
    def msgid(self) -> str:
        return str(self.document["msgid"])

    @property
    def psn_no(self) -> str:
        return str(self.document["input"]["data"]["psn_no"])


@dataclass(slots=True)
class Story:
    """The hospital's side of the story: it asks, and holds us to what it was told."""

    world: World
    asked: list[Asked] = field(default_factory=list)

    def settle(self) -> None:
        person = self.world.random.choice([INSURED, INSURED, INSURED, UNREGISTERED, UNKNOWN])
        yuan = self.world.random.choice([900, 3_000, 12_345])
        one = Asked(self.world.document("2304", self.world.bill(person, yuan)))
        self.asked.append(one)
        self._hear(one, *self.world.ask(one.document))

    def repeat(self) -> None:
        for one in self._any():
            self._hear(one, *self.world.ask(one.document))

    def query(self) -> None:
        for one in self._any():
            self._hear(one, *self.world.ask(self._query(one)))

    def clash(self) -> None:
        for one in self._any():
            other = self.world.document("2304", self.world.bill(), one.msgid)
            _, step = self.world.ask(other)
            assert isinstance(step, Reply)
            expected = {RefusalCode.CONFLICTING_REPLAY, RefusalCode.WITHDRAWN_BEFORE}
            assert step.code in expected

    def withdraw(self) -> None:
        for one in self._any():
            one.may_be_undone = True
            _, step = self.world.ask(self.withdrawal(one.msgid, one.psn_no))
            assert isinstance(step, Awaiting) or step.code in {None, RefusalCode.NOT_CANCELLABLE}

    def withdraw_unseen(self) -> None:
        document = self.world.document("2304", self.world.bill())
        _, step = self.world.ask(self.withdrawal(document["msgid"], insured.person(INSURED)))
        assert step == Reply(output={})
        _, step = self.world.ask(document)
        assert isinstance(step, Reply)
        assert step.code is RefusalCode.WITHDRAWN_BEFORE

    def cancel(self) -> None:
        for one in self._any():
            if one.setl_id:
                one.may_be_undone = True
                which = {"psn_no": one.psn_no, "setl_id": one.setl_id, "mdtrt_id": "1"}
                self.world.ask(self.world.document("2305", which))

    def withdrawal(self, msgid: str, psn_no: str) -> dict[str, Any]:
        undone = {"psn_no": psn_no, "omsgid": msgid, "oinfno": "2304"}
        return self.world.document("2601", undone)

    def told_of(self, one: Asked, by: str = "") -> str:
        """What 5203 says, by our id or by the message's."""
        _, step = self.world.ask(self._query(one, by))
        assert isinstance(step, Reply)
        return _outcome(step)

    def _query(self, one: Asked, by: str = "") -> dict[str, Any]:
        named = by or self.world.random.choice([one.msgid, one.setl_id or one.msgid])
        which = {"psn_no": one.psn_no, "setl_id": named, "mdtrt_id": "1"}
        return self.world.document("5203", which)

    def _any(self) -> Iterator[Asked]:
        if self.asked:
            yield self.world.random.choice(self.asked)

    def _hear(self, one: Asked, request: Request, step: Step) -> None:
        if isinstance(step, Awaiting):
            one.setl_id = short_text_of(step.id)
            step = self.world.look(request, step)
        if isinstance(step, Awaiting):
            assert one.told == UNDECIDED or one.may_be_undone, "certain, and then not"
            one.certain_by = one.certain_by or step.answer_by
            self._is_within_t(one)
            return
        said = _outcome(step)
        if said == UNDECIDED:
            self._is_within_t(one)
            return
        assert said in _possible_after(one), f"{one.told}, and then {said} {step.code}"
        if one.told == NO and not one.may_be_undone:
            # 5203 knows nothing of what never became a settlement.
            assert step.code in {one.first_no, RefusalCode.UNKNOWN_SETTLEMENT}
        one.told, one.first_no = said, one.first_no or step.code

    def _is_within_t(self, one: Asked) -> None:
        """Unknown only until T, as long as nobody asked to undo what was done."""
        if one.certain_by is not None and not one.may_be_undone:
            assert self.world.now < one.certain_by, "T is over, and it is not certain"


def _possible_after(one: Asked) -> set[str]:
    """A no stays a no; of what was undone 5203 shows both rows, a repeat that it is withdrawn."""
    if one.told == UNDECIDED:
        return {DONE, NO, UNDONE}
    if one.told == DONE:
        return {DONE, NO, UNDONE} if one.may_be_undone else {DONE}
    return {NO, UNDONE, DONE} if one.told == UNDONE else {NO, UNDONE} if one.may_be_undone else {NO}


def _outcome(reply: Reply) -> str:
    if reply.code is RefusalCode.OUTCOME_UNKNOWN:
        return UNDECIDED
    if reply.code is not None:
        return NO
    assert reply.output is not None
    shown = reply.output["setlinfo"]
    return UNDONE if shown.get("refd_setl_flag") == "1" else DONE


def _told(random: Random, story: Story) -> None:
    """One move: mostly messages arrive; now and then somebody is away, or a message is lost."""
    here = story.world
    moves: dict[Callable[[], object], int] = {
        here.deliver: 40,
        story.settle: 8,
        story.repeat: 5,
        story.query: 6,
        story.clash: 1,
        story.withdraw: 4,
        story.withdraw_unseen: 1,
        story.cancel: 4,
        here.lose: 3,
        here.close_day: 1,
        lambda: here.pass_time(random.choice([0.5, 1, 2, 4])): 8,
        lambda: here.is_up.update(hub=random.random() < 0.6): 2,
        lambda: here.is_up.update(insured=random.random() < 0.6): 2,
    }
    random.choices([*moves], weights=[*moves.values()])[0]()


@pytest.mark.parametrize("number", STORIES)
def test_in_the_end_every_way_of_asking_says_the_same(databases: Databases, number: int) -> None:
    random = Random(number)
    story = Story(world(databases, random))
    for _ in range(MOVES):
        _told(random, story)
    story.world.end()
    _all_agree(story)
    for one in story.asked:  # 2601 agrees too: it is done, and then there is nothing left.
        undone = story.withdrawal(one.msgid, one.psn_no)
        request, step = story.world.ask(undone)
        if isinstance(step, Awaiting):
            story.world.drain()
            step = story.world.look(request, step)
        assert step == Reply(output={}), step
        assert story.told_of(one, one.msgid) in {NO, UNDONE}
        one.may_be_undone = True
    story.world.end()
    _all_agree(story)
    assert story.world.rows(story.world.hub, HELD) == []


def _all_agree(story: Story) -> None:
    here = story.world
    at_hub, here_told = here.rows(here.hub, AT_THE_HUB), here.rows(here.treatment, OF_TREATMENT)
    states = {id_: (state, is_void) for id_, state, is_void in here_told}
    # The request itself may have been lost: then its withdrawal has its id at the hub.
    assert {id_ for id_, _ in at_hub} <= set(states)
    for id_, state in at_hub:
        assert states[id_][0] in AGREES[state], (state, states[id_])
        assert not (states[id_][1] and state == "settled")
    for id_ in set(states) - {id_ for id_, _ in at_hub}:
        assert states[id_][0] == "withdrawn"
    # Nothing is open any more, on any side, and money is where it is said to be.
    assert here.rows(here.hub, "SELECT 1 FROM releases_awaited") == []
    held = here.rows(here.hub, HELD)
    assert held == here.rows(here.treatment, HELD) == here.rows(here.insured, GRANTED)
    assert here.rows(here.hub, OWED) == here.rows(here.hub, HELD_FUNDS)
    assert here.rows(here.insured, USED) == here.rows(here.insured, ADDED)
    booked = {row[0] for row in held}
    for one in story.asked:
        _says_the_same_everywhere(story, one, is_booked=_id_of(here, one) in booked)


def _id_of(here: World, one: Asked) -> Any:
    query = "SELECT settlement_id FROM settlements WHERE msgid = %s"
    return next((row[0] for row in here.rows(here.treatment, query, one.msgid)), None)


def _says_the_same_everywhere(story: Story, one: Asked, *, is_booked: bool) -> None:
    request, step = story.world.ask(one.document)
    if isinstance(step, Awaiting):
        step = story.world.look(request, step)
    assert isinstance(step, Reply), "in the end, and still not certain"
    by_repeating, by_msgid = _outcome(step), story.told_of(one, one.msgid)
    if one.setl_id:
        assert story.told_of(one, one.setl_id) == by_msgid
    if is_booked:
        assert (by_repeating, by_msgid) == (DONE, DONE)
    else:
        assert by_msgid in {NO, UNDONE}
        # The stored reply of what was settled first, and undone by its id later, stays its reply.
        assert by_repeating == NO or (by_msgid == UNDONE and one.told in {DONE, UNDONE})


def test_a_hub_that_is_away_for_an_hour_leaves_nobody_without_an_answer_at_t(
    databases: Databases,
) -> None:
    story = Story(world(databases, Random(1)))
    story.world.is_up["hub"] = False
    for _ in range(5):
        story.settle()
    asked_at = story.world.now
    story.world.pass_time(8)
    for one in story.asked:
        assert one.certain_by == asked_at + timedelta(seconds=8) == story.world.now
        assert story.told_of(one, one.msgid) == story.told_of(one, one.setl_id) == NO
        _, step = story.world.ask(story.withdrawal(one.msgid, one.psn_no))
        assert step == Reply(output={})
    story.world.pass_time(3_600)
    # Growing pauses: not one message a second for an hour.
    assert len(story.world.on_the_way) < 5 * 80
    story.world.end()
    _all_agree(story)
    states = "SELECT DISTINCT state FROM settlements"
    assert ("settled",) not in story.world.rows(story.world.treatment, states)


def test_a_lost_answer_is_asked_for_before_t_and_comes_in_time(databases: Databases) -> None:
    story = Story(world(databases, Random(2)))
    here = story.world
    one = Asked(here.document("2304", here.bill(INSURED)))
    request, step = here.ask(one.document)
    assert isinstance(step, Awaiting)
    here.deliver(may_repeat=False)
    here.deliver(may_repeat=False)
    here.deliver(may_repeat=False)
    here.on_the_way.clear()  # Settled at the hub, and neither area hears of it.
    assert here.rows(here.hub, "SELECT state FROM settlements") == [("settled",)]
    here.pass_time(5)
    assert [said.message.body.KIND for said in here.on_the_way] == ["status_asked"]
    here.drain()
    reply = here.look(request, step)
    assert isinstance(reply, Reply)
    assert reply.code is None
    assert here.now < step.answer_by


def test_a_cancellation_on_which_the_area_keeps_silent_is_done_at_t_and_followed_by_all(
    databases: Databases,
) -> None:
    story = Story(world(databases, Random(3)))
    here = story.world
    one = Asked(here.document("2304", here.bill(INSURED)))
    story.asked.append(one)
    story._hear(one, *here.ask(one.document))
    here.drain()
    here.is_up["insured"] = False
    story.cancel()
    here.drain()
    here.on_the_way.clear()  # The release is lost.
    assert story.told_of(one, one.setl_id) == UNDECIDED
    here.pass_time(8)
    assert story.told_of(one, one.setl_id) == UNDONE, "certain by T, whoever is away"
    here.pass_time(192)
    assert story.told_of(one, one.setl_id) == UNDONE
    kinds = here.rows(here.hub, "SELECT kind FROM anomalies")
    assert kinds == [("release_overdue",)], "an operator hears of it once"
    here.end()
    assert story.told_of(one, one.setl_id) == UNDONE
    _all_agree(story)
