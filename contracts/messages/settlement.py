"""What is said about a settlement. Key: the settlement, or the person towards the insured area."""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from contracts.codes import InsuranceKind, RegistrationCategory, VisitKind
from contracts.ids import MessageId, RegistrationId, SettlementId
from contracts.message import Body, Frozen
from contracts.messages.values import (
    Area,
    Bill,
    DiseaseCode,
    Division,
    PersonToken,
    Shares,
    SharesTold,
    Text,
)
from contracts.money import Fen
from contracts.refusal import RefusalCode

Level = Annotated[int, Field(ge=0, le=4)]
Flag = Annotated[str, Field(max_length=40)]
FLAGS_MAX = 20  # a message that is relayed must not outgrow what a broker takes


class Care(Frozen):
    """Who was treated, where, when, and as what. `hospital_level` as benefits count it.

    0 community, 1 to 3 the national grades, 4 tertiary of the province.
    """

    person_id: PersonToken
    insured_division: Division
    treatment_division: Division
    insurance_kind: InsuranceKind
    visit_kind: VisitKind
    hospital_code: Annotated[str, Field(min_length=1, max_length=30)]
    hospital_level: Level
    admitted_on: date
    discharged_on: date
    disease_code: DiseaseCode | None = None
    flags: Annotated[tuple[Flag, ...], Field(max_length=FLAGS_MAX)] = ()
    use_account: bool = False


class Basis(StrEnum):
    """On what a person is treated out of the area."""

    REGISTERED = "registered"  # a registration holds
    DEEMED = "deemed"  # 视同备案: an emergency without one
    NOT_NEEDED = "not_needed"  # the insured area asks for none for this kind of care


class Standing(Frozen):
    """What the hub found about the registration. `category` is None only when none is needed.

    `by_commitment`: filed with a mere 承诺书 whose proof has not come yet.
    """

    basis: Basis
    category: RegistrationCategory | None
    registration_id: RegistrationId | None = None
    by_commitment: bool = False


class SettlementRequested(Body):
    """The treatment area asks to settle a bill. Treatment → hub."""

    KIND: ClassVar[str] = "settlement_requested"
    settlement_id: SettlementId
    care: Care
    bill: Bill


class TrialRequested(Body):
    """The treatment area asks what a settlement would give 预结算. Changes nothing anywhere."""

    KIND: ClassVar[str] = "trial_requested"
    settlement_id: SettlementId
    care: Care
    bill: Bill


class WithdrawalRequested(Body):
    """The initiator never saw the answer and undoes the request 冲正. Treatment → hub."""

    KIND: ClassVar[str] = "withdrawal_requested"
    settlement_id: SettlementId
    treatment_area: Area


class CancellationRequested(Body):
    """The hospital undoes a settlement it knows of 撤销/退费. Treatment → hub."""

    KIND: ClassVar[str] = "cancellation_requested"
    settlement_id: SettlementId
    treatment_area: Area


class StatusAsked(Body):
    """The treatment area has not heard in time, and asks where it stands. Treatment → hub.

    `cancellation_id`: the cancellation whose answer is missing, if it is that.
    Asking twice gets the same answer twice, and none as long as there is none.
    """

    KIND: ClassVar[str] = "status_asked"
    settlement_id: SettlementId
    treatment_area: Area
    cancellation_id: MessageId | None = None


class CalculationRequested(Body):
    """Hub → insured area. `answer_within_ms` is an interval: only the hub judges deadlines."""

    KIND: ClassVar[str] = "calculation_requested"
    settlement_id: SettlementId
    care: Care
    bill: Bill
    standing: Standing
    answer_within_ms: int


class TrialCalculationRequested(Body):
    """Hub → insured area: calculate, grant nothing."""

    KIND: ClassVar[str] = "trial_calculation_requested"
    settlement_id: SettlementId
    care: Care
    bill: Bill
    standing: Standing


class SettlementCalculated(Body):
    """Insured area → hub: the benefit is granted. The deductible lies in the patient's part.

    `balance_fen`: the personal account after it, where the area says so.
    """

    KIND: ClassVar[str] = "settlement_calculated"
    settlement_id: SettlementId
    shares: SharesTold
    deductible_fen: Fen
    balance_fen: Fen | None = None


class CalculationRefused(Body):
    """Insured area → hub: nothing is granted."""

    KIND: ClassVar[str] = "calculation_refused"
    settlement_id: SettlementId
    code: RefusalCode
    detail: Text = ""


class TrialCalculated(Body):
    """Insured area → hub: what a settlement would give, or the code of the refusal."""

    KIND: ClassVar[str] = "trial_calculated"
    settlement_id: SettlementId
    treatment_area: Area
    shares: SharesTold | None
    deductible_fen: Fen = 0
    balance_fen: Fen | None = None
    code: RefusalCode | None = None
    detail: Text = ""


class ReleaseReason(StrEnum):
    """Why the insured area must give back what it granted."""

    EXPIRED = "expired"  # no answer by the deadline
    WITHDRAWN = "withdrawn"  # 冲正 before the answer, or after it
    CANCELLED = "cancelled"  # 撤销
    LATE = "late"  # the answer came when the settlement was final already
    UNSOUND = "unsound"  # the answer's parts do not add up to the bill


class ReleaseRequested(Body):
    """Hub → insured area: give back the benefit, or leave a tombstone when none was granted yet."""

    KIND: ClassVar[str] = "release_requested"
    settlement_id: SettlementId
    person_id: PersonToken
    reason: ReleaseReason


class BenefitReleased(Body):
    """Insured area → hub: released; `was_granted` false means a tombstone was left."""

    KIND: ClassVar[str] = "benefit_released"
    settlement_id: SettlementId
    reason: ReleaseReason
    was_granted: bool


class ReleaseRefused(Body):
    """Insured area → hub: it keeps the benefit, and why. Only a cancellation can be refused."""

    KIND: ClassVar[str] = "release_refused"
    settlement_id: SettlementId
    code: RefusalCode
    detail: Text = ""


class Outcome(StrEnum):
    """How the hub ended a settlement, as the areas hear it."""

    SETTLED = "settled"  # final, on `business_date`
    REFUSED = "refused"  # a rule or the insured area said no
    EXPIRED = "expired"  # no answer by the deadline
    WITHDRAWN = "withdrawn"  # undone before it was settled
    REVERSED = "reversed"  # undone after it was settled, on `business_date`
    KEPT = "kept"  # the cancellation was refused: still settled


class SettlementAnswered(Body):
    """Hub → treatment area: one final state. Shares and date with settled and reversed only."""

    KIND: ClassVar[str] = "settlement_answered"
    settlement_id: SettlementId
    outcome: Outcome
    concluded_at: AwareDatetime
    business_date: date | None = None
    shares: Shares | None = None
    deductible_fen: Fen = 0
    balance_fen: Fen | None = None
    code: RefusalCode | None = None
    detail: Text = ""


class TrialAnswered(Body):
    """Hub → treatment area: what a settlement would give, or why it would be refused."""

    KIND: ClassVar[str] = "trial_answered"
    settlement_id: SettlementId
    shares: SharesTold | None
    deductible_fen: Fen = 0
    balance_fen: Fen | None = None
    code: RefusalCode | None = None
    detail: Text = ""


class SettlementConcluded(Body):
    """Hub → insured area: how the settlement it calculated ended, and the day it counts for."""

    KIND: ClassVar[str] = "settlement_concluded"
    settlement_id: SettlementId
    person_id: PersonToken
    outcome: Outcome
    business_date: date | None
    concluded_at: AwareDatetime | None = None
