"""How measurements become figures: slopes, shares, tables, and what a folder of them holds."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from contracts.refusal import RefusalCode
from simulators.bench import flames, memory, overload, plots, report, saving, tables, whole
from simulators.bench.floor import Said
from simulators.bench.load import Answered
from simulators.bench.memory import FLAT_BYTES_PER_SETTLEMENT, Held
from simulators.bench.pairs import absent, eight_pairs, insured_areas, treatment_areas
from simulators.bench.soak import Soak
from simulators.bench.sweep import Step, Sweep
from simulators.bench.validity import Verdict
from simulators.bench.verdict import RunInvalid
from simulators.bench.window import Window
from simulators.main import app

WINDOW = {
    "started_at": "2026-11-22T06:20:00.000+00:00",
    "ended_at": "2026-11-22T06:20:30.000+00:00",
    "per_s": 65.0,
    "p50_ms": 17.3,
    "p95_ms": 56.0,
    "p99_ms": 81.9,
    "longest_ms": 90.0,
    "cpu_s_per_1000": 1.6,
    "others_cores": 0.02,
}
MACHINE = {"at": "2026-11-22T06:20:00+00:00", "cores": 2, "memory_gib": 24, "python": "3.11.2"}
HELD = {
    "first_mib": 100.0,
    "half_mib": 101.0,
    "last_mib": 101.1,
    "last_resident_mib": 150.0,
    "kept_bytes_per_settlement": 3.2,
    "is_flat": True,
    "not_judged": "",
    "at_s": [0, 1],
    "own_mib": [100.0, 101.1],
}
FIGURES: Mapping[str, Any] = {
    "sweep": {
        "steps": [
            {"asked_per_s": rate, "is_broken": rate == 900} | WINDOW for rate in (65, 125, 900)
        ],
        "highest_held_per_s": 125,
        "broken_when_p99_above_ms": 1000.0,
        "machine": MACHINE | {"commit": "94bc731"},
    },
    "soak": WINDOW
    | {
        "rate_per_s": 250,
        "minutes": 10.0,
        "is_flat": True,
        "flat_bytes_per_settlement": 64,
        "memory": {"hub work": HELD},
        "by_minute": [{"minute": 0, "p50_ms": 20.0, "p99_ms": 70.0}],
    },
    "flame-hub-shares": {
        "part": "hub work",
        "held": 0.93,
        "own": {"run (delivery/bulk.py)": 0.21},
        "whole": {"work (programs/loops.py)": 1.0},
        "windows": {"looked into": WINDOW},
    },
}


class Told:
    """Something measured: two waits."""

    samples: Mapping[str, Sequence[Answered]] = {"steady": [Answered(7.5, 17_300)], "none": []}

    def as_dict(self) -> dict[str, object]:
        return {"p50_ms": 17.3}

    def told(self) -> str:
        return "p50 17.3 ms"


def held(*sizes: int) -> list[Held]:
    """A look a second."""
    return [Held(float(n), size, size) for n, size in enumerate(sizes)]


@pytest.mark.parametrize(
    ("sizes", "bytes_per_s"),
    [
        ((5, 5, 5, 5, 5, 5), 0),
        ((0, 10, 20, 30, 40, 50), 10),
        ((0, 90, 100, 100, 100, 100), 0),  # what grows while it warms up is not counted
        ((9, 9, 9, 9, 6, 3), -3),
    ],
)
def test_memory_is_judged_by_the_slope_of_its_second_half(
    sizes: Sequence[int], bytes_per_s: int
) -> None:
    assert memory.growth_bytes_per_s(held(*sizes)) == bytes_per_s


VALID = Verdict(0, 0, 0, 0, 0, ())
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def window(seconds: float, *answers: Answered, cpu_s: float = 0.0) -> Window:
    """It began when the clock stood at 100."""
    return Window(NOW, NOW, seconds, 100 + seconds, answers, {"hub work": cpu_s}, 0.0)


def step(per_s: int, waited_ms: int) -> Step:
    return Step(per_s, window(1.0, Answered(100.5, waited_ms * 1_000)), is_whole=True)


@pytest.mark.parametrize(
    ("steps", "held"),
    [
        (((65, 20), (125, 30), (250, 1_001)), 125),
        (((65, 1_001), (125, 30), (250, 1_001)), 0),  # what held above it was luck
        (((65, 20),), 65),
    ],
)
def test_a_rate_is_held_only_below_the_first_that_broke(
    steps: Sequence[tuple[int, int]], held: int
) -> None:
    found = Sweep(tuple(step(per_s, ms) for per_s, ms in steps), VALID)
    assert found.highest_held_per_s == held


def test_what_is_answered_after_a_window_counts_for_waits_and_for_no_rate() -> None:
    early, late = Answered(109.9, 1_000), Answered(140.0, 30_000_000)
    found = window(10.0, early, late, cpu_s=0.5)
    assert (found.per_second, found.cpu_s_per_1000) == (0.1, {"hub work": 500.0})
    assert found.latency.longest_ms == 30_000


@pytest.mark.parametrize(
    ("kept", "is_flat"),
    [(0, True), (FLAT_BYTES_PER_SETTLEMENT, True), (FLAT_BYTES_PER_SETTLEMENT + 1, False)],
)
def test_a_process_that_keeps_something_of_every_settlement_is_not_flat(
    kept: int, *, is_flat: bool
) -> None:
    """Ten settlements a second: after a warm-up, so many bytes of each stay."""
    sizes = (0, 9_000, *(9_000 + 10 * kept * n for n in range(10)))
    answers = [Answered(100 + n / 10, 1_000) for n in range(1, 101)]
    found = Soak(window(10.0, *answers), {"hub work": held(*sizes), "load": held(0, 9)}, VALID)
    assert found.is_flat("hub work") == is_flat
    assert found.as_dict()["is_flat"] == is_flat


def test_the_floor_passes_keys_and_signatures_as_well() -> None:
    assert Said(b"key", b"value", (("key", b"hub/1"), ("mac", b"12"))).size == 3 + 5 + 8 + 5


def test_the_waits_of_an_overload_have_those_whose_yes_came_after_it() -> None:
    work = overload.Work(1.0, 5.0, 0.5, 100.0, 110.0, NOW, NOW)
    before, within, late = (
        Answered(at_s, waited_s * 1_000_000)
        for at_s, waited_s in ((101.0, 2), (105.0, 1), (115.0, 6))
    )
    waits = overload.waits_of_what_was_due([before, within, late], work)
    assert waits == [1_000_000, 6_000_000]


def test_an_overload_that_was_met_with_a_fault_has_no_figures() -> None:
    overload.refuse_faults({"2004": 3, "2005": 900})
    for code in ("500", RefusalCode.INTERNAL_FAULT.value):
        with pytest.raises(RunInvalid):
            overload.refuse_faults({"2005": 900, code: 1})


def test_parts_that_were_measured_apart_say_every_day_and_commit(tmp_path: Path) -> None:
    later = MACHINE | {"at": "2026-11-23T06:20:00+00:00", "commit": "0f5a4c1"}
    figures = {"sweep": FIGURES["sweep"], "soak": FIGURES["soak"] | {"machine": later}}
    text = tables.page(figures, tmp_path, "")
    assert "2026-11-22 and 2026-11-23 · 2 cores, 24 GiB · Python 3.11.2" in text
    assert "commit 94bc731 and commit 0f5a4c1" in text


def test_a_function_that_calls_itself_counts_once_in_a_stack() -> None:
    own, every = flames.shares(
        [
            "run (a/b/loops.py:7);walk (a/b/tree.py:3);walk (a/b/tree.py:4) 3",
            "run (a/b/loops.py:9) 1",
        ]
    )
    assert own == {"walk (b/tree.py)": 0.75, "run (b/loops.py)": 0.25}
    assert every == {"walk (b/tree.py)": 0.75, "run (b/loops.py)": 1.0}


def test_eight_pairs_are_four_insured_areas_by_two_and_the_first_has_most_people() -> None:
    pairs = eight_pairs(people=800, of_a_further_pair=50)
    assert len(set(pairs)) == 8
    assert (len(insured_areas(pairs)), len(treatment_areas(pairs))) == (4, 2)
    assert [pair.people for pair in pairs] == [800, *[50] * 7]
    assert not set(insured_areas(pairs)) & set(treatment_areas(pairs))
    assert "insured.310000" in absent(pairs)


def test_waits_and_figures_are_kept_whole(tmp_path: Path) -> None:
    saving.save(tmp_path, "steady", Told(), MACHINE)
    assert saving.saved(tmp_path) == {"steady": {"p50_ms": 17.3, "machine": MACHINE}}
    assert pq.read_table(tmp_path / "steady.parquet").to_pylist() == [
        {"phase": "steady", "at_s": 0.0, "waited_us": 17_300}
    ]


def test_a_folder_of_figures_becomes_tables_and_plots_and_a_part_of_the_document(
    tmp_path: Path,
) -> None:
    document, folder = tmp_path / "benchmarks.md", tmp_path / "benchmarks" / "2026-11-22"
    document.write_text(f"# Figures\n\n{report.BEGIN}\n\nold\n{report.END}\n\nbelow\n", "utf-8")
    folder.mkdir(parents=True)
    for name, found in FIGURES.items():
        (folder / f"{name}.json").write_text(json.dumps(found), "utf-8")
    report.write(folder, print)
    written = document.read_text("utf-8")
    assert written.startswith(f"# Figures\n\n{report.BEGIN}\n\n2026-11-22 · 2 cores, 24 GiB")
    assert written.endswith(f"{report.END}\n\nbelow\n")
    assert "old" not in written
    assert "| wait at 125/s, p50 · p95 · p99 in ms | **17.3 · 56.0 · 81.9** |" in written
    assert "![Waits by rate](benchmarks/2026-11-22/sweep.svg)" in written
    assert "| 21.0% | `run (delivery/bulk.py)` |" in written
    page = (folder / "README.md").read_text("utf-8")
    assert "![Waits by rate](sweep.svg)" in page
    report.write(folder, print)
    assert document.read_text("utf-8") == written


@pytest.mark.parametrize("parts", [[], ["sweep"], ["soak", "flame-hub-shares"]])
def test_what_was_not_measured_is_in_no_table(parts: Sequence[str], tmp_path: Path) -> None:
    text = tables.page({part: FIGURES[part] for part in parts}, tmp_path, "")
    assert ("### Rising rates" in text) == ("sweep" in parts)
    assert ("### Soak" in text) == ("soak" in parts)


def test_every_plot_is_there_as_svg_and_png_and_drawn_the_same_twice(tmp_path: Path) -> None:
    assert plots.draw(tmp_path, FIGURES) == ["sweep", "soak"]
    first = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert set(first) == {"sweep.svg", "sweep.png", "soak.svg", "soak.png"}
    plots.draw(tmp_path, FIGURES)
    assert (tmp_path / "sweep.svg").read_bytes() == first["sweep.svg"]


@pytest.mark.parametrize("part", whole.PARTS, ids=lambda part: str(part.name))
def test_each_part_of_the_whole_is_a_command_that_exists(part: whole.Part) -> None:
    """Asked for help with all its options: an option that is not there is an error."""
    answer = CliRunner().invoke(app, [*part.command, "--to", "kept", "--help"])
    assert answer.exit_code == 0, answer.output


@pytest.mark.parametrize(
    "options", [["--sweep", "--http"], ["--all", "--soak", "1"], ["--all"]], ids=" ".join
)
def test_what_does_not_go_together_is_refused_before_anything_starts(options: list[str]) -> None:
    assert CliRunner().invoke(app, ["bench", *options]).exit_code == 2


def test_a_part_that_fails_is_told_and_the_next_goes_on(tmp_path: Path) -> None:
    said: list[str] = []
    bad = [whole.Part(name, ("bench", "--sweep", "--http"), 1) for name in ("one", "two")]
    assert whole.run(tmp_path, 1, said.append, bad) == ["one", "two"]
    assert "一次只测一项" in (tmp_path / "one.failed.txt").read_text("utf-8")
    assert said[-1] == "failed: one, two"
