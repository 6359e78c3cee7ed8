"""What the counter works with: a checked request, its transaction, and what becomes of it."""

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from contracts.clock import shanghai_date_of
from contracts.codes import AreaCode, DivisionCode, area_of
from contracts.delivery.outbox import Writing
from contracts.ids import PersonId
from contracts.messages.enquiry import PersonCard
from contracts.refusal import RefusalCode, Refused
from participants.gateway.serving.door import Door
from participants.gateway.wire.checking import Input, Row
from participants.gateway.wire.envelope import Envelope, Reply
from participants.treatment.domain.attempt import MessageKey
from participants.treatment.domain.enquiry import StoredEnquiry
from participants.treatment.domain.filing import Cancellation, Filing
from participants.treatment.domain.institution import Institution
from participants.treatment.domain.preflight import PreflightSlot
from participants.treatment.domain.question import StoredQuestion
from participants.treatment.domain.settlement import Settlement
from participants.treatment.domain.trial import Trial
from participants.treatment.domain.visit import Visit
from participants.treatment.domain.weather import Weather
from participants.treatment.store.filing_papers import Papers


class Effect(StrEnum):
    """What a transaction does, and therefore how it is served."""

    READS = "reads"  # answers from what we have
    ASKS = "asks"  # asks through the hub, changes nothing: not remembered by its message id
    TRIES = "tries"  # as ASKS, but what it says of money is said once: remembered 预结算
    RECORDS = "records"  # changes what we have, answers at once
    CONCLUDES = "concludes"  # changes the state of things through the hub, and waits for it

    @property
    def is_remembered(self) -> bool:
        """Its message id is claimed before it acts, and its final reply kept."""
        return self in {Effect.TRIES, Effect.RECORDS, Effect.CONCLUDES}


class Subject(StrEnum):
    """What an answer is about."""

    SETTLEMENT = "settlement"  # what became of a bill, or of undoing it
    TRIAL = "trial"  # what a settlement would give 预结算
    ENQUIRY = "enquiry"  # who a person is
    FILING = "filing"  # what became of a registration 备案
    CANCELLATION = "cancellation"  # what became of the wish to cancel one
    PREFLIGHT = "preflight"  # whether a settlement would go through 结算预检
    QUESTION = "question"  # what another party knows of a person 累计、缴费、备案


@dataclass(frozen=True, slots=True)
class Awaiting:
    """The hub has been asked; `warning` goes with the answer, which is certain by `answer_by`."""

    subject: Subject
    id: UUID
    answer_by: datetime
    warning: str = ""


Step = Reply | Awaiting


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """One checked request. `repr` shows nothing: an input has names and numbers of a person.

    `reference`: the inf_refmsgid of its reply, minted when it arrived; 3262 names a 3261 by it.
    `needs_session`: its institution must have signed in, 9001.
    """

    envelope: Envelope
    input: Input
    transaction: "Transaction"
    received_at: datetime
    reference: str = ""
    needs_session: bool = False

    @property
    def key(self) -> MessageKey:
        return MessageKey(self.envelope.institution_code, self.envelope.msgid)

    @property
    def row(self) -> Row:
        """The first node of one row: most transactions have no other."""
        return next(iter(self.input.nodes.values()), Row({}))

    @property
    def sent_on(self) -> date:
        return shanghai_date_of(self.envelope.sent_at)

    def said_division(self) -> str:
        """Where the person is insured, as the envelope or the input says; '' when neither does."""
        return self.envelope.insured_division or self.row.text("insuplc_admdvs")

    def insured_division(self) -> DivisionCode:
        """From the envelope or the input; Refused FIELD_MISSING or UNKNOWN_AREA."""
        division = self.said_division()
        if not division:
            raise Refused(RefusalCode.FIELD_MISSING, "参保地医保区划(insuplc_admdvs)")
        if area_of(division) is None:
            raise Refused(RefusalCode.UNKNOWN_AREA, f"参保地医保区划(insuplc_admdvs){division[:6]}")
        return DivisionCode(division)

    def digest(self, key: bytes) -> bytes:
        """32 bytes over what it asks for. Keyed, because an identity number is easily guessed."""
        envelope = self.envelope
        places = (envelope.institution_code, envelope.treatment_division, envelope.insured_division)
        rows = {name: row.content() for name, row in self.input.nodes.items()}
        lists = {name: [row.content() for row in rows] for name, rows in self.input.lists.items()}
        said = repr((envelope.infno, places, sorted(rows.items()), sorted(lists.items())))
        return hmac.new(key, said.encode(), hashlib.sha256).digest()


@dataclass(frozen=True, slots=True)
class Facts:
    """What the answers of one batch are made of, loaded for all of them at once."""

    settlements: Mapping[UUID, Settlement] = field(default_factory=dict)
    visits: Mapping[UUID, Visit] = field(default_factory=dict)
    trials: Mapping[UUID, Trial] = field(default_factory=dict)
    enquiries: Mapping[UUID, StoredEnquiry] = field(default_factory=dict)
    cards: Mapping[PersonId, PersonCard] = field(default_factory=dict)
    filings: Mapping[UUID, Filing] = field(default_factory=dict)
    cancellations: Mapping[UUID, Cancellation] = field(default_factory=dict)
    preflights: Mapping[UUID, PreflightSlot] = field(default_factory=dict)
    questions: Mapping[UUID, StoredQuestion] = field(default_factory=dict)
    papers: Mapping[UUID, Papers] = field(default_factory=dict)
    weather: Mapping[AreaCode, Weather] = field(default_factory=dict)

    def weather_of(self, request: "Request") -> Weather | None:
        """Of the way to where the request's person is insured."""
        area = area_of(request.said_division())
        return self.weather.get(area) if area else None

    def answer_by(self, id_: UUID) -> datetime:
        """When the answer about one of these is certain."""
        found = (
            self.settlements.get(id_)
            or self.trials.get(id_)
            or self.enquiries.get(id_)
            or self.filings.get(id_)
            or self.cancellations.get(id_)
            or self.questions.get(id_)
            or self.preflights[id_]
        )
        return found.answer_by


@dataclass(frozen=True, slots=True)
class Work:
    """One batch under way: its area, its transaction, and the institutions that sent it."""

    door: Door
    writing: Writing
    institutions: Mapping[str, Institution]

    @property
    def now(self) -> datetime:
        return self.writing.now

    def institution_of(self, request: Request) -> Institution:
        """Refused UNKNOWN_INSTITUTION when this area does not have it."""
        found = self.institutions.get(request.envelope.institution_code)
        if found is None:
            raise Refused(RefusalCode.UNKNOWN_INSTITUTION, request.envelope.institution_code)
        return found


# All requests of one batch with the same transaction; one step for each, in their order.
Act = Callable[[Work, Sequence[Request]], list[Step]]
# The reply to one request whose subject has been loaded, or None while it has no answer.
Answer = Callable[[Work, Request, Facts, UUID], Reply | None]


class Patience(StrEnum):
    """How long a request waits for its answer; the settings say how long that is."""

    LONG = "long"  # until it is settled or undone
    DECISION = "decision"  # until somebody decides, unless that takes a clerk
    STATUS = "status"  # a question that changes nothing
    MOMENT = "moment"  # a doctor is waiting


@dataclass(frozen=True, slots=True)
class Transaction:
    """One row of the table: what a number means here.

    `subject`: what its message id was bound to. `at_limit`: what it says when time is up, of what
    has come so far; None where there is nothing but 'unknown, certain by T'. `is_apart`: it takes
    seconds, so it has a thread and a transaction of its own and holds up nobody.
    """

    infno: str
    effect: Effect
    act: Act
    answer: Answer | None = None
    at_limit: Answer | None = None
    subject: Subject = Subject.SETTLEMENT
    patience: Patience = Patience.LONG
    is_apart: bool = False
