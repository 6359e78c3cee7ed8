"""Registrations over HTTP: what a caller sees and may do, and how it is told no."""

# ruff: noqa: F811  # the fixture is the one of the whole API, and tests name it

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.ids import RegistrationId
from contracts.messages.registration import RegistrationDecided
from hub.services import deciding
from tests.support.hub import said
from tests.support.hub_api import BODY, PERSON, World, code_of, world  # noqa: F401 - a fixture
from tests.support.hub_books import NOON
from tests.support.tables import rows


def _accept(world: World, id_: str) -> None:
    """What the insured area's yes does, as its message would."""
    body = RegistrationDecided(
        registration_id=RegistrationId(UUID(id_)),
        person_id=PERSON,
        accepted=True,
        code=None,
        reason="材料齐全",
        decided_by="经办员007",
    )
    with world.engine.begin() as tx:
        deciding.decide(tx, [said(body, "insured.430000")], NOON)


def _filed(world: World, who: str = "hunan", **changes: Any) -> str:
    id_ = str(uuid4())
    answer = world.submit(who, id_, **changes)
    assert answer.status_code == 201, answer.text
    return id_


def _change(world: World, who: str, id_: str, key: str | None = None, **body: Any) -> Any:
    content = {"change": "cancel", "reason": "已回参保地"} | body
    headers = world.as_(who) | {"Idempotency-Key": key or str(uuid4())}
    return world.client.post(f"/registrations/{id_}/changes", json=content, headers=headers)


def test_a_registration_is_shown_with_every_step_who_and_why(world: World) -> None:
    id_ = _filed(world)
    _accept(world, id_)
    proof = {"kind": "residence_proof", "reference": "沪居2026-7"}
    supplement: dict[str, Any] = {"change": "supplement", "reason": "补证明", "materials": [proof]}
    assert _change(world, "person", id_, **supplement).status_code == 200
    assert _change(world, "hunan", id_, change="suspend", reason="核查").status_code == 200
    shown = world.client.get(f"/registrations/{id_}", headers=world.as_("person")).json()
    assert (shown["state"], shown["state_zh"], shown["version"]) == ("suspended", "已暂停", 1)
    assert shown["materials"] == [*_papers(), proof]
    steps = [(s["event_zh"], s["by"], s["why"], s["materials"]) for s in shown["history"]]
    assert steps == [
        ("提交", "hunan", "", _papers()),
        ("同意备案", "经办员007", "材料齐全", []),
        ("补充材料", "本人", "补证明", [proof]),
        ("暂停", "hunan", "核查", []),
    ]


def _papers() -> list[dict[str, str]]:
    return [{"kind": one["kind"], "reference": ""} for one in BODY["materials"]]


def test_a_next_version_stands_in_for_the_one_before(world: World) -> None:
    old = _filed(world)
    _accept(world, old)
    new = _filed(world, begins_on="2026-05-01", place="320500", replaces=old)
    _accept(world, new)
    shown = [
        world.client.get(f"/registrations/{id_}", headers=world.as_("hunan")).json()
        for id_ in (old, new)
    ]
    assert [(s["state"], s["version"], s["ended_on"]) for s in shown] == [
        ("superseded", 1, "2026-04-30"),
        ("active", 2, None),
    ]
    assert shown[1]["replaces"] == old


# Of a registration that Hunan's agency filed for Shanghai; "again" is the same wish once more.
CHANGES = """
    who       change      stands     |  answer  state
    hunan     cancel      active     |  200     cancelled
    hunan     suspend     active     |  200     suspended
    hunan     resume      active     |  5001    active
    hunan     resume      suspended  |  200     active
    hunan     cancel      submitted  |  200     cancelled
    person    cancel      active     |  200     cancelled
    person    suspend     active     |  1013    active
    other     cancel      active     |  1013    active
    shanghai  cancel      active     |  1013    active
    anhui     cancel      active     |  1013    active
    operator  cancel      active     |  1013    active
    hunan     supplement  active     |  1004    active
    hunan     cancel      cancelled  |  5001    cancelled
"""


@pytest.mark.parametrize("case", rows(CHANGES), ids=lambda case: "/".join(case.values()))
def test_who_changes_what_and_a_no_changes_nothing(
    world: World,
    case: dict[str, str],
) -> None:
    id_, key = _filed(world), str(uuid4())
    if case["stands"] != "submitted":
        _accept(world, id_)
    for way in {"suspended": ("suspend",), "cancelled": ("cancel",)}.get(case["stands"], ()):
        _change(world, "hunan", id_, change=way)
    answers = [_change(world, case["who"], id_, key, change=case["change"]) for _ in range(2)]
    codes = {code_of(a) if a.status_code >= 400 else str(a.status_code) for a in answers}
    assert codes == {case["answer"]}
    assert answers[0].json() == answers[1].json()
    shown = world.client.get(f"/registrations/{id_}", headers=world.as_("hunan")).json()
    assert shown["state"] == case["state"]


def test_another_wish_under_the_same_key_is_a_clash(world: World) -> None:
    id_, key = _filed(world), str(uuid4())
    assert _change(world, "hunan", id_, key).status_code == 200
    answer = _change(world, "hunan", id_, key, reason="别的原因")
    assert (answer.status_code, code_of(answer)) == (409, "1009")
    assert "报文ID已使用" in answer.json()["detail"]
    assert code_of(_change(world, "hunan", str(uuid4()))) == "4018"


BAD_CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "no reason": ({"reason": None}, "1006"),
    "an empty reason": ({"reason": ""}, "1004"),
    "a long reason": ({"reason": "长" * 201}, "1005"),
    "a NUL": ({"reason": "a\x00"}, "1006"),
    "no such change": ({"change": "expire"}, "1006"),
    "no such paper": ({"materials": [{"kind": "x"}]}, "1006"),
    "a paper as text": ({"materials": ["credential"]}, "1006"),
    "another field": ({"state": "active"}, "1006"),
}


@pytest.mark.parametrize("name", BAD_CHANGES)
def test_a_bad_wish_is_answered_with_its_code(world: World, name: str) -> None:
    changes, code = BAD_CHANGES[name]
    id_ = _filed(world)
    assert code_of(_change(world, "hunan", id_, **changes)) == code
    assert _change(world, "hunan", id_).status_code == 200


def test_persons_file_for_themselves_by_channels_of_theirs(world: World) -> None:
    id_ = _filed(world, "person", person_id=None)
    shown = world.client.get(f"/registrations/{id_}", headers=world.as_("person")).json()
    filed_by = (shown["person_id"], shown["channel"], shown["submitted_by"])
    assert filed_by == (PERSON, "web", "person")
    assert code_of(world.submit("person", str(uuid4()), channel="hospital")) == "1006"
    assert code_of(world.submit("person", str(uuid4()), person_id="Q" * 29)) == "1013"
    clash = world.submit("hunan", id_)
    assert code_of(clash) == "1009"


def test_an_area_pages_through_what_waits_for_it(world: World) -> None:
    ids = {_filed(world, begins_on=str(date(2026, 4, day))) for day in (1, 2, 3)}
    path: str | None = "/registrations/of-area/insured/430000?state=submitted&size=2"
    found: list[str] = []
    while path is not None:
        page = world.client.get(path, headers=world.as_("hunan")).json()
        found += [one["registration_id"] for one in page["items"]]
        after = page["next_cursor"]
        path = None if after is None else f"{path.partition('&cursor')[0]}&cursor={after}"
    assert (set(found), len(found)) == (ids, 3)
    mine = world.client.get(
        "/registrations/of-area/treatment/310000", headers=world.as_("shanghai")
    )
    assert len(mine.json()["items"]) == 3
    for who, place in (("anhui", "insured/430000"), ("hunan", "treatment/310000")):
        answer = world.client.get(f"/registrations/of-area/{place}", headers=world.as_(who))
        assert code_of(answer) == "1013"
