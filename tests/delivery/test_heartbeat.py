"""The sign of life: there while every loop comes round, old when one of them does not."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contracts.delivery.heartbeat import VARIABLE, Heartbeat, beating, from_environment
from contracts.delivery.telemetry import Progress

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass
class SetClock:
    at: datetime = NOON

    def now(self) -> datetime:
        return self.at


def test_no_file_is_no_sign_of_life(tmp_path: Path) -> None:
    assert not Heartbeat(tmp_path / "beat", SetClock()).is_fresh()


@pytest.mark.parametrize("text", ["", "yesterday", "2026-03-02T12:00:00+00:00x"])
def test_a_file_of_somebody_else_is_no_sign_of_life(tmp_path: Path, text: str) -> None:
    (tmp_path / "beat").write_text(text)
    assert not Heartbeat(tmp_path / "beat", SetClock()).is_fresh()


def test_the_file_is_fresh_while_all_loops_move_and_old_when_one_hangs(tmp_path: Path) -> None:
    clock, moving, hanging = SetClock(), Progress(), Progress()
    heartbeat = Heartbeat(tmp_path / "beat", clock, within=timedelta(seconds=60))
    assert not heartbeat.beat([moving, hanging]), "neither came round yet"
    moving.handled(0, clock.at)
    hanging.handled(0, clock.at)
    assert heartbeat.beat([moving, hanging])
    assert heartbeat.is_fresh()
    clock.at += timedelta(seconds=61)
    moving.handled(5, clock.at)
    assert not heartbeat.beat([moving, hanging])
    assert not heartbeat.is_fresh()


def test_a_process_without_loops_never_beats(tmp_path: Path) -> None:
    heartbeat = Heartbeat(tmp_path / "beat", SetClock())
    assert not heartbeat.beat([])
    assert not heartbeat.is_fresh()


def test_the_file_goes_when_the_process_ends(tmp_path: Path) -> None:
    clock, loop = SetClock(), Progress()
    loop.handled(0, clock.at)
    heartbeat = Heartbeat(tmp_path / "beat", clock)
    with heartbeat.beating([loop]):
        while not heartbeat.is_fresh():
            time.sleep(0.01)
    assert list(tmp_path.iterdir()) == []


def test_only_a_process_that_is_told_a_file_writes_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert from_environment(SetClock()) is None
    with beating([Progress()], SetClock()):
        pass
    monkeypatch.setenv(VARIABLE, str(tmp_path / "beat"))
    with beating([Progress()], SetClock()):
        assert from_environment(SetClock()) == Heartbeat(tmp_path / "beat", SetClock())
