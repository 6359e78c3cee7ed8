"""A seed that fails says how to see it again, whatever it fails of; and the other seeds go on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.simulation import run, seeds
from simulators.simulation.databases import Templates, templates
from simulators.stack.servers import Servers


@pytest.fixture(scope="module")
def made(stack: Servers) -> Iterator[Templates]:
    with templates(stack.database_url, "failing_") as made:
        yield made


def test_a_seed_that_kills_its_process_has_failed_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(seeds, "CHILD", "tests.simulation.dying_child")
    found = {one.seed: one for one in seeds.outcomes(Templates("", ""), [0, 1, 2], 1 / 3)}
    assert [found[seed].is_good for seed in (0, 1, 2)] == [True, False, True]
    assert [one.truth for one in found[1].broken] == [seeds.NAME]


def test_the_line_that_repeats_a_seed_has_its_hours_to_the_last_digit() -> None:
    """Another span is another plan."""
    failed = seeds.nothing_of(4, 1 / 3, "it ended")
    assert failed.repeating().startswith(f"yidi simulate --seed 4 --hours {1 / 3!r}  #")


def test_a_seed_that_cannot_be_lived_leaves_its_log(
    made: Templates, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*_what: object) -> None:
        raise LookupError("of the stage itself")

    monkeypatch.setattr(run, "_live", fail)
    outcome = run.simulate(5, 0.05, made, folder=tmp_path)
    assert "LookupError" in outcome.broken[0].what
    assert Path(outcome.log_path).stat().st_size > 0
    assert Path(outcome.timeline_path).parent == tmp_path
