"""Pre-flight 结算预检 says what a settlement of the same care, sent right after, then does."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest

from contracts.codes import DivisionCode, VisitKind
from participants.treatment.domain.institution import Institution, InstitutionKind
from simulators.agency import wait_for
from simulators.stack.servers import Servers
from simulators.world.population import Resident
from tests.flow.plights import (
    HEFEI,
    HOSPITAL,
    OF_RESIDENTS,
    Care,
    Plights,
    designate,
    insure,
    plights,
    resident,
    row,
)

pytestmark = pytest.mark.slow

SEED = int(os.environ.get("YIDI_TEST_SEED", "20221122"))
SITUATIONS = 120
CLOSED, NARROW, PHARMACY, UNKNOWN = "H31010000091", "H31010000092", "P31010000093", "H31010000099"
LONG_AGO = -1_500
"""Before any policy of the tests, and before any disease of the table."""
# How often an employee and a resident come with it: their policies pay for other kinds of care.
PAID_FOR = {
    VisitKind.INPATIENT: (9, 1),
    VisitKind.OUTPATIENT: (1, 9),
    VisitKind.CHRONIC: (5, 5),
    VisitKind.PHARMACY: (5, 5),
}


CHANGES = {
    "suspended": (("suspend", "suspended"),),
    "resumed": (("suspend", "suspended"), ("resume", "active")),
}


@dataclass(frozen=True, slots=True)
class Filed:
    """One registration, and what became of it. Days count from today."""

    category: str
    begins: int
    ends: int | None
    becomes: str
    filed: int | None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that decides whether care is settled."""

    number: int
    insured: dict[str, Any]
    is_known: bool
    registrations: tuple[Filed, ...]
    recognised: str
    care: Care


@pytest.fixture(scope="module")
def world(stack: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plights]:
    folder: Path = tmp_path_factory.mktemp("area")
    with plights(stack, folder, people_max=0) as found:
        hospital = Institution(
            CLOSED, "已关闭示例医院", DivisionCode("310100"), 2, "5", InstitutionKind.HOSPITAL,
            (VisitKind.INPATIENT, VisitKind.OUTPATIENT, VisitKind.CHRONIC), until=found.day(-8),
        )  # fmt: skip
        narrow = replace(hospital, code=NARROW, opened=(VisitKind.OUTPATIENT,), until=None)
        pharmacy = replace(
            narrow, code=PHARMACY, kind=InstitutionKind.PHARMACY, opened=(VisitKind.PHARMACY,)
        )
        designate(found.country, [hospital, narrow, pharmacy])
        yield found


@cache
def situations() -> tuple[Situation, ...]:
    random = Random(SEED)
    return tuple(_drawn(number, random) for number in range(SITUATIONS))


def _drawn(number: int, random: Random) -> Situation:
    care = _care(random)
    begins = random.choice((-400, -90, -90, care.admitted, care.admitted + 2, -3, 0))
    count = random.choices((0, 1, 2), (1, 6, 1))[0]
    filed = [_filed(random, begins)] if count else []
    if count == 2:  # Two must not overlap: the other one lies before.
        before = _filed(random, begins - 300)
        category = "referral" if before.category == "referral" else "other_temporary"
        filed.append(replace(before, category=category, ends=begins - 1))
    disease = care.disease if random.random() < 0.7 else random.choice(("M03900", "M01600"))
    return Situation(
        number=number,
        insured=_insured(random, care),
        is_known=random.random() < 0.95,
        registrations=tuple(filed),
        recognised=disease if disease in {"M03900", "M01600"} else "",
        care=care,
    )


def _care(random: Random) -> Care:
    kind = random.choices(list(VisitKind), (8, 4, 5, 2))[0]
    admitted = random.choice((-20, -10, -5, -5, -1, 0, 0, 0))
    if random.random() < 0.06:
        admitted = random.choice((2, LONG_AGO))
    discharged = 0 if random.random() < 0.7 else random.randint(min(admitted, 0) - 1, 0)
    usual = PHARMACY if kind is VisitKind.PHARMACY else HOSPITAL
    return Care(
        kind=kind,
        admitted=admitted,
        discharged=max(discharged, admitted) if random.random() < 0.95 else admitted - 1,
        flags=random.choices(
            ((), ("emergency",), ("trauma", "no_third_party"), ("trauma",), ("third_party",)),
            (16, 4, 1, 1, 1),
        )[0],
        disease=random.choice(("M03900", "M03900", "M01600", "M03901", "M99900", ""))
        if kind is VisitKind.CHRONIC
        else "",
        institution=random.choices((usual, CLOSED, NARROW, UNKNOWN), (40, 3, 1, 1))[0],
        division=random.choices((HEFEI, "340200", "320100", "310100", "990100"), (80, 3, 1, 1, 1))[
            0
        ],
        insurance=random.choices(("310", "390"), PAID_FOR[kind])[0],
    )


def _filed(random: Random, begins: int) -> Filed:
    category = random.choice(("other_temporary", "referral", "emergency", "long_term_resident"))
    becomes = random.choices(
        ("active", "submitted", "rejected", "suspended", "resumed", "cancelled", "superseded"),
        (12, 1, 1, 1, 1, 1, 1),
    )[0]
    if becomes in {"submitted", "rejected"}:
        category = "referral"
    is_long = category == "long_term_resident"
    ends = None if is_long or random.random() < 0.6 else begins + random.randint(184, 400)
    return Filed(
        category=category,
        begins=begins,
        ends=ends,
        becomes=becomes,
        filed=random.choice((None, begins, begins, begins)),
        place="330100" if random.random() < 0.08 else "",
    )


def _insured(random: Random, care: Care) -> dict[str, Any]:
    """Changes of the usual row of a person; days by their number."""
    is_resident = (care.insurance == "390") != (random.random() < 0.05)
    usual = dict(OF_RESIDENTS) if is_resident else {}
    plight = random.choices(("", "ended", "ending", "arrears", "new"), (14, 1, 1, 1, 1))[0]
    days = {
        "ended": {"in_force_until": care.admitted - 3},
        "ending": {"in_force_until": care.admitted},
        "arrears": {"arrears_since": random.choice((care.admitted, care.admitted + 1))},
        "new": {"in_force_from": care.admitted + random.choice((0, 1))},
    }
    return usual | days.get(plight, {})


@pytest.mark.parametrize("seed", [SEED])  # The name of the test tells it.
def test_pre_flight_agrees_with_the_settlement_that_follows(world: Plights, seed: int) -> None:
    people = _enrolled(world)
    for one in situations():
        _get_into(world, people[one.number], one)
    world.country.settle_down()
    outcomes: Counter[str] = Counter()
    for one in situations():
        verdict = _verdict(world, people[one.number], one.care)
        reply = world.settle(people[one.number], one.care)
        failed = {check["code"] for check in verdict["checks"] if not check["passed"]}
        told = f"YIDI_TEST_SEED={seed}: {one}\n{verdict}\n{reply.text}"
        assert verdict["will_settle"] == reply.ok, told
        assert reply.ok or reply.code in failed, told
        assert all(check["fix"] for check in verdict["checks"] if not check["passed"]), told
        outcomes[reply.code or "settled"] += 1
    # A property about nothing but refusals, or of one kind of refusal, would prove little.
    assert outcomes["settled"] >= SITUATIONS // 6, outcomes
    assert len(outcomes) >= 10, outcomes


def test_pre_flight_changes_nothing_anywhere(world: Plights) -> None:
    people = _enrolled(world)
    before = world.country.contents()
    verdicts = [_verdict(world, people[one.number], one.care) for one in situations()[:20]]
    again = [_verdict(world, people[one.number], one.care) for one in situations()[:20]]
    assert [_timeless(one) for one in again] == [_timeless(one) for one in verdicts]
    assert world.country.contents() == before


def _timeless(verdict: dict[str, Any]) -> dict[str, Any]:
    """Without the route's weather, which is news of the moment and grows older as we ask."""
    return {name: value for name, value in verdict.items() if name != "weather"}


def _verdict(world: Plights, person: Resident, care: Care) -> dict[str, Any]:
    """The final one: a machine that is busy may answer too late for the first question."""

    def final() -> dict[str, Any] | None:
        found = world.preflight(person, care)
        return found if found["final"] else None

    found: dict[str, Any] = wait_for("a final verdict", final)
    return found


def _enrolled(world: Plights) -> list[Resident]:
    """Everybody by the number of the situation; who is not known is in nobody's books."""
    rows = [row(one.number, **_by_date(world, one.insured)) for one in situations()]
    known = [one for one, of in zip(rows, situations(), strict=True) if of.is_known]
    insure(world.country, known)
    return [resident(one) for one in rows]


def _by_date(world: Plights, changes: dict[str, Any]) -> dict[str, Any]:
    found = {
        name: world.day(value) if type(value) is int else value for name, value in changes.items()
    }
    return found | ({"tells_arrears": True} if "arrears_since" in found else {})


def _get_into(world: Plights, person: Resident, one: Situation) -> None:
    for filed in one.registrations:
        _file(world, person, filed)
    if one.recognised:
        wanted = world.wanted(person, "chronic_disease", -100, disease_code=one.recognised)
        id_ = UUID(world.submit(wanted).json()["registration_id"])
        _decided(world, id_, "accept")


def _file(world: Plights, person: Resident, one: Filed) -> None:
    answer = world.submit(world.wanted(person, one.category, one.begins, one.ends))
    assert answer.is_success, answer.text
    id_ = UUID(answer.json()["registration_id"])
    if one.becomes != "submitted":
        _decided(world, id_, "reject" if one.becomes == "rejected" else "accept")
    if one.becomes in {"suspended", "resumed", "cancelled", "superseded"}:
        _changed(world, person, id_, one)
    if one.filed is not None:
        _behind_the_hub(world, id_, "submitted_at = CAST(:v AS date)", world.day(one.filed))
    if one.place:
        _behind_the_hub(world, id_, "place = :v", one.place)


def _decided(world: Plights, id_: UUID, word: str) -> None:
    """By the area's rules, or else by a clerk."""
    if world.at_desk(id_)["review"]["state"] == "waiting":
        body = {"reason": "材料不符"} if word == "reject" else None
        world.country.desk.post(f"/reviews/{id_}/{word}", body)
    world.stands(id_, "active", "rejected", "expired")


def _changed(world: Plights, person: Resident, id_: UUID, one: Filed) -> None:
    if world.found(id_)["state"] != "active":
        return  # The insured area had said no, or it is over.
    if one.becomes == "cancelled":
        assert world.change(id_, "cancel").is_success
    elif one.becomes == "superseded":
        wanted = world.wanted(person, "other_temporary", max(one.begins, -4), replaces=str(id_))
        answer = world.submit(wanted)
        if answer.is_success:  # A long-term one is locked in.
            world.stands(UUID(answer.json()["registration_id"]), "active", "rejected", "expired")
    else:
        for change, state in CHANGES[one.becomes]:
            world.country.desk.post(f"/reviews/{id_}/changes/{change}", {"reason": "核查"})
            world.told_at_desk(id_, state)


def _behind_the_hub(world: Plights, id_: UUID, what: str, value: object) -> None:
    statement = f"UPDATE registrations SET {what} WHERE registration_id = :i"  # noqa: S608 - ours
    world.country.run("hub", statement, v=value, i=id_)
