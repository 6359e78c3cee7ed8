"""The guides for areas, their samples and their tables say what the code says."""

import base64
import hashlib
import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes

from contracts import topics
from contracts.codes import AreaCode, Role, areas
from contracts.delivery.codec import body_of as read_body
from contracts.delivery.codec import decode
from contracts.messages import kinds
from contracts.schemas.carried import CARRIED
from contracts.sealing import Sealer
from participants.insured.domain.person_file import HEADER
from participants.insured.services import eligibilities
from participants.insured.services.people import read
from simulators.certify.cases import Case
from simulators.certify.duties import HEARD, SAID, UNDRIVEN, heard_by, said_by
from simulators.certify.exchange import shown
from simulators.certify.guide import FOLDER, written
from simulators.certify.insured.chronic import OTHER_DISEASE
from simulators.certify.insured.desk import Desk
from simulators.certify.insured.table import CASES as INSURED_CASES
from simulators.certify.people import eligibilities_csv, hospital_code, people, people_csv
from simulators.certify.samples import sample
from simulators.certify.treatment.outside import Outside
from simulators.certify.treatment.table import CASES as TREATMENT_CASES
from simulators.certify.vectors import SEALED, SECRET, VALUE, vectors

CASES: Mapping[Role, Sequence[Case[Any]]] = {
    Role.INSURED: INSURED_CASES,
    Role.TREATMENT: TREATMENT_CASES,
}
# A wish that never becomes a message, and all that was said in the whole run.
DRIVES_NOTHING = {"T-208", "I-901", "T-901"}
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


@pytest.mark.parametrize("role", Role)
def test_every_kind_of_a_guide_is_driven_by_a_case_or_says_why_not(role: Role) -> None:
    kinds_of = {one.body.KIND for one in (*heard_by(role), *said_by(role))}
    driven = {kind for case in CASES[role] for kind in case.drives}
    assert driven <= kinds_of, "a case drives what its role neither takes nor says"
    assert kinds_of - driven == UNDRIVEN[role].keys()


@pytest.mark.parametrize("role", Role)
def test_every_case_drives_something_but_those_that_say_why(role: Role) -> None:
    idle = {case.id for case in CASES[role] if not case.drives}
    assert idle == DRIVES_NOTHING & {case.id for case in CASES[role]}


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


def test_the_eligibilities_file_is_one_that_an_area_can_load(tmp_path: Path) -> None:
    area, file = next(iter(areas())), tmp_path / "eligibilities.csv"
    file.write_text(eligibilities_csv(area), "utf-8")
    found = {row.certificate_number: row.disease_code for row in eligibilities.read(file)}
    person = people(area)["chronic"]
    assert found == {person.certificate_number: person.chronic[0]}
    assert OTHER_DISEASE not in found.values()


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


def test_what_is_shown_names_nobody_under_any_field_and_in_any_text() -> None:
    person = people(next(iter(areas())))["insured"]
    document = {"remark": f"{person.name}，{person.certificate_number}", "by": [person.name]}
    told = shown(json.dumps(document, ensure_ascii=False))
    assert person.certificate_number not in told
    assert person.name not in told


# The vectors, reckoned once more with nothing of ours.


def result_of(what: str) -> str:
    role, area = Role.INSURED, AreaCode("340000")
    return next(result for name, _, result in vectors(role, area) if name.startswith(what))


def sm3(secret: bytes, content: bytes) -> bytes:
    """HMAC by its definition, over a hash whose block is 64 bytes."""

    def hashed(text: bytes) -> bytes:
        digest = hashes.Hash(hashes.SM3())
        digest.update(text)
        return digest.finalize()

    padded = secret.ljust(64, b"\0")
    inner = hashed(bytes(byte ^ 0x36 for byte in padded) + content)
    return hashed(bytes(byte ^ 0x5C for byte in padded) + inner)


def test_the_signature_is_what_the_guide_says_in_words() -> None:
    parts = ("yidi message 1", "insured.340000/test", "insured.340000.notices", "340000", VALUE)
    framed = b"".join(struct.pack(">I", len(one.encode())) + one.encode() for one in parts)
    assert result_of("签名") == sm3(SECRET, framed).hex()


def test_the_token_is_what_the_guide_says_in_words() -> None:
    mac = sm3(SECRET, b"01|110101199003070038")
    assert result_of("人员编号") == base64.b32encode(mac[:18]).decode().rstrip("=")


def test_the_sealed_identity_opens_to_what_the_guide_says() -> None:
    assert Sealer({"k1": SECRET}, "k1").open(result_of("加密")) == SEALED


def test_the_digest_and_the_marks_are_what_the_guide_says_in_words() -> None:
    found = list(vectors(Role.TREATMENT, AreaCode("310000")))
    lines = [f"{result}\n".encode() for what, _, result in found if what.startswith("对账行")]
    assert result_of("桶摘要") == hashlib.sha256(b"".join(lines)).hexdigest()
    halves = [struct.unpack(">II", hashlib.md5(one).digest()[:8]) for one in lines]  # noqa: S324 - a mark
    low, high = (sum(one[n] for one in halves[:2]) for n in (0, 1))
    assert result_of("片标记").startswith(f"0: 2:{low}:{high}, ")
    assert lines == sorted(lines, key=lambda one: (one[:32], one[33:34] != b"-"))


def test_an_outside_has_as_many_methods_as_the_guide_says() -> None:
    methods = {name for name in vars(Outside) if not name.startswith("_")}
    assert methods > {"wish", "close"}
    assert len(methods - {"wish", "close"}) == 11
    assert "和十一种问询" in written(Role.TREATMENT)


def test_a_desk_has_the_methods_that_the_guide_says() -> None:
    methods = {name for name in vars(Desk) if not name.startswith("_")}
    assert methods == {"decide", "change", "close"}
    assert "（`decide`、`change`、`close`）" in written(Role.INSURED)
