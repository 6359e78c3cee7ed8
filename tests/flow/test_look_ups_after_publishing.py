"""The five look-ups over HTTP, of what real areas made known and really settled."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from contracts.access import AccessRole
from contracts.codes import VisitKind
from participants.treatment.domain.institution import Institution, read_list
from simulators.agency import Client, wait_for
from simulators.demo.stage import fen
from simulators.running import joining
from simulators.stack.servers import Servers
from simulators.world.population import institutions_file
from tests.flow.plights import Care, Plights, designate, plights
from tests.support.worlds import HOME, PLACE, yes

pytestmark = pytest.mark.slow

JOINING = {one.code for one in joining.HOSPITALS}


@pytest.fixture(scope="module")
def world(stack: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plights]:
    folder: Path = tmp_path_factory.mktemp("area")
    with plights(stack, folder, people_max=20) as found:
        yield found


def ask(world: Plights, client: Client, path: str, **query: Any) -> httpx.Response:
    url = f"{client.url}{path}?{urlencode(query)}"
    return world.country.http.get(url, headers={"Authorization": f"Bearer {client.token}"})


def pages(world: Plights, client: Client, path: str, **query: Any) -> list[Mapping[str, Any]]:
    """All rows, page by page."""
    rows: list[Mapping[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = ask(world, client, path, **query, **cursor)
        assert answer.is_success, answer.text
        rows += answer.json()["items"]
        assert len(answer.json()["items"]) <= query.get("size", 50)
        if (after := answer.json()["next_cursor"]) is None:
            return rows
        cursor = {"cursor": after}


def listed() -> list[Institution]:
    with institutions_file(PLACE).open(encoding="utf-8", newline="") as lines:
        return read_list(lines, PLACE)


def test_the_institutions_of_an_area_are_those_that_it_lists(world: Plights) -> None:
    client = world.channel()  # An app asks before anybody has signed in.
    whole = pages(world, client, "/institutions", area=PLACE, size=2)
    whole = [one for one in whole if one["code"] not in JOINING]
    assert [(one["code"], one["name"], one["level"]) for one in whole] == [
        (one.code, one.name, one.level) for one in sorted(listed(), key=lambda one: one.code)
    ]
    assert {one["area_name"] for one in whole} == {"上海市"}
    sellers = pages(world, client, "/institutions", area=PLACE, visit_kind="pharmacy")
    of_kind = {one.code for one in listed() if VisitKind.PHARMACY in one.opened}
    assert {one["code"] for one in sellers} - JOINING == of_kind
    [one] = pages(world, client, "/institutions", area=PLACE, name="静安")
    assert one["opened_zh"]


def test_an_institution_that_closes_is_told_so_and_settles_no_more(world: Plights) -> None:
    person, care = world.person(), Care(admitted=0)
    world.filed(person, "other_temporary")
    [first, *_] = listed()
    closed = replace(first, code="H31010000071", until=world.day(-1))
    designate(world.country, [closed])
    agency = world.country.agency()

    def told() -> bool:
        found = pages(world, agency, "/institutions", area=PLACE)
        return any(one["code"] == closed.code and one["until"] for one in found)

    wait_for("the hub knows", told)
    today = world.day(0).isoformat()
    still_open = pages(world, agency, "/institutions", area=PLACE, open_on=today)
    assert closed.code not in {one["code"] for one in still_open}
    assert first.code in {one["code"] for one in still_open}
    there = replace(care, institution=closed.code)
    assert not world.preflight(person, there)["will_settle"]
    assert world.settle(person, there).code == "3007"
    yes(world.settle(person, replace(there, admitted=-1)))  # Its last day still counts.


def test_agencies_and_open_pooling_areas(world: Plights) -> None:
    client = world.session(world.person())
    [agency] = pages(world, client, "/agencies", area=HOME, role="insured")
    assert (agency["phone"], agency["role_zh"]) == ("12393", "参保地")
    assert agency["name"].startswith("安徽省")
    areas = pages(world, client, "/pooling-areas", role="insured", size=1)
    assert [one["area"] for one in areas] == [PLACE, HOME]
    assert (
        pages(
            world, client, "/pooling-areas", area=HOME, visit_kind="inpatient", open_on="2022-12-31"
        )
        == []
    )
    assert "住院" in areas[0]["opened_zh"]


def test_a_person_sees_its_own_costs_and_the_parties_see_theirs(world: Plights) -> None:
    person, stranger = world.person(), world.person()
    for one in (person, stranger):
        world.filed(one, "other_temporary")
    replies = [yes(world.settle(person, Care(), yuan)) for yuan in ("2000.00", "3000.00", "999.99")]
    yes(world.settle(stranger, Care()))
    _cancel(world, person, replies[1])
    mine = world.session(person)

    def undone() -> bool:
        return [one["is_reversed"] for one in pages(world, mine, "/costs")] == [False, True, False]

    wait_for("the reversal is there", undone)
    rows = pages(world, mine, "/costs", size=1)
    assert [one["total_fen"] for one in rows] == [999_99, 3_000_00, 2_000_00]
    for cost, reply in zip(rows, reversed(replies), strict=True):
        assert cost["fund_total_fen"] == fen(reply.setlinfo["fund_pay_sumamt"])
        parts = cost["fund_total_fen"] + cost["account_fen"] + cost["cash_fen"]
        assert parts == cost["total_fen"]
        assert cost["hospital_name"] == "静安示例区中心医院"
    [year] = ask(world, mine, "/costs/totals").json()
    assert (year["settled_count"], year["reversed_count"], year["total_fen"]) == (3, 1, 2_999_99)
    theirs = {"person_id": world.psn_no(person)}
    for role, area, count in (
        (AccessRole.INSURED_AGENCY, HOME, 3),
        (AccessRole.TREATMENT_AGENCY, PLACE, 3),
        (AccessRole.WATCHER, None, 3),
        (AccessRole.INSURED_AGENCY, PLACE, 0),
        (AccessRole.TREATMENT_AGENCY, HOME, 0),
    ):
        client = Client(mine.url, world.token("hub", role, area), mine.http)
        assert len(pages(world, client, "/costs", **theirs)) == count, (role, area)
    assert ask(world, world.session(stranger), "/costs", **theirs).status_code == 403
    assert ask(world, world.channel(), "/costs", **theirs).status_code == 403


def _cancel(world: Plights, person: Any, reply: Any) -> None:
    info = reply.setlinfo
    data = {
        "setl_id": info["setl_id"],
        "mdtrt_id": info["mdtrt_id"],
        "psn_no": world.psn_no(person),
    }
    yes(world.hospital().call("2305", {"data": data}, person))


def test_ones_own_registrations_page_by_page(world: Plights) -> None:
    person = world.person()
    first = world.filed(person, "other_temporary", -800, ends=-500)
    second = world.filed(person, "other_temporary", -400, ends=-100)
    third = world.filed(person, "referral", -50, until="submitted")
    rows = pages(world, world.session(person), "/registrations", size=1)
    assert [one["registration_id"] for one in rows] == [str(id_) for id_ in (third, second, first)]
    assert all(one["state_zh"] for one in rows)
    of_area = pages(world, world.country.agency(), f"/registrations/of-area/insured/{HOME}", size=2)
    assert {str(first), str(second), str(third)} <= {one["registration_id"] for one in of_area}
    elsewhere = ask(world, world.country.agency(PLACE), f"/registrations/of-area/insured/{HOME}")
    assert elsewhere.status_code == 403


def test_what_is_published_again_unchanged_changes_nothing(world: Plights) -> None:
    before = world.country.contents()
    designate(world.country, [])
    world.country.settle_down()
    assert world.country.contents() == before
