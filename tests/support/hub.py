"""A hub with two connected areas and one registered person, and messages to and from them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine

from contracts.codes import AreaCode, InsuranceKind, RegistrationCategory, VisitKind
from contracts.delivery import bulk
from contracts.ids import MessageId, RegistrationId, SettlementId, new_id
from contracts.message import Body, Head, Message, Outgoing
from contracts.messages.settlement import Care
from contracts.messages.values import Bill, Shares
from hub.domain.registration import Registration, RegistrationState
from hub.services import days, participants
from hub.store import registrations

INSURED, TREATMENT, THIRD = AreaCode("340000"), AreaCode("310000"), AreaCode("320000")
FROM_INSURED, FROM_TREATMENT = f"insured.{INSURED}", f"treatment.{TREATMENT}"
NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # ten in the morning in China
TODAY = date(2026, 3, 2)
FILED_AT = datetime(2025, 12, 30, 2, 0, tzinfo=UTC)  # before every usual admission
ANSWER_WITHIN = timedelta(seconds=5)
PERSON = f"{'P':A<29}"
SHARES = Shares(pool_fen=700, large_sum_fen=100, account_fen=50, cash_fen=150)

Handler = Callable[[Connection, Sequence[Message[Any]], datetime], Iterable[Outgoing]]


def person(number: int) -> str:
    return f"P{number:028d}"


def a_care(**changes: Any) -> Care:
    usual: dict[str, Any] = {
        "person_id": PERSON,
        "insured_division": "340100",
        "treatment_division": "310115",
        "insurance_kind": InsuranceKind.EMPLOYEE,
        "visit_kind": VisitKind.INPATIENT,
        "hospital_code": "H31011500001",
        "hospital_level": 3,
        "admitted_on": date(2026, 2, 1),
        "discharged_on": date(2026, 3, 1),
    }
    return Care(**usual | changes)


def a_bill(total_fen: int = 1_000, **changes: int) -> Bill:
    usual: dict[str, Any] = {
        "total_fen": total_fen,
        "fully_own_fen": 0,
        "over_ceiling_fen": 0,
        "first_self_pay_fen": 0,
        "in_scope_fen": total_fen,
    }
    return Bill(**usual | changes)


def a_registration(**changes: Any) -> Registration:
    """In force from 2026-01-01 on without an end, unless changed."""
    usual: dict[str, Any] = {
        "registration_id": RegistrationId(new_id()),
        "person_id": PERSON,
        "insured_area": INSURED,
        "insured_division": "340100",
        "insurance_kind": InsuranceKind.EMPLOYEE,
        "category": RegistrationCategory.REFERRAL,
        "place": TREATMENT,
        "begins_on": date(2026, 1, 1),
        "ends_on": None,
        "state": RegistrationState.ACTIVE,
        "submitted_by": FROM_TREATMENT,
        "submitted_at": FILED_AT,
        "by": "H31011500001",
    }
    registration = Registration(**usual | changes)
    if registration.state is RegistrationState.SUBMITTED or registration.decided_at is not None:
        return registration
    return replace(registration, decided_at=FILED_AT, decided_by="经办员007")


def said(body: Body, sender: str, message_id: UUID | None = None) -> Message[Any]:
    id_ = MessageId(message_id or new_id())
    head = Head(message_id=id_, cause_id=None, kind=body.KIND, sender=sender, sent_at=NOW)
    return Message(head, body)


@dataclass(slots=True)
class Hub:
    """An open hub: what was said last, and what the database holds."""

    engine: Engine
    now: datetime = NOW
    outgoing: list[Outgoing] = field(default_factory=list)

    def hear(self, handler: Handler, *messages: Message[Any]) -> list[Outgoing]:
        """Handle one batch in one transaction; what the hub says to it."""
        with self.engine.begin() as tx:
            self.outgoing = list(handler(tx, messages, self.now))
        return self.outgoing

    def rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with self.engine.begin() as tx:
            return bulk.fetch(tx, statement, parameters)

    def state_of(self, settlement_id: SettlementId) -> str:
        statement = "SELECT state FROM settlements WHERE settlement_id = %s"
        return str(self.rows(statement, settlement_id)[0][0])

    def anomalies(self) -> list[str]:
        return [row[0] for row in self.rows("SELECT kind FROM anomalies ORDER BY anomaly_id")]


def an_open_hub(engine: Engine, *registered: Registration) -> Hub:
    """Two connected areas, an open day, and these registrations (or one usual one)."""
    with engine.begin() as tx:
        participants.connect(tx, [INSURED, TREATMENT, THIRD])
        days.open_first(tx, TODAY, NOW)
        registrations.add(tx, registered or [a_registration()])
    return Hub(engine)
