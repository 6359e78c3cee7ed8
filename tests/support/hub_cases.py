"""A hub with one settled inpatient bill, and people who open and answer cases about it."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO
from uuid import UUID, uuid4

from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import Connection, Engine

from contracts.access import AccessRole, Principal
from contracts.codes import AreaCode, Fund, VisitKind
from contracts.delivery import bulk
from contracts.ids import SettlementId
from contracts.sealing import Sealer
from hub.domain.case_states import CaseType
from hub.domain.cases import Case, Entry, Item, Reply
from hub.domain.second_person import Proposal
from hub.services import (
    case_answers,
    case_decisions,
    case_threads,
    cases,
    opening_cases,
    second_person,
)
from hub.services.case_answers import Answer
from hub.services.case_threads import Said, Upload
from hub.services.opening_cases import Opening
from hub.store.case_threads import Attachment
from hub.store.db import migrate
from tests.support import hub_books
from tests.support.databases import Databases
from tests.support.hub_books import ANHUI, HUNAN, SHANGHAI, add_cases, add_days, add_participants

KEYS_TEXT = f"k1={base64.b64encode(b'k' * 32).decode()}"
KEYS = Sealer.from_text(KEYS_TEXT)
FIRST, LAST, OPEN = date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 1)
BILLS = (
    hub_books.Case(1, LAST, total_fen=50_000_00, pool_fen=30_000_00, account_fen=100_00),
    hub_books.Case(2, LAST, total_fen=50_000_00, pool_fen=20_000_00),
    hub_books.Case(3, LAST, total_fen=30_000_00),  # the threshold is to be exceeded
    hub_books.Case(4, LAST, total_fen=50_000_00, visit_kind=VisitKind.CHRONIC),
    hub_books.Case(5, LAST, insured=ANHUI, total_fen=50_000_00),
    hub_books.Case(6, LAST, total_fen=50_000_00, reversed_on=LAST),
)
BILL, OTHER, SMALL, CHRONIC, ANHUIS, UNDONE = (bill.settlement_id for bill in BILLS)


def agency(role: AccessRole, area: AreaCode, name: str = "") -> Principal:
    return Principal(name or f"{role.value} {area}", role, area)


INSURED = agency(AccessRole.INSURED_AGENCY, HUNAN)
TREATMENT = agency(AccessRole.TREATMENT_AGENCY, SHANGHAI)
COLLEAGUE = agency(AccessRole.TREATMENT_AGENCY, SHANGHAI, "the colleague")
STRANGER = agency(AccessRole.INSURED_AGENCY, ANHUI)
WATCHER = agency(AccessRole.WATCHER, SHANGHAI)
OPERATOR = Principal("operator one", AccessRole.OPERATOR, None)
SECOND = Principal("operator two", AccessRole.OPERATOR, None)
OF_TREATMENT, OF_INSURED = f"treatment.{SHANGHAI}", f"insured.{HUNAN}"


def said(text: str = "请核查", entry_id: UUID | None = None) -> Said:
    return Said(entry_id or uuid4(), text)


def item(amount_fen: int, bill: SettlementId = BILL, fund: Fund = Fund.POOL) -> Item:
    return Item(bill, fund, amount_fen)


def a_pdf() -> bytes:
    file = BytesIO()
    canvas = Canvas(file, invariant=True)
    canvas.drawString(100, 700, "evidence")
    canvas.save()
    return file.getvalue()


@dataclass(slots=True)
class Desk:
    """Everybody's desk: each call is one transaction at `now`."""

    engine: Engine
    now: datetime

    def open(
        self,
        kind: CaseType = CaseType.DISPUTE,
        *claimed: Item,
        by: Principal = INSURED,
        bills: Iterable[SettlementId] = (BILL,),
        respondents: tuple[str, ...] = (),
        case_id: UUID | None = None,
        follows: UUID | None = None,
        text: str = "费用有疑问",
    ) -> Case:
        new = case_id or uuid4()
        first = Said(UUID(int=new.int ^ 1), text)
        opening = Opening(new, kind, first, respondents, tuple(bills), claimed, follows)
        with self.engine.begin() as tx:
            return opening_cases.open_case(tx, opening, by, keys=KEYS, now=self.now)

    def take(self, case: Case, by: Principal = TREATMENT) -> Case:
        with self.engine.begin() as tx:
            return cases.take(tx, case.case_id, by, self.now)

    def attach(
        self,
        case: Case,
        by: Principal = TREATMENT,
        *,
        content: bytes | None = None,
        name: str = "小结.pdf",
        attachment_id: UUID | None = None,
    ) -> Attachment:
        upload = Upload(attachment_id or uuid4(), name, a_pdf() if content is None else content)
        with self.engine.begin() as tx:
            there = cases.locked(tx, case.case_id, by)
            return case_threads.attach(tx, there, upload, by, keys=KEYS, now=self.now)

    def say(self, case: Case, given: Said, by: Principal = TREATMENT) -> Entry:
        with self.engine.begin() as tx:
            there = cases.locked(tx, case.case_id, by)
            return case_threads.say(tx, there, given, by, keys=KEYS, now=self.now)

    def answer(
        self,
        case: Case,
        reply: Reply,
        *admitted: Item,
        by: Principal = TREATMENT,
        penalty_fen: int = 0,
        given: Said | None = None,
    ) -> Case:
        told = Answer(reply, given or said("已核查"), admitted, penalty_fen)
        with self.engine.begin() as tx:
            return case_answers.answer(tx, case.case_id, told, by, keys=KEYS, now=self.now)

    def extend(self, case: Case, by: Principal = TREATMENT, given: Said | None = None) -> Case:
        with self.engine.begin() as tx:
            return cases.extend(
                tx, case.case_id, given or said("材料尚在调取"), by, keys=KEYS, now=self.now
            )

    def withdraw(self, case: Case, by: Principal = INSURED, given: Said | None = None) -> Case:
        with self.engine.begin() as tx:
            return cases.withdraw(
                tx, case.case_id, given or said("已自行核实"), by, keys=KEYS, now=self.now
            )

    def decide(
        self, case: Case, judgement: case_decisions.Judgement, by: Principal = OPERATOR
    ) -> Case:
        with self.engine.begin() as tx:
            return case_decisions.decide(tx, case.case_id, judgement, by, keys=KEYS, now=self.now)

    def job(self, at: datetime | None = None) -> None:
        self.now = at or self.now
        with self.engine.begin() as tx:
            case_decisions.decide_due(tx, self.now, 200)

    def second(self, case: Case, *, approve: bool, by: Principal = SECOND) -> Proposal:
        proposal_id = self.see(case).proposal_id
        assert proposal_id is not None
        with self.engine.begin() as tx:
            return second_person.decide(
                tx, proposal_id, approve=approve, why="看过", by=by, now=self.now
            )[0]

    def see(self, case: Case, by: Principal = OPERATOR) -> Case:
        with self.engine.begin() as tx:
            return cases.visible(tx, case.case_id, by)

    def rows(self, statement: str, *parameters: object) -> list[tuple[object, ...]]:
        with self.engine.begin() as tx:
            return bulk.fetch(tx, statement, parameters)

    def pass_days(self, days: int) -> None:
        self.now += timedelta(days=days)


def add_books(tx: Connection) -> None:
    add_participants(tx)
    add_days(tx, FIRST, OPEN)
    add_cases(tx, BILLS)


def a_desk(databases: Databases, now: datetime) -> Desk:
    engine = databases.fresh("hub", migrate)
    with engine.begin() as tx:
        add_books(tx)
    return Desk(engine, now)
