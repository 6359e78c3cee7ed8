"""What will break, when, and for how long: drawn from a seed before anything starts."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random

WARM_UP_S = 20.0
"""Load without a fault, to know the ordinary rate."""
SLOT_S = 18.0
"""From one fault to the next: the longest fault, and what its recovery ordinarily takes."""
JITTER_S = 3.0
MINUTES_MIN = 2
"""In so many minutes every kind of fault occurs."""
MINUTES_FOR_EVERY_PROGRAM = 4
"""In so many minutes every program is killed as well."""

PROGRAMS = ("hub work", "hub jobs", "hub api", "insured work", "treatment work", "gateway")
BROKER, DATABASE = "broker", "database"


class Kind(StrEnum):
    """What befalls a process."""

    KILLED = "kill -9"
    HANGS = "SIGSTOP, SIGCONT"
    BROKER_STOPPED = "broker stopped"
    DATABASE_STOPPED = "database stopped"
    AREA_GONE = "area gone"


@dataclass(frozen=True, slots=True)
class Card:
    """One thing that may be drawn; `seconds`: how long it lasts, between these two.

    `clean`: a server is asked to stop, instead of being killed.
    """

    kind: Kind
    target: str
    seconds: tuple[float, float]
    clean: bool = False

    @property
    def told(self) -> str:
        return f"{self.kind}, in order" if self.clean else str(self.kind)


@dataclass(frozen=True, slots=True)
class Fault:
    """A card that was drawn, and its time: seconds since the load began."""

    number: int
    at_s: float
    card: Card
    lasts_s: float


@dataclass(frozen=True, slots=True)
class Plan:
    seed: int
    minutes: int
    faults: tuple[Fault, ...]

    @property
    def load_s(self) -> float:
        return 60.0 * self.minutes


# A supervisor is quick; a session at the broker lasts six seconds, so some that hang are taken
# for dead; and the deadline of `ground.ENVIRONMENT`, T at the hospital, is six seconds away.
DECK: tuple[Card, ...] = (
    *(Card(Kind.KILLED, program, (0.2, 2.0)) for program in PROGRAMS),
    *(Card(Kind.HANGS, program, (2.0, 8.0)) for program in PROGRAMS),
    *(Card(Kind.BROKER_STOPPED, BROKER, (1.0, 4.0), clean) for clean in (True, False)),
    *(Card(Kind.DATABASE_STOPPED, DATABASE, (1.0, 4.0), clean) for clean in (True, False)),
    Card(Kind.AREA_GONE, "insured work", (8.0, 11.0)),
    Card(Kind.AREA_GONE, "treatment work", (8.0, 11.0)),
)


def drawn(seed: int, minutes: int) -> Plan:
    """The plan of this seed: within MINUTES_MIN every kind, then every program, then anything."""
    assert minutes >= MINUTES_MIN, "too short for every kind of fault"
    random = Random(seed)
    count = int((60 * minutes - WARM_UP_S) // SLOT_S)
    deal = _deal(random)
    cards = [next(deal) for _ in range(count)]
    random.shuffle(cards)
    faults = [_fault(random, number, card) for number, card in enumerate(cards, start=1)]
    return Plan(seed, minutes, tuple(faults))


def _deal(random: Random) -> Iterator[Card]:
    """One of each kind, the kills that are left, the rest of the deck, and whole decks for ever."""
    first = [random.choice([card for card in DECK if card.kind is kind]) for kind in Kind]
    rest = [card for card in DECK if card not in first]
    random.shuffle(rest)
    yield from first
    yield from sorted(rest, key=lambda card: card.kind is not Kind.KILLED)
    while True:
        yield from random.sample(DECK, len(DECK))


def _fault(random: Random, number: int, card: Card) -> Fault:
    at_s = WARM_UP_S + (number - 1) * SLOT_S + random.uniform(0.0, JITTER_S)
    return Fault(number, at_s, card, random.uniform(*card.seconds))
