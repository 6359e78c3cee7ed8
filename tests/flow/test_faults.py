"""Whatever breaks, under load: every settlement ends, everywhere the same, and by itself."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import text

from contracts.topics import (
    HUB_CALCULATIONS,
    HUB_SETTLEMENTS,
    insured_work,
    treatment_answers,
)
from hub.domain.settlement import State
from simulators.chaos.deeds import clean_stop, fast_shutdown, power_cut
from tests.flow.books import INSURED, Books, accounts_of
from tests.flow.proving_ground import Ground, proving_ground
from tests.flow.traffic import Case, Ending, Late, differs
from tests.support.mortal import Step
from tests.support.worlds import HOME, PLACE

LONGER_THAN_THE_DEADLINE_S = 4.0
LONGER_THAN_A_SESSION_S = 10.0  # By then the group has given a silent member's work to another.

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.long]

# Which kind of message each program has in hand when it dies; who reads no topic has no offsets.
# fmt: off
DIE_AT: dict[Step, dict[str, str]] = {
    Step.BEFORE_COMMIT: {
        "hub work 1":     "settlement_requested",
        "hub work 2":     "settlement_calculated",
        "insured work":   "calculation_requested",
        "treatment work": "settlement_answered",
        "hub jobs":       "settlement_answered",
        "hub api":        "registration_review_requested",
        "gateway":        "settlement_requested",
    },
    Step.AFTER_COMMIT: {
        "hub work 1":     "settlement_calculated",
        "hub work 2":     "withdrawal_requested",
        "insured work":   "calculation_requested",
        "treatment work": "settlement_answered",
        "hub jobs":       "canary_sent",
        "hub api":        "registration_review_requested",
        "gateway":        "settlement_requested",
    },
    Step.AFTER_SENDING: {
        "hub work 1":     "settlement_requested",
        "hub work 2":     "benefit_released",
        "insured work":   "release_requested",
        "treatment work": "settlement_answered",
        "hub jobs":       "canary_sent",
        "hub api":        "registration_review_requested",
        "gateway":        "cancellation_requested",
    },
    Step.AFTER_OFFSETS: {
        "hub work 1":     "settlement_calculated",
        "hub work 2":     "cancellation_requested",
        "insured work":   "settlement_concluded",
        "treatment work": "settlement_answered",
    },
}

READ_BY = {
    HUB_SETTLEMENTS:          ("hub work 1", "hub work 2"),
    HUB_CALCULATIONS:         ("hub work 1", "hub work 2"),
    insured_work(HOME):       ("insured work",),
    treatment_answers(PLACE): ("treatment work",),
}
# fmt: on


def everybody_dies_at(step: Step) -> Callable[[Ground], None]:
    return lambda ground: ground.die_at(step, DIE_AT[step])


def reorder(ground: Ground) -> None:
    for topic, readers in READ_BY.items():
        ground.say_out_of_order(topic, *readers)


FAULTS: dict[str, Callable[[Ground], None]] = {
    **{f"killed {step}": everybody_dies_at(step) for step in Step},
    "insured area hangs": lambda ground: ground.hold_still(
        LONGER_THAN_THE_DEADLINE_S, "insured work"
    ),
    "treatment area hangs": lambda ground: ground.hold_still(
        LONGER_THAN_THE_DEADLINE_S, "treatment work"
    ),
    "hub worker hangs, and is taken for dead": lambda ground: ground.hold_still(
        LONGER_THAN_A_SESSION_S, "hub work 2"
    ),
    "broker stopped": lambda ground: ground.stop_broker(clean_stop),
    "broker killed": lambda ground: ground.stop_broker(power_cut),
    "database stopped": lambda ground: ground.stop_database(fast_shutdown),
    "database killed": lambda ground: ground.stop_database(power_cut),
    "topics duplicated": Ground.say_everything_again,
    "topics reordered": reorder,
    "everything killed": Ground.kill_everything,
}


# The treatment area's own programs and database live on: what it has told a hospital, it keeps.
TREATMENT_LIVES = frozenset(
    {
        "insured area hangs",
        "hub worker hangs, and is taken for dead",
        "broker stopped",
        "broker killed",
        "topics duplicated",
    }
)


@dataclass(frozen=True, slots=True)
class Row:
    """What a fault has cost; for people, nothing is asserted of it."""

    fault: str
    work_goes_on_s: float
    books_agree_s: float
    cases: int
    settled: int
    started_again: int
    late: int


@dataclass(slots=True)
class Story:
    ground: Ground
    books: Books
    rows: list[Row] = field(default_factory=list)


@pytest.fixture(scope="module")
def story(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Story]:
    with proving_ground(tmp_path_factory.mktemp("parts")) as ground:
        found = Story(ground, Books(ground.engines, accounts_of(ground.engines[INSURED])))
        yield found
    _tell(request.config, found.rows)


def _tell(config: pytest.Config, rows: list[Row]) -> None:
    lines = [f"{'fault':<44}  work goes on  books agree  cases  settled  started again  late"]
    for row in rows:
        times = f"{row.work_goes_on_s:>10.1f} s {row.books_agree_s:>10.1f} s"
        counts = f"{row.cases:>6} {row.settled:>8} {row.started_again:>14} {row.late:>5}"
        lines.append(f"{row.fault:<44}  {times} {counts}")
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    assert terminal is not None, "pytest always has one"
    assert capture is not None, "pytest always has one"
    with capture.global_and_fixture_disabled():
        for line in ("", *lines):
            terminal.write_line(line)


def settle_down(story: Story) -> tuple[list[Case], float]:
    """No new work: what is under way comes to its end. The cases, and how long it took."""
    ground, since = story.ground, time.monotonic()
    ground.traffic.pause(lambda is_quiet: ground.wait("every answer is certain", is_quiet))
    faults: list[str] = []

    def agree() -> bool:
        faults[:] = story.books.faults()
        return not faults

    try:
        ground.wait("the books agree", agree)
    except Exception as error:
        raise AssertionError("\n".join(faults)) from error
    return ground.traffic.take_done(), time.monotonic() - since


@pytest.mark.parametrize("fault", FAULTS)
def test_all_agree_to_the_fen_after(story: Story, fault: str) -> None:
    ground = story.ground
    ended = len(ground.ended)
    ground.traffic.resume()
    ground.recovered()
    FAULTS[fault](ground)
    goes_on_s = ground.recovered()
    well_since_s = time.monotonic()
    cases, agree_s = settle_down(story)
    settled = sum(case.ending is Ending.SETTLED for case in cases)
    late, started = ground.traffic.take_late(), len(ground.ended) - ended
    story.rows.append(Row(fault, goes_on_s, agree_s, len(cases), settled, started, len(late)))
    assert [told for case in cases if (told := differs(case))] == []
    assert [one for one in late if not is_excused(one, fault, well_since_s)] == []
    assert settled > 0


def is_excused(late: Late, fault: str, well_since_s: float) -> bool:
    """While it was broken, whoever had to answer could not."""
    if late.asked_at_s > well_since_s:
        return False
    return fault not in TREATMENT_LIVES


def test_settlements_came_to_every_end(story: Story) -> None:
    """What breaks shows nothing where nothing was under way."""
    query = "SELECT DISTINCT state FROM settlements"
    with story.ground.engines["hub"].connect() as tx:
        found = set(tx.execute(text(query)).scalars())
    assert found >= {State.SETTLED, State.EXPIRED, State.WITHDRAWN, State.REVERSED}


def test_every_registration_that_the_hub_took_is_in_force(story: Story) -> None:
    states = [
        story.ground.country.agency(PLACE).get(f"/registrations/{id_}")["state"]
        for id_ in story.ground.filed
    ]
    assert states == ["active"] * len(states) != []
