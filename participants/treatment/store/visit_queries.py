"""Reads for hospitals' questions about their visits, and the lines of these."""
# ruff: noqa: S608 - the columns are ours; values always travel as parameters

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from contracts.delivery import bulk
from contracts.ids import VisitId
from participants.treatment.domain.catalogue import FeeLine, HospitalApproval, Reason
from participants.treatment.domain.settlement import LIVE, Split
from participants.treatment.domain.visit_query import LineTold, VisitsWanted, VisitTold
from participants.treatment.store.visits import COLUMNS, visit_of_row

VISITS_MAX = 1_000
LINES_MAX = 20_000
_VISITS = f"""
    SELECT asked.number, found.* FROM (VALUES %s)
        AS asked (number, hospital_code, first_on, last_on, person_id, kind)
    CROSS JOIN LATERAL (
        SELECT {COLUMNS}, state, opened_at FROM visits
        WHERE visits.hospital_code = asked.hospital_code AND withdrawn_at IS NULL
          AND admitted_on BETWEEN asked.first_on AND asked.last_on
          AND (asked.person_id IS NULL OR visits.person_id = asked.person_id)
          AND (asked.kind IS NULL OR visit_kind = asked.kind) AND {{which}}
        ORDER BY admitted_on, visit_id LIMIT {VISITS_MAX}
    ) AS found ORDER BY asked.number, found.admitted_on, found.visit_id
"""
_ASKED = "(%s::int, %s::text, %s::date, %s::date, %s::text, %s::text)"
_LIVE = ", ".join(f"'{state.value}'" for state in sorted(LIVE))
_KNOWN = _VISITS.format(which="state <> 'cancelled'")
_IN_HOSPITAL = _VISITS.format(
    which=f"""visit_kind = 'inpatient' AND state = 'in_care' AND discharged_on IS NULL
      AND NOT EXISTS (SELECT 1 FROM settlements AS bill WHERE bill.visit_id = visits.visit_id
                      AND NOT bill.mid_stay AND bill.state IN ({_LIVE}))"""
)
_LINES = f"""
    SELECT visit_id, line_no, item_code, count_e4, price_e6, total_fen, approval, fee_date,
           fully_own_fen, over_ceiling_fen, first_self_pay_fen, in_scope_fen, reason,
           refunds_line_no, settlement_id, echo_json, uploaded_at
    FROM fee_lines WHERE visit_id = ANY(%s::uuid[])
    ORDER BY visit_id, uploaded_at, line_no LIMIT {LINES_MAX}
"""


def visits(tx: Connection, wanted: Sequence[VisitsWanted]) -> list[list[VisitTold]]:
    """Of each question the first VISITS_MAX, in the order of their days; a query a kind."""
    found: list[list[VisitTold]] = [[] for _ in wanted]
    for statement, is_in_hospital in ((_KNOWN, False), (_IN_HOSPITAL, True)):
        rows = [
            (number, one.hospital_code, one.first_on, one.last_on, one.person_id, _kind(one))
            for number, one in enumerate(wanted)
            if one.is_in_hospital is is_in_hospital
        ]
        for number, *row, opened_at in bulk.write_and_return(tx, statement, _ASKED, rows):
            found[number].append(VisitTold(visit_of_row(tuple(row)), opened_at))
    return found


def _kind(wanted: VisitsWanted) -> str | None:
    return wanted.kind.value if wanted.kind else None


def lines(tx: Connection, ids: Iterable[VisitId]) -> list[LineTold]:
    """The lines of these visits in the order they came, the first LINES_MAX."""
    wanted = sorted(set(ids))
    return [_line(*row) for row in bulk.fetch(tx, _LINES, (wanted,))] if wanted else []


def _line(visit_id: VisitId, line_no: str, code: str, *rest: Any) -> LineTold:
    count_e4, price_e6, total_fen, approval, on, *more = rest
    *parts_fen, reason, refunds, settlement_id, echo_json, uploaded_at = more
    return LineTold(
        visit_id=visit_id,
        line=FeeLine(line_no, code, count_e4, price_e6, total_fen, HospitalApproval(approval)),
        on=on,
        split=Split(*parts_fen),
        reason=Reason(reason),
        refunds=refunds,
        settlement_id=settlement_id,
        echo_json=echo_json,
        uploaded_at=uploaded_at,
    )
