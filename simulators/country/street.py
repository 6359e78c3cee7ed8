"""All hospitals of the country as one: whoever has a visit to treat gives it in here."""

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from random import Random

import httpx

from contracts.clock import Clock
from contracts.money import yuan_from_fen
from simulators.country.desk import MED_TYPES, Desk
from simulators.country.notebook import Notebook, Scope, Sums
from simulators.country.tally import Tally
from simulators.country.visiting import treat
from simulators.country.world import CountryWorld
from simulators.hospital import Reply
from simulators.witness import Witness
from simulators.world.country import DrawnVisit
from simulators.world.habits import compares_totals

EQUAL = "0"


@dataclass(frozen=True, slots=True)
class Street:
    """Any number of threads may treat. What hospitals hear is in `witness` and `tally`."""

    world: CountryWorld
    http: httpx.Client
    clock: Clock
    tally: Tally = field(default_factory=Tally)
    notebook: Notebook = field(default_factory=Notebook)
    witness: Witness = field(default_factory=Witness)
    closing: threading.Event = field(default_factory=threading.Event)
    """From then on nobody wonders about a gateway that is gone."""

    def desk(self, drawn: DrawnVisit) -> Desk:
        return Desk.of(
            drawn,
            self.world.psn_no(drawn.traveller),
            gateway=self.world.gateway,
            http=self.http,
            clock=self.clock,
            witness=self.witness,
        )

    def treat(self, drawn: DrawnVisit) -> None:
        """One visit; a door that does not answer is noted, and nobody falls over it."""
        try:
            treat(self.desk(drawn), self.tally, self.notebook)
        except httpx.HTTPError as error:
            if not self.closing.is_set():
                self.tally.odd(f"{type(error).__name__} at the gateway")

    def treat_all(self, visits: Iterable[DrawnVisit], pool: ThreadPoolExecutor) -> None:
        """Beside each other, but one after the other where a person has several; all are over."""
        by_person: dict[str, list[DrawnVisit]] = {}
        for one in visits:
            by_person.setdefault(one.traveller.row.certificate_number, []).append(one)
        for _ in pool.map(self._in_order, by_person.values()):
            pass

    def _in_order(self, visits: list[DrawnVisit]) -> None:
        for one in visits:
            self.treat(one)

    def compare_month(
        self, first: date, last: date, random: Random, pool: ThreadPoolExecutor
    ) -> tuple[int, int]:
        """3201 of some hospitals about some days: how many sums were compared, how many agreed."""
        asked = [
            (drawn, scope, sums)
            for drawn in self.notebook.latest()
            if compares_totals(random)
            for scope, sums in self.notebook.sums(drawn.institution.code, first, last).items()
        ]
        days = [(first, last)] * len(asked)
        replies = list(pool.map(self._compared, *zip(*asked, strict=True), days)) if asked else []
        return len(asked), sum(1 for reply in replies if self._is_equal(reply))

    def _compared(
        self, drawn: DrawnVisit, scope: Scope, sums: Sums, days: tuple[date, date]
    ) -> Reply:
        insurance, kind = scope
        data = {
            "insutype": insurance,
            "clr_type": MED_TYPES[kind],
            "setl_optins": drawn.institution.division,
            "stmt_begndate": str(days[0]),
            "stmt_enddate": str(days[1]),
            "fixmedins_refd_setl_flag": "0",
            "fixmedins_setl_cnt": sums.count,
            "medfee_sumamt": yuan_from_fen(sums.total_fen),
            "fund_pay_sumamt": yuan_from_fen(sums.fund_fen),
            "acct_pay": yuan_from_fen(sums.account_fen),
        }
        return self.desk(drawn).say("3201", {"data": data})

    def _is_equal(self, reply: Reply) -> bool:
        told = reply.output.get("stmtinfo", {})
        equal = reply.ok and str(told.get("stmt_rslt")) == EQUAL
        if not equal:
            self.tally.odd(f"3201: {reply.text or told.get('stmt_rslt_dscr')}")
        return equal
