"""Who sits at the hub's screens, what each may do there, and the loop that each of them lives."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

from sqlalchemy import Connection

from contracts.access import AccessRole, Principal
from contracts.delivery.outbox import Outbox
from contracts.delivery.processor import Limits, patiently
from contracts.refusal import Refused
from simulators.simulation.databases import AREAS
from simulators.simulation.operators import adjusting, deciding, overriding, paying, repairing
from simulators.simulation.operators.words import REFUSED, Person, Room, Word
from simulators.simulation.processes import Stage

OPERATORS = ("运营甲", "运营乙", "运营丙")
ACTS_EVERY_S = 11.0
THINKS_S = 3.0
"""What somebody sees may be decided by another before he says his word."""
# How much each room draws whoever may enter it, where there is anything to do.
ROOMS: dict[AccessRole, Sequence[tuple[int, Room]]] = {
    AccessRole.OPERATOR: (
        (50, deciding.room),
        (35, adjusting.room),
        (40, repairing.room),
        (20, overriding.room),
    ),
    AccessRole.INSURED_AGENCY: ((50, paying.paying), (50, paying.receiving)),
}


@dataclass(slots=True)
class Desk:
    """One person at work; he outlives the process that serves him.

    `told` counts what all of them did and were refused.
    """

    person: Person
    told: Counter[str]
    word: Word | None = None

    @property
    def name(self) -> str:
        return self.person.who.subject

    def look(self, outbox: Outbox) -> None:
        with outbox.engine.begin() as tx:
            self.word = self._chosen(tx)

    def _chosen(self, tx: Connection) -> Word | None:
        rooms = ROOMS[self.person.who.role]
        found = [(much, words) for much, room in rooms if (words := room(tx, self.person))]
        if not found:
            return None
        random = self.person.random
        [words] = random.choices([words for _, words in found], [much for much, _ in found])
        return random.choice(words)


def drawn(seed: int) -> list[Desk]:
    """All of them, on streams of their own, and with one count."""
    told = Counter[str]()
    people = [Principal(name, AccessRole.OPERATOR, None) for name in OPERATORS]
    people += [Principal(f"{area}财务", AccessRole.INSURED_AGENCY, area) for area in AREAS]
    return [Desk(Person(one, Random(f"operator {one.subject} {seed}")), told) for one in people]


def run(stage: Stage, process: str, one: Desk, outbox: Outbox) -> None:
    """A loop of the process that serves him: he looks, thinks, says a word, and does else."""
    limits, sleep = Limits(), stage.scheduler.sleep
    while True:
        patiently(partial(one.look, outbox), limits, sleep)
        if (word := one.word) is not None:
            sleep(one.person.random.random() * THINKS_S)
            patiently(partial(_say, stage, process, one, word, outbox), limits, sleep)
        stage.rhythm.rest(process, ACTS_EVERY_S)


def _say(stage: Stage, process: str, one: Desk, word: Word, outbox: Outbox) -> None:
    """As a request of the API: a transaction of its own, of which a refusal leaves nothing."""
    answer = word.deed
    try:
        with outbox.transaction() as writing:
            word.say(writing)
    except Refused as refused:
        if refused.code not in word.answers:
            raise
        answer = f"{REFUSED}{refused.code.name}"
    one.told[answer] += 1
    stage.events.note(process, "operator", f"{one.name} {word.deed} {word.about} {answer}")
