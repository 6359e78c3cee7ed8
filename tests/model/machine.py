"""A machine that does anything to the hub and to its model, and compares them after each step."""

from collections import Counter
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Connection, Engine, Transaction

from contracts import topics
from contracts.clock import shanghai_date_of
from contracts.codes import RegistrationCategory
from contracts.message import Body, Message
from contracts.messages.reconciliation import TotalsReported
from contracts.messages.registration import (
    Change,
    RegistrationChangeRequested,
    RegistrationSubmitted,
)
from contracts.messages.settlement import (
    CalculationRefused,
    CancellationRequested,
    SettlementRequested,
    StatusAsked,
    TrialRequested,
    WithdrawalRequested,
)
from contracts.refusal import RefusalCode
from tests.model import draws, world
from tests.model.comparing import agree, same
from tests.model.real_hub import RealHub
from tests.model.reference import Model
from tests.model.talking import Facts, Posted, Talk, facts_of

TIME = st.sampled_from(
    [
        *(timedelta(milliseconds=ms) for ms in (1, 4_999, 5_000, 60_000)),
        *(timedelta(hours=hours) for hours in (5, 14, 24)),
        *(timedelta(days=days) for days in (31, 186)),
    ]
)
JOBS = (
    "void_what_is_late",
    "remind",
    "end_registrations",
    "close_day_that_is_over",
    "keep_balances",
    "begin_comparing",
)


class HubAndModel(RuleBasedStateMachine):
    """`engine`: a prepared hub's database, given before it runs; `reached`: what was ever said."""

    engine: ClassVar[Engine]
    reached: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.connection: Connection = self.engine.connect()
        self.transaction: Transaction = self.connection.begin()
        self.hub, self.model = RealHub(self.connection), Model(world.FIRST_DAY)
        self.talk = Talk(self.hub, self.model)

    def teardown(self) -> None:
        self.transaction.rollback()
        self.connection.close()

    # Registrations

    @initialize(categories=st.lists(st.sampled_from([*draws.PROOFS]), max_size=3))
    def some_are_registered(self, categories: list[RegistrationCategory]) -> None:
        """Each for another person, since the month before, from Anhui to Shanghai."""
        for person, category in zip(world.PEOPLE, categories, strict=False):
            id_ = self.talk.new_id("registration")
            body = draws.a_submission(registration_id=id_, person_id=person, category=category)
            self.talk.say_filed(body, "treatment.310000", wait=False)
            self.talk.say_decided(body.wanted, accepted=True, astray=False, wait=False)

    @rule(
        body=draws.submissions(),
        sender=draws.FILERS,
        under=st.sampled_from(["new", "new", "known", "same", "next version"]),
        data=st.data(),
        wait=draws.SELDOM,
    )
    def file(
        self,
        body: RegistrationSubmitted,
        sender: str,
        under: str,
        data: st.DataObject,
        wait: bool,
    ) -> None:
        """Under a new id, or one that is known: the same in another message, or something else."""
        filed = self.talk.sent(RegistrationSubmitted)
        changes: dict[str, Any] = {"registration_id": self.talk.new_id("registration")}
        if under != "new" and filed:
            old = data.draw(st.sampled_from(filed), "filed before").message
            known, sender = old.body.wanted, old.head.sender
            body = old.body if under == "same" else body
            if under == "next version":
                names = ("person_id", "insured_division", "insurance_kind")
                theirs = {name: getattr(known, name) for name in names}
                changes |= {"replaces": known.registration_id} | data.draw(
                    st.sampled_from([theirs, theirs, {}]), "of whom"
                )
            else:
                changes["registration_id"] = known.registration_id
        wanted = body.wanted.model_copy(update=changes)
        self.talk.say_filed(body.model_copy(update={"wanted": wanted}), sender, wait=wait)

    @precondition(lambda self: self.talk.sent(RegistrationSubmitted))
    @rule(data=st.data(), accepted=draws.MOSTLY, wait=draws.SELDOM, astray=draws.RARELY)
    def decide(self, data: st.DataObject, accepted: bool, wait: bool, astray: bool) -> None:
        filed = self.model.registrations.filed.values()
        undecided = [one.wanted for one in filed if one.state == "submitted"]
        known = [one.message.body.wanted for one in self.talk.sent(RegistrationSubmitted)]
        wanted = data.draw(st.sampled_from([*known, *undecided * 5]), "of")
        self.talk.say_decided(wanted, accepted=accepted, astray=astray, wait=wait)

    @precondition(lambda self: self.talk.sent(RegistrationSubmitted))
    @rule(
        data=st.data(),
        changes=st.lists(st.tuples(st.sampled_from(Change), draws.PAPERS), min_size=1, max_size=3),
        by_area=draws.MOSTLY,
        known=draws.SELDOM,
        wait=draws.SELDOM,
    )
    def change(
        self,
        data: st.DataObject,
        changes: list[tuple[Change, Any]],
        by_area: bool,
        known: bool,
        wait: bool,
    ) -> None:
        """Some wishes about one; `known`: under the id of a wish that was granted before."""
        filed = data.draw(st.sampled_from(self.talk.sent(RegistrationSubmitted)), "of").message
        wanted = filed.body.wanted
        sender = f"insured.{wanted.insured_division[:2]}0000" if by_area else filed.head.sender
        for change, papers in changes:
            granted = sorted(self.model.registrations.granted) if known else []
            body = RegistrationChangeRequested(
                change_id=data.draw(st.sampled_from(granted or [self.talk.new_id("change")]), "id"),
                registration_id=wanted.registration_id,
                person_id=wanted.person_id,
                change=change,
                materials=papers if change is Change.SUPPLEMENT else (),
                reason="本人要求",
                by="H31011500001",
            )
            self.talk.say(topics.HUB_REGISTRATIONS, wanted.person_id, sender, body, wait=wait)

    # Settlements: the treatment area

    @rule(
        body=draws.requests(),
        under=st.sampled_from(["new", "new", "known", "withdrawn", "trial"]),
        data=st.data(),
        astray=draws.RARELY,
        wait=draws.SELDOM,
    )
    def request(
        self,
        body: SettlementRequested,
        under: str,
        data: st.DataObject,
        astray: bool,
        wait: bool,
    ) -> None:
        """Under a new id, one that is a bill's already, or one that was withdrawn before."""
        kind = TrialRequested if under == "trial" else SettlementRequested
        known = [id_ for id_, *_ in self.talk.billed()] if under == "known" else []
        early = self.talk.early() if under == "withdrawn" else []
        id_ = data.draw(st.sampled_from([*known, *early] or [self.talk.new_id("settlement")]), "id")
        self.talk.say_billed(
            kind(settlement_id=id_, care=body.care, bill=body.bill), astray, wait=wait
        )

    @precondition(lambda self: self.talk.registered())
    @rule(body=draws.requests(), data=st.data(), wait=draws.SELDOM)
    def request_where_registered(
        self, body: SettlementRequested, data: st.DataObject, wait: bool
    ) -> None:
        """For somebody who has filed, where he said he would be."""
        one = data.draw(st.sampled_from(self.talk.registered()), "registered")
        today = shanghai_date_of(self.hub.clock.now())
        request = draws.fitting(body, one.wanted, today, self.talk.new_id("settlement"))
        self.talk.say_billed(request, False, wait=wait)

    @rule(
        kind=st.sampled_from([WithdrawalRequested, CancellationRequested, StatusAsked]),
        data=st.data(),
        unknown=draws.SELDOM,
        astray=draws.RARELY,
        wait=draws.SELDOM,
    )
    def undo_or_ask(
        self, kind: type[Body], data: st.DataObject, unknown: bool, astray: bool, wait: bool
    ) -> None:
        """冲正, 撤销, or how does it stand: perhaps with a cancellation, that was heard or lost."""
        one: Facts = (self.talk.new_id("settlement"), "340000", "310000", 0)
        if not unknown and self.talk.billed():
            one = self.talk.one_of(data, "settled")
        more: dict[str, Any] = {}
        if kind is StatusAsked:
            heard = [p.message.head.message_id for p in self.talk.sent(CancellationRequested)]
            about = st.sampled_from([None, self.talk.new_id("lost"), *heard])
            more["cancellation_id"] = data.draw(about, "about")
        self.talk.say_undone(kind, one, astray, wait, **more)

    # Settlements: the insured area

    @precondition(lambda self: self.talk.billed())
    @rule(data=st.data(), answer=draws.answers(), astray=draws.RARELY, wait=draws.SELDOM)
    def calculate(
        self, data: st.DataObject, answer: draws.Answer, astray: bool, wait: bool
    ) -> None:
        self.talk.say_calculated(self.talk.one_of(data, "routed"), answer, astray, wait)

    @precondition(lambda self: self.talk.billed())
    @rule(data=st.data(), no=draws.NOES, astray=draws.RARELY, wait=draws.SELDOM)
    def refuse(self, data: st.DataObject, no: RefusalCode, astray: bool, wait: bool) -> None:
        id_, insured, *_ = self.talk.one_of(data, "routed")
        body = CalculationRefused(settlement_id=id_, code=no, detail="2026")
        self.talk.say_of_insured(id_, insured, body, astray, wait)

    @precondition(lambda self: self.talk.billed())
    @rule(data=st.data(), keeps=draws.SELDOM, more=draws.SELDOM, wait=draws.SELDOM)
    def release_or_keep(self, data: st.DataObject, keeps: bool, more: bool, wait: bool) -> None:
        """`more`: nothing had been granted, or another area speaks."""
        one = self.talk.one_of(data, "reversing", "expired", "withdrawn")
        if keeps:
            self.talk.say_kept(one, more, wait)
        else:
            self.talk.say_released(one, not more, wait)

    # Whole stories, so that their ends are reached often

    @precondition(lambda self: self.talk.registered())
    @rule(bills=st.lists(draws.requests(), min_size=1, max_size=4), data=st.data())
    def settle(self, bills: list[SettlementRequested], data: st.DataObject) -> None:
        """Some bills in one batch, and their answers in another."""
        for body in bills:
            self.request_where_registered(body, data, True)
        self.talk.read()
        for one in self.talk.billed()[-len(bills) :]:
            self.talk.say_calculated(one, data.draw(draws.answers(), "answer"), False, True)
        self.talk.read()

    @precondition(lambda self: self.talk.standing("settled"))
    @rule(data=st.data(), known=st.booleans(), later=st.booleans(), keeps=draws.SELDOM)
    def undo_what_is_settled(
        self, data: st.DataObject, known: bool, later: bool, keeps: bool
    ) -> None:
        """撤销, or 冲正 by who never saw the answer; and the insured area gives back, or keeps."""
        one = data.draw(st.sampled_from(self.talk.standing("settled")), "settled")
        self.talk.say_undone(CancellationRequested if known else WithdrawalRequested, one)
        if later:
            self.close_day()
        self.talk.say_kept(one) if keeps else self.talk.say_released(one)

    @precondition(lambda self: self.talk.standing("settled"))
    @rule(data=st.data(), keeps=draws.MOSTLY)
    def a_lost_cancellation_is_found(self, data: st.DataObject, keeps: bool) -> None:
        """A question about it begins it; the cancellation itself comes when that is over."""
        one = data.draw(st.sampled_from(self.talk.standing("settled")), "settled")
        lost = self.talk.new_id("lost")
        self.talk.say_undone(StatusAsked, one, cancellation_id=lost)
        self.talk.say_kept(one) if keeps else self.talk.say_released(one)
        self.talk.say_undone(CancellationRequested, one, message_id=lost)

    @precondition(lambda self: self.talk.registered())
    @rule(body=draws.requests(), data=st.data(), wait=st.booleans())
    def a_withdrawal_overtakes_its_bill(
        self, body: SettlementRequested, data: st.DataObject, wait: bool
    ) -> None:
        one = data.draw(st.sampled_from(self.talk.registered()), "registered")
        today, id_ = shanghai_date_of(self.hub.clock.now()), self.talk.new_id("settlement")
        bill = draws.fitting(body, one.wanted, today, id_)
        self.talk.say_undone(WithdrawalRequested, facts_of(bill), wait=wait)
        self.talk.say_billed(bill, False, wait=False)

    @precondition(lambda self: self.model.settlements.awaited)
    @rule(pauses_s=st.lists(st.sampled_from([4, 5, 10, 20, 40, 600]), min_size=1, max_size=4))
    def an_area_keeps_silent(self, pauses_s: list[int]) -> None:
        """And is asked for its release again, ever more rarely."""
        for pause_s in pauses_s:
            self.hub.clock.instant += timedelta(seconds=pause_s)
            self.remind()

    @precondition(lambda self: self.talk.ending())
    @rule(data=st.data(), days_more=st.integers(0, 1))
    def a_registration_runs_out(self, data: st.DataObject, days_more: int) -> None:
        """The job looks on its last day, or on the one after."""
        last = data.draw(st.sampled_from(self.talk.ending()), "last day")
        today = shanghai_date_of(self.hub.clock.now())
        self.hub.clock.instant += max(timedelta(0), last - today + timedelta(days=days_more))
        self.end_registrations()

    @rule(person=draws.PERSON, days=st.lists(st.integers(-40, 40), min_size=2, max_size=3))
    def rivals_are_filed(self, person: str, days: list[int]) -> None:
        """For the same absence, one after the other, and the area says yes to each."""
        rivals = [
            draws.a_submission(
                registration_id=self.talk.new_id("registration"),
                person_id=person,
                begins_on=world.FIRST_DAY + timedelta(days=day),
            )
            for day in days
        ]
        for body in rivals:
            self.talk.say_filed(body, "treatment.310000", wait=False)
        for body in rivals:
            self.talk.say_decided(body.wanted, accepted=True, astray=False, wait=False)

    @precondition(lambda self: self.talk.registered())
    @rule(data=st.data(), category=st.sampled_from([*draws.PROOFS]), days=st.integers(-3, 9))
    def a_next_version_follows(
        self, data: st.DataObject, category: RegistrationCategory, days: int
    ) -> None:
        old = data.draw(st.sampled_from(self.talk.registered()), "old")
        body = draws.a_submission(
            registration_id=self.talk.new_id("registration"),
            person_id=old.wanted.person_id,
            insured_division=old.wanted.insured_division,
            insurance_kind=old.wanted.insurance_kind,
            category=category,
            place="320500",
            begins_on=shanghai_date_of(self.hub.clock.now()) + timedelta(days=days),
            replaces=old.wanted.registration_id,
        )
        self.talk.say_filed(body, old.sender, wait=False)
        self.talk.say_decided(body.wanted, accepted=True, astray=False, wait=False)

    @precondition(lambda self: self.talk.standing("routed"))
    @rule(answer=draws.answers(), late=st.booleans())
    def a_deadline_passes(self, answer: draws.Answer, late: bool) -> None:
        """And the answer comes all the same."""
        one = self.talk.standing("routed")[0]
        self.hub.clock.instant += world.ANSWER_WITHIN
        self.void_what_is_late()
        if late:
            self.talk.say_calculated(one, answer, False, False)

    @precondition(lambda self: self.model.books.cycle() in world.CYCLES)
    @rule(
        data=st.data(),
        reports=st.lists(st.sampled_from(["all", "one", "none"]), min_size=1, max_size=2),
    )
    def cycles_are_cleared(self, data: st.DataObject, reports: list[str]) -> None:
        """Days are closed and compared; who reports too late is cleared with the next 清算期."""
        for report in reports:
            cycle = self.model.books.cycle()
            while self.model.books.cycle() == cycle != "":
                self.close_day()
                self.keep_balances()
            self.begin_comparing()
            if report != "none" and self.model.books.agreed:
                self.report_totals(data, report == "all")
            if cycle:
                self.clear(cycle)

    # Delivery

    @precondition(lambda self: self.talk.posted)
    @rule(data=st.data(), other=st.booleans(), wait=draws.SELDOM)
    def deliver_again(self, data: st.DataObject, other: bool, wait: bool) -> None:
        """The same message once more; or another content under its id, which is nobody's right."""
        topic, key, message = data.draw(st.sampled_from(self.talk.posted), "again")
        if other:
            message = Message(message.head, draws.tampered(message.body))
        self.talk.post(Posted(topic, key, message), wait=wait)

    @precondition(lambda self: self.talk.unread)
    @rule()
    def read_what_waits(self) -> None:
        self.talk.read()

    # The clock and the calendar

    @rule(by=TIME)
    def time_passes(self, by: timedelta) -> None:
        assume(self.hub.clock.now() < world.BEGINS_AT + timedelta(days=400))
        self.hub.clock.instant += by

    @rule(job=st.sampled_from(JOBS))
    def a_job_runs(self, job: str) -> None:
        getattr(self, job)()

    def void_what_is_late(self) -> None:
        self.hub.run("expire settlements")
        self.model.settlements.expire(self.hub.clock.now())
        self.talk.compared = False

    def remind(self) -> None:
        self.hub.run("ask for releases again")
        self.model.settlements.ask_again(self.hub.clock.now())
        self.talk.compared = False

    def end_registrations(self) -> None:
        self.hub.run("expire registrations")
        self.model.registrations.expire(self.hub.clock.now())
        self.talk.compared = False

    def close_day_that_is_over(self) -> None:
        self.hub.run("close days that are over")
        if shanghai_date_of(self.hub.clock.now()) > self.model.books.open_day:
            self.model.books.close()
        self.talk.compared = False

    @rule()
    def close_day(self) -> None:
        """By hand, whatever the calendar says."""
        self.hub.close_day()
        self.model.books.close()
        self.talk.compared = False

    def keep_balances(self) -> None:
        self.hub.run("keep balances of closed days")
        self.talk.compared = False

    # Clearing

    def begin_comparing(self) -> None:
        while self.model.books.begun != {*self.model.books.closed}:  # Ten days at once.
            self.hub.run("begin reconciliations")
            self.model.books.begin_comparing(days_max=10)
        self.talk.compared = False

    @precondition(lambda self: self.model.books.agreed)
    @rule(data=st.data(), everybody=draws.MOSTLY)
    def report_totals(self, data: st.DataObject, everybody: bool) -> None:
        sides = sorted(self.model.books.agreed)
        for side in sides if everybody else [data.draw(st.sampled_from(sides), "side")]:
            day, role, area = side
            body = TotalsReported(
                area=area,
                role=role,
                business_date=day,
                attempt=1,
                buckets=self.model.books.totals(side),
            )
            sender = f"{role}.{area}"
            self.talk.say(topics.HUB_RECONCILIATION, area, sender, body, wait=everybody)
        self.talk.read()

    @rule(cycle=st.sampled_from([*world.CYCLES]))
    def clear(self, cycle: str) -> None:
        code, run_id = self.hub.clear(cycle)
        ours = self.model.books.clear(cycle, run_id or UUID(int=0), self.hub.clock.now())
        same(f"answer for {cycle}", [code], [ours])
        self.talk.compared = False

    # What is compared

    @invariant()
    def they_agree(self) -> None:
        if not self.talk.compared:
            self.talk.compared = True
            self.reached.update(agree(self.hub, self.model))
