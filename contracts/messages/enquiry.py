"""Look-ups between areas through the hub: they change nothing. Key: the enquiry."""

from datetime import date
from typing import Annotated, ClassVar

from pydantic import Field

from contracts.codes import InsuranceKind, PersonType
from contracts.ids import EnquiryId
from contracts.message import Body, Frozen
from contracts.messages.values import Area, Division, PersonToken
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
