"""Operators of the hub: they adjust the ledger, decide each other's proposals, and try theirs."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from contracts.access import AccessRole, Principal
from contracts.codes import AreaCode, Fund, InsuranceKind, VisitKind
from contracts.delivery import bulk
from contracts.delivery.outbox import Outbox, Writing
from contracts.delivery.processor import Limits, patiently
from contracts.ids import new_id
from contracts.refusal import RefusalCode, Refused
from hub.domain.adjustment import Adjustment, AdjustmentReason
from hub.domain.second_person import Proposal, ProposalKind, ProposalState
from hub.services import adjusting, second_person
from simulators.simulation.databases import AREAS
from simulators.simulation.processes import Stage

NAMES = ("运营甲", "运营乙", "运营丙")
ACTS_EVERY_S = 11.0
THINKS_S = 3.0
"""What somebody sees may be decided by another before he says his word."""
PROPOSES_PERCENT, ABOUT_ONE_PERCENT, APPROVES_PERCENT, OVERREACHES_PERCENT = 40, 60, 70, 60
SEEN_MAX = 20
LARGEST_FEN = 1_000_00
REFUSED = "refused "
DEEDS_ZH = {"proposed": "申请", "approved": "同意", "declined": "不同意", "withdrawn": "撤回"}
WHY = "仿真复核"
ANSWERS = frozenset(
    {
        RefusalCode.SECOND_PERSON_NEEDED,  # it is his own
        RefusalCode.DECIDED_BY_ANOTHER,
        RefusalCode.OUT_OF_STEP,  # its settlement is undone by now, or too much was taken off it
        RefusalCode.CONFLICTING_REPLAY,  # repeated after it was approved, and approved by another
    }
)
"""What an operator may be refused with; any other refusal is a fault of ours."""
_SETTLED = f"""
    SELECT settlement_id, insured_area, treatment_area, insurance_kind, visit_kind,
        {", ".join(f"{fund.value}_fen" for fund in Fund)}
    FROM settlements WHERE state = 'settled' ORDER BY settlement_id DESC LIMIT {SEEN_MAX}
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """What stands on a screen: the oldest proposals that wait, the newest settlements."""

    open: Sequence[Proposal] = ()
    settled: Sequence[tuple[Any, ...]] = ()


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody is about to say, and as which deed it counts; said again, it is the same."""

    deed: str
    about: str
    say: Callable[[Writing], object]


@dataclass(slots=True)
class Operator:
    """One person, with a stream of chance of his own; he outlives the process that serves him.

    `told` counts what all of them did and were refused.
    """

    who: Principal
    random: Random
    told: Counter[str]
    seen: Seen = field(default_factory=Seen)

    def look(self, outbox: Outbox) -> None:
        with outbox.engine.begin() as tx:
            waiting = second_person.listed(
                tx, [ProposalState.OPEN], [ProposalKind.ADJUSTMENT], after=None, count=SEEN_MAX
            )
            self.seen = Seen(waiting, bulk.fetch(tx, _SETTLED, ()))

    def word(self) -> Word:
        """Mostly the right thing; at times his own proposal, which he may not agree to."""
        if not self.seen.open or self._by_chance(PROPOSES_PERCENT):
            wanted = self._about_one() or self._between_areas()
            said = partial(_propose, wanted, self.who)
            return Word("proposed", f"{wanted.adjustment_id} {wanted.settlement_id}", said)
        one = self.random.choice(self.seen.open)
        is_own = one.proposed_by == self.who.subject
        if is_own and not self._by_chance(OVERREACHES_PERCENT):
            return Word("withdrawn", one.subject, partial(_withdraw, one, self.who))
        approves = is_own or self._by_chance(APPROVES_PERCENT)
        said = partial(_decide, one, self.who, approves)
        return Word("approved" if approves else "declined", one.subject, said)

    def _about_one(self) -> Adjustment | None:
        """A little or all of what a fund paid for a settlement, which may be undone meanwhile."""
        if not self.seen.settled or not self._by_chance(ABOUT_ONE_PERCENT):
            return None
        settlement_id, insured, treatment, insurance, visit, *paid = self.random.choice(
            self.seen.settled
        )
        funds = [(fund, fen) for fund, fen in zip(Fund, paid, strict=True) if fen > 0]
        if not funds:
            return None
        fund, fen = self.random.choice(funds)
        return Adjustment(
            adjustment_id=new_id(),
            insured_area=AreaCode(insured),
            treatment_area=AreaCode(treatment),
            insurance_kind=InsuranceKind(insurance),
            visit_kind=VisitKind(visit),
            fund=fund,
            amount_fen=-self.random.randint(1, fen),
            reason=AdjustmentReason.AUDIT,
            cause="仿真审核扣款",
            by=self.who.subject,
            second="",
            settlement_id=settlement_id,
        )

    def _between_areas(self) -> Adjustment:
        insured, treatment = self.random.sample(AREAS, 2)
        fen = self.random.randint(1, LARGEST_FEN)
        return Adjustment(
            adjustment_id=new_id(),
            insured_area=insured,
            treatment_area=treatment,
            insurance_kind=self.random.choice(list(InsuranceKind)),
            visit_kind=self.random.choice(list(VisitKind)),
            fund=self.random.choice(list(Fund)),
            amount_fen=self.random.choice((fen, -fen)),
            reason=AdjustmentReason.CORRECTION,
            cause="仿真往期更正",
            by=self.who.subject,
            second="",
        )

    def _by_chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent


def drawn(seed: int) -> list[Operator]:
    """All of them, on streams of their own, and with one count."""
    told = Counter[str]()
    people = [Principal(name, AccessRole.OPERATOR, None) for name in NAMES]
    return [Operator(one, Random(f"operator {one.subject} {seed}"), told) for one in people]


def run(stage: Stage, process: str, one: Operator, outbox: Outbox) -> None:
    """A loop of the process that serves him: he looks, thinks, says a word, and does else."""
    limits, sleep = Limits(), stage.scheduler.sleep
    while True:
        patiently(partial(one.look, outbox), limits, sleep)
        word = one.word()
        sleep(one.random.random() * THINKS_S)
        patiently(partial(_say, stage, process, one, word, outbox), limits, sleep)
        stage.rhythm.rest(process, ACTS_EVERY_S)


def _say(stage: Stage, process: str, one: Operator, word: Word, outbox: Outbox) -> None:
    """As a request of the API: a transaction of its own, of which a refusal leaves nothing."""
    answer = word.deed
    try:
        with outbox.transaction() as writing:
            word.say(writing)
    except Refused as refused:
        if refused.code not in ANSWERS:
            raise
        answer = f"{REFUSED}{refused.code.name}"
    one.told[answer] += 1
    stage.events.note(process, "operator", f"{one.who.subject} {word.deed} {word.about} {answer}")


def _propose(wanted: Adjustment, by: Principal, writing: Writing) -> None:
    adjusting.propose(writing.tx, wanted, reason=wanted.cause, by=by, now=writing.now)


def _decide(one: Proposal, by: Principal, approve: bool, writing: Writing) -> None:
    _, said = second_person.decide(
        writing.tx, one.proposal_id, approve=approve, why=WHY, by=by, now=writing.now
    )
    writing.say(said)


def _withdraw(one: Proposal, by: Principal, writing: Writing) -> None:
    second_person.withdraw(writing.tx, one.proposal_id, why=WHY, by=by, now=writing.now)
