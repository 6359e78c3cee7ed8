"""Reads for hospitals' questions about their visits, and the lines of these."""
# ruff: noqa: S608 - the columns are ours; values always travel as parameters

from collections.abc import Iterable
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
    SELECT {COLUMNS}, state, opened_at FROM visits
    WHERE hospital_code = %(hospital_code)s AND withdrawn_at IS NULL
      AND admitted_on BETWEEN %(first_on)s AND %(last_on)s
      AND (%(person_id)s::text IS NULL OR person_id = %(person_id)s)
      AND (%(kind)s::text IS NULL OR visit_kind = %(kind)s) AND {{which}}
    ORDER BY admitted_on, visit_id LIMIT {VISITS_MAX}
"""
_KNOWN = _VISITS.format(which="state <> 'cancelled'")
_IN_HOSPITAL = _VISITS.format(
    which="""visit_kind = 'inpatient' AND state = 'in_care' AND discharged_on IS NULL
      AND NOT EXISTS (SELECT 1 FROM settlements AS bill WHERE bill.visit_id = visits.visit_id
                      AND NOT bill.mid_stay AND bill.state = ANY(%(live)s))"""
)
_LINES = f"""
    SELECT visit_id, line_no, item_code, count_e4, price_e6, total_fen, approval, fee_date,
           fully_own_fen, over_ceiling_fen, first_self_pay_fen, in_scope_fen, reason,
           refunds_line_no, settlement_id, echo_json, uploaded_at
    FROM fee_lines WHERE visit_id = ANY(%s::uuid[])
    ORDER BY visit_id, uploaded_at, line_no LIMIT {LINES_MAX}
"""


def visits(tx: Connection, wanted: VisitsWanted) -> list[VisitTold]:
    """The first VISITS_MAX of them, in the order of their days."""
    parameters = {
        "hospital_code": wanted.hospital_code,
        "first_on": wanted.first_on,
        "last_on": wanted.last_on,
        "person_id": wanted.person_id,
        "kind": wanted.kind.value if wanted.kind else None,
        "live": sorted(state.value for state in LIVE),
    }
    rows = bulk.fetch(tx, _IN_HOSPITAL if wanted.is_in_hospital else _KNOWN, parameters)
    return [VisitTold(visit_of_row(row[:-1]), row[-1]) for row in rows]


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
