"""What pairs spend: closed days by their totals, days not yet frozen by their postings, and
what decisions took or added.

It is the money of the cycle's clearing as far as that is known. A pair day that is held over counts
in its own cycle, in which it was used: the run that takes it late takes it beside its own money.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from contracts.codes import AreaCode, Fund
from contracts.delivery import bulk
from hub.domain.advance import Pair
from hub.domain.advance_usage import Spending

_FUNDS = " + ".join(f"{fund.value}_fen" for fund in Fund if fund is not Fund.ACCOUNT)
_AMOUNT = f"{_FUNDS} + CASE WHEN %(account)s THEN account_fen ELSE 0 END"
# A day's totals are frozen when its comparison begins; until then its postings are what there is.
_FRONT = """
    SELECT (SELECT business_date FROM business_days WHERE state = 'open'),
        (SELECT min(business_date) FROM reconciliations),
        (SELECT max(business_date) FROM reconciliations),
        (SELECT count(*) FROM business_days
            WHERE business_date BETWEEN %s AND %s
            AND business_date NOT IN (SELECT business_date FROM reconciliations))
"""
_CLOSED = f"""
    SELECT insured_area, treatment_area, sum({_AMOUNT})::bigint FROM daily_totals
    WHERE business_date BETWEEN %(first)s AND %(last)s GROUP BY insured_area, treatment_area
"""  # noqa: S608 - column names of ours
_OPEN = """
    SELECT insured_area, treatment_area,
        sum(CASE kind WHEN 'settlement' THEN amount_fen ELSE -amount_fen END)::bigint
    FROM postings
    WHERE kind IN ('settlement', 'reversal') AND (%(account)s OR fund <> 'account')
        AND business_date = ANY (ARRAY(SELECT business_date FROM business_days
            WHERE business_date BETWEEN %(first)s AND %(last)s
            AND business_date NOT IN (SELECT business_date FROM reconciliations)))
    GROUP BY insured_area, treatment_area
"""
_ADJUSTED = """
    SELECT insured_area, treatment_area, sum(amount_fen)::bigint FROM adjustments
    WHERE business_date BETWEEN %(first)s AND %(last)s
        AND (%(account)s OR fund <> 'account')
    GROUP BY insured_area, treatment_area
"""
_HISTORY = f"""
    SELECT insured_area, treatment_area, business_date, sum({_AMOUNT})::bigint FROM daily_totals
    WHERE business_date BETWEEN %(first)s AND %(last)s
    GROUP BY insured_area, treatment_area, business_date
"""  # noqa: S608 - column names of ours


@dataclass(frozen=True, slots=True)
class Front:
    """How far the days have come. None: no day is open, or none was ever frozen.

    `unfrozen_to_date`: how many days of the span asked for have postings but no totals yet.
    """

    open_date: date | None
    first_frozen: date | None
    last_frozen: date | None
    unfrozen_to_date: int


def front(tx: Connection, first: date, last: date) -> Front:
    return Front(*bulk.fetch(tx, _FRONT, (first, last))[0])


def spending(
    tx: Connection, first: date, last: date, *, counts_account: bool
) -> dict[Pair, Spending]:
    """What each pair spent on these days; signed fen, since reversals count where they fall.

    An adjustment is none of the open day's pace, and so counts with what is closed.
    """
    asked = {"first": first, "last": last, "account": counts_account}
    found: dict[Pair, Spending] = {}
    for query, kind in ((_CLOSED, "closed_fen"), (_ADJUSTED, "closed_fen"), (_OPEN, "open_fen")):
        for insured, treatment, fen in bulk.fetch(tx, query, asked):
            pair = (AreaCode(insured), AreaCode(treatment))
            found[pair] = found.get(pair, Spending()) + Spending(**{kind: fen})
    return found


def closed(tx: Connection, first: date, last: date, *, counts_account: bool) -> dict[Pair, int]:
    """What each pair spent by the totals of these days, in fen."""
    asked = {"first": first, "last": last, "account": counts_account}
    rows = bulk.fetch(tx, _CLOSED, asked)
    return {(AreaCode(insured), AreaCode(treatment)): fen for insured, treatment, fen in rows}


def history(
    tx: Connection, first: date, last: date, *, counts_account: bool
) -> Mapping[Pair, Mapping[date, int]]:
    """Fen of each day of each pair; days on which a pair has no totals have no entry."""
    asked = {"first": first, "last": last, "account": counts_account}
    found: dict[Pair, dict[date, int]] = {}
    for insured, treatment, day, fen in bulk.fetch(tx, _HISTORY, asked):
        found.setdefault((AreaCode(insured), AreaCode(treatment)), {})[day] = fen
    return found
