"""The working of one bill: four parts that always add up to it, and the steps in between."""

from dataclasses import dataclass, field

from contracts.codes import Fund
from contracts.money import share_of
from participants.policy.model import Bearer, Step

FROM_OWN = frozenset({"floor", "own_share", "supplement", "aid", "account", "family_account"})
"""Rules whose steps pay what the person bears; cash is the last of them, all others share out."""

BESIDE = frozenset({"beyond_bill"})
"""Rules whose steps move no part of the bill."""


@dataclass(slots=True)
class Working:
    """The bill while the rules move fen from part to part; it lives for one calculation only.

    `open_fen`: not yet shared out · `own_fen`: the person bears it, not yet paid · `outside_fen`:
    out of scope, not yet paid · `paid_fen`: a fund, the account or cash has taken it.
    `scope_fen`: the in-scope fee that benefits count, set once the first self-pays are off.
    `columns` and `counters`: what the case adds to the year, beside the parts of its route.
    """

    open_fen: int
    own_fen: int = 0
    outside_fen: int = 0
    paid_fen: int = 0
    scope_fen: int = 0
    deductible_fen: int = 0
    beyond_bill_fen: int = 0
    own_account_fen: int = 0
    cash_fen: int = 0
    steps: list[Step] = field(default_factory=list)
    shares: dict[Fund, int] = field(default_factory=dict)
    columns: dict[str, int] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)

    @property
    def bill_fen(self) -> int:
        return self.open_fen + self.own_fen + self.outside_fen + self.paid_fen

    @property
    def place_fen(self) -> int:
        """How much of the in-scope fee is shared out already."""
        return self.scope_fen - self.open_fen

    def aside(
        self,
        rule: str,
        source: str,
        base_fen: int,
        text: str,
        *,
        rate_bp: int | None = None,
    ) -> None:
        """`base_fen`, or `rate_bp` of it, leaves the open part for what is out of scope."""
        amount_fen = base_fen if rate_bp is None else share_of(base_fen, rate_bp)
        self.open_fen -= amount_fen
        self.outside_fen += amount_fen
        self.steps.append(
            Step(rule, source, base_fen, rate_bp, amount_fen, Bearer.OUTSIDE, self.open_fen, text)
        )

    def borne(
        self, rule: str, source: str, amount_fen: int, text: str, *, deductible: bool = False
    ) -> None:
        """The person bears `amount_fen` of the open part."""
        self.open_fen -= amount_fen
        self.own_fen += amount_fen
        if deductible:
            self.deductible_fen += amount_fen
        self.steps.append(
            Step(rule, source, amount_fen, None, amount_fen, Bearer.OWN, self.open_fen, text)
        )

    def shared(
        self,
        rule: str,
        source: str,
        base_fen: int,
        *,
        rate_bp: int | None,
        amount_fen: int,
        fund: Fund,
        text: str,
    ) -> None:
        """`fund` pays `amount_fen` of `base_fen` of the open part; the person bears the rest."""
        self.open_fen -= base_fen
        self.own_fen += base_fen - amount_fen
        self._paid(fund, amount_fen)
        self.steps.append(
            Step(rule, source, base_fen, rate_bp, amount_fen, fund, self.open_fen, text)
        )

    def paid_from_own(
        self,
        rule: str,
        source: str,
        base_fen: int,
        *,
        rate_bp: int | None = None,
        amount_fen: int,
        fund: Fund,
        text: str,
    ) -> None:
        """`fund` pays `amount_fen` of the person's part: what is in scope first, then outside."""
        assert rule in FROM_OWN, rule
        in_scope_fen = min(amount_fen, self.own_fen)
        self.own_fen -= in_scope_fen
        self.outside_fen -= amount_fen - in_scope_fen
        self._paid(fund, amount_fen)
        left_fen = self.own_fen + self.outside_fen
        self.steps.append(Step(rule, source, base_fen, rate_bp, amount_fen, fund, left_fen, text))

    def noted(self, rule: str, source: str, fund: Fund, text: str) -> None:
        """A step that says why `fund` pays nothing (more)."""
        left_fen = self.own_fen + self.outside_fen if rule in FROM_OWN else self.open_fen
        self.steps.append(Step(rule, source, 0, None, 0, fund, left_fen, text))

    def beside(self, rule: str, source: str, amount_fen: int, fund: Fund, text: str) -> None:
        """`fund` pays `amount_fen` to the person beside this bill."""
        assert rule in BESIDE, rule
        self.beyond_bill_fen += amount_fen
        self.steps.append(
            Step(rule, source, amount_fen, None, amount_fen, fund, self.open_fen, text)
        )

    def paid_in_cash(self, source: str, text: str) -> None:
        """Cash takes all that has no other payer, so that no rounding can lose a fen."""
        due_fen = self.own_fen + self.outside_fen
        self.own_fen = self.outside_fen = 0
        self.paid_fen += due_fen
        self.cash_fen = due_fen
        self.steps.append(Step("cash", source, due_fen, None, due_fen, Bearer.CASH, 0, text))

    def counts(self, counter: str, amount_fen: int) -> None:
        """Adds to what the case uses of the year under a counter's name."""
        if amount_fen:
            self.counters[counter] = self.counters.get(counter, 0) + amount_fen

    def adds(self, column: str, amount_fen: int) -> None:
        """Adds to what the case uses of the year in a column of YearToDate."""
        self.columns[column] = self.columns.get(column, 0) + amount_fen

    def _paid(self, fund: Fund, amount_fen: int) -> None:
        if amount_fen:
            self.paid_fen += amount_fen
            self.shares[fund] = self.shares.get(fund, 0) + amount_fen
