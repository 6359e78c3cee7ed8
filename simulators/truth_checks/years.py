"""What insured areas count of a year: the sum of the grants that live, no more and no less."""

from collections.abc import Mapping

from participants.insured.store.columns import ADDED, USED
from simulators.truth_checks.truth import Truth

_LIVE = "grants.state IN ('granted', 'settled')"
_COUNTED = ", ".join(f"coalesce(sum({name}), 0)::bigint AS {name}" for name in ADDED)
_DIFFERS = " OR ".join(
    f"coalesce(kept.{used}, 0) <> coalesce(made.{added}, 0)"
    for used, added in zip(USED, ADDED, strict=True)
)
# A stay over the New Year may add to two years: the second lies beside the grant.
_ADDING = f"""
    SELECT person_id, insurance_kind, year, {", ".join(ADDED)}, added_counters FROM grants
    WHERE {_LIVE}
    UNION ALL
    SELECT person_id, insurance_kind, before.year,
        {", ".join(f"before.{name}" for name in ADDED)}, before.added_counters
    FROM grant_years AS before JOIN grants USING (settlement_id) WHERE {_LIVE}
"""
_YEARS_DIFFER = f"""
    WITH adding AS ({_ADDING}), made AS (
        SELECT person_id, insurance_kind, year, {_COUNTED} FROM adding
        GROUP BY person_id, insurance_kind, year
    )
    SELECT person_id, insurance_kind, year, kept.{USED[0]}, made.{ADDED[0]}
    FROM person_years AS kept FULL JOIN made USING (person_id, insurance_kind, year)
    WHERE {_DIFFERS}
"""
_COUNTERS_DIFFER = f"""
    WITH adding AS ({_ADDING}), made AS (
        SELECT person_id, insurance_kind, year, one.key AS counter, sum(one.value::bigint) AS value
        FROM adding CROSS JOIN LATERAL jsonb_each_text(added_counters) AS one
        GROUP BY person_id, insurance_kind, year, one.key
    ), kept AS (
        SELECT person_id, insurance_kind, year, one.key AS counter, one.value::bigint AS value
        FROM person_years CROSS JOIN LATERAL jsonb_each_text(counters) AS one
    )
    SELECT person_id, insurance_kind, year, counter, kept.value AS kept, made.value AS made
    FROM kept FULL JOIN made USING (person_id, insurance_kind, year, counter)
    WHERE coalesce(kept.value, 0) <> coalesce(made.value, 0)
"""

# fmt: off
YEARS: Mapping[str, Truth] = {
    "years_are_their_grants":    Truth(10, "a year of a person is the sum of the grants that live", lambda looked: looked.at("insured", _YEARS_DIFFER)),  # noqa: E501
    "counters_are_their_grants": Truth(10, "every counter of a year is the sum of the grants that live", lambda looked: looked.at("insured", _COUNTERS_DIFFER)),  # noqa: E501
}
# fmt: on
