"""Books of the hub written by hand: days, settlements with their steps and postings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid5

from sqlalchemy import Connection, insert

from contracts import topics
from contracts.codes import AreaCode, Fund, InsuranceKind, VisitKind, areas
from contracts.control_totals import Entry
from contracts.ids import SettlementId, id_of_effect
from contracts.messages.settlement import SettlementAnswered, SettlementConcluded
from contracts.messages.values import PARTS
from hub.store import (  # noqa: F401 - add their tables
    tables,
    tables_advance,
    tables_cases,
    tables_cycles,
    tables_ledger,
    tables_money,
    tables_papers,
    tables_protocol,
    tables_registrations,
    tables_repairs,
    tables_routes,
    tables_runs,
    tables_second_person,
)

HUNAN, SHANGHAI, ANHUI = AreaCode("430000"), AreaCode("310000"), AreaCode("340000")
NOON = datetime(2026, 3, 31, 4, 0, tzinfo=UTC)
STEPS: dict[str, Sequence[tuple[str, str]]] = {
    "routed": (("", "received"), ("route", "routed")),
    "settled": (("", "received"), ("route", "routed"), ("settle", "settled")),
    "reversed": (
        ("", "received"),
        ("route", "routed"),
        ("settle", "settled"),
        ("cancel", "reversing"),
        ("release", "reversed"),
    ),
}


@dataclass(frozen=True, slots=True)
class Case:
    """A settlement as a test writes it: half of the bill is the pool's unless said otherwise."""

    number: int
    settled_on: date
    insured: AreaCode = HUNAN
    treatment: AreaCode = SHANGHAI
    insurance_kind: InsuranceKind = InsuranceKind.EMPLOYEE
    visit_kind: VisitKind = VisitKind.INPATIENT
    total_fen: int = 100_00
    pool_fen: int | None = None
    account_fen: int = 0
    reversed_on: date | None = None

    @property
    def settlement_id(self) -> SettlementId:
        return settlement_id(self.number)

    @property
    def parts(self) -> dict[str, int]:
        pool_fen = self.total_fen // 2 if self.pool_fen is None else self.pool_fen
        cash_fen = self.total_fen - pool_fen - self.account_fen
        paid = {"pool_fen": pool_fen, "account_fen": self.account_fen, "cash_fen": cash_fen}
        return {part: paid.get(part, 0) for part in PARTS}

    def entries_on(self, day: date) -> list[Entry]:
        """The case's rows of a day as an area reports them."""
        rows = [(self.settled_on, 1), (self.reversed_on, -1)]
        return [
            Entry(self.settlement_id, sign, self.total_fen, tuple(self.parts.values()))
            for on, sign in rows
            if on == day
        ]


def settlement_id(number: int) -> SettlementId:
    return SettlementId(uuid5(UUID(int=0), f"settlement {number}"))


def add_participants(tx: Connection) -> None:
    rows = [
        {
            "area": area.code,
            "name": area.name,
            "insured_connected": True,
            "treatment_connected": True,
        }
        for area in areas().values()
    ]
    tx.execute(insert(tables.metadata.tables["participants"]), rows)


def add_days(tx: Connection, first: date, opened: date) -> None:
    """Closed days from `first`, and `opened` as the open one."""
    for number in range((opened - first).days + 1):
        day = first + timedelta(days=number)
        is_open = day == opened
        tx.execute(
            insert(tables.business_days).values(
                business_date=day,
                state="open" if is_open else "closed",
                opened_at=NOON,
                closed_at=None if is_open else NOON,
            )
        )


def add_cases(tx: Connection, cases: Sequence[Case]) -> None:
    for case in cases:
        _add_settlement(tx, case)
        _add_steps(tx, case)
        _add_postings(tx, case, "settlement", case.settled_on)
        if case.reversed_on is not None:
            _add_postings(tx, case, "reversal", case.reversed_on)
        _add_notices(tx, case)


def add_routed(tx: Connection, number: int, *, answer_by: datetime) -> SettlementId:
    """A settlement that the insured area has not answered."""
    case = Case(number, NOON.date())
    values = _values(case) | dict.fromkeys(PARTS, 0)
    values |= {"state": "routed", "settled_on": None, "concluded_at": None, "step_count": 1}
    values |= {"answer_by": answer_by, "registration_id": UUID(int=1)}
    values |= {"registration_basis": "registered"}
    tx.execute(insert(tables.settlements).values(**values))
    _write_steps(tx, case.settlement_id, "routed")
    return case.settlement_id


def _state_of(case: Case) -> str:
    return "settled" if case.reversed_on is None else "reversed"


def _values(case: Case) -> dict[str, object]:
    return {
        "settlement_id": case.settlement_id,
        "person_id": "P" * 29,
        "insured_area": case.insured,
        "insured_division": case.insured,
        "treatment_area": case.treatment,
        "treatment_division": case.treatment,
        "insurance_kind": case.insurance_kind.value,
        "visit_kind": case.visit_kind.value,
        "hospital_code": "H31000000001",
        "hospital_level": 3,
        "admitted_on": case.settled_on,
        "discharged_on": case.settled_on,
        "use_account": False,
        "total_fen": case.total_fen,
        "fully_own_fen": 0,
        "over_ceiling_fen": 0,
        "first_self_pay_fen": 0,
        "in_scope_fen": case.total_fen,
        "state": _state_of(case),
        "step_count": len(STEPS[_state_of(case)]) - 1,
        "received_at": NOON,
        "concluded_at": NOON,
        "settled_on": case.settled_on,
        "reversed_on": case.reversed_on,
        **case.parts,
    }


def _add_settlement(tx: Connection, case: Case) -> None:
    tx.execute(insert(tables.settlements).values(**_values(case)))


def _add_steps(tx: Connection, case: Case) -> None:
    _write_steps(tx, case.settlement_id, _state_of(case))


def _add_notices(tx: Connection, case: Case) -> None:
    """What the hub said about it, as far as anybody looks: that it was said."""
    for body, topic in (
        (SettlementAnswered, topics.treatment_answers(case.treatment)),
        (SettlementConcluded, topics.insured_work(case.insured)),
    ):
        tx.execute(
            insert(tables.metadata.tables["outbox"]).values(
                message_id=id_of_effect(case.settlement_id, f"{body.KIND} to {topic}"),
                topic=topic,
                key=str(case.settlement_id),
                value="",
                queued_at=NOON,
            )
        )


def _write_steps(tx: Connection, id_: SettlementId, state: str) -> None:
    for position, (before, after) in enumerate(pairwise(STEPS[state]), 1):
        tx.execute(
            insert(tables.metadata.tables["settlement_steps"]).values(
                settlement_id=id_,
                position=position,
                from_state=before[1],
                event=after[0],
                to_state=after[1],
                at=NOON,
            )
        )


def _add_postings(tx: Connection, case: Case, kind: str, on: date) -> None:
    pair = (case.insured, case.treatment)
    debtor, creditor = pair if kind == "settlement" else pair[::-1]
    for fund in Fund:
        amount_fen = case.parts[f"{fund.value}_fen"]
        if amount_fen:
            tx.execute(
                insert(tables.postings).values(
                    settlement_id=case.settlement_id,
                    business_date=on,
                    insured_area=case.insured,
                    treatment_area=case.treatment,
                    insurance_kind=case.insurance_kind.value,
                    fund=fund.value,
                    from_area=debtor,
                    to_area=creditor,
                    amount_fen=amount_fen,
                    kind=kind,
                    posted_at=NOON,
                )
            )
