"""What should be true of the books: days that open and close, rows on them, what a run takes.

Written from the Rules; it calls nothing of the hub.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from contracts.codes import Fund, Role
from contracts.control_totals import Entry, bucket_of
from contracts.messages.clearing import ClearingIssued, ClearingLine
from contracts.messages.reconciliation import Bucket, TotalsRequested
from contracts.messages.settlement import SettlementRequested
from contracts.messages.values import PARTS, Shares
from contracts.refusal import RefusalCode as R
from tests.model import world
from tests.model.registering import months_after
from tests.model.saying import Hearing, Said

Side = tuple[date, Role, str]
PairDay = tuple[date, str, str]
DAY = timedelta(days=1)
ACTIVE_WITHIN = timedelta(days=31)  # who had rows so lately must say that it has none


@dataclass(frozen=True, slots=True)
class Row:
    """A settlement on its day (+1), or its reversal on another (-1). It is never changed."""

    day: date
    sign: int
    request: SettlementRequested
    shares: Shares

    @property
    def insured(self) -> str:
        return f"{self.request.care.insured_division[:2]}0000"

    @property
    def treatment(self) -> str:
        return f"{self.request.care.treatment_division[:2]}0000"

    @property
    def pair_day(self) -> PairDay:
        return self.day, self.insured, self.treatment

    def parts(self) -> tuple[int, ...]:
        return tuple(getattr(self.shares, part) for part in PARTS)

    def payable_fen(self) -> int:
        return self.sign * sum(self.shares.by_fund().values())


@dataclass(slots=True)
class Books:
    """`agreed`: for each side that was asked, whether it has agreed; `taken`: by which run."""

    open_day: date
    hearing: Hearing
    closed: list[date] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    begun: set[date] = field(default_factory=set)
    agreed: dict[Side, bool] = field(default_factory=dict)
    taken: dict[PairDay, str] = field(default_factory=dict)
    lines: dict[str, list[ClearingLine]] = field(default_factory=dict)

    def book(self, request: SettlementRequested, shares: Shares, sign: int) -> date:
        """On the open day, and on no other."""
        self.rows.append(Row(self.open_day, sign, request, shares))
        return self.open_day

    def ledger(self) -> Counter[tuple[date, str, str, str, Fund]]:
        """What each insured area owes each treatment area, by day, insurance and fund."""
        owed: Counter[tuple[date, str, str, str, Fund]] = Counter()
        for row in self.rows:
            for fund, fen in row.shares.by_fund().items():
                owed[*row.pair_day, row.request.care.insurance_kind.value, fund] += row.sign * fen
        return owed

    def close(self) -> None:
        self.closed.append(self.open_day)
        self.open_day += DAY

    def cycle(self) -> str:
        """The 清算期 of the open day; "" after all."""
        spans = world.CYCLES.items()
        return next((name for name, (a, z) in spans if a <= self.open_day <= z), "")

    def begin_comparing(self, days_max: int) -> None:
        """Ask everybody with rows on a closed day, or lately, for its totals."""
        for day in [day for day in self.closed if day not in self.begun][:days_max]:
            self.begun.add(day)
            lately = [r for r in self.rows if day - ACTIVE_WITHIN <= r.day <= day]
            for role, area in {party for row in lately for party in _parties(row)}:
                self.agreed[day, role, area] = False
                body = TotalsRequested(business_date=day, attempt=1)
                self.hearing.said.append(Said(f"{role}.{area}.notices", area, body))

    def totals(self, side: Side) -> tuple[Bucket, ...]:
        """What a side has of a day, when it has what the hub has."""
        day, role, area = side
        found = defaultdict(list)
        for row in [row for row in self.rows if row.day == day and (role, area) in _parties(row)]:
            care, counterpart = row.request.care, row.treatment
            if role is Role.TREATMENT:
                counterpart = row.insured
            total_fen, id_ = row.request.bill.total_fen, row.request.settlement_id
            entry = Entry(id_, row.sign, total_fen, row.parts())
            found[counterpart, care.insurance_kind, care.visit_kind].append(entry)
        return tuple(bucket_of(key, entries) for key, entries in sorted(found.items()))

    def clear(self, cycle: str, run_id: UUID, now: datetime) -> R | None:
        """Freeze and issue a 清算期: each pair day on which both sides agree, in no other run."""
        first, last = world.CYCLES[cycle]
        if self.open_day <= last:
            return R.DAY_NOT_CLOSED
        if any(first <= day <= last and day not in self.begun for day in self.closed):
            return R.DAY_NOT_RECONCILED
        if cycle in self.lines:
            return R.OUT_OF_STEP
        oldest = months_after(first.replace(day=1), -world.LATE_MONTHS)
        ready = [r for r in self.rows if oldest <= r.day <= last and self._is_ready(r)]
        lines = self.lines[cycle] = list(_lines(ready, first))
        self.taken |= {row.pair_day: cycle for row in ready}
        for role, area in {(r, getattr(x, f"{r}_area")) for x in lines for r in Role}:
            mine = tuple(line for line in lines if getattr(line, f"{role}_area") == area)
            total_fen = sum(line.payable_fen for line in mine)
            body = ClearingIssued(
                run_id=run_id,
                month=cycle,
                issued_at=now,
                payable_fen=total_fen if role is Role.INSURED else 0,
                receivable_fen=total_fen if role is Role.TREATMENT else 0,
                lines=mine,
            )
            self.hearing.said.append(Said(f"{role}.{area}.notices", area, body))
        return None

    def _is_ready(self, row: Row) -> bool:
        agreed = all(self.agreed.get((row.day, role, area)) for role, area in _parties(row))
        return agreed and row.pair_day not in self.taken


def _parties(row: Row) -> tuple[tuple[Role, str], ...]:
    return (Role.INSURED, row.insured), (Role.TREATMENT, row.treatment)


def _lines(rows: list[Row], first: date) -> Iterator[ClearingLine]:
    """One line a pair, insurance and kind of care; 往期补报 comes as one sum beside them."""
    found = defaultdict(list)
    for row in rows:
        care = row.request.care
        found[row.insured, row.treatment, care.insurance_kind, care.visit_kind].append(row)
    for (insured, treatment, insurance_kind, visit_kind), members in sorted(found.items()):
        own = [row for row in members if row.day >= first]
        columns = zip(*([row.sign * fen for fen in row.parts()] for row in own), strict=True)
        yield ClearingLine(
            insured_area=insured,
            treatment_area=treatment,
            insurance_kind=insurance_kind,
            visit_kind=visit_kind,
            count=sum(row.sign for row in own),
            total_fen=sum(row.sign * row.request.bill.total_fen for row in own),
            parts_fen=tuple(map(sum, columns)) if own else (0,) * len(PARTS),
            late_fen=sum(row.payable_fen() for row in members if row.day < first),
            payable_fen=sum(row.payable_fen() for row in members),
        )
