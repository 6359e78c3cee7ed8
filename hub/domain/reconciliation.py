"""The daily comparison 对账 of the hub with one side: states, totals, rows, and what breaks mean."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from contracts.codes import AreaCode, InsuranceKind, Role, VisitKind
from contracts.control_totals import BucketKey, Entry
from contracts.ids import SettlementId
from contracts.messages.reconciliation import Bucket
from contracts.state_machine import StateMachine, Step

RowKey = tuple[SettlementId, int]
"""A settlement and its sign: +1 settled, -1 reversed."""
SideKey = tuple[date, Role, AreaCode]
"""One comparison: a business day with one area in one of its roles."""


class SideState(StrEnum):
    """How far the comparison of one day with one side has come."""

    WAITING = "waiting"  # asked, and not agreed yet; differences are provisional
    AGREED = "agreed"  # every bucket is equal: final
    BROKEN = "broken"  # differences remained after the agreed time: open breaks


class SideEvent(StrEnum):
    """What moves it."""

    AGREE = "agree"
    DIFFER = "differ"
    CONTRADICT = "contradict"
    RUN_OUT = "run_out"
    REOPEN = "reopen"


# fmt: off
SIDE = StateMachine(name="reconciliation side", initial=(SideState.WAITING,), steps=(
    Step(SideState.WAITING, SideEvent.AGREE,   SideState.AGREED,  "the totals are equal"),
    Step(SideState.WAITING, SideEvent.DIFFER,  SideState.WAITING, "there is time left: it is asked again"),
    Step(SideState.WAITING, SideEvent.RUN_OUT, SideState.BROKEN,  "the agreed time is over"),
    Step(SideState.BROKEN,  SideEvent.AGREE,   SideState.AGREED,  "corrected: its breaks are resolved"),
    Step(SideState.BROKEN,  SideEvent.DIFFER,  SideState.BROKEN,  "its breaks follow the new report"),
    Step(SideState.AGREED,  SideEvent.AGREE,   SideState.AGREED,  "a repeated report"),
    Step(SideState.AGREED,  SideEvent.DIFFER,  SideState.WAITING, "a later report differs, and there is time left"),
    Step(SideState.AGREED,  SideEvent.CONTRADICT, SideState.BROKEN, "a later report contradicts what was agreed: breaks"),
    Step(SideState.AGREED,  SideEvent.REOPEN,  SideState.BROKEN,  "a repair was undone: it is asked again"),
    Step(SideState.WAITING, SideEvent.REOPEN,  SideState.WAITING, "it is being asked"),
    Step(SideState.BROKEN,  SideEvent.REOPEN,  SideState.BROKEN,  "it is being asked"),
))
# fmt: on


@dataclass(frozen=True, slots=True)
class Side:
    """The comparison of a day with one area in one role.

    `attempt` counts our requests from 1; `reported_attempt` is the last one answered, 0 for none,
    or the first whose answer counts.
    `reported_count` and `reported_fen` sum up that report, which was sent at `reported_at`.
    Differences are provisional until `break_after`.
    """

    business_date: date
    role: Role
    area: AreaCode
    state: SideState
    attempt: int
    reported_attempt: int
    reported_count: int | None
    reported_fen: int | None
    asked_at: datetime
    break_after: datetime
    agreed_at: datetime | None
    reported_at: datetime | None = None

    @property
    def key(self) -> SideKey:
        return self.business_date, self.role, self.area

    def after(self, event: SideEvent, now: datetime) -> "Side":
        """One step on; IllegalStep when the table has no such step."""
        state = SIDE.after(self.state, event)
        agreed_at = (self.agreed_at or now) if state is SideState.AGREED else None
        return replace(self, state=state, agreed_at=agreed_at)

    def asked_again(self, now: datetime) -> "Side":
        return replace(self, attempt=self.attempt + 1, asked_at=now)

    def asked_afresh(self, now: datetime) -> "Side":
        """Asked again, and no report counts that answers an earlier request."""
        return replace(self.asked_again(now), reported_attempt=self.attempt + 1)

    def takes_report(self, attempt: int, sent_at: datetime) -> bool:
        """Whether a report answers a request of ours and is not older than the last one taken.

        After an agreement only a later one is taken: it may contradict, and then it must show.
        """
        if not self.reported_attempt <= attempt <= self.attempt:
            return False
        if self.state is not SideState.AGREED or attempt > self.reported_attempt:
            return True
        return self.reported_at is not None and sent_at > self.reported_at

    def heard(self, now: datetime, *, agrees: bool) -> "Side":
        """After a report that was taken."""
        if agrees:
            return self.after(SideEvent.AGREE, now)
        is_over = self.state is SideState.AGREED and now >= self.break_after
        return self.after(SideEvent.CONTRADICT if is_over else SideEvent.DIFFER, now)


class BreakClass(StrEnum):
    """What kind of difference it is."""

    ONLY_AT_HUB = "only_at_hub"  # 单边账: the side does not have it
    ONLY_AT_INSURED = "only_at_insured"  # 单边账: the hub does not have it as settled
    ONLY_AT_TREATMENT = "only_at_treatment"  # 单边账: the same, seen from the other side
    ONLY_AT_HOSPITAL = "only_at_hospital"  # 单边账: the treatment area does not have it
    AMOUNT = "amount"  # another total
    FUND_SPLIT = "fund_split"  # the same total, other parts
    STATUS = "status"  # both have the settlement, one as settled and the other as reversed
    DUPLICATE = "duplicate"  # the side has one row more than once
    DAY = "day"  # both have it, on different business days
    TOTALS = "totals"  # a bucket's totals differ, and its rows do not tell why (yet)
    NO_REPORT = "no_report"  # the side did not report in the agreed time


# fmt: off
WORDS: dict[BreakClass, tuple[str, str]] = {  # What a clerk reads: the class, and its likely cause.
    BreakClass.ONLY_AT_HUB:       ("单边账（仅清算中心有）", "该方未收到或未登记结算结论，请按结算编号查询后补记"),
    BreakClass.ONLY_AT_INSURED:   ("单边账（仅参保地有）", "参保地已记账而清算中心未结算，可能是超时作废后未释放待遇"),
    BreakClass.ONLY_AT_TREATMENT: ("单边账（仅就医地有）", "就医地已记账而清算中心未结算，可能是冲正或作废的答复未处理"),
    BreakClass.ONLY_AT_HOSPITAL:  ("单边账（仅医疗机构有）", "医疗机构报送的明细中有而就医地没有，可能是结算未成功或结算日不同"),
    BreakClass.AMOUNT:            ("金额不符", "同一笔结算总额不同，可能有一方事后改动了费用"),
    BreakClass.FUND_SPLIT:        ("基金分项不符", "总额相同而各基金分项不同，可能是分项记错或重新计算过"),
    BreakClass.STATUS:            ("状态不符", "双方都有这一笔，一方已冲正（退费）而另一方未冲正，可能是冲正结论未送达"),
    BreakClass.DUPLICATE:         ("重复记账", "该方同一笔结算记了不止一次，可能是重复处理了同一条消息"),
    BreakClass.DAY:               ("结算日不符", "双方都有这一笔，但记在不同的结算日，应以清算中心的结算日为准"),
    BreakClass.TOTALS:            ("合计不符", "该方合计与清算中心不同，明细尚未收齐，或其合计与自己的明细矛盾"),
    BreakClass.NO_REPORT:         ("未报送", "该方在约定时间内没有报送合计，请检查其系统和网络"),
}
# fmt: on


ONLY_AT: dict[Role, BreakClass] = {
    Role.INSURED: BreakClass.ONLY_AT_INSURED,
    Role.TREATMENT: BreakClass.ONLY_AT_TREATMENT,
}


@dataclass(frozen=True, slots=True)
class Break:
    """One difference with one side; amounts are signed fen, None where a party has nothing.

    `bucket` and `row` are None where the break is about more than one: a side, a whole bucket.
    """

    break_class: BreakClass
    bucket: BucketKey | None = None
    row: RowKey | None = None
    hub_fen: int | None = None
    side_fen: int | None = None
    other_date: date | None = None

    def told(self) -> str:
        """One Chinese sentence for the desk: the class and its likely cause."""
        other = f"（另一方记在{self.other_date.isoformat()}）" if self.other_date else ""
        name, cause = WORDS[self.break_class]
        return f"{name}{other}：{cause}"


@dataclass(frozen=True, slots=True)
class RowsOfBucket:
    """Both parties' rows of one bucket, or those that differ; and what either has elsewhere.

    `…_elsewhere`: on which other day; `…_settled`: which reversals of the other party alone this
    one has as settled and not reversed.
    """

    bucket: BucketKey
    role: Role
    hub: Sequence[Entry]
    side: Sequence[Entry]
    hub_elsewhere: Mapping[RowKey, date]
    side_elsewhere: Mapping[RowKey, date]
    hub_settled: Collection[SettlementId] = ()
    side_settled: Collection[SettlementId] = ()


def key_of(bucket: Bucket) -> BucketKey:
    """What both sides call this bucket."""
    return bucket.counterpart, InsuranceKind(bucket.insurance_kind), VisitKind(bucket.visit_kind)


def differing(hub: Iterable[Bucket], side: Sequence[Bucket]) -> list[Break]:
    """A break of class totals for every bucket that is not equal, or that only one party has.

    A side that reports one bucket twice differs in it.
    """
    ours, theirs = {key_of(b): b for b in hub}, {key_of(b): b for b in side}
    twice = {key for key, times in Counter(map(key_of, side)).items() if times > 1}
    return [
        Break(BreakClass.TOTALS, key, None, _total(ours.get(key)), _total(theirs.get(key)))
        for key in sorted(ours.keys() | theirs.keys())
        if key in twice or ours.get(key) != theirs.get(key)
    ]


def breaks_of(rows: RowsOfBucket) -> list[Break]:
    """What differs row by row, in the order of settlement and sign; at most one break a row."""
    hub = {_row(entry): entry for entry in rows.hub}
    assert len(hub) == len(rows.hub), "the hub's key is the settlement and its sign"
    times = Counter(map(_row, rows.side))
    side = {_row(entry): entry for entry in rows.side}
    found = []
    for row in sorted(hub.keys() | side.keys()):
        kind, other_date = _class_of(rows, row, hub.get(row), side.get(row), times[row])
        if kind is not None:
            side_fen = _signed_fen(side.get(row))
            side_fen = side_fen if side_fen is None else side_fen * times[row]
            hub_fen = _signed_fen(hub.get(row))
            found.append(Break(kind, rows.bucket, row, hub_fen, side_fen, other_date))
    return found


def after_totals(open_breaks: Collection[Break], totals: Sequence[Break]) -> set[Break]:
    """What is open after new totals: a bucket keeps its rows' breaks until its new rows come."""
    differ = {found.bucket for found in totals}
    kept = {old for old in open_breaks if old.row is not None and old.bucket in differ}
    known = {old.bucket for old in kept}
    return kept | {found for found in totals if found.bucket not in known}


def after_rows(open_breaks: AbstractSet[Break], rows: RowsOfBucket) -> set[Break]:
    """What is open after a bucket's rows came: its totals differ, so it never has no break."""
    others = {old for old in open_breaks if old.bucket != rows.bucket}
    found: Collection[Break] = breaks_of(rows)
    if not found:
        found = {old for old in open_breaks - others if old.row is None} or {_contradiction(rows)}
    return others | set(found)


def _contradiction(rows: RowsOfBucket) -> Break:
    hub_fen, side_fen = (
        sum(entry.sign * entry.total_fen for entry in entries) for entries in (rows.hub, rows.side)
    )
    return Break(BreakClass.TOTALS, rows.bucket, None, hub_fen, side_fen)


def _class_of(
    rows: RowsOfBucket, row: RowKey, hub: Entry | None, side: Entry | None, times: int
) -> tuple[BreakClass | None, date | None]:
    if times > 1:
        return BreakClass.DUPLICATE, None
    if side is None:
        return _alone(row, BreakClass.ONLY_AT_HUB, rows.side_elsewhere, rows.side_settled)
    if hub is None:
        return _alone(row, ONLY_AT[rows.role], rows.hub_elsewhere, rows.hub_settled)
    if hub.total_fen != side.total_fen:
        return BreakClass.AMOUNT, None
    return (BreakClass.FUND_SPLIT if hub.parts_fen != side.parts_fen else None), None


def _alone(
    row: RowKey,
    alone: BreakClass,
    elsewhere: Mapping[RowKey, date],
    settled: Collection[SettlementId],
) -> tuple[BreakClass, date | None]:
    """Of a row that one party has: the other has it on another day, or never undid it, or not."""
    if (other := elsewhere.get(row)) is not None:
        return BreakClass.DAY, other
    is_undone_here = row[1] < 0 and row[0] in settled
    return (BreakClass.STATUS if is_undone_here else alone), None


def _row(entry: Entry) -> RowKey:
    return entry.settlement_id, entry.sign


def _signed_fen(entry: Entry | None) -> int | None:
    return None if entry is None else entry.sign * entry.total_fen


def _total(bucket: Bucket | None) -> int | None:
    return None if bucket is None else bucket.total_fen
