"""An insured area for tests: real database, log in memory, a clock that stands still."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, text

from contracts import topics
from contracts.codes import (
    AreaCode,
    Channel,
    InsuranceKind,
    MaterialKind,
    PersonType,
    RegistrationCategory,
    Role,
    VisitKind,
)
from contracts.delivery import bulk
from contracts.delivery.codec import body_of, decode
from contracts.delivery.memory import MemoryLog
from contracts.delivery.processor import Processor
from contracts.ids import MessageId, RegistrationId, SettlementId, new_id
from contracts.message import Body, originate
from contracts.messages import kinds
from contracts.messages.registration import (
    Material,
    RegistrationReviewRequested,
    RegistrationStanding,
    RegistrationTold,
    Wanted,
)
from contracts.messages.settlement import (
    Basis,
    CalculationRequested,
    Care,
    Outcome,
    ReleaseReason,
    ReleaseRequested,
    SettlementConcluded,
    Standing,
)
from contracts.messages.values import Bill
from contracts.person import person_id_of
from contracts.sealing import Sealer
from participants.insured import main
from participants.insured.domain.eligibility_file import EligibilityRow
from participants.insured.domain.person_file import PersonRow
from participants.insured.services import eligibilities, people
from participants.insured.settings import Settings
from participants.insured.store.tables import metadata

AREA = AreaCode("320000")
HOME = "321081"
AWAY = "310101"
TOKEN_KEY = b"0123456789abcdef"
SEALER = Sealer({"k1": bytes(32)}, "k1")
NOON = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
TODAY = date(2026, 3, 10)


@dataclass(slots=True)
class StandingClock:
    at: datetime = NOON

    def now(self) -> datetime:
        return self.at


def person(number: int) -> str:
    """The token of the person with this number in `row`."""
    return person_id_of("01", _certificate(number), TOKEN_KEY)


def row(number: int = 1, **fields: Any) -> PersonRow:
    """An active employee of Yizheng, born 1980, insured since 2010."""
    known: dict[str, Any] = {
        "line": number + 1,
        "certificate_kind": "01",
        "certificate_number": _certificate(number),
        "name": f"张某{number}",
        "gender": "1",
        "born_on": date(1980, 1, 1),
        "insurance_kind": InsuranceKind.EMPLOYEE,
        "person_type": PersonType.ACTIVE,
        "division": HOME,
        "in_force_from": date(2010, 1, 1),
        "in_force_until": None,
        "civil_servant": False,
        "account_balance_fen": 0,
        "tells_arrears": "arrears_since" in fields,
    }
    return PersonRow(**known | fields)


def care(number: int = 1, **fields: Any) -> Care:
    """A stay of nine days at a level-2 hospital in Shanghai."""
    known: dict[str, Any] = {
        "person_id": person(number),
        "insured_division": HOME,
        "treatment_division": AWAY,
        "insurance_kind": InsuranceKind.EMPLOYEE,
        "visit_kind": VisitKind.INPATIENT,
        "hospital_code": "H31010100001",
        "hospital_level": 2,
        "admitted_on": date(2026, 3, 1),
        "discharged_on": TODAY,
    }
    return Care(**known | fields)


def bill(in_scope_fen: int = 12_000_00, own_fen: int = 0) -> Bill:
    return Bill(
        total_fen=in_scope_fen + own_fen,
        fully_own_fen=own_fen,
        over_ceiling_fen=0,
        first_self_pay_fen=0,
        in_scope_fen=in_scope_fen,
    )


def settlement(number: int) -> SettlementId:
    """The same number is the same settlement."""
    return SettlementId(UUID(int=number + 1))


def request(
    number: int,
    about: Care | None = None,
    of: Bill | None = None,
    category: RegistrationCategory = RegistrationCategory.OTHER_TEMPORARY,
    on: Standing | None = None,
) -> CalculationRequested:
    """Standing on a registration of `category`, or on `on`."""
    return CalculationRequested(
        settlement_id=settlement(number),
        care=about or care(),
        bill=of or bill(),
        standing=on or standing(category),
        answer_within_ms=5_000,
    )


def standing(category: RegistrationCategory | None, basis: Basis | None = None) -> Standing:
    """Registered for a category, or on another basis."""
    return Standing(basis=basis or Basis.REGISTERED, category=category)


def wanted(**fields: Any) -> Wanted:
    """A referral of the first person to Shanghai, filed at a window."""
    known: dict[str, Any] = {
        "registration_id": RegistrationId(UUID(int=7)),
        "person_id": person(1),
        "insured_division": HOME,
        "insurance_kind": InsuranceKind.EMPLOYEE,
        "category": RegistrationCategory.REFERRAL,
        "place": "310000",
        "begins_on": TODAY,
        "ends_on": date(2026, 12, 31),
        "materials": (Material(kind=MaterialKind.REFERRAL_LETTER),),
        "channel": Channel.WINDOW,
    }
    return Wanted(**known | fields)


def review(*, submitted_at: datetime = NOON, **fields: Any) -> RegistrationReviewRequested:
    """The hub asks to decide what is `wanted`."""
    return RegistrationReviewRequested(
        wanted=wanted(**fields), submitted_at=submitted_at, by="上海市第一人民医院"
    )


def told(state: RegistrationStanding, **fields: Any) -> RegistrationTold:
    """The hub tells where the registration of `wanted` stands, at NOON."""
    known: dict[str, Any] = {
        "registration_id": RegistrationId(UUID(int=7)),
        "person_id": person(1),
        "insured_area": AREA,
        "state": state,
        "materials": wanted().materials,
        "at": NOON,
        "by": "insured.320000",
    }
    return RegistrationTold(**known | fields)


def release(number: int, who: int = 1, why: ReleaseReason = ReleaseReason.EXPIRED) -> Body:
    return ReleaseRequested(settlement_id=settlement(number), person_id=person(who), reason=why)


def concluded(
    number: int, who: int = 1, outcome: Outcome = Outcome.SETTLED, day: date | None = TODAY
) -> Body:
    return SettlementConcluded(
        settlement_id=settlement(number), person_id=person(who), outcome=outcome, business_date=day
    )


@dataclass(slots=True, repr=False)  # a failing property would print the whole log
class InsuredArea:
    """One area with its worker. `hear` is a message of the hub through the whole message path."""

    engine: Engine
    log: MemoryLog = field(default_factory=MemoryLog)
    clock: StandingClock = field(default_factory=StandingClock)
    worker: Processor = field(init=False)

    def __post_init__(self) -> None:
        settings = Settings(insured_wait_ms=1)
        self.worker = main.worker(AREA, self.engine, self.log, self.clock, settings)

    def insure(self, *rows: PersonRow) -> None:
        with self.engine.begin() as tx:
            people.load(tx, rows or [row()], SEALER, TOKEN_KEY)

    def recognise(self, disease_code: str, number: int = 1, **fields: Any) -> None:
        """Somebody is entitled for a chronic disease, as a file says."""
        known: dict[str, Any] = {
            "line": 2,
            "certificate_kind": "01",
            "certificate_number": _certificate(number),
            "insurance_kind": InsuranceKind.EMPLOYEE,
            "disease_code": disease_code,
            "valid_from": date(2020, 1, 1),
            "valid_to": None,
        }
        with self.engine.begin() as tx:
            eligibilities.load(tx, [EligibilityRow(**known | fields)], TOKEN_KEY)

    def hear(self, *bodies: Body, sender: str = topics.HUB) -> list[Body]:
        """Send these to the area, let it work, and return what it newly says, oldest first."""
        before = len(self.said())
        for body in bodies:
            self.put(body, sender=sender)
        while self.worker.run_once():
            pass
        return self.said()[before:]

    def put(
        self, body: Body, *, sender: str = topics.HUB, message_id: MessageId | None = None
    ) -> None:
        topic, key = _address(body)
        said = originate(
            body,
            message_id=message_id or MessageId(new_id()),
            topic=topic,
            key=key,
            sender=sender,
            at=self.clock.now(),
        )
        self.log.post(said)

    def said(self) -> list[Body]:
        """Everything the area ever said, in the order of its outbox."""
        # By transaction first: PostgreSQL puts a small row where an earlier page has room for it.
        order = "xmin::text::bigint, cmin::text::bigint, ctid"
        statement = f"SELECT value FROM outbox ORDER BY {order}"  # noqa: S608 - our own text
        return [_body(value) for (value,) in self.rows(statement)]

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self.engine.connect() as tx:
            return bulk.fetch(tx, statement, parameters)

    def counts(self) -> dict[str, int]:
        """How many rows each table of the area has, delivery's tables left out."""
        own = metadata.tables.keys() - {
            "inbox",
            "outbox",
            "outbox_unsent",
            "dead_letters",
            "progress",
        }
        with self.engine.connect() as tx:
            return {
                name: tx.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()  # noqa: S608
                for name in own
            }


def on_the_wire(log: MemoryLog, topic: str) -> Iterator[Body]:
    for record in log.records(topic):
        yield _body(record.value.decode())


def _body(value: str) -> Body:
    letter = decode(value.encode())
    return body_of(letter, kinds()[letter.head.kind]).body


def _address(body: Body) -> tuple[str, str]:
    """The topic and key under which the hub sends this."""
    inner: Any = getattr(body, "care", None) or getattr(body, "wanted", body)
    if hasattr(inner, "person_id"):
        return topics.insured_work(AREA), inner.person_id
    return topics.notices(Role.INSURED, AREA), AREA


def _certificate(number: int) -> str:
    return f"32108119800101{number:03d}X"
