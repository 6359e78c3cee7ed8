"""A hospital's client that knows only the published interface walks two patients, in five ways."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.demo.standing import for_a_hospital
from simulators.stack.servers import Servers
from tests.support.worlds import Country, country

CLIENT = Path(__file__).parents[2] / "examples" / "his_client.py"
STEPS = [
    "9001", "1101", "2001", "2201", "2203", "2204", "2206", "2207", "5203", "2208",
    "1101", "2401", "2301", "2301", "2301", "2301", "2301", "2303", "2402", "2304", "2305", "9002",
]  # fmt: skip


@pytest.fixture(scope="module")
def here(stack: Servers) -> Iterator[Country]:
    with country(stack) as here:
        here.register(here.person(0), "long_term_resident")
        yield here


def walked(given: Path, auth: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(CLIENT), "--with", str(given), "--auth", auth]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def given(here: Country, tmp_path: Path) -> Path:
    file = tmp_path / "his.json"
    told = for_a_hospital(here.world, here.person(0))
    file.write_text(json.dumps(told, ensure_ascii=False), "utf-8")
    return file


@pytest.mark.parametrize("auth", ["none", "hmac", "tif", "oauth", "sm2"])
def test_a_client_of_the_interface_needs_nothing_else_from_us(given: Path, auth: str) -> None:
    done = walked(given, auth)
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout.splitlines()
    steps = [word for line in said for word in line.split()[:1] if word.isdigit()]
    assert steps == STEPS, done.stdout
    assert said[-1] == "全部完成。"


def test_a_client_with_another_institutions_keys_is_refused_in_words(given: Path) -> None:
    told = json.loads(given.read_text("utf-8"))
    hospitals = told["hospitals"]
    hospitals["sm2"]["sm2"] = hospitals["oauth"]["sm2"]
    hospitals["hmac"]["hmac"]["secret"] = "?"
    given.write_text(json.dumps(told), "utf-8")
    assert "未完成：HTTP 401" in walked(given, "hmac").stdout
    assert walked(given, "sm2").returncode == 1
