"""How likely a sum of spending reaches an amount: a gamma distribution in whole numbers. Pure."""

from itertools import pairwise
from math import isqrt

CERTAIN_BP = 10_000
_UNIT = 10**9
"""One, in the fixed point that cube roots and deviations are computed in."""

# The normal distribution at 0.0, 0.1 … 4.5, in hundred-thousandths.
# fmt: off
_NORMAL = (
    50_000, 53_983, 57_926, 61_791, 65_542, 69_146, 72_575, 75_804, 78_814, 81_594,
    84_134, 86_433, 88_493, 90_320, 91_924, 93_319, 94_520, 95_543, 96_407, 97_128,
    97_725, 98_214, 98_610, 98_928, 99_180, 99_379, 99_534, 99_653, 99_744, 99_813,
    99_865, 99_903, 99_931, 99_952, 99_966, 99_977, 99_984, 99_989, 99_993, 99_995,
    99_997, 99_998, 99_999, 99_999, 99_999, 100_000,
)
# fmt: on
assert all(low <= high for low, high in pairwise(_NORMAL))


def reached_bp(at_least_fen: int, mean_fen: int, variance_fen2: int) -> int:
    """The chance, in basis points, that a sum of this mean and variance is at least so much.

    Sums of spending are positive and lean to the right, as the gamma distribution does. Its cube
    root is nearly normal (Wilson and Hilferty, 1931): with k = mean² ÷ variance, (X ÷ mean)^⅓ has
    the mean 1 − 1 ÷ 9k and the variance 1 ÷ 9k.
    """
    if at_least_fen <= 0:
        return CERTAIN_BP
    if mean_fen <= 0:
        return 0
    ninth_of_k = _UNIT * max(0, variance_fen2) // (9 * mean_fen * mean_fen)
    deviation = isqrt(ninth_of_k * _UNIT)
    if deviation == 0:
        return CERTAIN_BP if mean_fen >= at_least_fen else 0
    root = _cube_root(at_least_fen * _UNIT**3 // mean_fen)
    return CERTAIN_BP - normal_bp(1_000 * (root - _UNIT + ninth_of_k) // deviation)


def normal_bp(z_milli: int) -> int:
    """How much of the normal distribution lies below so many thousandths of a deviation."""
    if z_milli < 0:
        return CERTAIN_BP - normal_bp(-z_milli)
    step, rest = divmod(z_milli, 100)
    if step >= len(_NORMAL) - 1:
        return CERTAIN_BP
    low, high = _NORMAL[step], _NORMAL[step + 1]
    return (100 * low + (high - low) * rest + 500) // 1_000


def _cube_root(number: int) -> int:
    """The largest whole number whose cube is not above `number`."""
    assert number >= 0, number
    if number == 0:
        return 0
    found = 1 << -(-number.bit_length() // 3)  # Not below the root; Newton then comes down to it.
    while True:
        nearer = (2 * found + number // (found * found)) // 3
        if nearer >= found:
            return found
        found = nearer
