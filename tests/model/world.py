"""The small world that model and hub are put into: areas, their terms, deadlines."""

from datetime import UTC, date, datetime, timedelta

from contracts.codes import VisitKind

CONNECTED = frozenset({"310000", "320000", "340000", "430000"})
NOT_CONNECTED = "650000"
FIRST_DAY = date(2026, 3, 30)  # two days before its cycle ends
BEGINS_AT = datetime(2026, 3, 30, 2, 0, tzinfo=UTC)  # ten in the morning in China
# Anhui made its terms known; the others said nothing.
NEED_REGISTRATION = {"340000": frozenset({VisitKind.CHRONIC})}
LOCK_IN_MONTHS = {"340000": 6}
ANSWER_WITHIN, ASK_FIRST = timedelta(seconds=5), timedelta(seconds=5)
ASK_LONGEST, ALARM_AFTER = timedelta(seconds=600), timedelta(seconds=60)
PEOPLE = tuple(f"P{number:028d}" for number in range(3))
# 清算期 of five days: what then is left of a month is a piece of its own, or the last one's.
CYCLE_DAYS = 5
CYCLES = {
    "2026-03-26..31": (date(2026, 3, 26), date(2026, 3, 31)),
    "2026-04-01..05": (date(2026, 4, 1), date(2026, 4, 5)),
    "2026-04-06..10": (date(2026, 4, 6), date(2026, 4, 10)),
    "2026-04-11..15": (date(2026, 4, 11), date(2026, 4, 15)),
}
LATE_MONTHS = 2  # so late a day may come into a run
