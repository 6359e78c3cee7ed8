"""What a rule is given: the facts it may look at, and the working that it moves fen through."""

from dataclasses import dataclass

from contracts.codes import Fund
from contracts.money import share_of
from participants.policy.model import Bearer, Case, Policy, Step, YearToDate


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the rules may look at."""

    policy: Policy
    case: Case
    year: YearToDate

    @property
    def pool_end_fen(self) -> int:
        """How much in-scope fee of this case the pool's yearly limit still leaves room for."""
        room_fen = self.policy.inpatient.pool_limit_fen - self.year.in_scope_fen
        return min(max(room_fen, 0), self.case.in_scope_fen)


@dataclass(frozen=True, slots=True)
class Working:
    """The bill in four parts that always add up to it, and the steps that brought it there.

    `open_fen`: not yet shared out · `own_fen`: the person bears it, not yet paid · `outside_fen`:
    out of scope, not yet paid · `paid_fen`: a fund, the account or cash has taken it.
    """

    open_fen: int
    own_fen: int = 0
    outside_fen: int = 0
    paid_fen: int = 0
    deductible_fen: int = 0
    steps: tuple[Step, ...] = ()

    @property
    def bill_fen(self) -> int:
        return self.open_fen + self.own_fen + self.outside_fen + self.paid_fen

    def aside(self, rule: str, source: str, amount_fen: int, text: str) -> "Working":
        """What is out of scope leaves the open part; no benefit rule will see it."""
        left_fen = self.open_fen - amount_fen
        step = Step(rule, source, amount_fen, None, amount_fen, Bearer.OUTSIDE, left_fen, text)
        outside_fen, steps = self.outside_fen + amount_fen, (*self.steps, step)
        return Working(
            left_fen, self.own_fen, outside_fen, self.paid_fen, self.deductible_fen, steps
        )

    def borne(
        self, rule: str, source: str, amount_fen: int, text: str, *, deductible: bool = False
    ) -> "Working":
        """The person bears `amount_fen` of the open part."""
        left_fen = self.open_fen - amount_fen
        step = Step(rule, source, amount_fen, None, amount_fen, Bearer.OWN, left_fen, text)
        own_fen, steps = self.own_fen + amount_fen, (*self.steps, step)
        deductible_fen = self.deductible_fen + (amount_fen if deductible else 0)
        return Working(left_fen, own_fen, self.outside_fen, self.paid_fen, deductible_fen, steps)

    def shared(
        self,
        rule: str,
        source: str,
        base_fen: int,
        *,
        rate_bp: int,
        fund: Fund,
        text: str,
        most_fen: int | None = None,
    ) -> "Working":
        """`fund` pays `rate_bp` of `base_fen`, at most `most_fen`; the person bears the rest."""
        amount_fen = share_of(base_fen, rate_bp)
        if most_fen is not None and amount_fen > most_fen:
            amount_fen = most_fen
        left_fen = self.open_fen - base_fen
        step = Step(rule, source, base_fen, rate_bp, amount_fen, fund, left_fen, text)
        own_fen, paid_fen = self.own_fen + base_fen - amount_fen, self.paid_fen + amount_fen
        steps = (*self.steps, step)
        return Working(left_fen, own_fen, self.outside_fen, paid_fen, self.deductible_fen, steps)

    def paid_from_own(self, rule: str, source: str, amount_fen: int, text: str) -> "Working":
        """The personal account pays `amount_fen` of what the person bears in scope."""
        own_fen = self.own_fen - amount_fen
        left_fen = own_fen + self.outside_fen
        step = Step(rule, source, self.own_fen, None, amount_fen, Fund.ACCOUNT, left_fen, text)
        paid_fen, steps = self.paid_fen + amount_fen, (*self.steps, step)
        return Working(
            self.open_fen, own_fen, self.outside_fen, paid_fen, self.deductible_fen, steps
        )

    def paid_in_cash(self, rule: str, source: str, text: str) -> "Working":
        """Cash takes all that has no other payer, so that no rounding can lose a fen."""
        due_fen = self.own_fen + self.outside_fen
        step = Step(rule, source, due_fen, None, due_fen, Bearer.CASH, 0, text)
        paid_fen, steps = self.paid_fen + due_fen, (*self.steps, step)
        return Working(self.open_fen, 0, 0, paid_fen, self.deductible_fen, steps)
