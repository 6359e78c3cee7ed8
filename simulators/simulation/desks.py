"""The clerks of an insured area, who now and then decide all registrations that wait 备案审核."""

from random import Random

from contracts.delivery.outbox import Outbox
from contracts.delivery.processor import Limits, patiently
from participants.insured.domain.area import Area
from participants.insured.services import desk
from participants.insured.services.desk import Verdict
from participants.insured.store.queue import Filter
from simulators.simulation.processes import Stage

DECIDES_EVERY_S = 7.0
REJECTED_PERCENT = 25
MOST = 20


def run(stage: Stage, process: str, area: Area, outbox: Outbox) -> None:
    """A loop of the area's process; it also sends what it left behind when it died."""
    limits = Limits()
    while True:
        patiently(outbox.tend, limits, stage.scheduler.sleep)
        patiently(lambda: _decide(area, outbox, stage.steps.random), limits, stage.scheduler.sleep)
        stage.rhythm.rest(process, DECIDES_EVERY_S)


def _decide(area: Area, outbox: Outbox, random: Random) -> None:
    """All that wait, alike: as a clerk does who goes through the queue."""
    accepts = random.randrange(100) >= REJECTED_PERCENT
    verdict = Verdict(accepts=accepts, reason="仿真", by="经办甲")
    with outbox.transaction() as writing:
        _, said, _ = desk.decide_matching(
            area, writing.tx, Filter(), verdict, most=MOST, now=writing.now
        )
        writing.say(said)
