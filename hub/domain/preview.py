"""The close preview: what freezing a cycle now would do, and what keeps it from being done. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from contracts.codes import AreaCode, Role, areas
from contracts.messages.clearing import ClearingLine
from hub.domain.clearing import Difference, Pair, differences, payable_by_pair
from hub.domain.cycle import Cycle
from hub.domain.netting import Saving, positions, savings
from hub.domain.pair_day import HOLD_ZH, Held, Hold, PairDay


class Blocker(StrEnum):
    """What stands in the way, and how much."""

    DAY_OPEN = "day_open"  # blocks: the cycle's last day is not closed
    DAY_NOT_BEGUN = "day_not_begun"  # blocks: a closed day's comparison has not begun
    LEDGER_DIFFERS = "ledger_differs"  # blocks: lines and ledger differ for a pair
    HELD = "held"  # its pair days are left out, and come late in a later run
    PAST_ITS_TIME = "past_its_time"  # no run takes it any more unless two persons admit it


BLOCKING = frozenset({Blocker.DAY_OPEN, Blocker.DAY_NOT_BEGUN, Blocker.LEDGER_DIFFERS})


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One blocker: about how many days or pair days, and how much money in fen."""

    blocker: Blocker
    zh: str
    count: int
    amount_fen: int

    @property
    def is_blocking(self) -> bool:
        return self.blocker in BLOCKING


@dataclass(frozen=True, slots=True)
class Findings:
    """What the store says about a cycle, in fen. `ready`: pair days, and whether each comes late."""

    cycle: Cycle
    open_days: int
    days_not_begun: Sequence[date]
    ready: Sequence[tuple[PairDay, bool]]
    held: Sequence[Held]
    past_its_time: Sequence[Held]
    lines: Sequence[ClearingLine]
    receivable: Mapping[Pair, int]

    def seen_by(self, sees: Callable[[Pair], bool]) -> "Findings":
        """Only what is about pairs that these eyes may see."""
        return replace(
            self,
            ready=[one for one in self.ready if sees(one[0].pair)],
            held=[one for one in self.held if sees(one.pair_day.pair)],
            past_its_time=[one for one in self.past_its_time if sees(one.pair_day.pair)],
            lines=[line for line in self.lines if sees(pair_of(line))],
            receivable={pair: fen for pair, fen in self.receivable.items() if sees(pair)},
        )


def pair_of(line: ClearingLine) -> Pair:
    return AreaCode(line.insured_area), AreaCode(line.treatment_area)


@dataclass(frozen=True, slots=True)
class Preview:
    """If we froze now: who owes whom by both computations, net positions, and what stands against.

    `ready` counts pair days, `late` those of them that come from earlier cycles.
    """

    cycle: Cycle
    ready: int
    late: int
    obstacles: tuple[Obstacle, ...]
    payable: Mapping[Pair, int]
    receivable: Mapping[Pair, int]
    differences: tuple[Difference, ...]
    positions: Mapping[AreaCode, int]
    savings: tuple[Saving, ...]

    @property
    def can_freeze(self) -> bool:
        return not any(one.is_blocking for one in self.obstacles)


def preview_of(found: Findings) -> Preview:
    """The preview that these findings make."""
    payable = payable_by_pair(found.lines)
    differing = tuple(differences(payable, found.receivable))
    return Preview(
        cycle=found.cycle,
        ready=len(found.ready),
        late=sum(is_late for _, is_late in found.ready),
        obstacles=(
            *_days(found),
            *map(_differing, differing),
            *_held(found.held),
            *map(_past, found.past_its_time),
        ),
        payable=payable,
        receivable=found.receivable,
        differences=differing,
        positions=positions(payable),
        savings=tuple(savings(payable)),
    )


def _days(found: Findings) -> Iterable[Obstacle]:
    if found.open_days:
        zh = f"清算期内尚有{found.open_days}个结算日未日终"
        yield Obstacle(Blocker.DAY_OPEN, zh, found.open_days, 0)
    if found.days_not_begun:
        days = "、".join(day.isoformat() for day in found.days_not_begun[:5])
        count = len(found.days_not_begun)
        yield Obstacle(Blocker.DAY_NOT_BEGUN, f"尚未开始对账：{days}", count, 0)


def _differing(one: Difference) -> Obstacle:
    zh = f"{_name(one.insured_area)}应付{_name(one.treatment_area)}：清算表与账簿不一致"
    gap_fen = one.payable_fen - one.receivable_fen
    return Obstacle(Blocker.LEDGER_DIFFERS, zh, 1, gap_fen)


def _held(held: Sequence[Held]) -> Iterable[Obstacle]:
    """One obstacle for each side that holds, and why: an operator calls that side."""
    by_side: dict[tuple[Role, AreaCode, Hold], list[Held]] = defaultdict(list)
    for one in held:
        for role, hold in ((Role.INSURED, one.by_insured), (Role.TREATMENT, one.by_treatment)):
            if hold is not None:
                by_side[role, one.pair_day.area_in(role), hold].append(one)
    for (role, area, hold), mine in sorted(by_side.items()):
        zh = (
            f"{_name(area)}（{_ROLE_ZH[role]}）：{HOLD_ZH[hold]}，{len(mine)}个结算日结对待下期补报"
        )
        amount_fen = sum(one.payable_fen for one in mine)
        yield Obstacle(Blocker.HELD, zh, len(mine), amount_fen)


def _past(one: Held) -> Obstacle:
    day = one.pair_day
    pair = f"{_name(day.insured_area)}→{_name(day.treatment_area)}"
    zh = f"{day.business_date.isoformat()} {pair}：已超过补报期限"
    return Obstacle(Blocker.PAST_ITS_TIME, zh, 1, one.payable_fen)


_ROLE_ZH = {Role.INSURED: "参保地", Role.TREATMENT: "就医地"}


def _name(area: AreaCode) -> str:
    found = areas().get(area)
    return area if found is None else found.name
