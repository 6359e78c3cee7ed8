"""What a repair order does to our books: contrary entries for what stood, a new one for what stands."""

from collections import Counter
from collections.abc import Sequence

from contracts.messages.repair import Booked


def entries(before: Sequence[Booked], after: Sequence[Booked]) -> list[tuple[int, Booked]]:
    """-1 for each row to be taken out, +1 for each to be put in; nothing where they agree."""
    stood, stands = Counter(before), Counter(after)
    out = [(-1, row) for row in (stood - stands).elements()]
    return [*out, *((1, row) for row in (stands - stood).elements())]
