"""The guides for areas, their samples and their tables say what the code says."""

import json
from pathlib import Path

import pytest

from contracts import topics
from contracts.codes import AreaCode, Role, areas
from contracts.delivery.codec import body_of as read_body
from contracts.delivery.codec import decode
from contracts.messages import kinds
from contracts.schemas.carried import CARRIED
from participants.insured.domain.person_file import HEADER
from participants.insured.services.people import read
from simulators.certify.duties import HEARD, SAID, heard_by, said_by
from simulators.certify.exchange import shown
from simulators.certify.guide import FOLDER, written
from simulators.certify.insured.table import CASES as INSURED_CASES
from simulators.certify.people import hospital_code, people, people_csv
from simulators.certify.samples import sample
from simulators.certify.treatment.table import CASES as TREATMENT_CASES

EVERY = [
    pytest.param(role, one.body.KIND, id=f"{role} {one.body.KIND}")
    for role in Role
    for one in (*heard_by(role), *said_by(role))
]


@pytest.mark.parametrize("role", Role)
def test_a_guide_is_what_the_code_writes(role: Role) -> None:
    """`yidi certify guide` writes them anew."""
    assert (FOLDER / f"{role}.md").read_text("utf-8") == written(role)


@pytest.mark.parametrize("role", Role)
def test_every_link_of_a_guide_leads_to_a_schema(role: Role) -> None:
    for one in (*heard_by(role), *said_by(role)):
        assert (FOLDER / "../../contracts/schemas" / f"{one.body.KIND}.json").resolve().is_file()


@pytest.mark.parametrize(("role", "kind"), EVERY)
def test_a_sample_is_a_message(role: Role, kind: str) -> None:
    letter = decode(sample(kind, role, is_answer=False).encode())
    assert letter.head.kind == kind
    assert kind == read_body(letter, kinds()[kind]).body.KIND


def test_a_sample_of_a_bill_adds_up() -> None:
    document = json.loads(sample("calculation_requested", Role.INSURED, is_answer=False))
    bill = document["body"]["bill"]
    assert sum(bill.values()) == 2 * bill["total_fen"]


def test_every_kind_has_its_row() -> None:
    to_areas = {b.KIND for name, bodies in CARRIED.items() if name[:4] != "hub." for b in bodies}
    to_hub = {body.KIND for name in topics.WRITTEN_BY for body in CARRIED[name]}
    assert HEARD.keys() == to_areas
    assert SAID.keys() == to_hub


def test_an_answer_is_a_kind_that_the_area_says() -> None:
    for role in Role:
        said = {one.body.KIND for one in said_by(role)}
        for one in heard_by(role):
            assert set(HEARD[one.body.KIND].answer) <= said, one.body.KIND


def test_no_case_has_the_id_of_another() -> None:
    ids = [case.id for case in INSURED_CASES] + [case.id for case in TREATMENT_CASES]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("area", areas())
def test_the_people_file_is_one_that_an_area_can_load(area: AreaCode, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(people_csv(area), "utf-8")
    assert file.read_text("utf-8").splitlines()[0] == ",".join(HEADER)
    assert len(read(area, file)) == len(people(area))
    assert hospital_code(area)[1:3] == area[:2]


def test_what_is_shown_names_nobody() -> None:
    person = people(next(iter(areas())))["insured"]
    document = {
        "input": {"data": {"certno": person.certificate_number, "psn_name": person.name}},
        "rows": [{"sealed_identity": "k1:secret", "amount_fen": 12}],
    }
    told = shown(json.dumps(document))
    assert person.certificate_number not in told
    assert person.name not in told
    assert "k1:secret" not in told
    assert "12" in told
