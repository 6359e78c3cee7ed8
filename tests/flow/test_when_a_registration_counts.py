"""Which care a registration settles, from the hospital's door to the grant at the desk."""

# ruff: noqa: E501 - tables: a row stays a row

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from contracts.codes import VisitKind
from contracts.delivery.outbox import Writing
from hub.services import expiring
from simulators.hospital import Reply
from simulators.stack.servers import Servers
from simulators.world.population import Resident
from tests.flow.plights import Care, Plights, plights
from tests.support.worlds import stay_of, yes

pytestmark = pytest.mark.slow

OUTPATIENT, CHRONIC = VisitKind.OUTPATIENT, VisitKind.CHRONIC


@pytest.fixture(scope="module")
def world(stack: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plights]:
    folder: Path = tmp_path_factory.mktemp("area")
    with plights(stack, folder) as found:
        yield found


def filed_on(world: Plights, id_: UUID, day: int) -> None:
    """As if it had been filed then: only the calendar could bring a test there."""
    statement = "UPDATE registrations SET submitted_at = CAST(:d AS date) + interval '4 hours' WHERE registration_id = :i"
    world.country.run("hub", statement, d=world.day(day).isoformat(), i=id_)


def outcome(reply: Reply) -> str:
    return "settled" if reply.ok else reply.code


# Days count from today; the registration is a temporary one to Shanghai.
ADMISSION_DECIDES = (
    # What happens                            | filed | begins | ends | admitted | discharged | it is
    ("inside the validity",                      -90,    -90,    300,     -5,         0,       "settled"),
    ("discharged after its last day",           -300,   -300,    -10,    -20,         0,       "settled"),
    ("admitted on its last day",                -300,   -300,    -10,    -10,         0,       "settled"),
    ("admitted after its last day",             -300,   -300,    -10,     -9,         0,       "4003"),
    ("admitted on its first day",                -90,     -5,    300,     -5,         0,       "settled"),
    ("admitted before it begins",                -90,     -4,    300,     -5,         0,       "4003"),
    ("filed during the stay, begins in it",       -3,     -3,    300,    -10,         0,       "settled"),
    ("filed on the day of discharge",              0,      0,    300,    -10,         0,       "settled"),
    ("filed in the stay, begins after it",         0,      5,    300,    -10,         0,       "4003"),
    ("filed after the discharge",                  0,    -90,    300,    -10,        -1,       "4025"),
)  # fmt: skip


@pytest.mark.parametrize("row", ADMISSION_DECIDES, ids=[row[0] for row in ADMISSION_DECIDES])
def test_admission_decides(world: Plights, row: tuple[str, int, int, int, int, int, str]) -> None:
    _, filed, begins, ends, admitted, discharged, expected = row
    person = world.person()
    id_ = world.filed(person, "other_temporary", begins, ends=ends, until="active")
    filed_on(world, id_, filed)
    care = Care(admitted=admitted, discharged=discharged)
    preflight = world.preflight(person, care)
    assert outcome(world.settle(person, care)) == expected
    assert preflight["will_settle"] == (expected == "settled")


def test_an_expired_one_settles_who_was_admitted_in_time(world: Plights) -> None:
    person = world.person()
    id_ = world.filed(person, "other_temporary", -300, ends=-10)
    filed_on(world, id_, -300)
    _expire(world)
    world.stands(id_, "expired")
    assert outcome(world.settle(person, Care(admitted=-12))) == "settled"
    assert outcome(world.settle(person, Care(admitted=-3))) == "4003"


def _expire(world: Plights) -> None:
    """The hub's own job, whose next turn may be a minute away."""
    with world.country.engines["hub"].begin() as tx:
        writing = Writing(tx, world.country.clock.now())
        writing.say(expiring.expire(tx, writing.now, 500))


def test_a_visit_opened_by_2401_before_the_registration_settles_after_it(world: Plights) -> None:
    """The whole way: admitted unregistered, lines uploaded, registered in bed, discharged."""
    person = world.person()
    visit = world.country.visit(person, stay_of(2))
    assert world.country.hospital().settle(visit).code == "4001"
    world.filed(person, "other_temporary", 0)
    yes(world.country.hospital().trial(visit))
    yes(world.country.hospital().settle(visit))


# Emergencies are deemed registered.

DEEMED = (
    ("nobody registered", None, Care(flags=("emergency",))),
    ("registered for another city", "elsewhere", Care(flags=("emergency",))),
    ("registered after the discharge", "late", Care(discharged=-1, flags=("emergency",))),
    ("registration over", "over", Care(flags=("emergency",))),
    ("registration suspended", "suspended", Care(admitted=0, flags=("emergency",))),
    ("registration waits for a clerk", "waiting", Care(flags=("emergency",))),
)


@pytest.mark.parametrize("row", DEEMED, ids=[row[0] for row in DEEMED])
def test_an_emergency_is_deemed_registered_and_recorded_as_such(
    world: Plights, row: tuple[str, str | None, Care]
) -> None:
    _, plight, care = row
    person = world.person()
    _get_into(world, person, plight)
    checks = {one["name"]: one for one in world.preflight(person, care)["checks"]}
    assert "视同" in checks["registration"]["fix"]
    basis, grant = world.basis_of(yes(world.settle(person, care)))
    assert basis == grant["registration_basis"] == "deemed"
    assert grant["registration_category"] == grant["paid_as"] == "emergency"


def _get_into(world: Plights, person: Resident, plight: str | None) -> None:
    if plight == "elsewhere":
        # Only Shanghai is connected here: the place is changed behind the hub's back.
        id_ = world.filed(person, "other_temporary")
        world.country.run(
            "hub", "UPDATE registrations SET place = '330100' WHERE registration_id = :i", i=id_
        )
    elif plight == "late":
        world.filed(person, "other_temporary")
    elif plight == "over":
        world.filed(person, "other_temporary", -300, ends=-10)
    elif plight == "suspended":
        id_ = world.filed(person, "other_temporary")
        world.at_desk(id_)
        world.country.desk.post(f"/reviews/{id_}/changes/suspend", {"reason": "核查"})
        world.stands(id_, "suspended")
    elif plight == "waiting":
        world.filed(person, "referral", until="submitted")


def test_the_emergency_rate_of_the_policy_applies(world: Plights) -> None:
    """苏州: other temporary outflow at 80 % of the rate at home, an emergency at the whole rate."""
    other, deemed = world.person(), world.person()
    world.filed(other, "other_temporary")
    paid = {}
    for person, care in ((other, Care()), (deemed, Care(flags=("emergency",)))):
        _, grant = world.basis_of(yes(world.settle(person, care, "5000.00")))
        paid[grant["paid_as"]] = grant["shares"]["pool_fen"]
    above_deductible_fen = (5_000 - 600) * 100
    assert paid == {
        "emergency": above_deductible_fen * 83 // 100,
        "other": above_deductible_fen * 83 * 80 // 100 // 100,
    }


def test_a_long_term_resident_is_not_worse_off_in_an_emergency(world: Plights) -> None:
    person = world.person()
    world.filed(person, "long_term_resident")
    basis, grant = world.basis_of(yes(world.settle(person, Care(flags=("emergency",)))))
    assert (basis, grant["paid_as"]) == ("registered", "long_term")


# Trauma and third parties gate direct settlement, also of emergencies.

TRAUMA = (
    (("trauma", "no_third_party"), "settled"),
    (("trauma", "third_party"), "4023"),
    (("third_party",), "4023"),
    (("trauma",), "4024"),
    (("trauma", "no_third_party", "emergency"), "settled"),
    (("trauma", "third_party", "emergency"), "4023"),
)


@pytest.mark.parametrize(("flags", "expected"), TRAUMA, ids=["+".join(row[0]) for row in TRAUMA])
def test_trauma_gates_direct_settlement(
    world: Plights, flags: tuple[str, ...], expected: str
) -> None:
    person = world.person()
    world.filed(person, "other_temporary")
    care = Care(flags=flags)
    preflight = world.preflight(person, care)
    failed = [one["code"] for one in preflight["checks"] if not one["passed"]]
    assert failed == ([] if expected == "settled" else [expected])
    assert outcome(world.settle(person, care)) == expected


# Out-patients: the area's own choice; its file asks for none in 普通门诊.


def test_an_outpatient_needs_a_registration_only_where_the_area_asks_for_one(
    world: Plights,
) -> None:
    person = world.resident()

    def care(kind: VisitKind, disease: str = "") -> Care:
        return Care(kind=kind, admitted=0, disease=disease, insurance="390")

    basis, grant = world.basis_of(yes(world.settle(person, care(OUTPATIENT))))
    assert (basis, grant["registration_category"], grant["paid_as"]) == (
        "not_needed",
        None,
        "other",
    )
    for other in (care(CHRONIC, "M03900"), care(VisitKind.INPATIENT)):
        assert outcome(world.settle(person, other)) == "4001"
    world.filed(person, "long_term_resident", -300)
    basis, grant = world.basis_of(yes(world.settle(person, care(OUTPATIENT))))
    assert (basis, grant["paid_as"]) == ("not_needed", "long_term")


def test_the_areas_other_choice_asks_for_one(world: Plights) -> None:
    """The hub follows what was published to it: here as if the area had asked for one again."""
    person, care = world.resident(), Care(kind=OUTPATIENT, admitted=0, insurance="390")
    chose = "UPDATE area_terms SET need_registration = CAST(:kinds AS text[]) WHERE area = '340000'"
    world.country.run("hub", chose, kinds="{outpatient,chronic,pharmacy}")
    try:
        assert outcome(world.settle(person, care)) == "4001"
    finally:
        world.country.run("hub", chose, kinds="{chronic,pharmacy}")
    yes(world.settle(person, care))


# 门诊慢特病: a registration of its own, and the dated table of ten diseases.


def test_a_chronic_disease_settles_once_it_is_recognised(world: Plights) -> None:
    person = world.person()
    filed_on(world, world.filed(person, "long_term_resident", -300), -300)
    care = Care(kind=CHRONIC, admitted=0, disease="M03900")
    assert outcome(world.settle(person, care)) == "4021"
    assert [
        one["code"] for one in world.preflight(person, care)["checks"] if not one["passed"]
    ] == ["4021"]
    id_ = world.filed(person, "chronic_disease", -1, until="submitted")
    assert outcome(world.settle(person, care)) == "4021"
    world.decide(id_)
    world.country.settle_down()
    yes(world.settle(person, care))
    assert outcome(world.settle(person, Care(kind=CHRONIC, admitted=0, disease="M01600"))) == "4021"
    assert (
        outcome(world.settle(person, Care(kind=CHRONIC, admitted=-2, disease="M03900"))) == "4021"
    )
    assert world.change(id_, "cancel").is_success
    world.country.settle_down()
    assert outcome(world.settle(person, care)) == "4021"


def test_a_disease_outside_the_table_is_not_settled_directly(world: Plights) -> None:
    person = world.person()
    world.filed(person, "long_term_resident", -300)
    for disease in ("M99900", "高血压", ""):
        care = Care(kind=CHRONIC, admitted=0, disease=disease)
        assert outcome(world.settle(person, care)) == "4022"
        preflight = world.preflight(person, care)
        assert [one["code"] for one in preflight["checks"] if not one["passed"]] == ["4022"]
