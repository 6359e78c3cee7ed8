"""One line format for all programs; of an error its type and place, never its text."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from contracts.programs.logs import log_to_stderr

LINE = re.compile(
    r"^2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO MainThread hub\.jobs: closed 2026-03-02\n$"
)


@contextmanager
def set_anew() -> Iterator[None]:
    """As in a process of its own; pytest puts its handlers back only between phases of a test."""
    root, kafka = logging.getLogger(), logging.getLogger("kafka")
    before = root.handlers[:], root.level, kafka.level
    root.handlers.clear()
    try:
        log_to_stderr()
        yield
    finally:
        root.handlers[:] = before[0]
        root.setLevel(before[1])
        kafka.setLevel(before[2])


def test_a_line_has_instant_level_thread_and_module(capsys: pytest.CaptureFixture[str]) -> None:
    with set_anew():
        logging.getLogger("hub.jobs").info("closed %s", "2026-03-02")
    assert LINE.match(capsys.readouterr().err)


def test_ours_are_heard_from_info_and_kafka_from_warning(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with set_anew():
        for name in ("contracts.x", "participants.x", "kafka.conn"):
            logging.getLogger(name).debug("no")
            logging.getLogger(name).info("info of %s", name)
            logging.getLogger(name).warning("warning of %s", name)
    said = re.findall(r"(info|warning) of (\S+)", capsys.readouterr().err)
    assert said == [
        ("info", "contracts.x"),
        ("warning", "contracts.x"),
        ("info", "participants.x"),
        ("warning", "participants.x"),
        ("warning", "kafka.conn"),
    ]


def test_the_text_of_an_error_is_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    with set_anew(), suppress(KeyError), _logged():
        raise KeyError("32108119800101001X")
    said = capsys.readouterr().err
    assert "in a request" in said
    assert "test_logs.py" in said
    assert said.endswith("KeyError\n")
    assert "X'" not in said


@contextmanager
def _logged() -> Iterator[None]:
    """As a server does with what a request raises."""
    try:
        yield
    except KeyError:
        logging.getLogger("uvicorn.error").exception("in a request")
        raise


def test_a_record_is_one_line_whatever_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    with set_anew(), suppress(KeyError), _logged():
        logging.getLogger("hub").warning("first\nsecond\r\n2026-11-22 forged")
        raise KeyError
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(" MainThread ")[1].split(":")[0] for line in lines] == [
        "hub",
        "uvicorn.error",
    ]
    assert lines[0].endswith("first ¦ second ¦ 2026-11-22 forged")
