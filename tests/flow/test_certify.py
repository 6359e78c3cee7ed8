"""Certification: our own areas pass, and one with a single defect fails exactly where it should."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from contracts.codes import Role
from simulators.certify.insured.table import CASES as INSURED_CASES
from simulators.certify.report import as_html, as_json
from simulators.certify.run import Certificate
from simulators.certify.treatment.table import CASES as TREATMENT_CASES
from simulators.running.parts import Parts
from simulators.stack.processes import free_ports
from simulators.stack.servers import Servers
from tests.support import defects
from tests.support.certified import INSURED as INSURED_AREA
from tests.support.certified import (
    SOON,
    Defect,
    certified_insured,
    certified_treatment,
    clerk_of,
    insured_engine,
    offices_file,
    on_kafka,
    treatment_engine,
    url_of,
)
from tests.support.certified import TREATMENT as TREATMENT_AREA
from tests.support.databases import Databases

CERTIFIED_WITHIN_S = 150.0
SAID_AT_THE_START = {"area_terms_published", "directory_published", "institutions_published"}
"""Before any case: these are looked for among what the topics held."""
SIGNED_BY_NOBODY = {306, 307, 308, 309, 310}


@dataclass(frozen=True, slots=True)
class Flawed:
    """A defect, the families of cases that it is tried with, and the cases that find it."""

    name: str
    defect: Defect
    families: tuple[str, ...]
    fails: frozenset[str]


INSURED = (
    Flawed(
        "answers a duplicate anew",
        defects.ANSWERS_DUPLICATES_ANEW,
        ("I-2", "I-3"),
        frozenset({"I-210", "I-301"}),
    ),
    Flawed("ignores the end of a key", defects.IGNORES_EXPIRY, ("I-3",), frozenset({"I-307"})),
    Flawed(
        "checks no signature",
        defects.BELIEVES_ANYBODY,
        ("I-3",),
        frozenset(f"I-{n}" for n in SIGNED_BY_NOBODY),
    ),
    Flawed(
        "rounds a share to yuan", defects.ROUNDS_A_SHARE, ("I-1",), frozenset({"I-105", "I-108"})
    ),
    Flawed("forgets tombstones", defects.FORGETS_TOMBSTONES, ("I-2",), frozenset({"I-203"})),
    Flawed("pre-flight says yes", defects.ALWAYS_WILL_SETTLE, ("I-4",), frozenset({"I-405"})),
    Flawed("tells names in clear", defects.TELLS_NAMES_IN_CLEAR, ("I-4",), frozenset({"I-401"})),
    Flawed("repairs others' books", defects.REPAIRS_FOR_OTHERS, ("I-5",), frozenset({"I-508"})),
    Flawed(
        "subtracts the count",
        defects.SUBTRACTS_THE_COUNT,
        ("I-5",),
        frozenset({"I-501", "I-505", "I-507", "I-508", "I-509", "I-511", "I-512"}),
    ),
    Flawed(
        "pays for any disease",
        defects.PAYS_FOR_ANY_DISEASE,
        ("I-6",),
        frozenset({"I-606", "I-608"}),
    ),
    Flawed(
        "knows no limit of a disease",
        defects.KNOWS_NO_LIMIT_OF_A_DISEASE,
        ("I-6",),
        frozenset({"I-602", "I-603"}),
    ),
    Flawed(
        "counts a chronic visit as a stay",
        defects.TAKES_CHRONIC_FOR_A_STAY,
        ("I-6",),
        frozenset({"I-602", "I-604", "I-606", "I-607", "I-608"}),
    ),
    Flawed(
        "decides for the clerk",
        defects.DECIDES_FOR_THE_CLERK,
        ("I-7",),
        frozenset(f"I-{n}" for n in range(701, 707)),
    ),
    Flawed(
        "forgets where a registration stands",
        defects.FORGETS_STANDINGS,
        ("I-7",),
        frozenset({"I-704", "I-705", "I-706"}),
    ),
    Flawed(
        "tells a slice as it did before",
        defects.TELLS_SLICES_AS_BEFORE,
        ("I-5",),
        frozenset({"I-511"}),
    ),
    Flawed(
        "counts the end of a slice in", defects.COUNTS_THE_END_IN, ("I-5",), frozenset({"I-510"})
    ),
    Flawed(
        "keeps whole seconds",
        defects.KEEPS_WHOLE_SECONDS,
        ("I-5",),
        frozenset({"I-504", "I-510", "I-511", "I-512"}),
    ),
)
TREATMENT = (
    Flawed(
        "checks no signature",
        defects.BELIEVES_ANYBODY,
        ("T-3",),
        frozenset({f"T-{n}" for n in (308, 309, 310, 311, 312)}),
    ),
    Flawed("knows no message again", defects.KNOWS_NO_ID_AGAIN, ("T-3",), frozenset({"T-302"})),
    Flawed(
        "makes bills add up", defects.MAKES_BILLS_ADD_UP, ("T-3",), frozenset({"T-304", "T-305"})
    ),
    Flawed("undoes what is kept", defects.UNDOES_WHAT_IS_KEPT, ("T-6",), frozenset({"T-604"})),
    Flawed(
        "takes every filing for active",
        defects.TAKES_EVERY_FILING_FOR_ACTIVE,
        ("T-7",),
        frozenset({"T-701", "T-702"}),
    ),
    Flawed("knows everybody", defects.KNOWS_EVERYBODY, ("T-7",), frozenset({"T-706"})),
    Flawed(
        "tells a slice as it did before",
        defects.TELLS_SLICES_AS_BEFORE,
        ("T-5",),
        frozenset({"T-511"}),
    ),
)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SOON.items():
        monkeypatch.setenv(name, value)


def told(found: Certificate) -> dict[str, str]:
    return {one.case.id: one.why for one in found.failed}


def undriven(found: Certificate) -> dict[str, set[str]]:
    """Of each case the kinds that it claims to drive, and that did not go over the wire in it."""
    seen = {
        one.case.id: {exchange.kind for exchange in one.exchanges} | SAID_AT_THE_START
        for one in found.outcomes
    }
    lacking = {one.case.id: set(one.case.drives) - seen[one.case.id] for one in found.outcomes}
    return {id_: kinds for id_, kinds in lacking.items() if kinds}


def test_our_insured_area_is_certified(databases: Databases, tmp_path: Path) -> None:
    found = certified_insured(databases, tmp_path)
    assert told(found) == {}
    assert found.is_given
    assert undriven(found) == {}


@pytest.mark.parametrize("flawed", INSURED, ids=lambda flawed: flawed.name)
def test_a_faulty_insured_area_fails_exactly_where_it_should(
    databases: Databases, tmp_path: Path, flawed: Flawed
) -> None:
    found = certified_insured(databases, tmp_path, flawed.defect, flawed.families)
    assert told(found).keys() == flawed.fails, told(found)


@pytest.mark.usefixtures("soon")
def test_our_treatment_area_is_certified(
    stack: Servers, databases: Databases, tmp_path: Path
) -> None:
    found = certified_treatment(stack, databases, tmp_path)
    assert told(found) == {}
    assert found.is_given
    assert undriven(found) == {}


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("flawed", TREATMENT, ids=lambda flawed: flawed.name)
def test_a_faulty_treatment_area_fails_exactly_where_it_should(
    stack: Servers, databases: Databases, tmp_path: Path, flawed: Flawed
) -> None:
    found = certified_treatment(stack, databases, tmp_path, flawed.defect, flawed.families)
    assert told(found).keys() == flawed.fails, told(found)


def test_a_report_shows_what_failed_and_nobodys_identity(
    databases: Databases, tmp_path: Path
) -> None:
    found = certified_insured(databases, tmp_path, defects.FORGETS_TOMBSTONES, ("I-203", "I-401"))
    page, document = as_html(found), json.loads(as_json(found))
    assert "未通过" in page
    assert "I-203" in page
    assert "已先行释放的结算不应再给予待遇" in page
    assert [case["passed"] for case in document["cases"]] == [True, False]
    assert not document["certified"]
    assert "k1:" not in page + as_json(found), "a sealed identity is shown"


@pytest.mark.kafka
def test_the_command_certifies_our_insured_area_over_kafka(
    kafka_bootstrap: str, databases: Databases, tmp_path: Path
) -> None:
    engine = insured_engine(databases, tmp_path)
    with on_kafka(kafka_bootstrap, Role.INSURED, INSURED_AREA, tmp_path) as parts:
        parts.start(
            "work",
            ["insured", "work", "--area", INSURED_AREA],
            YIDI_INSURED_DATABASE_URL=url_of(engine),
        )
        (port,) = free_ports(1)
        desk = f"http://127.0.0.1:{port}"
        parts.start(
            "desk",
            ["insured", "api", "--area", INSURED_AREA],
            YIDI_INSURED_DATABASE_URL=url_of(engine),
            YIDI_INSURED_API_PORT=str(port),
        )
        parts.wait_until_healthy("desk", f"{desk}/health")
        asked = ["insured", "--area", INSURED_AREA, "--desk", desk, "--token", clerk_of(engine)]
        found = certified_by_command(parts, asked, tmp_path)
    assert found["certified"]
    assert found["passed"] == len(INSURED_CASES)


@pytest.mark.kafka
@pytest.mark.usefixtures("soon")
def test_the_command_certifies_our_treatment_area_over_kafka(
    kafka_bootstrap: str, databases: Databases, tmp_path: Path
) -> None:
    url, (port,) = url_of(treatment_engine(databases)), free_ports(1)
    gateway = f"http://127.0.0.1:{port}"
    with on_kafka(kafka_bootstrap, Role.TREATMENT, TREATMENT_AREA, tmp_path) as parts:
        own = {
            "YIDI_TREATMENT_DATABASE_URL": url,
            "YIDI_TREATMENT_DIRECTORY": str(offices_file(tmp_path)),
        }
        parts.start("work", ["treatment", "work", "--area", TREATMENT_AREA], **own)
        served = ["gateway", "serve", "--area", TREATMENT_AREA, "--port", str(port)]
        parts.start("gateway", served, **own)
        parts.wait_until_healthy("gateway", f"{gateway}/health")
        asked = ["treatment", "--area", TREATMENT_AREA, "--gateway", gateway]
        found = certified_by_command(parts, asked, tmp_path)
    assert found["certified"]
    assert found["passed"] == len(TREATMENT_CASES)


def certified_by_command(parts: Parts, asked: list[str], folder: Path) -> Any:
    """What `yidi certify` wrote beside its page; the command must have ended well."""
    page = folder / "report.html"
    patient = ["--within", "15", "--report", str(page), "--no-progress"]
    child = parts.start("certify", ["certify", *asked, *patient])
    assert child.wait(CERTIFIED_WITHIN_S) == 0, child.log_tail(40)
    assert "通过" in page.read_text("utf-8")
    return json.loads(page.with_suffix(".json").read_text("utf-8"))
