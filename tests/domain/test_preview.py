"""The close preview: what stands in the way, in whose words, and who owes whom if we froze now."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from contracts.codes import AreaCode, InsuranceKind, Role, VisitKind
from contracts.messages.clearing import ClearingLine
from hub.domain.clearing import Difference
from hub.domain.clearing_terms import all_terms
from hub.domain.cycle import cycle_named
from hub.domain.netting import savings
from hub.domain.pair_day import Held, Hold, PairDay, Span
from hub.domain.preview import Blocker, Findings, Obstacle, Preview, pair_of, preview_of

HUNAN, SHANGHAI, ANHUI = AreaCode("430000"), AreaCode("310000"), AreaCode("340000")
UNKNOWN = AreaCode("999999")
FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)
MARCH = cycle_named("2026-03", all_terms())


def _day(number: int, insured: AreaCode = HUNAN, treatment: AreaCode = SHANGHAI) -> PairDay:
    return PairDay(date(2026, 3, number), insured, treatment)


def _line(insured: AreaCode, treatment: AreaCode, payable_fen: int) -> ClearingLine:
    return ClearingLine(
        insured_area=insured,
        treatment_area=treatment,
        insurance_kind=InsuranceKind.EMPLOYEE,
        visit_kind=VisitKind.INPATIENT,
        count=1,
        total_fen=payable_fen,
        parts_fen=(payable_fen, *[0] * 10),
        payable_fen=payable_fen,
    )


QUIET = Findings(
    cycle=MARCH,
    open_days=0,
    days_not_begun=(),
    ready=[(_day(1), False), (_day(2), False), (_day(3), True)],
    held=(),
    past_its_time=(),
    lines=[_line(HUNAN, SHANGHAI, 500), _line(SHANGHAI, HUNAN, 200), _line(HUNAN, SHANGHAI, 50)],
    receivable={(HUNAN, SHANGHAI): 550, (SHANGHAI, HUNAN): 200},
)
PAYABLE = {(HUNAN, SHANGHAI): 550, (SHANGHAI, HUNAN): 200}


def _obstacles(**changes: object) -> list[Obstacle]:
    return list(preview_of(replace(QUIET, **changes)).obstacles)  # type: ignore[arg-type]  # named values


def test_with_nothing_in_the_way_a_preview_is_the_run_itself() -> None:
    found = preview_of(QUIET)
    assert found == Preview(
        cycle=MARCH,
        ready=3,
        late=1,
        obstacles=(),
        payable=PAYABLE,
        receivable=PAYABLE,
        differences=(),
        positions={HUNAN: -350, SHANGHAI: 350},
        savings=tuple(savings(PAYABLE)),
    )
    assert found.can_freeze


def test_open_days_and_days_without_a_comparison_block() -> None:
    days = [FIRST + timedelta(days=number) for number in range(7)]
    zh = "尚未开始对账：2026-03-01、2026-03-02、2026-03-03、2026-03-04、2026-03-05"
    assert _obstacles(open_days=1, days_not_begun=days) == [
        Obstacle(Blocker.DAY_OPEN, "清算期内尚有1个结算日未日终", 1, 0),
        Obstacle(Blocker.DAY_NOT_BEGUN, zh, 7, 0),
    ]
    for change in ({"open_days": 2}, {"days_not_begun": days[:1]}):
        found = preview_of(replace(QUIET, **change))
        assert len(found.obstacles) == 1
        assert found.can_freeze is False


def test_a_pair_that_the_ledger_has_otherwise_blocks_with_its_gap() -> None:
    found = preview_of(replace(QUIET, receivable={(HUNAN, SHANGHAI): 560, (SHANGHAI, HUNAN): 200}))
    zh = "湖南省应付上海市：清算表与账簿不一致"
    assert found.obstacles == (Obstacle(Blocker.LEDGER_DIFFERS, zh, 1, -10),)
    assert found.differences == (Difference(HUNAN, SHANGHAI, 550, 560),)
    assert found.receivable == {(HUNAN, SHANGHAI): 560, (SHANGHAI, HUNAN): 200}
    assert found.can_freeze is False


def test_what_is_held_is_told_by_side_and_reason_and_does_not_block() -> None:
    held = [
        Held(_day(1), Hold.SILENT, None, 100),
        Held(_day(2), Hold.SILENT, Hold.DIFFERS, 20),
        Held(_day(3, ANHUI), None, Hold.DIFFERS, 3),
        Held(_day(4), Hold.WAITING, None, 0),
    ]
    assert _obstacles(held=held) == [
        Obstacle(
            Blocker.HELD, "湖南省（参保地）：尚未报送当日合计，2个结算日结对待下期补报", 2, 120
        ),
        Obstacle(
            Blocker.HELD,
            "湖南省（参保地）：对账未完成，尚在约定时间内，1个结算日结对待下期补报",
            1,
            0,
        ),
        Obstacle(
            Blocker.HELD, "上海市（就医地）：与对方的差错未处理，2个结算日结对待下期补报", 2, 23
        ),
    ]
    assert preview_of(replace(QUIET, held=held)).can_freeze


def test_what_is_past_its_time_is_told_one_by_one_and_does_not_block() -> None:
    past = [Held(_day(5), Hold.SILENT, None, 7), Held(_day(6, UNKNOWN), None, Hold.WAITING, 8)]
    assert _obstacles(past_its_time=past) == [
        Obstacle(Blocker.PAST_ITS_TIME, "2026-03-05 湖南省→上海市：已超过补报期限", 1, 7),
        Obstacle(Blocker.PAST_ITS_TIME, "2026-03-06 999999→上海市：已超过补报期限", 1, 8),
    ]
    assert preview_of(replace(QUIET, past_its_time=past)).can_freeze


def test_obstacles_come_in_the_order_in_which_they_are_cleared() -> None:
    found = _obstacles(
        open_days=1,
        days_not_begun=[LAST],
        receivable={},
        held=[Held(_day(1), Hold.SILENT, None, 1)],
        past_its_time=[Held(_day(2), Hold.SILENT, None, 1)],
    )
    assert [one.blocker for one in found] == [
        *(Blocker.DAY_OPEN, Blocker.DAY_NOT_BEGUN, Blocker.LEDGER_DIFFERS, Blocker.LEDGER_DIFFERS),
        *(Blocker.HELD, Blocker.PAST_ITS_TIME),
    ]


def test_an_area_sees_its_own_pairs_and_nothing_of_the_others() -> None:
    mine = (HUNAN, SHANGHAI)
    held = [Held(_day(1), Hold.SILENT, None, 1), Held(_day(1, ANHUI), Hold.SILENT, None, 1)]
    found = replace(QUIET, open_days=2, ready=[(_day(1), False), (_day(1, ANHUI), True)], held=held)
    seen = replace(found, past_its_time=held[::-1]).seen_by(lambda pair: pair == mine)
    assert seen == replace(
        found,
        ready=[(_day(1), False)],
        held=held[:1],
        past_its_time=held[:1],
        lines=[QUIET.lines[0], QUIET.lines[2]],
        receivable={mine: 550},
    )
    assert pair_of(seen.lines[0]) == mine


def test_a_pair_day_names_its_areas_and_a_span_its_days() -> None:
    assert _day(1).area_in(Role.INSURED) == HUNAN
    assert _day(1).area_in(Role.TREATMENT) == SHANGHAI
    assert Span(FIRST, LAST, LAST).as_parameters() == {"oldest": FIRST, "first": LAST, "last": LAST}


@pytest.mark.parametrize("days", [(LAST, FIRST, LAST), (FIRST, LAST, FIRST)])
def test_a_span_runs_forwards(days: tuple[date, date, date]) -> None:
    with pytest.raises(AssertionError):
        Span(*days)
    assert Span(FIRST, FIRST, FIRST).last == FIRST
