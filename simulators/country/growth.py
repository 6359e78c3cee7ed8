"""The country fills up while it is busy already: more people register, and then fall ill."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from contracts.clock import SystemClock
from simulators.agency import Unexpected
from simulators.country import registering
from simulators.country.traffic import Traffic
from simulators.country.world import CountryWorld
from simulators.world.country import inhabited
from simulators.world.people import Traveller

AT_ONCE = 300
LOOK_EVERY_S = 0.5
PATIENT_FOR = 600
"""Looks at a wave of registrations that does not come through; then the country stays as it is."""


@dataclass(slots=True)
class Growth:
    """One thread. `people`: the first AT_ONCE of them are registered when it starts."""

    world: CountryWorld
    hub: Engine
    people: Sequence[Traveller]
    traffic: Traffic
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="growth")
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            self._grow()
        except (SQLAlchemyError, Unexpected) as fault:
            self.traffic.street.tally.odd(f"the country grows no more: {fault}")

    def _grow(self) -> None:
        deployment, country = self.world.deployment, self.world.country
        for start in range(AT_ONCE, len(self.people), AT_ONCE):
            wave = self.people[start : start + AT_ONCE]
            registering.file_all(deployment, deployment.transport(), SystemClock(), wave)
            if not self._in_force(start + len(wave)):
                return
            here = self.people[: start + len(wave)]
            self.traffic.country = inhabited(country.seed, country.scale, here)

    def _in_force(self, count: int) -> bool:
        """Whether so many are registered before everything ends; Unexpected after PATIENT_FOR."""
        for _ in range(PATIENT_FOR):
            if registering.in_force(self.hub) >= count:
                return True
            if self._stop.wait(LOOK_EVERY_S):
                return False
        raise Unexpected(f"{count} registrations did not come into force")
