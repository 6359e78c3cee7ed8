"""The score of a mutation run is read from what mutmut leaves, and forgets no mutant."""

import json
from pathlib import Path

import pytest

from tests.mutation.score import Score, scores_of, total

KILLED, SURVIVED, NO_TESTS, SKIPPED, TIMEOUT = 1, 0, 33, 34, 36


def _left(folder: Path, module: str, *codes: int | None) -> None:
    path = folder / f"{module}.meta"
    path.parent.mkdir(parents=True, exist_ok=True)
    names = {f"mutant_{number}": code for number, code in enumerate(codes)}
    path.write_text(json.dumps({"exit_code_by_key": names}), "utf-8")


def test_what_no_test_noticed_or_reached_has_survived(tmp_path: Path) -> None:
    _left(tmp_path, "hub/domain/netting.py", KILLED, KILLED, TIMEOUT, SURVIVED)
    _left(tmp_path, "contracts/money.py", KILLED, NO_TESTS, SKIPPED)
    _left(tmp_path, "contracts/ids.py")
    found = scores_of(tmp_path)
    assert found == [Score("contracts/money.py", 2, 1), Score("hub/domain/netting.py", 4, 3)]
    assert [one.percent for one in found] == [50.0, 75.0]
    assert total(found) == Score("all", 6, 4)
    assert total(found).survived == 2


def test_a_run_that_was_broken_off_has_no_score(tmp_path: Path) -> None:
    _left(tmp_path, "contracts/money.py", KILLED, None)
    with pytest.raises(ValueError, match="not run"):
        scores_of(tmp_path)
