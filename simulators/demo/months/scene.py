"""What every chapter of the months plays with: the world, its clock, its people, the figures."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, text

from contracts.clock import shanghai_date_of
from contracts.codes import AreaCode
from contracts.refusal import RefusalCode
from simulators.agency import Client, Refusal, wait_for
from simulators.demo.months.cast import Cast
from simulators.demo.months.matters import Case, Run, Treated
from simulators.demo.stage import Stage, expect
from simulators.running.moved_clock import MovedClock

QUIET_WITHIN_S = 60.0
_SAID = "SELECT (SELECT count(*) FROM outbox), (SELECT count(*) FROM outbox_unsent)"
_HEARD = "SELECT count(*) FROM inbox"


@dataclass(slots=True)
class Scene:
    """One telling of months. `figures` become the summary; `touched` no chapter may use again."""

    stage: Stage
    cast: Cast
    clock: MovedClock
    days: int
    first: date
    papers: Path
    engines: dict[str, Engine]
    pool: ThreadPoolExecutor
    figures: dict[str, Any] = field(default_factory=dict)
    chapters: list[str] = field(default_factory=list)
    treated: list[Treated] = field(default_factory=list)
    touched: set[UUID] = field(default_factory=set)
    refusals: int = 0
    runs: list[Run] = field(default_factory=list)
    advances: list[tuple[str, str]] = field(default_factory=list)
    case: Case | None = None
    seconds: dict[str, int] = field(default_factory=dict)
    last_national: bytes | None = None
    reversed_after_clearing: tuple[UUID, date] | None = None
    """A settlement of a cleared cycle, and the business day of its reversal."""
    disputed: set[date] = field(default_factory=set)
    """Closed days on which not everybody agrees, as the story wants it."""

    @property
    def operator(self) -> Client:
        return self.stage.operator

    @property
    def second(self) -> Client:
        return self._client(self.stage.world.tokens.second_operator)

    def insured(self, area: str) -> Client:
        """The agency of an area as the one that insures."""
        return self._client(self.stage.world.tokens.agencies[AreaCode(area)])

    def treatment(self, area: str) -> Client:
        """The agency of an area as the one in which people are treated."""
        return self._client(self.stage.world.tokens.treatment_agencies[AreaCode(area)])

    @property
    def today(self) -> date:
        """By the calendar of the story."""
        return shanghai_date_of(self.clock.now())

    def day(self, number: int) -> date:
        """The story's days count from 1."""
        return self.first + timedelta(days=number - 1)

    def chapter(self, chinese: str, english: str) -> None:
        self.stage.narrator.chapter(f"{self.today:%m-%d} {chinese}", english)
        self.chapters.append(chinese)

    def say(self, told: str) -> None:
        self.stage.narrator.say(told)

    def table(self, columns: list[str], rows: list[list[str]], title: str = "") -> None:
        if title:
            self.say(title)
        self.stage.narrator.table(columns, rows)

    def new_id(self) -> UUID:
        return UUID(int=self.stage.random.getrandbits(128), version=4)

    def approved(self, proposal_id: str, why: str) -> Any:
        """Four eyes: whoever proposed it may not approve it; the second person does."""
        path = f"/proposals/{proposal_id}/approve"
        self.refused(
            self.operator, path, {"why": why}, RefusalCode.SECOND_PERSON_NEEDED, "本人复核"
        )
        return self.second.post(path, {"why": why})

    def refused(self, who: Client, path: str, body: Any, code: RefusalCode, what: str) -> None:
        """Tell of a no that was expected; another answer is Unexpected."""
        found = who.refused(path, body, {"Idempotency-Key": str(self.new_id())})
        expect(found == code.value, f"{what}: expected {code}, got {found}")
        self.refusals += 1
        self.say(f"{what} → [{code.value}] {code.zh}")

    def refused_look(self, who: Client, path: str, code: RefusalCode) -> None:
        """As `refused`, of something that one may not see; nothing is told."""
        try:
            who.fetch(path)
        except Refusal as error:
            expect(error.code == code.value, f"GET {path}: {error}")
            self.refusals += 1
            return
        expect(holds=False, told=f"GET {path} should have been refused")

    def rows(self, name: str, query: str, **named: object) -> list[Any]:
        """What a database says: only to look."""
        with self.engines[name].connect() as tx:
            return [tuple(row) for row in tx.execute(text(query), named)]

    def wait(self, what: str, found: Callable[[], Any], within_s: float = QUIET_WITHIN_S) -> Any:
        """As wait_for, and no part of the world may have ended meanwhile."""

        def look() -> Any:
            self.stage.world.check()
            return found()

        return wait_for(what, look, within_s)

    def settle_down(self) -> None:
        """Wait until every message that was said has been heard: the world is quiet."""
        self.wait("the world is quiet", self._is_quiet)

    def _is_quiet(self) -> bool:
        said, unsent = (sum(column) for column in zip(*self._counted(_SAID), strict=True))
        heard = sum(row[0] for row in self._counted(_HEARD))
        return bool(unsent == 0 and said == heard)

    def _counted(self, query: str) -> list[Any]:
        return [self.rows(name, query)[0] for name in self.engines]

    def _client(self, token: str) -> Client:
        return Client(self.stage.world.hub_api, token, self.stage.http)
