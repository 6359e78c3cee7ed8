"""Questions about a closed day, which both roles answer alike; each run has a day of its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import SystemRandom
from typing import Any
from uuid import UUID

from contracts.clock import SystemClock, shanghai_date_of
from contracts.codes import AreaCode, InsuranceKind, Role, VisitKind
from contracts.control_totals import BucketKey, Entry, bucket_of
from contracts.ids import SettlementId, new_id
from contracts.messages.advance import AdvanceNoticed, AdvanceWarned, Direction, Level, NoticeKind
from contracts.messages.clearing import ClearingIssued
from contracts.messages.reconciliation import (
    Bucket,
    DayBuckets,
    PiecesReported,
    PiecesRequested,
    RowsReported,
    RowsRequested,
    SliceReported,
    SliceRequested,
    TotalsReported,
    TotalsRequested,
)
from contracts.messages.repair import (
    Booked,
    RepairAnswer,
    RepairAnswered,
    RepairOrder,
    RepairOrdered,
)
from simulators.certify.cases import NotMet, expect, expect_same
from simulators.certify.hub import Hub
from simulators.certify.totals import marks, rows

FIRST_DAY, DAYS = date(2001, 1, 1), 7_000
PIECES = 16
TRIES_MAX = 5


@dataclass(slots=True)
class Day:
    """A business day of long ago on which the area has nothing, and what it shall have after it.

    `concluded_at`: the instant of every conclusion, so that one slice holds them all.
    """

    hub: Hub
    counterpart: AreaCode
    visit_kind: VisitKind
    entries: Sequence[Entry] = ()
    concluded_at: datetime = field(default_factory=SystemClock().now)
    business_date: date = field(init=False)
    _attempt: int = field(init=False)

    def __post_init__(self) -> None:
        random = SystemRandom()
        self._attempt = random.randrange(1, 1_000_000)
        for _ in range(TRIES_MAX):
            self.business_date = FIRST_DAY + timedelta(days=random.randrange(DAYS))
            if not self.totals():
                return
        raise NotMet("找不到空白的结算日：请清空被测地区的对账数据")

    @property
    def key(self) -> BucketKey:
        return self.counterpart, InsuranceKind.EMPLOYEE, self.visit_kind

    def expected(self, entries: Sequence[Entry] | None = None) -> tuple[Bucket, ...]:
        found = self.entries if entries is None else entries
        return (bucket_of(self.key, found),) if found else ()

    def totals(self) -> tuple[Bucket, ...]:
        self._attempt += 1
        asked = TotalsRequested(business_date=self.business_date, attempt=self._attempt)
        found = self._answer(asked, TotalsReported).buckets
        return tuple(sorted(found, key=lambda one: one.model_dump_json()))

    def expect_totals(self, entries: Sequence[Entry] | None = None) -> None:
        expect_same("该日控制总数", self.expected(entries), self.totals())

    def expect_rows(self) -> None:
        found = self._answer(self._rows(), RowsReported)
        expect_same("明细分段数", 1, found.parts)
        expect_same("该日明细", tuple(rows(self.entries)), found.rows)

    def expect_pieces(self) -> None:
        asked = PiecesRequested(**self._of_bucket(), pieces=PIECES)
        expect_same(
            "各片标记", marks(self.entries, PIECES), self._answer(asked, PiecesReported).marks
        )

    def expect_slice(self) -> None:
        found = self.slice(self.concluded_at, self.concluded_at + timedelta(seconds=1))
        whole = (DayBuckets(business_date=self.business_date, buckets=self.expected()),)
        expect_same("该时段控制总数", whole, found)

    def slice(self, since: datetime, until: datetime) -> tuple[DayBuckets, ...]:
        """What the area has of [since, until), of whatever day, as it answers now."""
        mark = self.hub.mark()
        self.hub.say(SliceRequested(since=since, until=until))
        found = self.hub.hear(
            SliceReported, lambda body: (body.since, body.until) == (since, until), since=mark
        ).body
        expect_same("时段的地区与角色", (self.hub.area, self.hub.role), (found.area, found.role))
        return found.days

    def expect_rows_of(self, since: datetime, until: datetime, entries: Sequence[Entry]) -> None:
        """The rows of a slice; a bucket without rows is answered as well."""
        asked = RowsRequested(**self._of_bucket(), since=since, until=until)
        found = self._answer(asked, RowsReported)
        expect_same("该时段", (since, until), (found.since, found.until))
        expect_same("该时段明细", tuple(rows(entries)), found.rows)

    def expect_repaired(self) -> None:
        """A contrary row is ordered, ordered again, and taken back: the day is as it was."""
        one = next(one for one in self.entries if one.sign > 0)
        put, undo = new_id(), new_id()
        stands = Booked(
            business_date=self.business_date,
            counterpart=self.counterpart,
            insurance_kind=InsuranceKind.EMPLOYEE,
            visit_kind=self.visit_kind,
            total_fen=one.total_fen,
            parts_fen=one.parts_fen,
        )
        order = RepairOrder(order_id=put, settlement_id=one.settlement_id, sign=-1, stands=stands)
        for _ in range(2):
            expect_same("处理结果", RepairAnswer(order_id=put, put_in=1), self.ordered(order))
        contrary = Entry(one.settlement_id, -1, one.total_fen, one.parts_fen)
        self.expect_totals([*self.entries, contrary])
        back = RepairOrder(order_id=undo, settlement_id=one.settlement_id, sign=-1, undoes=put)
        expect_same("撤销结果", RepairAnswer(order_id=undo, taken_out=1), self.ordered(back))
        self.expect_totals()

    def expect_other_refused(self) -> None:
        one = RepairOrder(order_id=new_id(), settlement_id=SettlementId(new_id()), sign=1)
        found = self.ordered(one, area=self.counterpart)
        expect(found.code is not None, "他人的账不得处理，应以代码拒绝")
        self.expect_totals()

    def ordered(self, order: RepairOrder, area: AreaCode | None = None) -> RepairAnswer:
        since = self.hub.mark()
        role = self.hub.role
        self.hub.say(RepairOrdered(role=role, area=area or self.hub.area, orders=(order,)))
        found = self.hub.hear(RepairAnswered, _about_order(order.order_id), since=since).body
        answer = found.answers[0]
        return answer if answer.code is None else answer.model_copy(update={"detail": ""})

    def expect_heeded_nothing(self) -> None:
        """Statements and warnings ask for no answer, and hold nobody up."""
        for body in notices(self.hub.role, self.hub.area, self.counterpart):
            self.hub.say(body)
        self.expect_totals()

    def _rows(self) -> RowsRequested:
        return RowsRequested(**self._of_bucket())

    def _of_bucket(self) -> dict[str, Any]:
        self._attempt += 1
        names = ("counterpart", "insurance_kind", "visit_kind")
        said = {"business_date": self.business_date, "attempt": self._attempt}
        return said | dict(zip(names, self.key, strict=True))

    def _answer(self, asked: Any, kind: type[Any]) -> Any:
        self.hub.say(asked)
        whose = (self.hub.role, self.hub.area, asked.business_date, asked.attempt)

        def is_it(body: Any) -> bool:
            return (body.role, body.area, body.business_date, body.attempt) == whose

        return self.hub.hear(kind, is_it).body


def notices(role: Role, area: AreaCode, other: AreaCode) -> Sequence[Any]:
    """A clearing statement, a warning and a notice of the advance, all of nothing."""
    insured, treatment = (area, other) if role is Role.INSURED else (other, area)
    at = SystemClock().now()
    day = shanghai_date_of(at)
    return (
        ClearingIssued(
            run_id=new_id(),
            month="2001-01",
            issued_at=at,
            payable_fen=0,
            receivable_fen=0,
            lines=(),
        ),
        AdvanceWarned(
            warning_id=new_id(),
            insured_area=insured,
            treatment_area=treatment,
            level=Level.YELLOW,
            cycle_first=day,
            cycle_last=day,
            spent_fen=80,
            held_fen=100,
            chance_yellow_bp=None,
            chance_red_bp=None,
            days_left=None,
            top_up_fen=None,
            tier=1,
            contacts=(),
            raised_at=at,
        ),
        AdvanceNoticed(
            number="认证〔2001〕1号",
            title_zh="认证用通知书（无需付款）",
            kind=NoticeKind.YEARLY,
            direction=Direction.PAY,
            area=area,
            year=2001,
            issued_on=day,
            finance_by=day,
            pay_by=day,
            total_fen=0,
            lines=(),
        ),
    )


def _about_order(order_id: UUID) -> Callable[[Any], object]:
    return lambda body: any(one.order_id == order_id for one in body.answers)
