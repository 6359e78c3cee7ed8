"""The outside of a treatment area: how it is made to ask. The certifier's only adapter contract.

A treatment area starts every conversation, so somebody must play its hospitals. Whoever has no
gateway like ours writes a class with these methods; ours (`gateway.py`) speaks the national
interface.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from contracts.codes import VisitKind
from contracts.ids import PersonId
from contracts.messages.values import Bill


@dataclass(frozen=True, slots=True)
class Wish:
    """A bill that a hospital wants settled, of a visit never told before.

    `msgid`: the hospital's own number of its message; the same one again is the same wish.
    `admitted_on` and `treated_on`: the first and the last day, of an out-patient the same.
    `disease_code`: of a chronic visit, else ''.
    """

    msgid: str
    person_id: PersonId
    insured_division: str
    bill: Bill
    visit: str
    treated_on: date
    admitted_on: date
    kind: VisitKind = VisitKind.OUTPATIENT
    disease_code: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What the hospital was told. `code`: our four digits, '' with a yes. Amounts in fen.

    `parts_fen`: by the names of `contracts.messages.values.PARTS`, empty unless it is a yes.
    `is_final`: of a pre-flight, whether the hub's answer came in time to be told; of a
    registration, whether it is decided. `registration`: the area's own number of it.
    `used_fen`: what a year has used, by the names of `contracts.messages.enquiry.Accumulated`.
    """

    msgid: str
    ok: bool
    code: str = ""
    text: str = ""
    settlement: str = ""
    total_fen: int = 0
    parts_fen: Mapping[str, int] = field(default_factory=dict)
    document: Mapping[str, Any] = field(default_factory=dict)
    is_final: bool = True
    registration: str = ""
    used_fen: Mapping[str, int] = field(default_factory=dict)


class Outside(Protocol):
    """Each call blocks until the hospital has its answer; calls come from several threads."""

    def wish(
        self,
        person_id: PersonId,
        insured_division: str,
        bill: Bill,
        kind: VisitKind = VisitKind.OUTPATIENT,
    ) -> Wish:
        """A wish with a message id and a visit of its own; nothing is sent.

        `kind`: an out-patient's, a stay of some days, or a chronic visit with its disease.
        """
        ...

    def settle(self, wish: Wish) -> Told:
        """2207, or of a stay 2304."""
        ...

    def try_out(self, wish: Wish) -> Told:
        """2206, or of a stay 2303."""
        ...

    def cancel(self, wish: Wish, settlement: str) -> Told:
        """Undo a settlement that the hospital knows of: 2208, or of a stay 2305."""
        ...

    def withdraw(self, wish: Wish) -> Told:
        """Undo the message of a wish, whether it ever arrived or not."""
        ...

    def ask(self, wish: Wish) -> Told:
        """How does the settlement of this wish stand?"""
        ...

    def identify(self, insured_division: str) -> Told:
        """Who is the test person of that area, and how insured?"""
        ...

    def preflight(self, wish: Wish) -> Told:
        """Will it settle? `ok` is whether it will."""
        ...

    def register(self, wish: Wish) -> Told:
        """File a registration 备案 for this person; it may wait for a clerk."""
        ...

    def unregister(self, wish: Wish, registration: str) -> Told:
        """Take back what `register` filed for the person of this wish."""
        ...

    def accumulated(self, wish: Wish) -> Told:
        """What has the person of this wish used of the year (5206)?"""
        ...

    def hand_in(self, wish: Wish, day: date, settlement: str) -> Told:
        """The hospital's books of a day (9101, 3202): this bill alone, under the number that the
        hospital has for its settlement; with '' nothing at all.
        """
        ...

    def close(self) -> None: ...
