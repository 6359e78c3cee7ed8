"""A country in miniature for the flow tests: every real part, asked at its public doors only."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import Engine, inspect, text

from contracts.clock import SystemClock, shanghai_date_of
from contracts.codes import AreaCode, VisitKind
from contracts.ids import new_id
from simulators.agency import Client, wait_for
from simulators.hospital import Hospital, Reply, Visit
from simulators.running.embedded import embedded_world
from simulators.running.world import DESK_AREA, World
from simulators.stack.servers import Servers
from simulators.world.population import (
    ChargedLine,
    DrawnBill,
    Institution,
    Resident,
    institutions,
    residents,
)

HOME, PLACE = DESK_AREA, AreaCode("310000")
"""Everybody is insured in Anhui and treated in Shanghai: two areas are a country, and are quick."""

SETTLES_DOWN_WITHIN_S = 30.0

# What merely records that somebody asked, and was told no.
JOURNALS = {"inbox", "outbox", "outbox_unsent", "attempts", "enquiries", "trials", "preflights"}
# What is always on the move: how far readers are, and how the routes stand.
JOURNALS |= {"progress", "canaries", "route_weather"}
# How far the jobs have come that look at the books all the time.
JOURNALS |= {"verification_rounds", "slices_looked", "job_runs"}
# How far the open day is compared: whoever is silent for half a minute after a booking is asked.
JOURNALS |= {"slice_sides", "open_slices", "slice_rows"}
# A settlement that was refused is a record of the no; who refused it says so in its state.
_NO = "SELECT settlement_id FROM settlements WHERE state IN ('rejected', 'refused')"
_EXCEPT = {
    "settlements": f"settlement_id NOT IN ({_NO})",
    "settlement_steps": f"settlement_id NOT IN ({_NO})",
    "settlement_claims": f"settlement_id NOT IN ({_NO})",
}
_OUT, _IN = "SELECT count(*) FROM outbox", "SELECT count(*) FROM inbox"

Contents = Mapping[str, tuple[int, str]]
"""Rows and their digest, by database and table."""


@dataclass(frozen=True, slots=True, repr=False)
class Country:
    """A world that is up, and what a test does in it."""

    world: World
    http: httpx.Client
    engines: Mapping[str, Engine]
    clock: SystemClock = field(default_factory=SystemClock)
    _hospitals: dict[str, Hospital] = field(default_factory=dict)
    _tokens: dict[str, str] = field(default_factory=dict)

    @property
    def operator(self) -> Client:
        return Client(self.world.hub_api, self.world.tokens.operator, self.http)

    @property
    def desk(self) -> Client:
        return Client(self.world.desk, self.world.tokens.desks[HOME], self.http)

    def agency(self, area: AreaCode = HOME) -> Client:
        return Client(self.world.hub_api, self.world.tokens.agencies[area], self.http)

    def today(self) -> date:
        return shanghai_date_of(self.clock.now())

    def person(self, number: int) -> Resident:
        return residents(HOME)[number]

    def hospital(self, level: int = 2) -> Hospital:
        found = next(one for one in institutions(PLACE) if one.level == level)
        return self._hospitals.setdefault(found.code, self._opened(found))

    def psn_no(self, person: Resident) -> str:
        """Who this is to the interface, by 1101, once a person."""
        if person.certificate_number not in self._tokens:
            reply = yes(self.hospital().identify(person))
            self._tokens[person.certificate_number] = str(reply.output["baseinfo"]["psn_no"])
        return self._tokens[person.certificate_number]

    def registration(
        self, person: Resident, category: str, begins: int = -90, ends: int | None = None
    ) -> dict[str, object]:
        """What an agency files for care in Shanghai; days count from today."""
        proof = "referral_letter" if category == "referral" else "commitment"
        return {
            "certificate_kind": person.certificate_kind,
            "certificate_number": person.certificate_number,
            "insured_division": person.division,
            "insurance_kind": person.insurance_kind.value,
            "category": category,
            "place": PLACE,
            "begins_on": str(self.today() + timedelta(days=begins)),
            "ends_on": None if ends is None else str(self.today() + timedelta(days=ends)),
            "materials": [{"kind": "credential"}, {"kind": proof}],
            "channel": "window",
        }

    def register(
        self, person: Resident, category: str, begins: int = -90, ends: int | None = None
    ) -> UUID:
        """File a registration that the area accepts by itself; its id, once it is in force."""
        id_ = new_id()
        self.agency().submit(id_, self.registration(person, category, begins, ends))

        def is_active() -> bool:
            self.world.check()
            return bool(self.agency().get(f"/registrations/{id_}")["state"] == "active")

        wait_for("the registration is in force", is_active)
        return id_

    def visit(self, person: Resident, bill: DrawnBill, level: int = 2) -> Visit:
        """A visit with its fee lines, ready to be settled."""
        visit = self.opened(person, bill, level)
        yes(self.hospital(level).upload_lines(visit))
        return visit

    def opened(self, person: Resident, bill: DrawnBill, level: int = 2) -> Visit:
        """A visit without fee lines."""
        reply, visit = self.hospital(level).open_visit(person, self.psn_no(person), bill)
        yes(reply)
        return visit

    def settled(self, person: Resident, bill: DrawnBill) -> Visit:
        visit = self.visit(person, bill)
        yes(self.hospital().settle(visit))
        return visit

    def count(self, name: str, query: str) -> int:
        with self.engines[name].connect() as tx:
            return int(tx.execute(text(query)).scalar_one())

    def run(self, name: str, statement: str, **values: object) -> list[Any]:
        """One statement straight into a database, behind everybody's back; the rows it returns."""
        with self.engines[name].begin() as tx:
            found = tx.execute(text(statement), values)
            return [dict(row) for row in found.mappings()] if found.returns_rows else []

    def settle_down(self) -> None:
        """Wait until every message that was said has been heard."""

        def is_quiet() -> bool:
            self.world.check()
            out, taken = (sum(self.count(n, q) for n in self.engines) for q in (_OUT, _IN))
            return out == taken

        wait_for("the world settles down", is_quiet, SETTLES_DOWN_WITHIN_S)

    def contents(self) -> Contents:
        """What every database holds, journals and recorded refusals apart, to compare later."""
        self.settle_down()
        found: dict[str, tuple[int, str]] = {}
        for name, engine in self.engines.items():
            for table in set(inspect(engine).get_table_names()) - JOURNALS:
                found[f"{name}.{table}"] = self._digest(name, table)
        return found

    def _digest(self, name: str, table: str) -> tuple[int, str]:
        where = _EXCEPT.get(table, "true")
        listed = "string_agg(one::text, '|' ORDER BY one::text)"
        query = f"SELECT count(*) AS n, md5({listed}) AS digest FROM {table} AS one WHERE {where}"  # noqa: S608 - our own tables
        (row,) = self.run(name, query)
        return row["n"], str(row["digest"])

    def _opened(self, institution: Institution) -> Hospital:
        return Hospital(institution, self.world.gateway, self.http, self.clock)


def yes(reply: Reply) -> Reply:
    assert reply.ok, f"{reply.infno}: {reply.text}"
    return reply


def stay_of(sessions: int) -> DrawnBill:
    """A stay of ten days in which everything is in scope: 400 yuan a session."""
    line = ChargedLine("003110000060000", "血液透析", sessions, "400.00", False)
    return DrawnBill("stay", VisitKind.INPATIENT, "N18.900", "慢性肾衰竭", 10, (line,))


def consultation() -> DrawnBill:
    """A small out-patient bill."""
    line = ChargedLine("002501010150000", "血细胞分析", 1, "20.00", False)
    return DrawnBill("cold", VisitKind.OUTPATIENT, "J06.900", "急性上呼吸道感染", 0, (line,))


@contextmanager
def country(servers: Servers, *, canary_every_s: int = 0) -> Iterator[Country]:
    """A country of two areas in this process, for the length of a `with` block."""
    with ExitStack() as stack:
        running = embedded_world(servers, (HOME, PLACE), canary_every_s=canary_every_s)
        world = stack.enter_context(running)
        http = stack.enter_context(httpx.Client(timeout=30.0))
        engines = engines_of(world)
        for engine in engines.values():
            stack.callback(engine.dispose)
        yield Country(world, http, engines)


def engines_of(world: World) -> dict[str, Engine]:
    """A connection pool of the test's own to each database: 'hub', 'insured.340000', …"""
    of = world.deployment
    found = {"hub": of.hub_engine("test")}
    for area in of.areas:
        found[f"insured.{area}"] = of.insured_engine(area, "test")
        found[f"treatment.{area}"] = of.treatment_engine(area, "test")
    return found


def as_bytes(document: object) -> bytes:
    """JSON as a client sends it; what UTF-8 cannot hold goes as an escape."""
    return json.dumps(document).encode()
