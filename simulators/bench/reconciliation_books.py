"""Three sides' books of one day for the proof of scale, with planted differences."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from contracts.codes import AreaCode, Role
from contracts.delivery import bulk
from contracts.messages.values import PARTS
from hub.domain.reconciliation import BreakClass

INSURED, TREATMENT = AreaCode("340000"), AreaCode("310000")
DAY_BEFORE, DAY, OPEN_DAY = date(2026, 3, 29), date(2026, 3, 30), date(2026, 3, 31)
AREA_OF = {Role.INSURED: INSURED, Role.TREATMENT: TREATMENT}
OTHER_OF = {Role.INSURED: TREATMENT, Role.TREATMENT: INSURED}
ONLY_AT_SIDE = {
    Role.INSURED: BreakClass.ONLY_AT_INSURED,
    Role.TREATMENT: BreakClass.ONLY_AT_TREATMENT,
}
HALVES = (
    BreakClass.ONLY_AT_HUB,
    BreakClass.AMOUNT,
    BreakClass.FUND_SPLIT,
    BreakClass.STATUS,
    BreakClass.DUPLICATE,
    BreakClass.DAY,
)
"""Half of each class is planted at the insured side, half at the treatment side."""

# Everything about a settlement follows from its number, so that all three parties make the same.
_ID = "md5('settlement ' || n)::uuid"
_TOTAL = "10000 + mod(n * 37, 990000)"
_POOL = f"({_TOTAL}) * 6 / 10"
_KINDS = """CASE mod(n, 2) WHEN 0 THEN '310' ELSE '390' END,
    (ARRAY['inpatient', 'outpatient', 'chronic', 'pharmacy'])[mod(n / 2, 4) + 1]"""
_DAYS = """
    INSERT INTO business_days (business_date, state, opened_at, closed_at) VALUES
        (%s, 'closed', %s, %s), (%s, 'closed', %s, %s), (%s, 'open', %s, NULL)
"""
_HUB = f"""
    INSERT INTO settlements (settlement_id, person_id, insured_area, insured_division,
        treatment_area, treatment_division, insurance_kind, visit_kind, hospital_code,
        hospital_level, admitted_on, discharged_on, use_account, total_fen, fully_own_fen,
        over_ceiling_fen, first_self_pay_fen, in_scope_fen, state, step_count, answer_by,
        registration_basis, received_at, concluded_at, settled_on, pool_fen, cash_fen)
    SELECT {_ID}, 'P' || lpad(n::text, 28, '0'), '{INSURED}', '{INSURED}', '{TREATMENT}',
        '{TREATMENT}', {_KINDS}, 'H31000000001', 3, %(day)s, %(day)s, false, {_TOTAL}, 0, 0, 0,
        {_TOTAL}, 'settled', 2, %(now)s, 'not_needed', %(now)s, %(now)s, %(day)s, {_POOL},
        {_TOTAL} - {_POOL}
    FROM generate_series(%(first)s, %(last)s) AS n
"""
_SIDE_TABLE = f"""
    CREATE TABLE side_rows (business_date date NOT NULL, counterpart text NOT NULL,
        insurance_kind text NOT NULL, visit_kind text NOT NULL, settlement_id uuid NOT NULL,
        sign smallint NOT NULL, total_fen bigint NOT NULL,
        {", ".join(f"{part} bigint NOT NULL DEFAULT 0" for part in PARTS)})
"""
_SIDE = f"""
    INSERT INTO side_rows (business_date, counterpart, insurance_kind, visit_kind, settlement_id,
        sign, total_fen, pool_fen, cash_fen)
    SELECT %(day)s, %(counterpart)s, {_KINDS}, {_ID}, %(sign)s, {_TOTAL} + %(more)s,
        {_POOL} + %(more)s + %(moved)s, {_TOTAL} - {_POOL} - %(moved)s
    FROM generate_series(%(first)s, %(last)s) AS n
"""
_NAMES = f"SELECT {_ID} FROM generate_series(%s, %s) AS n ORDER BY n"
Planted = set[tuple[str, str, str, int]]
"""(role, class, settlement, sign)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`rows` at each party, `planted` of every class; numbers from 1 are the hub's."""

    rows: int
    planted: int

    @property
    def half(self) -> int:
        return self.planted // 2

    def numbers(self, role: Role, kind: BreakClass) -> tuple[int, int]:
        """First and last number of what is planted at a side in one class."""
        if kind in ONLY_AT_SIDE.values():
            first = self.rows + self.planted + 1  # nobody else has these
            first += self.planted if role is Role.TREATMENT else 0
            return first, first + self.planted - 1
        if kind is BreakClass.DAY:
            first = self.rows + 1 + (self.half if role is Role.TREATMENT else 0)
            return first, first + self.half - 1  # the hub has them on the day before
        place = HALVES.index(kind) * 2 + (role is Role.TREATMENT)
        first = 1 + place * self.half
        return first, first + self.half - 1


def write_hub(tx: Connection, plan: Plan, now: datetime) -> None:
    """The hub's settlements of the day, and of the day before those of class day."""
    bulk.run(tx, _DAYS, (DAY_BEFORE, now, now, DAY, now, now, OPEN_DAY, now))
    first = {"day": DAY, "now": now, "first": 1, "last": plan.rows}
    moved = {
        "day": DAY_BEFORE,
        "now": now,
        "first": plan.rows + 1,
        "last": plan.rows + 2 * plan.half,
    }
    for named in (first, moved):
        bulk.run(tx, _HUB, named)
    bulk.run(tx, "ANALYZE settlements")


def write_side(tx: Connection, plan: Plan, role: Role) -> Planted:
    """A side's rows of the day with its differences; what the hub must find."""
    bulk.run(tx, _SIDE_TABLE)
    _add(tx, role, 1, plan.rows)
    planted: Planted = set()
    for kind in (*HALVES, ONLY_AT_SIDE[role]):
        first, last = plan.numbers(role, kind)
        _plant(tx, role, kind, first, last)
        sign = -1 if kind is BreakClass.STATUS else 1
        names = bulk.fetch(tx, _NAMES, (first, last))
        planted |= {(role.value, kind.value, str(id_), sign) for (id_,) in names}
    bulk.run(tx, "CREATE INDEX side_rows_of_day ON side_rows (business_date)")
    bulk.run(tx, "ANALYZE side_rows")
    return planted


def _plant(tx: Connection, role: Role, kind: BreakClass, first: int, last: int) -> None:
    replaces = kind in {BreakClass.ONLY_AT_HUB, BreakClass.AMOUNT, BreakClass.FUND_SPLIT}
    if replaces:
        ids = f"SELECT {_ID} FROM generate_series(%s, %s) AS n"
        bulk.run(tx, f"DELETE FROM side_rows WHERE settlement_id IN ({ids})", (first, last))
    if kind is BreakClass.ONLY_AT_HUB:
        return
    more = 1 if kind is BreakClass.AMOUNT else 0
    moved = 1 if kind is BreakClass.FUND_SPLIT else 0
    sign = -1 if kind is BreakClass.STATUS else 1
    _add(tx, role, first, last, sign=sign, more=more, moved=moved)


def _add(
    tx: Connection,
    role: Role,
    first: int,
    last: int,
    *,
    sign: int = 1,
    more: int = 0,
    moved: int = 0,
) -> None:
    named = {"day": DAY, "counterpart": OTHER_OF[role], "first": first, "last": last}
    bulk.run(tx, _SIDE, named | {"sign": sign, "more": more, "moved": moved})
