"""Look-ups between areas through the hub: they change nothing. Key: the enquiry."""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from contracts.codes import Channel, InsuranceKind, PersonType, RegistrationCategory
from contracts.ids import EnquiryId, RegistrationId
from contracts.message import Body, Frozen
from contracts.messages.settlement import Care, Standing
from contracts.messages.values import Area, DiseaseCode, Division, PersonToken, Text
from contracts.money import Fen
from contracts.refusal import RefusalCode


class PersonEnquired(Body):
    """Who is this person, and how insured (1101)? Treatment → hub → insured area."""

    KIND: ClassVar[str] = "person_enquired"
    enquiry_id: EnquiryId
    treatment_area: Area
    insured_division: Division
    person_id: PersonToken


class Insurance(Frozen):
    """One insurance of a person, as the insured area has it today."""

    insurance_kind: InsuranceKind
    person_type: PersonType
    in_force: bool
    division: Division
    civil_servant: bool
    account_balance_fen: Fen


class PersonCard(Frozen):
    """`sealed_identity`: JSON of name, certificate_kind, certificate_number, sealed by an area."""

    person_id: PersonToken
    sealed_identity: str
    gender: Annotated[str, Field(pattern=r"^[0129]$")]
    born_on: date
    insurances: tuple[Insurance, ...]


class PersonAnswered(Body):
    """Insured area → hub → treatment area: the card, or the code of the refusal."""

    KIND: ClassVar[str] = "person_answered"
    enquiry_id: EnquiryId
    treatment_area: Area
    card: PersonCard | None
    code: RefusalCode | None = None


class CheckName(StrEnum):
    """What pre-flight looks at, in the order in which it is told."""

    INSTITUTION = "institution"  # 定点机构已开通
    AREAS = "areas"  # 两地已开通
    REQUEST = "request"  # 日期、外伤声明等
    REGISTRATION = "registration"  # 备案有效
    INSURANCE = "insurance"  # 参保有效
    CHRONIC = "chronic"  # 门诊慢特病资格
    POLICY = "policy"  # 待遇政策适用
    ROUTE = "route"  # 参保地系统通畅


class Check(Frozen):
    """One finding. `code` says why not; `fix` in Chinese says what to do about it."""

    name: CheckName
    passed: bool
    code: RefusalCode | None = None
    fix: Text = ""


class PreflightAsked(Body):
    """Will a settlement of this care go through 结算预检? Treatment → hub. Changes nothing."""

    KIND: ClassVar[str] = "preflight_asked"
    enquiry_id: EnquiryId
    treatment_area: Area
    care: Care


class PreflightForwarded(Body):
    """Hub → insured area: would you pay for this care, on this standing?"""

    KIND: ClassVar[str] = "preflight_forwarded"
    enquiry_id: EnquiryId
    treatment_area: Area
    care: Care
    standing: Standing


class PreflightJudged(Body):
    """Insured area → hub: its own checks; `care` and `standing` as they were asked."""

    KIND: ClassVar[str] = "preflight_judged"
    enquiry_id: EnquiryId
    treatment_area: Area
    care: Care
    standing: Standing
    checks: tuple[Check, ...]


class PreflightAnswered(Body):
    """Hub → treatment area. `final` is False for what the hub knows before the area answered."""

    KIND: ClassVar[str] = "preflight_answered"
    enquiry_id: EnquiryId
    final: bool
    will_settle: bool
    standing: Standing | None
    checks: tuple[Check, ...]


class Question(StrEnum):
    """What a hospital asks about a person, and who knows it."""

    ACCUMULATORS = "accumulators"  # 5206 what the year has used: the insured area
    CONTRIBUTIONS = "contributions"  # 90100 the months paid and owed: the insured area
    CHRONIC = "chronic"  # 5301 门诊慢特病 that are recognised: the hub
    DESIGNATIONS = "designations"  # 5302 where the person may go: the hub
    REFERRALS = "referrals"  # 5304 where the person was referred to: the hub


OF_REGISTRATIONS = frozenset({Question.CHRONIC, Question.DESIGNATIONS, Question.REFERRALS})
"""The hub holds every registration: it answers these itself."""


class PersonAsked(Body):
    """Treatment → hub, and on to the insured area where that one knows. Changes nothing.

    `begins_on` and `ends_on`, both included, say which days count; None is open on that side.
    `insured_division` None: only where the hub itself knows.
    """

    KIND: ClassVar[str] = "person_asked"
    enquiry_id: EnquiryId
    treatment_area: Area
    question: Question
    person_id: PersonToken
    insured_division: Division | None = None
    begins_on: date | None = None
    ends_on: date | None = None


class Accumulated(Frozen):
    """What a person used of a year up to the end of `month`, or in that month alone.

    `name`: a counter of the benefit engine ('pool_fen', 'disease_pool.M01600'); `value` in fen,
    of 'stays' a number. `month`: 'YYYYMM'.
    """

    insurance_kind: InsuranceKind
    year: int
    month: Annotated[str, Field(pattern=r"^[0-9]{6}$")]
    name: Text
    value: Annotated[int, Field(strict=True, ge=0)]


class Contributed(Frozen):
    """Days of one insurance, both included, for which premiums were paid or are owed."""

    insurance_kind: InsuranceKind
    division: Division
    begins_on: date
    ends_on: date
    is_paid: bool


class OnRecord(Frozen):
    """A registration that counts on some of the days asked about; `ends_on`: its last day.

    `has_letter`: the hospital agreed to the referral in writing.
    """

    registration_id: RegistrationId
    insured_division: Division
    insurance_kind: InsuranceKind
    category: RegistrationCategory
    place: Division | None
    disease_code: DiseaseCode | None
    begins_on: date
    ends_on: date | None
    channel: Channel
    submitted_at: AwareDatetime
    has_letter: bool


class PersonTold(Body):
    """The answer, with what was asked for only, or the code of the refusal."""

    KIND: ClassVar[str] = "person_told"
    enquiry_id: EnquiryId
    treatment_area: Area
    accumulated: tuple[Accumulated, ...] = ()
    contributed: tuple[Contributed, ...] = ()
    on_record: tuple[OnRecord, ...] = ()
    code: RefusalCode | None = None
