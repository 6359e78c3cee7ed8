"""A run of the certifier where the area is absent, or answers what nobody foresaw."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import typer

from contracts.clock import SystemClock
from contracts.codes import AreaCode, Role
from contracts.delivery.memory import MemoryLog
from contracts.sealing import Sealer
from contracts.signing import KeyRing
from contracts.topics import participant
from simulators.agency import Unexpected
from simulators.certify import run
from simulators.certify.cases import Case, NotMet, Sort
from simulators.certify.command import _page
from simulators.certify.hub import Hub
from simulators.certify.insured.desk import desk_of
from simulators.certify.insured.stage import Stage as InsuredStage
from simulators.certify.insured.table import CASES as INSURED_CASES
from simulators.certify.people import people
from simulators.certify.preparing import message_keys
from simulators.certify.run import Outcome, certify_insured, certify_treatment
from simulators.certify.treatment.choosing import outside_of
from simulators.certify.treatment.gateway import Gateway
from simulators.certify.treatment.stage import Stage
from simulators.stack.processes import free_ports

AREA = AreaCode("340000")
SOON = timedelta(milliseconds=20)


def hub(role: Role) -> Hub:
    """Of an area that nobody plays."""
    secrets = ["A" * 42 + "E=", "B" * 42 + "E="]
    text = message_keys(participant(role, AREA), secrets, SystemClock().now(), timedelta(days=1))
    keys = KeyRing.from_text(text)
    return Hub(role, AREA, MemoryLog(keys=keys), keys, SOON, SOON)


def test_an_area_that_says_nothing_ends_the_run_with_one_sentence() -> None:
    with pytest.raises(Unexpected, match=r"被测地区 insured.340000 没有发出任何消息"):
        certify_insured(hub(Role.INSURED), b"k" * 32)


def test_few_cases_of_an_area_that_says_nothing_fail_each_for_itself() -> None:
    found = certify_insured(hub(Role.INSURED), b"k" * 32, only=["I-101", "I-201"])
    assert [one.why for one in found.failed] == ["0.02 秒内未收到person_told"] * 2


@pytest.mark.parametrize("content", [b'{"infcode":-1,"err_msg":"[4001]"}', b'{"infcode":"0"}'])
def test_no_case_of_a_treatment_area_passes_without_a_word_to_the_hub(
    monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    """Whatever the gateway tells everybody."""
    monkeypatch.setattr(run, "SILENT_MAX", 0)
    with answering(200, content) as url, staged(url) as stage:
        found = certify_treatment(stage)
    assert [one.case.id for one in found.outcomes if one.passed] == []


def test_no_case_of_an_insured_area_passes_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "SILENT_MAX", 0)
    found = certify_insured(hub(Role.INSURED), b"k" * 32)
    assert [one.case.id for one in found.outcomes if one.passed] == []


@contextmanager
def staged(url: str) -> Iterator[Stage]:
    certifier = hub(Role.TREATMENT)
    outside = Gateway(AREA, url, certifier)
    stage = Stage(certifier, outside, SOON, Sealer({"k1": b"k" * 32}, "k1"))
    try:
        yield stage
    finally:
        stage.close()


@contextmanager
def answering(status: int, content: bytes) -> Iterator[str]:
    """The address of a gateway that says this to everybody."""

    class Same(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _answer  # noqa: N815 - names of the library

        def log_message(self, *_args: object) -> None:
            """Nobody reads it."""

    with HTTPServer(("127.0.0.1", 0), Same) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("content", [b"<html>502</html>", b"[]", b'{"infcode":0,"output":1}'])
def test_an_answer_that_is_none_fails_its_case_and_the_next_is_run(content: bytes) -> None:
    with answering(502, content) as url, staged(url) as stage:
        found = certify_treatment(stage, only=["T-106", "T-208"])
    assert [one.case.id for one in found.failed] == ["T-106", "T-208"]
    assert all(one.why for one in found.failed)


def test_a_gateway_that_is_not_there_is_told_in_one_sentence() -> None:
    (port,) = free_ports(1)
    with pytest.raises(Unexpected, match=f"网关 http://127.0.0.1:{port} 连接不上"):
        outside_of(hub(Role.TREATMENT), f"http://127.0.0.1:{port}", "", "")
    with pytest.raises(Unexpected, match="网关 nowhere 连接不上"):
        outside_of(hub(Role.TREATMENT), "nowhere", "", "")


def test_a_desk_that_is_not_there_is_told_in_one_sentence() -> None:
    (port,) = free_ports(1)
    with pytest.raises(Unexpected, match=f"经办窗口 http://127.0.0.1:{port} 连接不上"):
        desk_of(hub(Role.INSURED), f"http://127.0.0.1:{port}", "")
    with pytest.raises(typer.BadParameter, match="没有这个类：nowhere:Desk"):
        desk_of(hub(Role.INSURED), "nowhere:Desk", "")
    assert desk_of(hub(Role.INSURED), "", "") is None


def test_without_a_desk_every_case_of_the_clerk_says_what_is_missing() -> None:
    chosen = {case.id: case for case in INSURED_CASES if case.id in {"I-701", "I-705"}}
    stage = InsuredStage(hub(Role.INSURED), b"k" * 32)
    assert [run._tried(stage, case).why for case in chosen.values()] == [
        "认证前提不满足：须以 --desk 给出经办窗口"
    ] * 2


def tried(case_run: Callable[[Any], None]) -> Outcome:
    case = Case("I-000", Sort.NORMAL, "试", "try", "", "", 1, (), case_run)
    stage: Any = type("Stage", (), {"hub": hub(Role.INSURED), "tidy": lambda _self: None})()
    return run._tried(stage, case)


def test_why_a_case_failed_names_nobody() -> None:
    person = people(AREA)["insured"]

    def says_who(_stage: Any) -> None:
        raise NotMet(f"实为 {person.name} {person.certificate_number}")

    def breaks_over(_stage: Any) -> None:
        raise KeyError(person.certificate_number)

    for found in (tried(says_who), tried(breaks_over)):
        assert not found.passed
        assert person.name not in found.why
        assert person.certificate_number not in found.why


def test_a_report_that_cannot_be_written_is_said_before_the_run(tmp_path: Path) -> None:
    for file in (tmp_path / "missing" / "report.html", tmp_path / "report.json"):
        with pytest.raises(typer.BadParameter):
            _page(file)
    assert _page(tmp_path / "report.html") == tmp_path / "report.html"
