"""The bookkeepers of an area, who now and then correct a row of its books by hand, and wrongly.

What they write is what an order of the hub would write, but nobody ordered it: so the next report
differs from the hub's books, and a break comes of it. They find it by themselves, some time later.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from types import ModuleType
from uuid import UUID

from sqlalchemy import Connection, Engine

from contracts.clock import Clock
from contracts.codes import AreaCode, Role
from contracts.delivery import bulk
from contracts.delivery.processor import Limits, patiently
from contracts.ids import MessageId, SettlementId, new_id
from contracts.messages.repair import Booked, RepairOrder
from contracts.messages.values import PARTS
from participants.insured.store import repair_orders as of_insured
from participants.treatment.store import repair_orders as of_treatment
from simulators.simulation.databases import AREAS
from simulators.simulation.processes import Stage

LOOKS_EVERY_S = 20.0
MISTAKES_MAX = 1
ERRS_PERCENT = 18
FINDS_AFTER = timedelta(minutes=12)
"""Until then it is for the hub's operators to find out, and to order what is right."""
CASH, POOL = PARTS.index("cash_fen"), PARTS.index("pool_fen")
STORES: Mapping[Role, ModuleType] = {Role.INSURED: of_insured, Role.TREATMENT: of_treatment}
# The last rows of the day that was booked last: nobody corrects what is long agreed on.
_NEWEST = {
    Role.INSURED: """
        SELECT settlement_id FROM grants WHERE settled_on = (SELECT max(settled_on) FROM grants)
        ORDER BY settlement_id DESC LIMIT 10""",
    Role.TREATMENT: """
        SELECT settlement_id FROM settlements
        WHERE business_date = (SELECT max(business_date) FROM settlements)
        ORDER BY settlement_id DESC LIMIT 10""",
}


def _more(row: Booked, fen: int) -> Booked:
    """A slip of the pen: the patient paid more."""
    return _with(row, row.total_fen + fen, {CASH: fen})


def _shifted(row: Booked, fen: int) -> Booked:
    """The right sum under the wrong heading."""
    moved = min(fen, row.parts_fen[POOL])
    return _with(row, row.total_fen, {POOL: -moved, CASH: moved})


def _with(row: Booked, total_fen: int, moved: Mapping[int, int]) -> Booked:
    parts = tuple(fen + moved.get(n, 0) for n, fen in enumerate(row.parts_fen))
    return row.model_copy(update={"total_fen": total_fen, "parts_fen": parts})


def _struck_out(_row: Booked, _fen: int) -> None:
    """Taken for a double, and it was none."""


WAYS: Sequence[Callable[[Booked, int], Booked | None]] = (_more, _shifted, _struck_out)


@dataclass(slots=True)
class Bookkeeper:
    """`mistakes`: his orders by hand that he has not found yet, and since when each is there."""

    role: Role
    area: AreaCode
    random: Random
    told: Counter[str]
    made: int = 0
    mistakes: dict[UUID, tuple[RepairOrder, datetime]] = field(default_factory=dict)

    def turn(self, engine: Engine, clock: Clock) -> str:
        """What he did, in words of the log; '' when it was nothing."""
        now = clock.now()
        due = [order for order, since in self.mistakes.values() if since + FINDS_AFTER <= now]
        if due:
            return self._found(engine, due[0], now)
        errs = self.made < MISTAKES_MAX and self.random.randrange(100) < ERRS_PERCENT
        return self._erred(engine, now) if errs else ""

    def _erred(self, engine: Engine, now: datetime) -> str:
        with engine.begin() as tx:
            order = self._wrong(tx)
            if order is None:
                return ""
            # Before anybody knows whether it is committed: what is not there he will not find.
            self.mistakes[order.order_id] = order, now
            self._book(tx, order, now)
        self.made += 1
        return f"errs {order.settlement_id} {order.order_id}"

    def _wrong(self, tx: Connection) -> RepairOrder | None:
        rows = bulk.fetch(tx, _NEWEST[self.role], ())
        if not rows:
            return None
        row = SettlementId(self.random.choice(rows)[0]), 1
        standing = STORES[self.role].standing(tx, [row])[row]
        way, fen = self.random.choice(WAYS), self.random.randint(1, 9_99)
        stands = way(standing[0], fen) if standing else None
        return RepairOrder(order_id=new_id(), settlement_id=row[0], sign=1, stands=stands)

    def _found(self, engine: Engine, wrong: RepairOrder, now: datetime) -> str:
        """He takes it back as he wrote it, by a contrary entry."""
        update = {"order_id": new_id(), "stands": None, "undoes": wrong.order_id}
        store, ids = STORES[self.role], [wrong.order_id]
        with engine.begin() as tx:
            if store.known(tx, ids) and not store.undone(tx, ids):
                self._book(tx, wrong.model_copy(update=update), now)
        del self.mistakes[wrong.order_id]
        return f"finds {wrong.settlement_id} {wrong.order_id}"

    def _book(self, tx: Connection, order: RepairOrder, now: datetime) -> None:
        """Under its own id, as nobody's message asked for it."""
        STORES[self.role].lock(tx)
        STORES[self.role].add(tx, order, MessageId(order.order_id), now)


def drawn(seed: int) -> dict[str, Bookkeeper]:
    """One for each side of each area, by its process, on streams of their own, with one count."""
    told = Counter[str]()
    return {
        f"{role}.{area}": Bookkeeper(role, area, Random(f"books {role} {area} {seed}"), told)
        for role in (Role.INSURED, Role.TREATMENT)
        for area in AREAS
    }


def run(stage: Stage, process: str, one: Bookkeeper, engine: Engine, clock: Clock) -> None:
    """A loop of the area's process."""
    limits, sleep = Limits(), stage.scheduler.sleep

    def turn() -> None:
        did = one.turn(engine, clock)
        if did:
            one.told[did.partition(" ")[0]] += 1
            stage.events.note(process, "books", did)

    while True:
        patiently(turn, limits, sleep)
        stage.rhythm.rest(process, LOOKS_EVERY_S)
