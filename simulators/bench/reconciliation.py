"""The reconciliation's proof of scale: three sides, a million rows each, every difference found."""

import json
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine

from contracts import control_sums, topics
from contracts.codes import Role
from contracts.delivery import bulk
from contracts.delivery.codec import body_of, decode, encode
from contracts.delivery.engine import engine_of
from contracts.ids import MessageId, new_id
from contracts.message import Body, Head, Message, Outgoing
from contracts.messages.reconciliation import (
    PiecesReported,
    PiecesRequested,
    RowsReported,
    RowsRequested,
    TotalsReported,
    TotalsRequested,
)
from contracts.messages.values import PARTS
from hub.services import narrowing, reconciliation
from hub.store import reconciliation as store
from hub.store.db import migrate
from simulators.bench.memory_of_server import Watched, watched
from simulators.bench.reconciliation_books import (
    AREA_OF,
    DAY,
    Plan,
    Planted,
    write_hub,
    write_side,
)
from simulators.stack import postgres
from simulators.stack.servers import servers

SECONDS_MAX, BYTES_MAX = 30.0, 1 << 30
ROWS_PER_MESSAGE, MESSAGES_AT_ONCE = 500, 100
NOW = datetime(2026, 3, 31, 1, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=2)
ROWS = (
    "SELECT business_date, counterpart, insurance_kind, visit_kind, settlement_id, sign,"
    f" total_fen, {', '.join(PARTS)} FROM side_rows WHERE business_date = %(day)s"
)
OF_BUCKET = {"business_date", "attempt", "counterpart", "insurance_kind", "visit_kind"}
Tell = Callable[[str], None]
HANDLERS: dict[type[Body], Callable[..., Sequence[Outgoing]]] = {
    TotalsReported: reconciliation.record_totals,
    PiecesReported: narrowing.record_pieces,
    RowsReported: reconciliation.record_rows,
}
_FOUND = """
    SELECT role, class, settlement_id, sign FROM breaks
    WHERE business_date = %s AND resolved_at IS NULL
"""


@dataclass(slots=True)
class Scale:
    """What one run measured; `invented` and `missed` must be none."""

    rows: int
    planted: int
    found: int = 0
    missed: int = 0
    invented: int = 0
    seconds: float = 0.0
    agreeing_ms: float = 0.0
    rows_travelled: int = 0
    messages: int = 0
    program_mib: float = 0.0
    server_mib: float = 0.0
    server_own_mib: float = 0.0
    phases: dict[str, float] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        mib_max = BYTES_MAX / 2**20
        all_found = self.missed == self.invented == 0 and self.found == self.planted
        in_room = self.program_mib + self.server_mib <= mib_max
        return all_found and in_room and self.seconds <= SECONDS_MAX

    def as_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, indent=2)

    def told(self) -> str:
        """The figures as lines for a person."""
        phases = " · ".join(f"{name} {seconds:.1f} s" for name, seconds in self.phases.items())
        return "\n".join(
            (
                f"3 × {self.rows:,} rows, {self.planted:,} planted: {self.found:,} found",
                f"{self.missed:,} missed, {self.invented:,} invented",
                f"{self.seconds:.1f} s: {phases}",
                f"{self.rows_travelled:,} rows travelled in {self.messages:,} messages",
                f"memory: program {self.program_mib:.0f} MiB, PostgreSQL {self.server_mib:.0f} MiB",
                f"a day whose totals agree: {self.agreeing_ms:.0f} ms to compare",
            )
        )


@dataclass(frozen=True, slots=True)
class Parties:
    hub: Engine
    sides: dict[Role, Engine]


def run(rows: int, planted: int, tell: Tell) -> Scale:
    """Make the books, compare them, and hold what was found beside what was planted."""
    with servers(kafka=False, durable=True, tell=tell) as given:
        return run_on(given.database_url, Plan(rows, planted), tell)


def run_on(admin_url: str, plan: Plan, tell: Tell) -> Scale:
    """As `run`, on a server that is there; its databases are dropped at the end."""
    names = ("scale_hub", "scale_insured", "scale_treatment")
    urls = [postgres.create_database(admin_url, name) for name in names]
    try:
        migrate(urls[0])
        with _connected(urls, keeps_plans=False) as writing:
            planted = _written(writing, plan, tell)
        with _connected(urls, keeps_plans=True) as parties, watched(parties.hub) as memory:
            found = _compared(parties, plan, planted, tell)
        return _with_memory(found, memory)
    finally:
        for name in names:
            postgres.drop_database(admin_url, name)


@contextmanager
def _connected(urls: Sequence[str], *, keeps_plans: bool) -> Iterator[Parties]:
    """The hub's URL first; keeping plans as the workers' sessions do."""
    engines = [engine_of(url, name="scale", keeps_plans=keeps_plans) for url in urls]
    try:
        yield Parties(engines[0], dict(zip(Role, engines[1:], strict=True)))
    finally:
        for engine in engines:
            engine.dispose()


def _written(parties: Parties, plan: Plan, tell: Tell) -> Planted:
    tell(f"writing three books of {plan.rows:,} rows")
    planted: Planted = set()
    with parties.hub.begin() as tx:
        write_hub(tx, plan, NOW)
    for role, engine in parties.sides.items():
        with engine.begin() as tx:
            planted |= write_side(tx, plan, role)
    return planted


def _compared(parties: Parties, plan: Plan, planted: Planted, tell: Tell) -> Scale:
    tell("comparing")
    scale = Scale(plan.rows, len(planted))
    began = time.monotonic()
    with parties.hub.begin() as tx:
        asked = reconciliation.begin(tx, DAY, NOW)
    scale.phases["the hub's totals"] = time.monotonic() - began
    _until_silent(parties, asked, scale)
    with parties.hub.begin() as tx:
        reconciliation.ask_again(tx, LATER)
    scale.seconds = time.monotonic() - began
    with parties.hub.begin() as tx:
        found = {(r, kind, str(id_), sign) for r, kind, id_, sign in bulk.fetch(tx, _FOUND, (DAY,))}
    scale.found, scale.missed = len(found), len(planted - found)
    scale.invented = len(found - planted)
    scale.agreeing_ms = _agreeing_ms(parties)
    return scale


def _until_silent(parties: Parties, asked: Sequence[Outgoing], scale: Scale) -> None:
    """Question and answer, each through the wire's own text, until nobody has anything to say."""
    while asked:
        began = time.monotonic()
        kind = asked[0].message.head.kind
        answers = _answered(parties, asked)
        scale.messages += len(asked) + len(answers)
        scale.phases[f"sides: {kind}"] = time.monotonic() - began
        began = time.monotonic()
        asked = _handled(parties, answers, scale)
        scale.phases[f"hub: {kind}"] = time.monotonic() - began


def _answered(parties: Parties, asked: Sequence[Outgoing]) -> list[str]:
    """Both sides answer at once, as two areas do, on machines of their own."""
    roles = list(parties.sides)
    with ThreadPoolExecutor(len(roles)) as pool:
        found = pool.map(lambda role: _side_answers(parties, role, asked), roles)
        return [one for some in found for one in some]


def _side_answers(parties: Parties, role: Role, asked: Sequence[Outgoing]) -> list[str]:
    mine = topics.notices(role, AREA_OF[role])
    with parties.sides[role].begin() as tx:
        return [
            encode(_message(body, role))
            for one in asked
            if one.topic == mine
            for body in _answer(tx, role, one.message.body)
        ]


def _answer(tx: Connection, role: Role, asked: Body) -> Iterator[Body]:
    """As an area's own services answer, from the same queries, on a table of the bench's."""
    who: dict[str, Any] = {"area": AREA_OF[role], "role": role}
    day = {"day": DAY}
    if isinstance(asked, TotalsRequested):
        buckets = control_sums.buckets_of(tx, ROWS, day, DAY)
        yield TotalsReported(**who, business_date=DAY, attempt=asked.attempt, buckets=buckets)
        return
    assert isinstance(asked, PiecesRequested | RowsRequested), asked.KIND
    bucket = (asked.counterpart, asked.insurance_kind, asked.visit_kind)
    who |= asked.model_dump(include=OF_BUCKET)
    if isinstance(asked, PiecesRequested):
        marks = control_sums.marks_of(tx, ROWS, day, bucket, asked.pieces)
        yield PiecesReported(**who, marks=marks)
        return
    rows = control_sums.rows_of(tx, ROWS, day, bucket, asked.pieces, asked.among)
    pages = range(0, len(rows), ROWS_PER_MESSAGE)
    for part, start in enumerate(pages, 1):
        page = tuple(rows[start : start + ROWS_PER_MESSAGE])
        yield RowsReported(**who, part=part, parts=len(pages), rows=page)


def _message(body: Body, role: Role) -> Message[Body]:
    sender = topics.participant(role, AREA_OF[role])
    head = Head(
        message_id=MessageId(new_id()), cause_id=None, kind=body.KIND, sender=sender, sent_at=NOW
    )
    return Message(head, body)


def _handled(parties: Parties, answers: Sequence[str], scale: Scale) -> list[Outgoing]:
    said: list[Outgoing] = []
    for start in range(0, len(answers), MESSAGES_AT_ONCE):
        batch = [_read(text) for text in answers[start : start + MESSAGES_AT_ONCE]]
        scale.rows_travelled += sum(len(getattr(one.body, "rows", ())) for one in batch)
        with parties.hub.begin() as tx:
            for body_type, handle in HANDLERS.items():
                some = [one for one in batch if isinstance(one.body, body_type)]
                said += handle(tx, some, NOW) if some else []
    return said


def _read(text: str) -> Message[Any]:
    letter = decode(text.encode())
    body_type = next(one for one in HANDLERS if letter.head.kind == one.KIND)
    return body_of(letter, body_type)


def _agreeing_ms(parties: Parties) -> float:
    """The hub's part in a day of as many rows whose totals agree: one report of one side."""
    key = (DAY, Role.INSURED, AREA_OF[Role.INSURED])
    with parties.hub.begin() as tx:
        store.move_sides(
            tx, [side.asked_again(NOW) for side in store.lock_sides(tx, [key]).values()]
        )
        body = TotalsReported(
            area=key[2],
            role=key[1],
            business_date=DAY,
            attempt=2,
            buckets=tuple(store.totals_of(tx, [key])[key]),
        )
        head = _message(body, key[1]).head
        # What was found before would be resolved first; a day that agrees has nothing of it.
        bulk.run(tx, "DELETE FROM breaks")
        began = time.monotonic()
        reconciliation.record_totals(tx, [Message(head, body)], NOW)
        return (time.monotonic() - began) * 1_000


def _with_memory(found: Scale, memory: Watched) -> Scale:
    found.program_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
    found.server_mib = memory.whole_bytes / 2**20
    found.server_own_mib = memory.own_bytes / 2**20
    return found
