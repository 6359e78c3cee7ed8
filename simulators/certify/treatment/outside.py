"""The outside of a treatment area: how it is made to ask. The certifier's only adapter contract.

A treatment area starts every conversation, so somebody must play its hospitals. Whoever has no
gateway like ours writes a class with these methods; ours (`gateway.py`) speaks the national
interface.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from contracts.ids import PersonId
from contracts.messages.values import Bill


@dataclass(frozen=True, slots=True)
class Wish:
    """An out-patient's bill that a hospital wants settled, of a visit never told before.

    `msgid`: the hospital's own number of its message; the same one again is the same wish.
    """

    msgid: str
    person_id: PersonId
    insured_division: str
    bill: Bill
    visit: str
    treated_on: date


@dataclass(frozen=True, slots=True)
class Told:
    """What the hospital was told. `code`: our four digits, '' with a yes. Amounts in fen.

    `parts_fen`: by the names of `contracts.messages.values.PARTS`, empty unless it is a yes.
    `is_final`: of a pre-flight, whether the hub's answer came in time to be told.
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


class Outside(Protocol):
    """Each call blocks until the hospital has its answer; calls come from several threads."""

    def wish(self, person_id: PersonId, insured_division: str, bill: Bill) -> Wish:
        """A wish with a message id and a visit of its own; nothing is sent."""
        ...

    def settle(self, wish: Wish) -> Told: ...

    def try_out(self, wish: Wish) -> Told: ...

    def cancel(self, wish: Wish, settlement: str) -> Told:
        """Undo a settlement that the hospital knows of."""
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
        """File a registration 备案 for this person."""
        ...

    def close(self) -> None: ...
