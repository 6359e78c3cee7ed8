"""What must be true of the whole country, whatever happened to it: the table, and who asks it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from contracts.clock import SystemClock
from simulators.truth_checks.atomic import ATOMIC
from simulators.truth_checks.days import DAYS
from simulators.truth_checks.hearsay import HEARSAY
from simulators.truth_checks.hub_books import HUB_BOOKS
from simulators.truth_checks.liveness import waiting
from simulators.truth_checks.messages import MESSAGES
from simulators.truth_checks.money import MONEY, accounts_of
from simulators.truth_checks.payments import PAYMENTS
from simulators.truth_checks.repairs import REPAIRS
from simulators.truth_checks.scene import scene
from simulators.truth_checks.sides import Sides
from simulators.truth_checks.states import STATES
from simulators.truth_checks.truth import Broken, Truth
from simulators.truth_checks.two_persons import TWO_PERSONS
from simulators.truth_checks.years import YEARS
from simulators.witness import Witness

__all__ = ["FAST", "TRUTHS", "Broken", "Sides", "Truth", "begun", "broken", "pending"]

TRUTHS: Mapping[str, Truth] = {
    **STATES, **HEARSAY, **HUB_BOOKS, **TWO_PERSONS, **ATOMIC, **MESSAGES, **DAYS, **MONEY,
    **PAYMENTS, **REPAIRS, **YEARS,
}  # fmt: skip
"""Every truth by its name. They are safety: no moment is so early that they do not hold yet."""

FAST: tuple[str, ...] = (
    "hub_and_treatment_agree",
    "hub_and_insured_agree",
    "void_stays_void",
    "treatment_has_the_same_fen",
    "insured_has_the_same_fen",
    "years_are_their_grants",
    "postings_match_parts",
    "settled_within_its_day",
    "expiry_is_punctual",
)
"""Those to look at again and again while things happen; the others lose nothing by the end."""


def begun(sides: Sides) -> Sides:
    """The sides as they are before anything happens: what every personal account holds."""
    return replace(sides, accounts=accounts_of(sides.insured))


def broken(
    sides: Sides, witness: Witness, now: datetime, only: Iterable[str] = TRUTHS
) -> list[Broken]:
    """Every way in which truths do not hold, at a moment when no transaction is half-way.

    Work and messages may be on their way: what has to come to an end is what `pending` says.
    """
    with scene(sides, witness, now) as looked:
        return [Broken(name, what) for name in only for what in TRUTHS[name].check(looked)]


def pending(sides: Sides) -> list[str]:
    """What stands between states, is unsent or unread; [] when all has come to its end."""
    with scene(sides, Witness(), SystemClock().now()) as looked:
        return waiting(looked)
