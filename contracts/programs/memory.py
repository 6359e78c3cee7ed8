"""How a program that runs for long looks for garbage: seldom, and not in what it was made of."""

import gc

YOUNG_MAX = 100_000
"""Objects made and not yet freed before the youngest are looked through; Python's own is 700."""
YOUNG_ROUNDS, MIDDLE_ROUNDS = 20, 20


def settled() -> None:
    """Call it once everything is made and before the work begins.

    A batch of messages is some ten thousand objects that all go when it is done, by their counts.
    Python's own limits look through them hundreds of times a batch, and now and then through
    everything that was ever imported: a quarter of a worker's time, and a pause of a tenth of a
    second in the middle of somebody's settlement. Rings of objects are still found, only later.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_MAX, YOUNG_ROUNDS, MIDDLE_ROUNDS)
