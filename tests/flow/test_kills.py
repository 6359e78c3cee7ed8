"""Workers are killed and held still under load: every settlement ends, on every side, the same."""

import contextlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine, text

from contracts.clock import SystemClock
from contracts.delivery.outbox import Outbox
from contracts.delivery.transport import KafkaTransport
from hub.services.verification import verify
from participants.insured.store.columns import ADDED, USED
from participants.treatment.settings import Settings
from participants.treatment.store.listening import Listener
from simulators.agency import Unexpected, wait_for
from simulators.bench.crowd import enrol, patients_of
from simulators.bench.load import Load
from simulators.bench.validity import Side, judge
from simulators.running.deployment import Deployment, deployed
from simulators.running.parts import Parts, started
from simulators.running.seeding import seed
from simulators.stack.servers import Servers
from tests.support.worlds import HOME, PLACE

PEOPLE = 100
RATE = 40
SETTLE_WITHIN_S = 2
LONGER_THAN_THE_DEADLINE_S = 4.0
LONGER_THAN_A_SESSION_S = 13.0  # By then the group has given a silent member's work to another.
AWAY_S = 1.0
QUIET_WITHIN_S = 60.0
ENVIRONMENT = {"YIDI_SETTLE_WITHIN_MS": str(SETTLE_WITHIN_S * 1_000)}

SETTLEMENTS = "SELECT count(*) FROM settlements"

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


@dataclass(frozen=True, slots=True)
class Country:
    """Two areas and two hub workers as processes of their own, and a load that goes on."""

    parts: Parts
    load: Load
    engines: dict[str, Engine]

    def kill(self, name: str) -> None:
        """As a power cut; a moment later somebody starts the same program again."""
        self.parts.children[name].kill()
        time.sleep(AWAY_S)
        self.parts.children[name].restart()
        self.recovered()

    def hold_still(self, name: str, seconds: float) -> None:
        """As a machine that hangs, and then goes on where it was."""
        self.parts.children[name].pause()
        time.sleep(seconds)
        self.parts.children[name].resume()
        self.recovered()

    def recovered(self) -> None:
        """Wait until requests are answered as they come again."""
        before = len(self.load.answers)

        def is_well() -> bool:
            self.parts.check()
            answered = len(self.load.answers)
            return answered > before + RATE and self.load.asked - answered < RATE

        wait_for("requests are answered again", is_well)

    def count(self, role: str, query: str) -> int:
        with self.engines[role].connect() as tx:
            return int(tx.execute(text(query)).scalar_one())


@contextmanager
def country(servers: Servers, folder: Path) -> Iterator[Country]:
    with deployed(servers, (HOME, PLACE)) as deployment:
        clock = SystemClock()
        seed(deployment, clock.now())
        engines = {
            "hub": deployment.hub_engine("test"),
            "insured": deployment.insured_engine(HOME, "test"),
            "treatment": deployment.treatment_engine(PLACE, "test"),
        }
        with started(folder, deployment.environment() | ENVIRONMENT) as parts:
            for name in ("hub work 1", "hub work 2"):
                parts.start(name, ["hub", "work"])
            parts.start("hub jobs", ["hub", "jobs"])
            parts.start("insured work", ["insured", "work", "--area", HOME])
            parts.start("treatment work", ["treatment", "work", "--area", PLACE])
            with loaded(deployment, engines, clock) as load:
                yield Country(parts, load, engines)
        for engine in engines.values():
            engine.dispose()


@contextmanager
def loaded(
    deployment: Deployment, engines: dict[str, Engine], clock: SystemClock
) -> Iterator[Load]:
    """A treatment area's desk that asks RATE times a second for as long as the block lasts."""
    sender = KafkaTransport(deployment.kafka or "").sender("load")
    outbox = Outbox(engines["treatment"], sender, clock)
    people = enrol(deployment, engines, outbox, count=PEOPLE, tell=lambda _: None)
    patients = patients_of(people)
    listener = Listener(deployment.treatment_url.replace("{area}", PLACE))
    load = Load(outbox, Settings().terms(PLACE), patients, clock, Random(1), listener)
    stop = threading.Event()
    listening = threading.Thread(target=load.listen, args=(stop,))
    listening.start()
    try:
        yield load
    finally:
        stop.set()
        listening.join()
        outbox.close()


@contextmanager
def asking(load: Load) -> Iterator[None]:
    stop, died = threading.Event(), []

    def ask() -> None:
        try:
            while not stop.is_set():
                load.at_rate(RATE, 1.0)
        except Exception as error:  # noqa: BLE001 - told in the main thread
            died.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    assert not died


@pytest.fixture(scope="module")
def survivors(stack: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    """The country after everything that happened to it, when the last answer has come."""
    with country(stack, tmp_path_factory.mktemp("parts")) as found:
        with asking(found.load):
            found.recovered()
            for name in ("hub work 1", "insured work", "treatment work"):
                found.kill(name)
            found.hold_still("insured work", LONGER_THAN_THE_DEADLINE_S)
            found.hold_still("hub work 2", LONGER_THAN_A_SESSION_S)
        assert found.load.drain(QUIET_WITHIN_S) == 0
        found.parts.check()
        yield found


def test_every_settlement_is_final_everywhere_and_nothing_is_lost(survivors: Country) -> None:
    sides = [Side(role, engine) for role, engine in survivors.engines.items()]
    settled = survivors.count("hub", f"{SETTLEMENTS} WHERE state = 'settled'")

    def is_sound() -> bool:
        survivors.load.outbox.tend()
        return not judge(sides, settled).faults

    # The last conclusions are still on their way when the last answer is there.
    with contextlib.suppress(Unexpected):
        wait_for("the books close", is_sound, QUIET_WITHIN_S)
    assert judge(sides, settled).faults == ()
    assert 0 < settled <= survivors.load.asked


@pytest.mark.parametrize("role", ["hub", "treatment"])
def test_what_did_not_settle_expired(survivors: Country, role: str) -> None:
    ended = f"{SETTLEMENTS} WHERE state IN ('settled', 'expired')"
    assert survivors.count(role, SETTLEMENTS) == survivors.load.asked
    assert survivors.count(role, ended) == survivors.load.asked
    # The insured area hung for longer than the deadline: some did.
    assert survivors.count(role, f"{SETTLEMENTS} WHERE state = 'expired'") > 0


SUMS = ", ".join(
    f"coalesce(sum({added}) FILTER (WHERE grants.state IN ('granted', 'settled')), 0) AS {used}"
    for used, added in zip(USED, ADDED, strict=True)
)
YEARS_DIFFER = f"""
    SELECT count(*) FROM (
        (SELECT person_id, insurance_kind, year, {", ".join(USED)} FROM person_years)
        EXCEPT
        (SELECT person_id, insurance_kind, year, {SUMS} FROM grants
         GROUP BY person_id, insurance_kind, year)
    ) AS differing
"""  # noqa: S608 - column names of ours
GRANTS_WITHOUT_YEAR = """
    SELECT count(*) FROM grants LEFT JOIN person_years USING (person_id, insurance_kind, year)
    WHERE grants.state = 'settled' AND person_years.year IS NULL
"""
ACCOUNTS_DIFFER = """
    SELECT count(*) FROM insurances JOIN (
        SELECT person_id, sum(account_fen) AS paid_fen FROM grants
        WHERE state IN ('granted', 'settled') GROUP BY person_id
    ) AS drawn USING (person_id) WHERE account_balance_fen + paid_fen <> 500000
"""


@pytest.mark.parametrize("wrong", [YEARS_DIFFER, GRANTS_WITHOUT_YEAR, ACCOUNTS_DIFFER])
def test_years_and_accounts_are_the_sums_of_unreleased_grants(
    survivors: Country, wrong: str
) -> None:
    assert survivors.count("insured", wrong) == 0


def test_the_hub_proves_its_books(survivors: Country) -> None:
    with survivors.engines["hub"].connect() as tx:
        assert verify(tx, SystemClock().now()) == []
