"""The life of registrations 备案 through the doors: hub, desk, gateway, a person's session."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from contracts.access import AccessRole
from contracts.ids import id_of_short_text, new_id
from simulators.agency import Client, wait_for
from simulators.stack.servers import Servers
from simulators.world.population import Resident
from tests.flow.plights import HEFEI, HOSPITAL, OTHER_HOSPITAL, PAPERS, Care, Plights, plights
from tests.support.worlds import PLACE, yes

pytestmark = pytest.mark.slow

CLERK, AGENCY = "经办员甲", "经办机构340000"
TODAY = Care(admitted=0)
"""A stay that begins today; the usual one began five days ago."""
# How each category is filed at the hub, and what becomes of it with nobody looking.
CATEGORIES = {
    "retired_resettled": "active",
    "long_term_resident": "active",
    "posted_worker": "active",
    "emergency": "active",
    "other_temporary": "active",
    "referral": "submitted",
    "chronic_disease": "submitted",
}


@pytest.fixture(scope="module")
def world(stack: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plights]:
    folder: Path = tmp_path_factory.mktemp("area")
    with plights(stack, folder) as found:
        yield found


def told(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a no; its Chinese text must be there."""
    document = answer.json()
    assert document["title"], document
    return answer.status_code, document["code"]


def steps(world: Plights, id_: UUID) -> list[tuple[str, str, str]]:
    """What happened, who did it, why: as the hub tells it."""
    return [(one["event"], one["by"], one["why"]) for one in world.found(id_)["history"]]


def steps_at_desk(world: Plights, id_: UUID) -> list[tuple[str, str, str]]:
    shown = world.at_desk(id_)["steps"]
    return [(one["standing"] or one["step"], one["by"], one["why"]) for one in shown]


def refused(world: Plights, person: Resident, care: Care) -> str:
    reply = world.settle(person, care)
    assert not reply.ok
    return reply.code


@pytest.mark.parametrize("category", list(CATEGORIES))
def test_every_category_is_filed_and_decided_by_whom_the_area_says(
    world: Plights, category: str
) -> None:
    id_ = world.filed(world.person(), category, until=CATEGORIES[category])
    if CATEGORIES[category] == "submitted":
        shown = world.at_desk(id_)["review"]
        assert shown["age_s"] >= 0
        assert shown["due_on"] >= world.day(0).isoformat()
        world.decide(id_)
    found = world.found(id_)
    assert (found["category"], found["version"], found["code"]) == (category, 1, None)
    is_temporary = category in {"emergency", "other_temporary", "referral"}
    assert (found["ends_on"] is not None) == is_temporary
    by = CLERK if CATEGORIES[category] == "submitted" else "自助备案"
    assert [step[:2] for step in steps(world, id_)] == [("submit", AGENCY), ("accept", by)]


def test_a_clerks_no_has_its_reason_at_the_hub_and_at_the_desk(world: Plights) -> None:
    person = world.person()
    id_ = world.filed(person, "referral", until="submitted")
    assert refused(world, person, TODAY) == "4002"
    world.decide(id_, "reject", reason="转诊证明未加盖公章")
    found = world.found(id_)
    assert (found["code"], found["reason"]) == ("4020", "转诊证明未加盖公章")
    assert steps(world, id_)[1] == (
        "reject",
        CLERK,
        "[4020] 参保地经办机构不予备案：转诊证明未加盖公章",
    )

    def heard() -> bool:
        return len(steps_at_desk(world, id_)) == 3

    wait_for("the desk hears of it", heard)
    assert steps_at_desk(world, id_)[1][1:] == (CLERK, "转诊证明未加盖公章")
    assert refused(world, person, TODAY) == "4002"


def test_many_are_decided_at_once_and_one_decided_before_stops_nothing(world: Plights) -> None:
    ids = [world.filed(world.person(), "referral", until="submitted") for _ in range(4)]
    world.decide(ids[0])
    for id_ in ids:
        world.at_desk(id_)
    body = {"decision": "reject", "reason": "材料不符", "ids": [str(id_) for id_ in ids]}
    done = world.country.desk.post("/decisions", body)
    assert done["done"] == 3
    assert [one["code"] for one in done["items"]] == ["4017", None, None, None]
    for id_ in ids[1:]:
        world.stands(id_, "rejected")
    assert world.found(ids[0])["state"] == "active"
    more = [world.filed(world.person(), "referral", until="submitted") for _ in range(2)]
    for id_ in more:
        world.at_desk(id_)
    world.country.desk.post(
        "/decisions", {"decision": "accept", "matching": {"category": "referral"}}
    )
    for id_ in more:
        world.stands(id_, "active")
    assert world.country.desk.get("/reviews?category=referral")["items"] == []


def test_a_person_files_sees_supplements_and_takes_back_its_own_and_no_other(
    world: Plights,
) -> None:
    person, stranger = world.person(), world.person()
    mine, theirs = world.session(person), world.session(stranger)
    body = world.wanted(person, "other_temporary")
    for name in ("certificate_kind", "certificate_number"):
        del body[name]
    answer = world.submit(body | {"channel": "app"}, mine)
    assert answer.status_code == httpx.codes.CREATED, answer.text
    id_ = UUID(answer.json()["registration_id"])
    world.stands(id_, "active")
    assert [one["registration_id"] for one in mine.get("/registrations")["items"]] == [str(id_)]
    assert theirs.get("/registrations")["items"] == []
    assert told(world.submit(world.wanted(person, "posted_worker"), theirs)) == (403, "1013")
    assert told(world.change(id_, "cancel", theirs)) == (403, "1013")
    assert told(world.change(id_, "suspend", mine)) == (403, "1013")
    papers = [{"kind": "residence_proof", "reference": "沪居2026-7"}]
    assert world.change(id_, "supplement", mine, materials=papers).is_success
    assert world.change(id_, "cancel", mine).is_success
    found = mine.get(f"/registrations/{id_}")
    assert (found["state"], found["channel"]) == ("cancelled", "app")
    assert [(one["event"], one["by"]) for one in found["history"]] == [
        ("submit", "本人"),
        ("accept", "自助备案"),
        ("supplement", "本人"),
        ("cancel", "本人"),
    ]
    assert papers[0] in found["materials"]


def test_the_same_key_files_once(world: Plights) -> None:
    key, body = str(new_id()), world.wanted(world.person(), "posted_worker")
    first, again = (world.submit(body, key=key).json() for _ in range(2))
    assert first["registration_id"] == again["registration_id"] == key
    clash = world.submit(body | {"category": "long_term_resident"}, key=key)
    assert told(clash) == (409, "1009")
    world.stands(UUID(key), "active")


def test_a_change_is_a_new_version_and_each_day_belongs_to_one(world: Plights) -> None:
    person = world.person()
    old = world.filed(person, "other_temporary")
    new = world.filed(person, "referral", begins=-2, until="submitted", replaces=str(old))
    assert world.found(old)["state"] == "active"
    world.decide(new)
    before, after = world.found(old), world.found(new)
    assert (before["state"], before["ended_on"]) == ("superseded", world.day(-3).isoformat())
    assert (after["version"], after["replaces"]) == (2, str(old))
    assert steps(world, old)[-1] == ("supersede", CLERK, f"{new} v2")
    # Who came before the new version began is treated as the old one says.
    assert world.basis_of(yes(world.settle(person, Care(admitted=-5))))[1]["paid_as"] == "other"
    assert world.basis_of(yes(world.settle(person, Care(admitted=-1))))[1]["paid_as"] == "referral"


def test_a_new_version_that_is_refused_leaves_the_old_one_in_force(world: Plights) -> None:
    person = world.person()
    old = world.filed(person, "other_temporary")
    new = world.filed(person, "referral", begins=-2, until="submitted", replaces=str(old))
    world.decide(new, "reject", reason="无转诊证明")
    assert world.found(old)["state"] == "active"
    yes(world.settle(person, TODAY))


def test_a_long_term_one_is_locked_in_for_its_person_but_not_for_the_area(world: Plights) -> None:
    person = world.person()
    id_ = world.filed(person, "retired_resettled", begins=-300)
    mine = world.session(person)
    assert told(world.change(id_, "cancel", mine)) == (409, "4014")
    wish = world.wanted(person, "posted_worker", begins=0, replaces=str(id_))
    assert told(world.submit(wish)) == (409, "4014")
    world.country.run(
        "hub",
        "UPDATE registrations SET submitted_at = submitted_at - interval '200 days'"
        " WHERE registration_id = :i",
        i=id_,
    )
    assert world.change(id_, "cancel", mine).json()["state"] == "cancelled"
    another = world.filed(world.person(), "retired_resettled")
    assert world.change(another, "cancel").json()["state"] == "cancelled"


def test_what_overlaps_is_refused_and_what_follows_is_not(world: Plights) -> None:
    person = world.person()
    world.filed(person, "other_temporary", begins=-300, ends=-100)
    overlapping = world.wanted(person, "other_temporary", begins=-100)
    assert told(world.submit(overlapping)) == (409, "4013")
    world.filed(person, "other_temporary", begins=-99)


def test_a_suspended_one_does_not_count_until_it_is_resumed(world: Plights) -> None:
    person = world.person()
    id_ = world.filed(person, "other_temporary")
    world.at_desk(id_)
    change(world, id_, "suspend", "参保信息核查")
    world.told_at_desk(id_, "suspended")
    assert refused(world, person, TODAY) == "4002"
    yes(world.settle(person, Care(admitted=-5)))  # Admitted before: admission decides.
    change(world, id_, "resume", "核查完毕")
    world.stands(id_, "active")
    yes(world.settle(person, TODAY))
    assert steps(world, id_)[2:] == [
        ("suspend", CLERK, "参保信息核查"),
        ("resume", CLERK, "核查完毕"),
    ]


def change(world: Plights, id_: UUID, what: str, reason: str, **more: Any) -> None:
    """A clerk's wish, handed on by the desk."""
    world.country.desk.post(f"/reviews/{id_}/changes/{what}", {"reason": reason, **more})


def test_a_cancelled_one_settles_whoever_was_admitted_before(world: Plights) -> None:
    person = world.person()
    id_ = world.filed(person, "other_temporary")
    assert world.change(id_, "cancel").is_success
    assert world.found(id_)["ended_on"] == world.day(-1).isoformat()
    yes(world.settle(person, Care(admitted=-1)))
    assert refused(world, person, TODAY) == "4003"
    assert told(world.change(id_, "cancel")) == (409, "5001")
    world.filed(person, "other_temporary", begins=0)
    yes(world.settle(person, TODAY))


def test_the_desk_adds_the_proof_and_the_standing_is_a_mere_commitment_no_more(
    world: Plights,
) -> None:
    person = world.person()
    id_ = world.filed(person, "long_term_resident")
    [row] = [
        one for one in world.preflight(person, TODAY)["checks"] if one["name"] == "registration"
    ]
    assert "承诺" in row["fix"]
    proof = {"kind": "residence_proof", "reference": "沪居2026-7"}
    world.at_desk(id_)
    change(world, id_, "supplement", "已补交居住证明", materials=[proof])
    wait_for("the proof is in", lambda: proof in world.found(id_)["materials"])
    [row] = [
        one for one in world.preflight(person, TODAY)["checks"] if one["name"] == "registration"
    ]
    assert row["fix"] == ""
    [*_, last] = world.found(id_)["history"]
    assert (last["event"], last["by"], last["materials"]) == ("supplement", CLERK, [proof])


# Hospitals.

AT_HOSPITALS = {
    "2501": ("2502", "referral"),
    "2503": ("2504", "chronic_disease"),
    "2505": ("2506", "retired_resettled"),
}


def content(world: Plights, infno: str, person: Resident) -> dict[str, Any]:
    """A referral to the hospital's own area, a disease, or who has moved there."""
    data: dict[str, Any] = {
        "psn_no": world.psn_no(person),
        "insutype": "310",
        "insu_optins": HEFEI,
        "begndate": world.day(-1).isoformat(),
    }
    if infno == "2501":
        data |= {
            "diag_code": "C34.900",
            "diag_name": "肺恶性肿瘤",
            "reflin_medins_no": HOSPITAL,
            "reflin_medins_name": "静安示例区中心医院",
            "mdtrtarea_admdvs": "310100",
            "hosp_agre_refl_flag": "1",
            "refl_type": "3",
            "refl_date": world.day(-1).isoformat(),
            "refl_rea": "本院无放疗设备",
            "refl_opnn": "同意转院",
        }
        return {"refmedin": data}
    if infno == "2503":
        data |= {
            "opsp_dise_code": "M03900",
            "opsp_dise_name": "高血压",
            "ide_fixmedins_no": HOSPITAL,
            "ide_fixmedins_name": "静安示例区中心医院",
            "hosp_ide_date": world.day(-1).isoformat(),
            "diag_dr_codg": "D1",
            "diag_dr_name": "李医生",
        }
        return {"data": data}
    data |= {
        "biz_appy_type": "08",
        "fix_srt_no": "1",
        "fixmedins_code": HOSPITAL,
        "fixmedins_name": "静安示例区中心医院",
    }
    return {"data": data}


@pytest.mark.parametrize("infno", list(AT_HOSPITALS))
def test_a_hospital_files_and_takes_back(world: Plights, infno: str) -> None:
    person, hospital = world.person(), world.hospital()
    cancel, category = AT_HOSPITALS[infno]
    reply = yes(hospital.call(infno, content(world, infno, person), person))
    number = str(reply.output["result"]["trt_dcla_detl_sn"])
    id_ = id_of_short_text(number)
    found = world.found(id_)
    assert (found["category"], found["channel"]) == (category, "hospital")
    assert found["submitted_by"] == f"treatment.{PLACE}"
    if found["state"] == "submitted":
        assert "审核" in str(reply.body["warn_msg"])
        world.decide(id_)
    which = {"trt_dcla_detl_sn": number, "psn_no": world.psn_no(person), "memo": "患者要求撤销"}
    other = world.hospital(OTHER_HOSPITAL).call(cancel, {"data": which}, person)
    assert other.code == "4018"
    if infno == "2505":  # Long-term: locked in for who filed it, too.
        assert hospital.call(cancel, {"data": which}, person).code == "4014"
        world.country.run(
            "hub",
            "UPDATE registrations SET submitted_at = submitted_at - interval '200 days'"
            " WHERE registration_id = :i",
            i=id_,
        )
    yes(hospital.call(cancel, {"data": which}, person))
    assert world.found(id_)["state"] == "cancelled"
    event, by, why = steps(world, id_)[-1]
    assert (event, why) == ("cancel", "患者要求撤销")
    assert by.startswith(HOSPITAL)


def test_a_registration_of_a_hospitals_settles_there_at_once(world: Plights) -> None:
    person, hospital = world.person(), world.hospital()
    assert refused(world, person, TODAY) == "4001"
    yes(hospital.call("2505", content(world, "2505", person), person))
    yes(world.settle(person, TODAY))


# What is refused with a stable code, at the hub at once, or by the insured area.

AT_ONCE: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("a city of a unit that is one place is that place", "", {"place": "310115"}),
    ("no such area", "3001", {"place": "990000"}),
    ("at home", "3002", {"place": "340300"}),
    ("a place that is not connected", "3003", {"place": "440100"}),
    ("without a place", "4027", {"place": None}),
    ("with a disease", "4027", {"disease_code": "M03900"}),
    ("too short", "4015", {"ends_on": 60}),
    ("ends before it begins", "3006", {"ends_on": -100}),
    ("without papers", "4016", {"materials": []}),
    ("without a credential", "4016", {"materials": [{"kind": "commitment"}]}),
    ("it replaces nothing", "4018", {"replaces": str(new_id())}),
)


@pytest.mark.parametrize(
    ("code", "changes"), [row[1:] for row in AT_ONCE], ids=[r[0] for r in AT_ONCE]
)
def test_the_hub_refuses_at_once(world: Plights, code: str, changes: dict[str, Any]) -> None:
    person = world.person()
    if isinstance(changes.get("ends_on"), int):
        changes = changes | {"ends_on": world.day(changes["ends_on"]).isoformat()}
    answer = world.submit(world.wanted(person, "other_temporary") | changes)
    if not code:
        assert answer.json()["place"] == PLACE
        return
    assert told(answer)[1] == code
    wanted = {"size": 1, "person_id": world.psn_no(person)}
    query = "&".join(f"{name}={value}" for name, value in wanted.items())
    assert world.country.agency().get(f"/registrations?{query}")["items"] == []


def test_a_long_term_one_with_an_end_and_a_disease_outside_the_table_are_refused(
    world: Plights,
) -> None:
    person = world.person()
    ends = world.day(900).isoformat()
    assert told(world.submit(world.wanted(person, "posted_worker", ends_on=ends)))[1] == "4026"
    disease = world.wanted(person, "chronic_disease", disease_code="M99900")
    assert told(world.submit(disease))[1] == "4022"


def test_the_insured_area_refuses_who_is_not_insured_so(world: Plights) -> None:
    """A person insured elsewhere, in arrears, or not in force: rejected by rule, with its code."""
    rows = {
        "4005": ("division", "340200"),
        "4011": ("in_force_until", world.day(-300).isoformat()),
        "4019": ("arrears_since", world.day(-30).isoformat()),
    }
    for code, (column, value) in rows.items():
        person = world.person()
        statement = f"UPDATE insurances SET {column} = :v WHERE person_id = :p"  # noqa: S608 - ours
        world.country.run("insured.340000", statement, v=value, p=world.psn_no(person))
        id_ = world.filed(person, "other_temporary", until="rejected")
        assert world.found(id_)["code"] == code
    stranger = world.wanted(world.person(), "other_temporary")
    stranger["certificate_number"] = "340100190001010000"
    id_ = UUID(world.submit(stranger).json()["registration_id"])
    world.stands(id_, "rejected")
    assert world.found(id_)["code"] == "4010"


def test_who_may_see_a_registration(world: Plights) -> None:
    id_ = world.filed(world.person(), "other_temporary")
    api = world.country.world.hub_api
    for role, area, may in (
        (AccessRole.INSURED_AGENCY, "340000", True),
        (AccessRole.TREATMENT_AGENCY, "310000", True),
        (AccessRole.WATCHER, None, True),
        (AccessRole.INSURED_AGENCY, "310000", False),
        (AccessRole.TREATMENT_AGENCY, "340000", False),
        (AccessRole.PERSON_CHANNEL, None, False),
    ):
        client = Client(api, world.token("hub", role, area), world.country.http)
        answer = world.country.http.get(
            f"{api}/registrations/{id_}", headers={"Authorization": f"Bearer {client.token}"}
        )
        assert answer.is_success == may, (role, area, answer.text)


def test_the_papers_of_the_tests_are_those_of_the_rules() -> None:
    assert set(PAPERS) == set(CATEGORIES)
