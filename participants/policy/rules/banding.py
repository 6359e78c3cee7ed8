"""Cuts a fee into portions by band, by fee or by payment, within what a limit leaves."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from contracts.money import BASIS_POINTS, share_of
from participants.policy.benefits import Band, Counts
from participants.policy.rules.values import Rated

NEVER = 10**18
"""More fee than there is: what a rate of nothing needs to reach a payment."""


class Portion(NamedTuple):
    """`base_fen` of the fee lies in `band`, and `amount_fen` of it is paid."""

    band: Band
    rate: Rated
    base_fen: int
    amount_fen: int


def fee_reaching(payment_fen: int, rate_bp: int) -> int:
    """The smallest fee whose share, rounded half up, is `payment_fen`.

    A rate is at most 100 %, so a fen more of fee is at most a fen more of payment, and no payment
    is jumped over.
    """
    if payment_fen <= 0:
        return 0
    if rate_bp == 0:
        return NEVER
    return -((BASIS_POINTS // 2 - payment_fen * BASIS_POINTS) // rate_bp)


def portions(
    bands: Iterable[Band],
    rate_of: Callable[[Band], Rated],
    *,
    start_fen: int,
    length_fen: int,
    counts: Counts,
    room_fen: int | None,
) -> list[Portion]:
    """The portions of `length_fen` of fee that begins at `start_fen` on the scale of the bands.

    The scale is of fee or of payment, as `counts` says. `room_fen`: what a limit of payment
    leaves; None is without limit. What is in no portion is beyond the bands or the limit.
    """
    found: list[Portion] = []
    by_fee, place_fen, left_fen = counts is Counts.FEE, start_fen, length_fen
    for band in bands:
        if left_fen <= 0 or room_fen == 0:
            break
        if band.to_fen is not None and band.to_fen <= place_fen:
            continue
        rate = rate_of(band)
        base_fen = left_fen
        if band.to_fen is not None:
            space_fen = band.to_fen - place_fen
            base_fen = min(base_fen, space_fen if by_fee else fee_reaching(space_fen, rate.bp))
        if room_fen is not None:
            base_fen = min(base_fen, fee_reaching(room_fen, rate.bp))
        amount_fen = share_of(base_fen, rate.bp)
        found.append(Portion(band, rate, base_fen, amount_fen))
        place_fen += base_fen if by_fee else amount_fen
        left_fen -= base_fen
        if room_fen is not None:
            room_fen -= amount_fen
    return found


def paid_fen(found: Iterable[Portion]) -> int:
    return sum(portion.amount_fen for portion in found)
