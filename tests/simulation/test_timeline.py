"""The event log reads as the story of one settlement."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from simulators.simulation.clocks import VirtualClock
from simulators.simulation.event_log import EventLog
from simulators.simulation.timeline import timeline, told

HOSPITALS = f"H31011500001{7:018d}"
ONE, OTHER = UUID(int=1), UUID(int=2)
MESSAGE, ANOTHER = UUID(int=11), UUID(int=12)
NOON = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)


def a_log() -> list[str]:
    clock = VirtualClock(NOON)
    log = EventLog(clock)
    for passed_s, who, step, what in (
        (0, "hospital.310000", "call", f"2304 {HOSPITALS} asked"),
        (1, "gateway.310000", "call", f"2304 {HOSPITALS} waits for {ONE}"),
        (1, "gateway.310000", "sent", f"hub[0]@0 requested {MESSAGE} {ONE}"),
        (
            1,
            "gateway.310000",
            "sent",
            f"hub[1]@0 requested {ANOTHER} {OTHER}",
        ),
        (2, "hub.work", "read", f"hub[0]@0 requested {MESSAGE} {ONE}"),
        (3, "hub.work", "struck", "before_commit"),
        (4, "hospital.310000", "call", f"2304 {HOSPITALS} heard unknown 2004"),
        (60, "hub.work", "dies", ""),
    ):
        clock.at = NOON + timedelta(seconds=passed_s)
        log.note(who, step, what)
    return log.lines


def test_a_timeline_has_the_hops_of_its_settlement_and_the_troubles_beside() -> None:
    heading, *rows = timeline(a_log(), ONE).splitlines()
    assert heading == f"结算 {ONE}：5 步，历时 4.000 秒"
    assert [row.split()[2:5] for row in rows] == [
        ["+0.000", "hospital.310000", "医院"],
        ["+1.000", "gateway.310000", "医院"],
        ["+1.000", "gateway.310000", "发出"],
        ["+2.000", "hub.work", "收到"],
        ["+3.000", "hub.work", "中断于"],
        ["+4.000", "hospital.310000", "医院"],
    ]
    assert rows[4].startswith("！")


def test_what_is_wrong_is_told_by_the_ids_that_it_names() -> None:
    said = ["truth: settlement_id=" + str(ONE), f"unread: 1 hub.settlements, {ANOTHER}"]
    story = told(a_log(), said)
    assert [line.split("：")[0] for line in story.splitlines() if line.startswith("结算")] == [
        f"结算 {ONE}",
        f"结算 {OTHER}",
    ]


def test_what_only_a_hospital_named_is_found_by_its_message() -> None:
    story = told(a_log(), [f"certain_by_is_kept: {HOSPITALS}: certain by noon, and unknown"])
    assert story.startswith(f"结算 {ONE}：5 步")


def test_what_is_wrong_with_no_settlement_is_told_by_what_came_last() -> None:
    story = told(a_log(), ["nobody dies of a fault of ours: hub.work"])
    assert story.splitlines()[-1].split()[-2:] == ["hub.work", "进程终止"]
