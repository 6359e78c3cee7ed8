"""The end of the live country: its truths are asked, told as a table, and become the exit code."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import pytest

from simulators.country import reckoning
from simulators.country.reckoning import Reckoning, Verdict
from simulators.country.traffic import Traffic
from simulators.running.parts import Parts
from simulators.truths import TRUTHS
from simulators.witness import Witness
from tests.simulation.honest_country import SETTLES, Country
from tests.simulation.honest_life import lived
from tests.support.databases import Databases, given_back


@dataclass
class QuietStreet:
    witness: Witness


@pytest.fixture(scope="module")
def here(database_server: Databases) -> Iterator[Country]:
    with given_back(Databases(database_server.admin_url, prefix="reckoning_")) as databases:
        yield lived(databases)


def end_of(here: Country, tmp_path: Path, witness: Witness) -> tuple[Reckoning, list[str]]:
    """As `yidi up --country` makes it, with no part left; and what it tells meanwhile."""
    said: list[str] = []
    street = QuietStreet(witness)
    traffic = Traffic(street, None, 1.0, Random(1))  # type: ignore[arg-type]  # no visit begins
    parts, hurried = Parts(tmp_path, {}), threading.Event()
    return Reckoning(here.sides, traffic, parts, here.clock, hurried, said.append), said


def test_where_every_truth_holds_the_table_says_so(
    here: Country, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    end, said = end_of(here, tmp_path, here.witness)
    assert end.reckon() is Verdict.HOLDS
    told = capsys.readouterr().out
    assert told.count("✓") == len(TRUTHS)
    assert all(name in told for name in TRUTHS)
    assert said == [f"正在核对 {len(TRUTHS)} 项真相 the truths are asked"]


def test_a_truth_that_does_not_hold_is_marked_and_named_and_is_the_exit_code(
    here: Country, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = next(one for one in here.witness.replies if one.infno == SETTLES)
    lied = {**done.figures, "cash_fen": done.figures["cash_fen"] + 1}
    witness = Witness()
    for reply in (*here.witness.replies, replace(done, figures=lied)):
        witness.heard(reply)
    end, _ = end_of(here, tmp_path, witness)
    assert end.reckon() is Verdict.BROKEN
    told = capsys.readouterr().out
    assert "✗ told_figures_add_up: " in told
    (row,) = [line for line in told.splitlines() if "│ told_figures_add_up " in line]
    assert "✗" in row


def test_what_does_not_come_to_its_end_in_time_is_told_and_the_truths_are_asked_all_the_same(
    here: Country,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(reckoning, "AT_REST_WITHIN_S", 0.0)
    monkeypatch.setattr(reckoning, "LOOK_EVERY_S", 0.0)
    end, _ = end_of(here, tmp_path, here.witness)
    end.traffic._visits.add(Future())
    assert end.reckon() is Verdict.BROKEN
    told = capsys.readouterr().out
    assert "✗ 1 人次 visits" in told
    assert told.count("✓") == len(TRUTHS)


def test_whoever_hurries_is_told_that_nothing_was_checked(
    here: Country, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    end, said = end_of(here, tmp_path, here.witness)
    end.traffic._visits.add(Future())  # it would be waited for
    end.hurried.set()
    assert end.reckon() is Verdict.NOT_ASKED
    assert [one for one in said if "未核对" in one] == said
    assert capsys.readouterr().out == ""
