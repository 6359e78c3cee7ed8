"""Takes over who was recognised for a chronic disease at home: the same file twice is as once."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection

from contracts.person import person_id_of
from participants.insured.domain.cells import Fault, FileWrong
from participants.insured.domain.eligibility import Eligibility, Source
from participants.insured.domain.eligibility_file import EligibilityRow, parse
from participants.insured.services.csv_file import lines_of
from participants.insured.store import eligibilities, people
from participants.insured.store.people import Insurances


def read(path: Path) -> list[EligibilityRow]:
    """The rows of a UTF-8 CSV with a header; FileWrong names each wrong line and why."""
    return parse(*lines_of(path))


def load(tx: Connection, rows: Sequence[EligibilityRow], token_key: bytes) -> int:
    """How many were new or changed their end; FileWrong when somebody is not insured here so."""
    pairs = [(row, _eligibility(row, token_key)) for row in rows]
    insured = people.insurances_of(tx, {one.person_id for _, one in pairs})
    strangers = [
        Fault(row.line, "参保地查无此人，或未参加该险种")
        for row, one in pairs
        if not _is_insured(insured, one)
    ]
    if strangers:
        raise FileWrong(strangers)
    return eligibilities.put_of_file(tx, [one for _, one in pairs])


def of_person(tx: Connection, person_id: str) -> tuple[Eligibility, ...]:
    return eligibilities.of(tx, [person_id]).get(person_id, ())


def _is_insured(insured: Insurances, one: Eligibility) -> bool:
    return one.insurance_kind in insured.get(one.person_id, {})


def _eligibility(row: EligibilityRow, token_key: bytes) -> Eligibility:
    return Eligibility(
        person_id=person_id_of(row.certificate_kind, row.certificate_number, token_key),
        insurance_kind=row.insurance_kind,
        disease_code=row.disease_code,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        source=Source.FILE,
    )
