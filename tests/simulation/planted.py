"""Faults planted in the product, by name: each is switched on in a child process of a test only."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from contracts.delivery import bulk, inbox, prepared
from contracts.delivery import outbox as outbox_module
from contracts.delivery.broker import next_offsets
from contracts.delivery.inbox import Claimed
from contracts.delivery.processor import Processor, patiently
from contracts.delivery.relay import Queued, Relay
from contracts.messages.settlement import ReleaseReason, StatusAsked
from contracts.refusal import RefusalCode
from hub.domain.second_person import Proposal
from hub.domain.settlement import Claimant, State
from hub.services import adjusting, calculations, releases
from hub.services.decided import Decided
from hub.store import claims, days
from hub.store import settlements as overdue
from participants.gateway.serving import counter
from participants.gateway.wire.envelope import refusal
from participants.insured.domain.insurance_year import YearKey
from participants.insured.services import releases as insured_releases
from participants.insured.store import years
from participants.insured.store.years import Years
from participants.treatment.domain import answering
from participants.treatment.domain.attempt import Attempt, Claim, ClaimKind, StoredAttempt
from participants.treatment.services import reminding
from participants.treatment.services import settlements as treatment_settlements
from simulators.simulation import hospitals, world
from simulators.simulation.databases import AREAS
from simulators.simulation.last_word import NAME as HEARS
from simulators.simulation.places import gateways
from simulators.simulation.plan import Fault, Kind, Plan
from simulators.simulation.steps import Step
from simulators.simulation.surprises import NAME as SURPRISE
from tests.simulation import desk_faults

FIRST_GATEWAYS = [gateways(area)[0] for area in AREAS]
AWAY_S = 12.0
"""Longer than a settlement waits for its answer."""
PENDING = "pending"
"""Found by liveness: something never comes to its end."""
DEATH = "nobody dies of a fault of ours"
"""Found by a process that dies, and no fault of the plan explains it."""


def _usual(_patch: pytest.MonkeyPatch) -> None:
    """Nothing is changed around the product."""


def _as_drawn(drawn: Plan) -> Plan:
    return drawn


def _left_unsent(who: Sequence[str]) -> Callable[[Plan], Plan]:
    """In every burst these processes die before they send, and are long in coming back."""

    def staged(drawn: Plan) -> Plan:
        more = [
            Fault(at_s + after_s, Kind.CRASH, one, AWAY_S, Step.BEFORE_SEND)
            for at_s, _ in drawn.bursts
            for one in who
            for after_s in (0.5, 2.5)
        ]
        return replace(drawn, faults=sorted([*drawn.faults, *more], key=lambda one: one.at_s))

    return staged


def _rash(patch: pytest.MonkeyPatch) -> None:
    """Of the surroundings: most hospitals take back what they have just sent."""
    patch.setattr(hospitals, "HABITS", (("withdraws at once", 70),))


@dataclass(frozen=True, slots=True)
class Planted:
    """`seeds`: within how many of them, from 1 on, it must be found, and by one of `found`.

    `around` and `staged`: surroundings in which it shows, where those of every seed seldom do; the
    sound product has to hold in them as well.
    """

    says: str
    plant: Callable[[pytest.MonkeyPatch], None]
    found: Sequence[str]
    seeds: int = 3
    around: Callable[[pytest.MonkeyPatch], None] = _usual
    staged: Callable[[Plan], Plan] = _as_drawn

    @property
    def has_its_own_stage(self) -> bool:
        return self.around is not _usual or self.staged is not _as_drawn


def _offsets_first(patch: pytest.MonkeyPatch) -> None:
    def run_once(self: Processor) -> int:
        patiently(self.outbox.tend, self.limits, self.pause)
        records = self.broker.poll(batch_max=self.limits.batch_max, wait_ms=self.limits.wait_ms)
        if records:
            self.broker.commit(next_offsets(records))
            patiently(partial(self._handle, records), self.limits, self.pause)
        return len(records)

    patch.setattr(Processor, "run_once", run_once)


def _handled_twice(patch: pytest.MonkeyPatch) -> None:
    claim = inbox.claim

    def claim_and_go_on(tx: Connection, batch: Sequence[Any], now: datetime) -> Claimed:
        return replace(claim(tx, batch, now), fresh=frozenset(range(len(batch))))

    patch.setattr(inbox, "claim", claim_and_go_on)


def _by_position(patch: pytest.MonkeyPatch) -> None:
    """Whose rows, and how far they were read: it is remembered, and lower rows are never seen."""
    read: dict[str, int] = {}
    hand_over, sweep = Relay._hand_over, Relay.sweep

    def database(relay: Relay) -> str:
        process: str = relay._sender.process  # type: ignore[attr-defined]  # of a simulation
        return "hub" if process.startswith("hub") else process.replace("gateway", "treatment")

    def remember(self: Relay, item: Queued, now: datetime) -> bool:
        read[database(self)] = max(read.get(database(self), 0), item.position)
        return hand_over(self, item, now)

    def sweep_on(self: Relay, rows: Sequence[Queued], now: datetime) -> Any:
        return sweep(self, [one for one in rows if one.position > read.get(database(self), 0)], now)

    patch.setattr(Relay, "_hand_over", remember)
    patch.setattr(Relay, "sweep", sweep_on)


def _struck_too_early(patch: pytest.MonkeyPatch) -> None:
    """What the broker does not take is struck all the same."""

    def refused(self: Relay, _topic: str, _now: datetime) -> bool:
        return True

    hand_over = Relay._hand_over

    def hand_over_or_strike(self: Relay, item: Queued, now: datetime) -> bool:
        handed = hand_over(self, item, now)
        if item.position not in self._in_hand:
            self._arrived.append(item.position)
        return handed and item.position in self._in_hand

    patch.setattr(Relay, "_refused", refused)
    patch.setattr(Relay, "_hand_over", hand_over_or_strike)


def _no_sweeping(patch: pytest.MonkeyPatch) -> None:
    """But the first time, without which nothing would ever leave."""
    sweep = outbox_module.Outbox._sweep

    def sweep_once(self: outbox_module.Outbox, now: datetime) -> int:
        return 0 if self._relay._caught_up else sweep(self, now)

    patch.setattr(outbox_module.Outbox, "_sweep", sweep_once)


def _no_lock_at_close(patch: pytest.MonkeyPatch) -> None:
    unlocked = days._SHARE.text.replace(" FOR SHARE", "")
    patch.setattr(days, "_SHARE", prepared.statement(unlocked))


def _day_remembered(patch: pytest.MonkeyPatch) -> None:
    """The open day is looked up once in a while, and not in the transaction that settles."""
    share, known = days.share_open, {"asked": 0}
    found: dict[str, Any] = {}

    def remembered(tx: Connection) -> Any:
        if known["asked"] % 12 == 0:
            found["day"] = share(tx)
        known["asked"] += 1
        return found["day"]

    patch.setattr(days, "share_open", remembered)


def _expiry_keeps(patch: pytest.MonkeyPatch) -> None:
    ask = Decided.ask_release

    def ask_but(self: Decided, settlement: Any, reason: ReleaseReason, cause: Any) -> None:
        if reason is not ReleaseReason.EXPIRED:
            ask(self, settlement, reason, cause)

    patch.setattr(Decided, "ask_release", ask_but)


def _expires_late(patch: pytest.MonkeyPatch) -> None:
    lock_overdue = overdue.lock_overdue

    def late(tx: Connection, now: datetime, count_max: int) -> Any:
        return lock_overdue(tx, now - timedelta(seconds=2), count_max)

    patch.setattr(overdue, "lock_overdue", late)


def _unsaid(patch: pytest.MonkeyPatch) -> None:
    settle = calculations._settle

    def settle_quietly(decided: Decided, *rest: Any) -> None:
        settle(decided, *rest)
        decided.outgoing.pop()

    patch.setattr(calculations, "_settle", settle_quietly)


def _late_answer(patch: pytest.MonkeyPatch) -> None:
    def settle_late(decided: Decided, settlement: Any, message: Any, on: Any) -> None:
        again = replace(settlement, state=State.ROUTED)
        calculations._settle_or_reject(decided, again, message, on)

    patch.setitem(calculations.GRANTED, State.EXPIRED, settle_late)
    patch.setattr(calculations, "_open_day", lambda tx, _known: days.share_open(tx))


def _not_booked_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(releases, "postings_of", lambda *_what, **_when: [])


def _unclaimed(patch: pytest.MonkeyPatch) -> None:
    claim = claims.claim

    def claim_but(tx: Connection, ids: Any, by: Claimant, now: datetime) -> Any:
        return set(ids) if by is Claimant.WITHDRAWAL else claim(tx, ids, by, now)

    patch.setattr(claims, "claim", claim_but)


def _no_tombstones(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(insured_releases, "_leave_tombstones", lambda *_what: None)


def _year_kept(patch: pytest.MonkeyPatch) -> None:
    def put_as_it_is(tx: Connection, after: Years, by_fen: Mapping[YearKey, int]) -> None:
        years.put(tx, years.of(tx, list(after)), by_fen)

    keeping = SimpleNamespace(of=years.of, put=put_as_it_is)
    patch.setattr(insured_releases, "years", keeping)


def _rounded_twice(patch: pytest.MonkeyPatch) -> None:
    move = answering._move

    def rounding(*what: Any) -> answering.Move:
        made = move(*what)
        if made.shares is None:
            return made
        off = made.shares.pool_fen % 10
        update = {
            "pool_fen": made.shares.pool_fen - off,
            "cash_fen": made.shares.cash_fen + off,
        }
        return replace(made, shares=made.shares.model_copy(update=update))

    patch.setattr(answering, "_move", rounding)


def _content_ignored(patch: pytest.MonkeyPatch) -> None:
    def claim_of(self: StoredAttempt, _attempt: Attempt) -> Claim:
        if self.is_withdrawn:
            return Claim(ClaimKind.WITHDRAWN)
        return Claim(ClaimKind.REPLAY, self.reply_json, self.subject_id)

    patch.setattr(StoredAttempt, "claim_of", claim_of)


def _withdrawal_forgotten(patch: pytest.MonkeyPatch) -> None:
    withdraw = treatment_settlements.withdraw

    def withdraw_and_forget(tx: Connection, *rest: Any) -> Any:
        made = withdraw(tx, *rest)
        bulk.run(tx, "DELETE FROM attempts WHERE content_sha256 IS NULL")
        return made

    patch.setattr(treatment_settlements, "withdraw", withdraw_and_forget)


def _void_in_silence(patch: pytest.MonkeyPatch) -> None:
    """Void at T for the hospital, while the hub is only asked how it stands."""
    patch.setattr(
        reminding,
        "_body",
        lambda one, _deed, terms: StatusAsked(
            settlement_id=one.standing.settlement_id, treatment_area=terms.area
        ),
    )


def _said_afterwards(patch: pytest.MonkeyPatch) -> None:
    """In a transaction of its own, as soon as the one that decided has committed."""
    transaction = outbox_module.Outbox.transaction

    @contextmanager
    def apart(self: outbox_module.Outbox) -> Iterator[Any]:
        said: list[Any] = []
        with transaction(self) as deciding:
            yield SimpleNamespace(tx=deciding.tx, now=deciding.now, say=said.extend)
        if said:
            with transaction(self) as saying:
                saying.say(said)

    patch.setattr(outbox_module.Outbox, "transaction", apart)


def _awaits_the_broker(patch: pytest.MonkeyPatch) -> None:
    """As if a deadline were kept by whoever can also send."""
    lock_overdue, relays = overdue.lock_overdue, set[Relay]()
    hand_over = Relay._hand_over

    def remember(self: Relay, item: Queued, now: datetime) -> bool:
        relays.add(self)
        return hand_over(self, item, now)

    def only_if_sent(tx: Connection, now: datetime, count_max: int) -> Any:
        behind = any(relay.is_behind() for relay in relays)
        return [] if behind else lock_overdue(tx, now, count_max)

    patch.setattr(Relay, "_hand_over", remember)
    patch.setattr(overdue, "lock_overdue", only_if_sent)


def _broker_stops(drawn: Plan) -> Plan:
    """In every burst, for longer than a settlement waits."""
    more = [Fault(at_s + 1.0, Kind.BROKER_STOP, "hub.work", 20.0) for at_s, _ in drawn.bursts]
    return replace(drawn, faults=sorted([*drawn.faults, *more], key=lambda one: one.at_s))


def _adjusted_at_once(patch: pytest.MonkeyPatch) -> None:
    """As if an operator's tool booked what it should only propose, and named the next desk."""
    propose = adjusting.propose

    def propose_and_book(tx: Connection, wanted: Any, **what: Any) -> Proposal:
        made = propose(tx, wanted, **what)
        booked = replace(wanted, by=what["by"].subject, second="hub.api")
        adjusting.adjust(tx, booked, what["now"])
        return made

    patch.setattr(adjusting, "propose", propose_and_book)


# What the database itself says about two persons.
_TWO_PERSONS = """
    ALTER TABLE proposals DROP CONSTRAINT proposals_second_person_is_another;
    ALTER TABLE adjustments DROP CONSTRAINT adjustments_second_person_is_another
"""


def _agrees_with_himself(patch: pytest.MonkeyPatch) -> None:
    """Nobody looks who approves: neither the table of proposals, nor the ledger, nor the base."""
    open_first_day = world._open_first_day

    def open_and_forget(hub: Engine, now: datetime) -> None:
        open_first_day(hub, now)
        with hub.begin() as tx:
            tx.execute(text(_TWO_PERSONS))

    patch.setattr(world, "_open_first_day", open_and_forget)
    patch.setattr(Proposal, "may_be_decided_by", lambda *_who: True)
    patch.setattr(adjusting, "_check", lambda _wanted: None)


def _asked_in_vain(patch: pytest.MonkeyPatch) -> None:
    """Whoever asks a second time is told to try again later, for ever."""
    patch.setattr(counter, "known_step", lambda *_what: refusal(RefusalCode.INTERNAL_FAULT))


def _batches_fail(patch: pytest.MonkeyPatch) -> None:
    """Nothing comes of it: each is tried alone, and works."""
    record = calculations.record

    def one_at_a_time(tx: Connection, batch: Sequence[Any], now: datetime) -> Any:
        if len(batch) > 1:
            raise LookupError("two at once")
        return record(tx, batch, now)

    patch.setattr(calculations, "record", one_at_a_time)


# fmt: off
PLANTED: Mapping[str, Planted] = {
    "offsets before the database": Planted("offsets are committed, and then the batch is handled", _offsets_first, (PENDING,)),  # noqa: E501
    "handled twice":               Planted("what the inbox knows is handled again", _handled_twice, ("only_poison_is_buried", DEATH, SURPRISE)),  # noqa: E501
    "outbox by position":          Planted("the sweeper remembers a position, and looks only behind it", _by_position, (PENDING,)),  # noqa: E501
    "struck too early":            Planted("what the broker refused is struck from the queue", _struck_too_early, (PENDING,)),  # noqa: E501
    "no sweeping":                 Planted("what a crash left in the queue stays there", _no_sweeping, (PENDING,)),  # noqa: E501
    "no lock at day close":        Planted("who settles does not share the day's row", _no_lock_at_close, ("daily_totals_hold",), seeds=4),  # noqa: E501
    "day remembered":              Planted("the day is looked up outside the transaction", _day_remembered, ("daily_totals_hold", "settled_within_its_day"), seeds=6),  # noqa: E501
    "expiry keeps":                Planted("a settlement expires, and nobody is asked to release", _expiry_keeps, ("hub_and_insured_agree", "expiry_releases_at_once")),  # noqa: E501
    "expires late":                Planted("the deadline is taken two seconds later", _expires_late, ("expiry_is_punctual",)),  # noqa: E501
    "notice not said":             Planted("the insured area is not told that it is settled", _unsaid, ("final_states_are_told",)),  # noqa: E501
    "expiry awaits the broker":    Planted("nothing expires while the broker takes nothing", _awaits_the_broker, ("expiry_is_punctual",), staged=_broker_stops),  # noqa: E501
    "said afterwards":             Planted("what was decided is said in a transaction of its own", _said_afterwards, ("said_as_it_is_decided",)),  # noqa: E501
    "asked in vain":               Planted("the same message again is told to come later, for ever", _asked_in_vain, (HEARS,)),  # noqa: E501
    "batches fail":                Planted("a batch of two fails, and each of them alone does not", _batches_fail, (SURPRISE,)),  # noqa: E501
    "late answer applied":         Planted("an answer after expiry settles", _late_answer, ("a_settlement_ends_once", "hub_and_treatment_agree")),  # noqa: E501
    "reversal not booked":         Planted("a reversal is acknowledged without its postings", _not_booked_back, ("postings_match_parts",)),  # noqa: E501
    "withdrawal not claimed":      Planted("the hub forgets a withdrawal that came before its bill", _unclaimed, ("hub_and_treatment_agree", "hub_tombstones_hold"), around=_rash, staged=_left_unsent(FIRST_GATEWAYS)),  # noqa: E501
    "no tombstones":               Planted("the insured area forgets a release that came before its request", _no_tombstones, ("insured_tombstones_hold",), staged=_left_unsent(["hub.work"])),  # noqa: E501
    "year kept":                   Planted("a release gives the account back, and not the year", _year_kept, ("years_are_their_grants",)),  # noqa: E501
    "rounded twice":               Planted("the treatment area rounds to ten fen what was rounded to one", _rounded_twice, ("treatment_has_the_same_fen", "told_figures_are_booked")),  # noqa: E501
    "content ignored":             Planted("another bill under a used message id is answered as the first", _content_ignored, ("other_content_is_refused",)),  # noqa: E501
    "withdrawal forgotten":        Planted("a message that was withdrawn before it came is accepted", _withdrawal_forgotten, ("treatment_tombstones_hold", "acknowledged_undoing_holds")),  # noqa: E501
    "void in silence":             Planted("at T the hospital hears void, and the hub hears nothing", _void_in_silence, (PENDING, "void_stays_void")),  # noqa: E501
    "adjusted at once":            Planted("an adjustment is booked as it is proposed, and no second person is asked", _adjusted_at_once, ("no_money_moves_by_one", DEATH), seeds=1),  # noqa: E501
    "agrees with himself":         Planted("nobody looks who approves, and the database does not either", _agrees_with_himself, ("no_money_moves_by_one",), seeds=1),  # noqa: E501
    "declined repair begun":       Planted("a repair is begun that the second person declined", desk_faults.declined_repair_begun, ("no_money_moves_by_one",), seeds=8),  # noqa: E501
    "undone by one":               Planted("a repair is taken back as it is proposed", desk_faults.undone_by_one, ("no_money_moves_by_one",), seeds=4),  # noqa: E501
    "order not booked":            Planted("an area says that it has obeyed, and books nothing", desk_faults.order_not_booked, ("orders_are_booked_as_given",), seeds=8),  # noqa: E501
    "overridden by one":           Planted("a run is confirmed as the first person asks for it", desk_faults.overridden_by_one, ("no_money_moves_by_one",), seeds=1),  # noqa: E501
    "confirmed unasked":           Planted("a run is confirmed by its date, whoever has not answered", desk_faults.confirmed_unasked, ("runs_stand_by_their_answers",), seeds=1),  # noqa: E501
    "not all owed":                Planted("the last of what is owed is not written", desk_faults.not_all_owed, ("owed_as_cleared",), seeds=1),  # noqa: E501
    "slip twice":                  Planted("the same bank slip again is another payment", desk_faults.slip_twice, ("payments_count_once", DEATH), seeds=3),  # noqa: E501
    "withdrawn by one":            Planted("a payment is taken back as it is proposed, in the name of the next desk", desk_faults.withdrawn_by_one, ("no_money_moves_by_one",), seeds=1),  # noqa: E501
    "withdrawn and counted":       Planted("a payment that was taken back still counts", desk_faults.withdrawn_and_counted, ("payments_count_once",), seeds=3),  # noqa: E501
    "paid before it came":         Planted("a run is paid when all was sent, and not when it came", desk_faults.paid_before_it_came, ("paid_when_all_has_come",), seeds=8, around=desk_faults.in_many_parts),  # noqa: E501
}
# fmt: on
