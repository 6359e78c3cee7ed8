"""Databases at rest, of which one party's is copied, edited and looked at, and dropped again."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool

from contracts.codes import AreaCode
from simulators import truths
from simulators.stack import postgres
from simulators.truths import TRUTHS, Broken, Sides
from simulators.witness import Witness
from tests.simulation.honest_country import Country

COPY = "spoilt"


@dataclass(frozen=True, slots=True, repr=False)
class Kept:
    """A country that has lived, and the names of its databases by party."""

    here: Country
    admin_url: str
    names: Mapping[str, str]
    sides: Sides

    def broken(self, sides: Sides, witness: Witness, *only: str) -> list[Broken]:
        return truths.broken(sides, witness, self.here.clock.at, only or TRUTHS)

    def spoilt(self, party: str, statements: Sequence[str], truth: str) -> list[str]:
        """What the truth says once a copy of this party's database was edited behind its back."""
        with self.spoiling(party, statements) as sides:
            return [one.what for one in self.broken(sides, self.here.witness, truth)]

    @contextmanager
    def spoiling(self, party: str, statements: Sequence[str]) -> Iterator[Sides]:
        """The sides with that copy in its place."""
        url = postgres.create_database(self.admin_url, COPY, self.names[party])
        try:
            engine = create_engine(url, poolclass=NullPool)
            _edit(engine, statements)
            yield _with(self.sides, party, engine)
        finally:
            postgres.drop_database(self.admin_url, COPY)


def kept_of(here: Country, admin_url: str) -> Kept:
    """From now on nobody stays connected: what is connected to cannot be copied."""
    names, sides = {}, here.sides
    for party, engine in here.sides.named():
        engine.dispose()
        names[party] = str(engine.url.database)
        alone = create_engine(engine.url, poolclass=NullPool)
        sides = _with(sides, party, alone)
    return Kept(here, admin_url, names, sides)


def _edit(engine: Engine, statements: Sequence[str]) -> None:
    """Without triggers and foreign keys."""
    with engine.begin() as tx:
        tx.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            tx.execute(text(statement))


def _with(sides: Sides, party: str, engine: Engine) -> Sides:
    if party == "hub":
        return replace(sides, hub=engine)
    role, area = party.split(".", maxsplit=1)[0], AreaCode(party.split(".")[1])
    if role == "insured":
        return replace(sides, insured={**sides.insured, area: engine})
    return replace(sides, treatment={**sides.treatment, area: engine})
