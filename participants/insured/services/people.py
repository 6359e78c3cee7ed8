"""Takes over an agency's people: the same file twice changes nothing."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection

from contracts.codes import AreaCode
from contracts.ids import PersonId
from contracts.person import person_id_of
from contracts.sealing import Sealer
from participants.insured.domain.insurance import Insurance
from participants.insured.domain.person_file import PersonRow, parse
from participants.insured.services.csv_file import lines_of
from participants.insured.store import people, register
from participants.insured.store.people import Card

PEOPLE_AT_ONCE_MAX = 5_000


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a file changed; people and their insurances counted apart."""

    people_written: int = 0
    insurances_written: int = 0
    rows: int = 0

    def plus(self, other: "Loaded") -> "Loaded":
        return Loaded(
            self.people_written + other.people_written,
            self.insurances_written + other.insurances_written,
            self.rows + other.rows,
        )


def read(area: AreaCode, path: Path) -> list[PersonRow]:
    """The rows of a UTF-8 CSV with a header; FileWrong names each wrong line and why."""
    return parse(area, *lines_of(path))


def load(tx: Connection, rows: Sequence[PersonRow], sealer: Sealer, token_key: bytes) -> Loaded:
    """Write the people and insurances that are new or differ; account balances only when new."""
    total = Loaded()
    for start in range(0, len(rows), PEOPLE_AT_ONCE_MAX):
        some = rows[start : start + PEOPLE_AT_ONCE_MAX]
        total = total.plus(_load(tx, some, sealer, token_key))
    return total


def identity_text(certificate_kind: str, certificate_number: str, name: str) -> str:
    """The JSON that is sealed as a person's identity."""
    return json.dumps(
        {
            "name": name,
            "certificate_kind": certificate_kind,
            "certificate_number": certificate_number,
        },
        ensure_ascii=False,
    )


def _load(tx: Connection, rows: Sequence[PersonRow], sealer: Sealer, token_key: bytes) -> Loaded:
    by_person: dict[PersonId, list[PersonRow]] = {}
    for row in rows:
        id_ = person_id_of(row.certificate_kind, row.certificate_number, token_key)
        by_person.setdefault(id_, []).append(row)
    cards = people.cards_of(tx, by_person)
    insured = people.lock(tx, by_person)
    new_cards = [
        card
        for id_, found in by_person.items()
        if (card := _changed_card(id_, found[0], cards.get(id_), sealer)) is not None
    ]
    new_insurances = [
        one
        for id_, found in by_person.items()
        for one in _changed_insurances(id_, found, insured.get(id_, {}).values())
    ]
    register.put_people(tx, new_cards)
    register.put_insurances(tx, new_insurances)
    return Loaded(len(new_cards), len(new_insurances), len(rows))


def _changed_card(
    id_: PersonId, row: PersonRow, stored: Card | None, sealer: Sealer
) -> Card | None:
    text = identity_text(row.certificate_kind, row.certificate_number, row.name)
    known = stored and (sealer.open(stored.sealed_identity), stored.gender, stored.born_on)
    if known == (text, row.gender, row.born_on):
        return None
    return Card(id_, sealer.seal(text), row.gender, row.born_on)


def _changed_insurances(
    id_: PersonId, rows: Sequence[PersonRow], stored: Iterable[Insurance]
) -> list[Insurance]:
    known = {one.insurance_kind: one for one in stored}
    pairs = [(known.get(row.insurance_kind), row) for row in rows]
    return [
        new
        for before, row in pairs
        if not _says_the_same(before, new := _insurance(id_, row, before))
    ]


def _says_the_same(stored: Insurance | None, read_: Insurance) -> bool:
    """The balance and the person's own policy are the area's, not the file's, once they stand."""
    if stored is None:
        return False
    ours = {"account_balance_fen": 0, "policy_id": None}
    return replace(stored, **ours) == replace(read_, **ours)  # type: ignore[arg-type]


def _insurance(id_: PersonId, row: PersonRow, stored: Insurance | None) -> Insurance:
    known_arrears = None if stored is None else stored.arrears_since
    return Insurance(
        person_id=id_,
        born_on=row.born_on,
        insurance_kind=row.insurance_kind,
        person_type=row.person_type,
        division=row.division,
        in_force_from=row.in_force_from,
        in_force_until=row.in_force_until,
        civil_servant=row.civil_servant,
        account_balance_fen=row.account_balance_fen,
        policy_id=None,
        arrears_since=row.arrears_since if row.tells_arrears else known_arrears,
    )
