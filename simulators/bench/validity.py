"""The gate: a run in which anything was lost, or stands between states, is not reported."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, text

PENDING = {
    "hub": "SELECT count(*) FROM settlements WHERE state IN ('routed', 'reversing')",
    "insured": "SELECT count(*) FROM grants WHERE state = 'granted'",
    "treatment": (
        "SELECT count(*) FROM settlements WHERE state IN ('requested', 'withdrawing', 'reversing')"
    ),
}
_SETTLED = {
    "hub": "SELECT count(*) FROM settlements WHERE state = 'settled'",
    "insured": "SELECT count(*) FROM grants WHERE state = 'settled'",
    "treatment": "SELECT count(*) FROM settlements WHERE state = 'settled'",
}
_UNDONE = "SELECT count(*) FROM settlements WHERE state IN ('expired', 'withdrawn', 'reversed')"
_UNANSWERED = "SELECT count(*) FROM releases_awaited"
# What the areas' own books say of the same money, each side from its own database.
_OWN_BOOKS = {
    "insured": """
        SELECT coalesce(sum(total_fen - cash_fen - hospital_fen), 0) FROM grants
        WHERE state = 'settled'
    """,
    "treatment": """
        SELECT coalesce(sum(total_fen - cash_fen - hospital_fen), 0) FROM settlements
        WHERE state = 'settled'
    """,
}
_SENT = text("SELECT count(*) FROM outbox WHERE NOT topic LIKE ANY(CAST(:unread AS text[]))")
_BOOKED = """
    SELECT coalesce(sum(CASE kind WHEN 'settlement' THEN amount_fen ELSE -amount_fen END), 0)
    FROM postings
"""
_TO_BE_BOOKED = """
    SELECT coalesce(sum(total_fen - cash_fen - hospital_fen), 0) FROM settlements
    WHERE state IN ('settled', 'reversing')
"""


@dataclass(frozen=True, slots=True)
class Side:
    """One database of the run, and the role it plays; `area` where it is an area's."""

    role: str
    engine: Engine
    area: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was counted, and every reason not to report the run."""

    messages_out: int
    messages_in: int
    settled: int
    undone: int
    """Asked for, and expired or withdrawn instead: final as well, and on every side."""
    ledger_sum_fen: int
    """What the treatment areas' books say they are owed, less what the insured areas' say: 0."""
    faults: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """What a valid run writes down of itself."""
        return {
            "settled": self.settled,
            "undone": self.undone,
            "messages_out": self.messages_out,
            "messages_in": self.messages_in,
            "ledger_sum_fen": self.ledger_sum_fen,
            "valid": not self.faults,
        }

    def told(self) -> str:
        undone = f", {self.undone:,} expired" if self.undone else ""
        return f"{self.settled:,} settled{undone}, {self.messages_out:,} messages, none lost"


def judge(
    sides: Sequence[Side], asked: int, absent: Sequence[str] = (), *, may_expire: bool = False
) -> Verdict:
    """Count on every side after the load has drained; no faults means a valid run.

    What is said to parties that do not run, 'insured.310000', is not waited for. `may_expire`:
    what the hub let expire is not asked to be settled; without it every request must be.
    """
    out = sum(_sent(side, absent) for side in sides)
    taken = sum(_count(side, "SELECT count(*) FROM inbox") for side in sides)
    settled: Counter[str] = Counter()
    for side in sides:
        settled[side.role] += _count(side, _SETTLED[side.role])
    hub = next(side for side in sides if side.role == "hub")
    undone, booked = _count(hub, _UNDONE), _count(hub, _BOOKED)
    owes, is_owed = (_own_books(sides, role) for role in ("insured", "treatment"))
    wanted = asked - undone if may_expire else asked
    faults = [f"{out} messages went out and {taken} came in"] if out != taken else []
    faults += [
        f"{role} settled {count} of {wanted}" for role, count in settled.items() if count != wanted
    ]
    for side in sides:
        faults += _faults_of(side)
    if unanswered := _count(hub, _UNANSWERED):
        faults.append(f"hub: {unanswered} releases without an answer")
    if not owes == booked == is_owed:
        faults.append(f"the areas owe {owes}, the ledger has {booked}, they are owed {is_owed} fen")
    if booked != _count(hub, _TO_BE_BOOKED):
        faults.append("the postings are not what the settlements say")
    return Verdict(out, taken, settled["hub"], undone, is_owed - owes, tuple(faults))


def _own_books(sides: Sequence[Side], role: str) -> int:
    return sum(_count(side, _OWN_BOOKS[role]) for side in sides if side.role == role)


def _faults_of(side: Side) -> list[str]:
    counted = {
        "between states": PENDING[side.role],
        "unsent messages": "SELECT count(*) FROM outbox_unsent",
        "dead letters": "SELECT count(*) FROM dead_letters",
    }
    found = {what: _count(side, query) for what, query in counted.items()}
    return [f"{side.role}: {count} {what}" for what, count in found.items() if count]


def _sent(side: Side, absent: Sequence[str]) -> int:
    with side.engine.connect() as connection:
        unread = [f"{party}.%" for party in absent]
        return int(connection.execute(_SENT, {"unread": unread}).scalar_one())


def _count(side: Side, query: str) -> int:
    with side.engine.connect() as connection:
        return int(connection.execute(text(query)).scalar_one())
