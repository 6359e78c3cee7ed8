"""Values that several messages share: codes on the wire, the bill, and who bears it."""

from collections.abc import Callable
from operator import attrgetter
from typing import Annotated

from pydantic import Field

from contracts.codes import Fund
from contracts.message import Frozen
from contracts.money import Fen

Area = Annotated[str, Field(pattern=r"^[0-9]{2}0000$")]
Division = Annotated[str, Field(pattern=r"^[0-9]{6}$")]
PersonToken = Annotated[str, Field(min_length=29, max_length=29)]
# No NUL: PostgreSQL cannot keep one, so a message with it does not fit.
Text = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]
DiseaseCode = Annotated[str, Field(min_length=1, max_length=30)]


class Bill(Frozen):
    """The treatment area's split: fully own + over ceiling + first self-pay + in scope = total."""

    total_fen: Fen
    fully_own_fen: Fen
    over_ceiling_fen: Fen
    first_self_pay_fen: Fen
    in_scope_fen: Fen

    def adds_up(self) -> bool:
        parts = self.fully_own_fen + self.over_ceiling_fen + self.first_self_pay_fen
        return parts + self.in_scope_fen == self.total_fen


_FUNDS = tuple(Fund)
_OF_FUNDS = tuple(f"{fund.value}_fen" for fund in _FUNDS)
# All in one call: every settlement is added up in three places.
_paid_by_funds: Callable[[object], tuple[int, ...]] = attrgetter(*_OF_FUNDS)


class SharesTold(Frozen):
    """Who bears the bill, as an insured area says it: the funds, the account, cash, the hospital.

    `hospital_fen` None: left blank, as areas do; then it is what nobody else bears.
    """

    pool_fen: Fen = 0
    civil_servant_fen: Fen = 0
    enterprise_fen: Fen = 0
    critical_illness_fen: Fen = 0
    large_sum_fen: Fen = 0
    veterans_fen: Fen = 0
    medical_aid_fen: Fen = 0
    other_fen: Fen = 0
    account_fen: Fen = 0
    cash_fen: Fen = 0
    hospital_fen: Fen | None = None

    def completed(self, total_fen: int) -> "Shares":
        """With the hospital's part of a bill of `total_fen`: the bill less funds, account, cash.

        Parts beyond the bill stay as they are: they do not add up, and whoever asks sees it.
        """
        funds, hospital_fen = _paid_by_funds(self), self.hospital_fen
        if hospital_fen is None:
            hospital_fen = max(0, total_fen - sum(funds) - self.cash_fen)
        paid = dict(zip(_OF_FUNDS, funds, strict=True))
        return Shares(**paid, cash_fen=self.cash_fen, hospital_fen=hospital_fen)

    def fund_total_fen(self) -> int:
        """基金支付总额: every fund but the personal account."""
        return sum(_paid_by_funds(self)) - self.account_fen

    def total_fen(self) -> int:
        return sum(_paid_by_funds(self)) + self.cash_fen + (self.hospital_fen or 0)

    def by_fund(self) -> dict[Fund, int]:
        """What the insured area owes the treatment area, fund by fund, zeros included."""
        return dict(zip(_FUNDS, _paid_by_funds(self), strict=True))


class Shares(SharesTold):
    """Who bears the bill: the funds, the personal account, cash, and the hospital."""

    hospital_fen: Fen = 0


PARTS: tuple[str, ...] = tuple(Shares.model_fields)
"""The eleven parts in the order of columns, digests and statements."""
