"""Look-ups between areas through the hub: they change nothing. Key: the enquiry."""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from contracts.codes import InsuranceKind, PersonType
from contracts.ids import EnquiryId
from contracts.message import Body, Frozen
from contracts.messages.settlement import Care, Standing
from contracts.messages.values import Area, Division, PersonToken, Text
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
