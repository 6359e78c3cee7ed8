"""Business days, runs and deadlines: one day each, closed days stay, and nobody waits too long."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from contracts.messages.values import PARTS
from contracts.refusal import Refused
from hub.services.recomputing import recompute
from simulators.truth_checks.scene import Scene, by_query, shown
from simulators.truth_checks.truth import Truth

LATE_AT_MOST = timedelta(seconds=1)
EXPIRES = "hub.jobs"
"""Whose work it is; it needs its own database, and neither the broker nor another process."""
_SUMS = ", ".join(f"sum(sign * {part})" for part in PARTS)
_STORED = ", ".join(PARTS)

# A transaction that reads its clock, and then waits for a closing, may be a little behind it.
_OUTSIDE_ITS_DAY = """
    SELECT settlement_id, steps.to_state, steps.at, day.business_date, opened_at, closed_at
    FROM settlement_steps AS steps JOIN settlements USING (settlement_id)
    JOIN business_days AS day ON day.business_date = CASE steps.to_state
        WHEN 'settled' THEN settled_on ELSE reversed_on END
    WHERE (steps.from_state, steps.to_state) IN (('routed', 'settled'), ('reversing', 'reversed'))
        AND NOT steps.at BETWEEN opened_at - interval '1 minute'
            AND coalesce(closed_at, steps.at) + interval '1 minute'
"""
_DAYS_WITH_GAPS = """
    SELECT business_date, state, next_day FROM (
        SELECT business_date, state, lead(business_date) OVER (ORDER BY business_date) AS next_day
        FROM business_days
    ) AS day
    WHERE (state = 'open') <> (next_day IS NULL) OR next_day <> business_date + 1
"""
# A pair day is in one run by its key; here: a closed one, of the run's own days unless it is late,
# and a run that was issued has all that its lines count.
_STRAY_PAIR_DAYS = """
    SELECT run_id, member.business_date, insured_area, treatment_area, is_late, day.state
    FROM clearing_pair_days AS member JOIN clearing_runs USING (run_id)
    JOIN business_days AS day USING (business_date)
    WHERE day.state <> 'closed' OR is_late <> (member.business_date < first_day)
        OR member.business_date > last_day
"""
# What an area was handed is what the hub has to this day, version by version.
_STATEMENTS_DIFFER = """
    SELECT role, area, run_id, version, payable_fen, receivable_fen, lines.fen AS lines_fen
    FROM statements LEFT JOIN LATERAL (
        SELECT coalesce(sum(line.payable_fen), 0) AS fen FROM clearing_lines AS line
        WHERE (line.run_id, line.version) = (statements.run_id, statements.version)
            AND CASE role WHEN 'insured' THEN line.insured_area ELSE line.treatment_area END = area
    ) AS lines ON true
    WHERE lines.fen <> payable_fen + receivable_fen
        OR CASE role WHEN 'insured' THEN receivable_fen ELSE payable_fen END <> 0
        OR run_id NOT IN (SELECT run_id FROM clearing_runs WHERE issued_at IS NOT NULL)
"""
_TOTALS_OF = """
    SELECT day, {mine}, {other}, insurance_kind, visit_kind, count(*)::bigint,
        sum(sign * total_fen), {sums}
    FROM {rows} AS booked
    CROSS JOIN LATERAL (VALUES ({settled_on}, 1), (reversed_on, -1)) AS moved (day, sign)
    WHERE day IS NOT NULL GROUP BY day, {mine}, {other}, insurance_kind, visit_kind
"""
# A side that agreed on a day has, to this day, the totals on which it agreed.
_AGREED_DIFFERS = """
    WITH agreed AS (
        SELECT business_date, area FROM reconciliation_sides
        WHERE (role, state) = ('{role}', 'agreed') AND area = ANY(:{role})
    ), here AS ({totals}), stored AS (
        SELECT business_date AS day, {mine}, {other}, insurance_kind, visit_kind, count,
            total_fen, {parts} FROM daily_totals
    )
    SELECT DISTINCT '{role}' AS role, day, {mine}, {other} FROM (
        (TABLE here EXCEPT TABLE stored) UNION ALL (TABLE stored EXCEPT TABLE here)
    ) AS differing JOIN agreed ON (business_date, area) = (day, {mine})
"""
_TREATED_WITH_AREA = """(SELECT treated.*, hub.insured_area FROM treated
    JOIN settlements AS hub USING (settlement_id))"""
# Whatever ended it: an answer that settles after its deadline is as late as an expiry.
_SUSPECTS = """
    SELECT settlement_id, state, answer_by, concluded_at FROM settlements
    WHERE state = 'routed' AND answer_by < :late
        OR state = 'expired' AND NOT concluded_at BETWEEN answer_by
            AND answer_by + interval '1 second'
    UNION
    SELECT settlement_id, to_state, answer_by, at
    FROM settlement_steps JOIN settlements USING (settlement_id)
    WHERE from_state = 'routed' AND to_state <> 'routed' AND at > answer_by + interval '1 second'
"""
# Both are rows that are only ever added, so the transaction that wrote them stands in them.
_RELEASED_LATER = """
    SELECT settlement_id, steps.at
    FROM settlement_steps AS steps JOIN settlements USING (settlement_id)
    WHERE event = 'expire' AND NOT EXISTS (
        SELECT FROM outbox WHERE outbox.xmin = steps.xmin AND outbox.key = person_id
            AND outbox.topic = 'insured.' || insured_area || '.work'
            AND strpos(outbox.value, '"kind":"release_requested"') > 0
            AND strpos(outbox.value, settlement_id::text) > 0)
"""
_ISSUED = "SELECT run_id, cycle FROM clearing_runs WHERE issued_at IS NOT NULL"


def _agreed(role: str, mine: str, other: str, rows: str, settled_on: str) -> str:
    totals = _TOTALS_OF.format(mine=mine, other=other, rows=rows, settled_on=settled_on, sums=_SUMS)
    return _AGREED_DIFFERS.format(role=role, mine=mine, other=other, totals=totals, parts=_STORED)


_OF_TREATMENT = _agreed(
    "treatment", "treatment_area", "insured_area", _TREATED_WITH_AREA, "business_date"
)
_OF_INSURED = _agreed("insured", "insured_area", "treatment_area", "granted", "settled_on")


def _agreed_days(looked: Scene) -> list[str]:
    return [*looked.found(_OF_TREATMENT), *looked.found(_OF_INSURED)]


def _late(looked: Scene) -> list[str]:
    """Ended by the clock before its time, or more than a second after it while the hub was up."""
    found = []
    for row in looked.rows(_SUSPECTS, late=looked.now - LATE_AT_MOST):
        ended: datetime = row["concluded_at"] or looked.now
        worked = looked.sides.working_time(EXPIRES, row["answer_by"], ended)
        if ended < row["answer_by"] or worked > LATE_AT_MOST:
            found.append(f"{row['settlement_id']}: due {row['answer_by']}, {row['state']} {ended}")
    return shown(found)


def _recomputed(looked: Scene) -> list[str]:
    """Every run that was issued, from the log of settlements: lines, roots, seals and papers."""
    found = []
    for row in looked.rows(_ISSUED):
        try:
            differences = recompute(looked.tx, row["run_id"]).differences
        except Refused:  # Its papers are not made yet.
            continue
        found += [f"{row['cycle']}: {one}" for one in differences]
    return shown(found)


# fmt: off
DAYS: Mapping[str, Truth] = {
    "settled_within_its_day":   Truth(5, "a settlement or reversal lies on the day that was open when it was booked", by_query(_OUTSIDE_ITS_DAY)),  # noqa: E501
    "days_follow_each_other":   Truth(5, "business days follow each other without a gap, and the last alone is open", by_query(_DAYS_WITH_GAPS)),  # noqa: E501
    "one_run_a_pair_day":       Truth(5, "a pair day in a run is closed, and one of the run's days or an older one", by_query(_STRAY_PAIR_DAYS)),  # noqa: E501
    "statements_stay":          Truth(5, "what an area was handed of a run is what the run says to this day", by_query(_STATEMENTS_DIFFER)),  # noqa: E501
    "agreed_days_stay":         Truth(8, "an area that agreed on a day still has the totals of that day", _agreed_days),  # noqa: E501
    "runs_can_be_recomputed":   Truth(8, "an issued run comes out of the log again, bit for bit", _recomputed),  # noqa: E501
    "expiry_is_punctual":       Truth(7, "a settlement expires at its deadline, and at most a second late", _late),  # noqa: E501
    "expiry_releases_at_once":  Truth(7, "expiry asks for the release in its own transaction", by_query(_RELEASED_LATER)),  # noqa: E501
}
# fmt: on
