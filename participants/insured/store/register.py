"""Writes the register of the insured: new people, new insurances, and what changed about them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from contracts.delivery import bulk
from participants.insured.domain.insurance import Insurance
from participants.insured.store.people import Card

_PUT_PEOPLE = """
    INSERT INTO people (person_id, sealed_identity, gender, born_on) VALUES %s
    ON CONFLICT (person_id) DO UPDATE SET sealed_identity = excluded.sealed_identity,
        gender = excluded.gender, born_on = excluded.born_on
"""
# The balance is only taken over with a new insurance: afterwards it moves with the grants.
_PUT_INSURANCES = """
    INSERT INTO insurances (person_id, insurance_kind, person_type, division, in_force_from,
        in_force_until, civil_servant, account_balance_fen, policy_id, arrears_since) VALUES %s
    ON CONFLICT (person_id, insurance_kind) DO UPDATE SET person_type = excluded.person_type,
        division = excluded.division, in_force_from = excluded.in_force_from,
        in_force_until = excluded.in_force_until, civil_servant = excluded.civil_servant,
        arrears_since = excluded.arrears_since
"""


def put_people(tx: Connection, cards: Sequence[Card]) -> None:
    rows = [(c.person_id, c.sealed_identity, c.gender, c.born_on) for c in cards]
    bulk.write_rows(tx, _PUT_PEOPLE, "(%s, %s, %s, %s)", rows)


def put_insurances(tx: Connection, insurances: Sequence[Insurance]) -> None:
    template = "(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
    bulk.write_rows(tx, _PUT_INSURANCES, template, [_row(one) for one in insurances])


def _row(one: Insurance) -> tuple[Any, ...]:
    return (
        one.person_id,
        one.insurance_kind.value,
        one.person_type.value,
        one.division,
        one.in_force_from,
        one.in_force_until,
        one.civil_servant,
        one.account_balance_fen,
        one.policy_id,
        one.arrears_since,
    )
