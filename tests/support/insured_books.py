"""Whether an insured area's books agree: every year and account is the sum of what is held."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from contracts import topics
from contracts.ids import MessageId, new_id
from contracts.message import Body, Head, Message
from participants.insured import area_file
from participants.insured.domain.area import Area
from participants.insured.domain.choices import Assignment
from participants.policy.loader import load
from participants.policy.model import Policy
from tests.support.insured import AREA, NOON, InsuredArea

WHOLE = Path(__file__).parents[1] / "policy" / "whole.toml"
EMPTY = """
    TRUNCATE people, insurances, person_years, grants, grant_years, workings, anomalies,
        chronic_eligibilities CASCADE
"""
# Every amount and every counter of a year as a row of its own, so that none can be forgotten.
_USED = """
    SELECT person_id, insurance_kind, year, key, value::bigint FROM person_years AS y,
        LATERAL (
            SELECT * FROM jsonb_each_text(
                to_jsonb(y) - '{person_id,insurance_kind,year,counters}'::text[]
            )
            UNION ALL SELECT 'counter ' || key, value FROM jsonb_each_text(counters)
        ) AS used
    WHERE value <> '0'
"""
_HELD = """
    WITH parts AS (
        SELECT g.person_id, g.insurance_kind, g.year, to_jsonb(g) AS added FROM grants AS g
        WHERE g.state IN ('granted', 'settled')
        UNION ALL
        SELECT g.person_id, g.insurance_kind, y.year, to_jsonb(y) FROM grants AS g
        JOIN grant_years AS y USING (settlement_id) WHERE g.state IN ('granted', 'settled')
    )
    SELECT person_id, insurance_kind, year, each.key, sum(each.value::bigint) FROM parts,
        LATERAL (
            SELECT substr(key, 7) AS key, value FROM jsonb_each_text(added - 'added_counters')
            WHERE starts_with(key, 'added_')
            UNION ALL
            SELECT 'counter ' || key, value FROM jsonb_each_text(added -> 'added_counters')
        ) AS each
    GROUP BY 1, 2, 3, 4 HAVING sum(each.value::bigint) <> 0
"""
DIFFERING = f"""
    ((SELECT 'used', * FROM ({_USED}) AS u) EXCEPT (SELECT 'used', * FROM ({_HELD}) AS h))
    UNION ALL
    ((SELECT 'held', * FROM ({_HELD}) AS h) EXCEPT (SELECT 'held', * FROM ({_USED}) AS u))
"""  # noqa: S608 - our own texts
DRAWN = """
    SELECT i.person_id, i.insurance_kind, i.account_balance_fen + coalesce(sum(g.account_fen), 0)
    FROM insurances AS i LEFT JOIN grants AS g
        ON g.person_id = i.person_id AND g.insurance_kind = i.insurance_kind
        AND g.state IN ('granted', 'settled')
    GROUP BY i.person_id, i.insurance_kind
"""


def years_that_differ(area: InsuredArea) -> list[tuple[Any, ...]]:
    """What a year says and its held grants do not, or the other way round; none when all agree."""
    return area.rows(DIFFERING)


def opening_balances(area: InsuredArea) -> set[int]:
    """What the accounts would have without the held grants."""
    return {int(fen) for _, _, fen in area.rows(DRAWN)}


def whole_policy() -> Policy:
    """A policy with every part that a file can have, which holds at any time."""
    return replace(load(WHOLE), valid_from=date(2020, 1, 1), valid_to=None)


def area_with(*policies: Policy) -> Area:
    """The shipped rules with these policies instead, each for its insurance from its first day."""
    rows = tuple(
        Assignment(one.insurance, one.id, one.valid_from, None, frozenset()) for one in policies
    )
    known = {one.id: one for one in policies}
    return replace(area_file.load(AREA), policies=known, assignments=rows)


def from_the_hub(body: Body) -> Message[Any]:
    head = Head(
        message_id=MessageId(new_id()),
        cause_id=None,
        kind=body.KIND,
        sender=topics.HUB,
        sent_at=NOON,
    )
    return Message(head, body)
