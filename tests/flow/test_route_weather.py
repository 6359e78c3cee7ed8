"""An insured area hangs for longer than the deadline and goes on: nobody acts, and all is well."""

from collections.abc import Iterator

import pytest

from simulators.agency import wait_for
from simulators.hospital import Reply
from simulators.stack.servers import Servers
from tests.support.worlds import HOME, PLACE, Country, consultation, country, yes

pytestmark = pytest.mark.slow

CONDITION = "SELECT condition FROM route_weather WHERE insured_area = :area"
STATES = "SELECT state, count(*) AS n FROM settlements GROUP BY 1 ORDER BY 1"
GRANTS = "SELECT state, count(*) AS n FROM grants GROUP BY 1 ORDER BY 1"
LATE = "SELECT count(*) FROM settlements WHERE state = 'expired' AND released_at IS NOT NULL"
# What the sides hold of money, of the canaries' too if there were any.
COUNTED = "SELECT count(*) FROM settlements WHERE state = 'settled'"
GRANTED = "SELECT count(*) FROM grants WHERE state = 'settled'"
POSTED = "SELECT count(DISTINCT settlement_id) FROM postings"
OF_CANARIES = "SELECT count(*) FROM canaries WHERE answered_at IS NOT NULL"
NEW_WORK = 25  # enough to fill what the share of success is made of


@pytest.fixture
def land(stack: Servers) -> Iterator[Country]:
    with country(stack, canary_every_s=1) as land:
        yield land


def condition(land: Country) -> str:
    """As the hospitals' area was told."""
    found = land.run(f"treatment.{PLACE}", CONDITION, area=HOME)
    return str(found[0]["condition"]) if found else "-"


def wait_for_weather(land: Country, wanted: str) -> None:
    def is_so() -> bool:
        land.world.check()
        return condition(land) == wanted

    wait_for(f"the weather is {wanted}", is_so)


def settle(land: Country, number: int) -> Reply:
    return land.hospital().settle(land.visit(land.person(number), consultation()))


def test_late_work_is_released_new_work_settles_and_the_weather_turns_by_itself(
    land: Country,
) -> None:
    people = [land.person(number) for number in range(4)]
    for person in people:
        land.register(person, "long_term_resident")
    yes(settle(land, 0))
    wait_for_weather(land, "clear")
    held_up = [land.visit(person, consultation()) for person in people[1:]]

    land.world.pause(HOME)
    unanswered = land.hospital().settle(held_up[0])
    assert unanswered.code in {"2006", "2008"}, unanswered.text
    wait_for_weather(land, "down")
    turned_away = [land.hospital().settle(visit) for visit in held_up[1:]]
    # At most one of them was sent to find out; who is turned away may send the same again.
    told_at_once = [reply for reply in turned_away if reply.code == "2008"]
    assert told_at_once
    assert "先收费后补结算" in told_at_once[0].text

    land.world.resume(HOME)
    wait_for("what was late is released", lambda: land.count("hub", LATE) >= 1)
    wait_for_weather(land, "slow")
    again = held_up[1:][turned_away.index(told_at_once[0])]
    yes(land.hospital().settle(again, msgid=told_at_once[0].msgid))
    for number in range(NEW_WORK):
        yes(settle(land, number % len(people)))
    wait_for_weather(land, "clear")

    land.settle_down()
    settled = land.count("hub", COUNTED)
    assert settled == NEW_WORK + 2
    assert land.count(f"insured.{HOME}", GRANTED) == land.count("hub", POSTED) == settled
    assert land.count("hub", OF_CANARIES) > 0
    assert {row["state"] for row in land.run("hub", STATES)} == {"settled", "expired"}
    assert {row["state"] for row in land.run(f"insured.{HOME}", GRANTS)} <= {
        "settled",
        "released",
        "tombstone",
    }
