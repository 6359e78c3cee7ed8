"""What the documents say is so: commands, tables, files, variables, libraries."""

import re
import tomllib
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from typer.main import get_command

from contracts.access import AccessRole
from contracts.codes import AreaCode
from contracts.topics import all_topics
from hub.api.app import ROUTERS
from hub.api.who_may import AGENCIES, WHO_MAY
from hub.domain import changing, submission
from hub.domain.advance import CHANGE
from hub.domain.case_states import CASE
from hub.domain.clearing import RUN
from hub.domain.reconciliation import WORDS
from hub.domain.registration import REGISTRATION
from hub.domain.repair import FITTING, KIND_ZH
from hub.domain.settlement import SETTLEMENT
from hub.store import tables as hub_tables
from participants.insured.store import tables as insured_tables
from participants.treatment.store import tables as treatment_tables
from simulators.certify.insured.table import CASES as INSURED
from simulators.certify.treatment.table import CASES as TREATMENT
from simulators.main import app
from simulators.simulation.plan import USUAL
from tests.system import proof_tables

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.zh-CN.md")
DOCUMENTS = (
    *READMES,
    "ARCHITECTURE.md",
    "DECISIONS.md",
    "docs/areas/insured.md",
    "docs/areas/treatment.md",
    "docs/benchmarks.md",
    "docs/clearing.md",
    "docs/hospitals.md",
    "docs/interfaces.md",
    "docs/policy-files.md",
    "docs/production.md",
    "docs/proof.md",
    "docs/quality.md",
    "docs/registrations.md",
)
PINS = ("requirements.txt", "requirements-bench.txt", "requirements-dev.txt")
ROOMS = ("contracts", "hub", "participants", "simulators")
COMMAND = re.compile(r"(?:`|^|exec [\w-]+ )yidi((?: [a-z-]+)+)", re.MULTILINE)
LINE = re.compile(r"(?:`|^|exec [\w-]+ )yidi( [a-z][^`\n]*)", re.MULTILINE)
OPTION = re.compile(r"(?<!\S)--[a-z][a-z-]*")
FILE = re.compile(r"`((?:contracts|hub|participants|simulators|tests|deploy|docs)/[\w./*-]+)`")
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
# How docs/interfaces.md names the roles of the hub's API.
ROLES = {
    "agencies": AGENCIES,
    "person": {AccessRole.PERSON},
    "operator": {AccessRole.OPERATOR},
    "watcher": {AccessRole.WATCHER},
    "person channel": {AccessRole.PERSON_CHANNEL},
    "treatment agency": {AccessRole.TREATMENT_AGENCY},
}
RECORD = re.compile(r"^## (\d+)\. ", re.MULTILINE)


def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def cases(pattern: re.Pattern[str]) -> list[Any]:
    """What a pattern finds in each document, each thing once a document."""
    return [
        pytest.param(found, id=f"{name}: {found}")
        for name in DOCUMENTS
        for found in sorted({words.strip() for words in pattern.findall(text_of(name))})
    ]


def code() -> str:
    files = [file for room in ROOMS for file in (ROOT / room).rglob("*.py")]
    return "\n".join(file.read_text("utf-8") for file in files)


@pytest.mark.parametrize("words", cases(COMMAND))
def test_every_command_that_is_written_down_exists(words: str) -> None:
    """A word that is no command ends the search: it is an argument."""
    command: Any = get_command(app)
    for word in words.split():
        known = getattr(command, "commands", None)
        if known is None:
            return
        assert word in known, f"yidi {words}"
        command = known[word]


@pytest.mark.parametrize("line", cases(LINE))
def test_every_option_of_a_command_that_is_written_down_exists(line: str) -> None:
    command: Any = get_command(app)
    for word in line.split():
        if word not in getattr(command, "commands", {}):
            break
        command = command.commands[word]
    known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
    assert {*OPTION.findall(line)} <= known | {"--help"}, f"yidi {line}"


@pytest.mark.parametrize("name", cases(FILE))
def test_every_file_that_is_named_is_there(name: str) -> None:
    assert list(ROOT.glob(name.rstrip("/"))), name


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere(name: str) -> None:
    for link in LINK.findall(text_of(name)):
        assert ((ROOT / name).parent / link).exists(), link


def test_the_states_are_those_of_the_code() -> None:
    for table in (SETTLEMENT, REGISTRATION):
        assert table.as_markdown() in text_of("ARCHITECTURE.md"), table.name
    assert REGISTRATION.as_markdown() in text_of("docs/registrations.md")
    for states in (RUN.as_markdown(), CHANGE.as_markdown(), CASE.as_markdown()):
        assert states in text_of("docs/clearing.md"), states


def test_the_repair_of_each_class_of_break_is_that_of_the_code() -> None:
    def row(name: str, zh: str, cause: str, kinds: list[str]) -> str:
        return f"| `{name}` | {zh} | {cause} | {kinds[0]} | {'、'.join(kinds[1:]) or '—'} |"

    rows = [
        row(kind.value, *WORDS[kind], [KIND_ZH[repair] for repair in FITTING[kind]])
        for kind in WORDS
    ]
    assert "\n".join(rows) in text_of("docs/clearing.md")


def test_what_refuses_a_registration_or_a_change_is_told_in_its_order() -> None:
    codes = [rule.code for rule in submission.RULES] + [code for code, _ in changing.RULES]
    told = re.findall(r"^\| (\d{4}) \| (.+?) \| ", text_of("docs/registrations.md"), re.MULTILINE)
    assert told == [(code.value, code.zh) for code in codes]


def test_every_route_of_the_hub_is_told_with_who_may_call_it() -> None:
    row = re.compile(r"^\| `([A-Z]+ /\S*)` \| (.+) \|$", re.MULTILINE)
    table = dict(row.findall(text_of("docs/interfaces.md")))
    routes = [route for router in ROUTERS for route in router.routes]
    for route in routes:
        assert isinstance(route, APIRoute)
        (method,) = route.methods or {"GET"}
        told = table.pop(f"{method} {route.path}").split(", ")
        may = WHO_MAY.get(route.name)
        assert may is None or {role for name in told for role in ROLES[name]} == may, route.path
    assert not table


def test_the_topics_are_those_of_the_code() -> None:
    def told(text: str) -> str:
        return text.replace("340000", "<area>")

    rows = [
        f"| `{told(t.name)}` | {t.key} | {told(t.written_by)} | {told(t.read_by)} |"
        f" {t.partitions} | {t.why} |"
        for t in all_topics([AreaCode("340000")]).values()
    ]
    assert "\n".join(rows) in text_of("ARCHITECTURE.md")


def test_the_truths_and_the_planted_faults_are_those_of_the_code() -> None:
    text = text_of("docs/proof.md")
    assert proof_tables.page(text) == text, "python -m tests.system.proof_tables writes them anew"


def test_what_goes_wrong_in_an_hour_of_simulation_is_that_of_the_code() -> None:
    row = re.compile(r"^\| `([a-z_]+)` \| .+ \| (\d+) \|$", re.MULTILINE)
    assert {name: int(count) for name, count in row.findall(text_of("docs/proof.md"))} == USUAL


@pytest.mark.parametrize("name", [*READMES, "docs/proof.md"])
def test_as_many_cases_of_certification_are_told_as_there_are(name: str) -> None:
    assert f" {len(INSURED) + len(TREATMENT)} " in text_of(name)


def test_every_table_of_the_databases_is_named() -> None:
    for module in (ROOT / "hub/store").glob("tables_*.py"):
        import_module(f"hub.store.{module.stem}")  # each declares its own in the metadata
    named = set(re.findall(r"\w+", text_of("ARCHITECTURE.md")))
    for store in (hub_tables, insured_tables, treatment_tables):
        assert store.metadata.tables.keys() <= named, store.metadata.tables.keys() - named


@pytest.mark.parametrize("name", READMES)
def test_every_variable_is_read_by_the_code(name: str) -> None:
    """As it stands there, or as the field of a settings class with its prefix."""
    known = code()
    for variable in sorted(set(re.findall(r"`(YIDI_[A-Z_]+)`", text_of(name)))):
        fields = {
            variable.removeprefix(prefix).lower()
            for prefix in ("YIDI_GATEWAY_", "YIDI_")
            if variable.startswith(prefix)
        }
        as_field = any(re.search(rf"^ +{field}: ", known, re.MULTILINE) for field in fields)
        assert as_field or f'"{variable}"' in known, variable


def test_both_readmes_name_the_same_commands_and_variables() -> None:
    english, chinese = (
        {*re.findall(r"`(YIDI_[A-Z_]+)`", text_of(name))} | set(COMMAND.findall(text_of(name)))
        for name in READMES
    )
    assert english == chinese


def test_make_has_every_target_that_is_named() -> None:
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    for name in DOCUMENTS:
        assert set(re.findall(r"`make ([a-z]+)", text_of(name))) <= targets, name


def test_decisions_are_numbered_and_complete() -> None:
    text = text_of("DECISIONS.md")
    assert [int(number) for number in RECORD.findall(text)] == list(
        range(1, len(RECORD.findall(text)) + 1)
    )
    for record in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        parts = re.findall(r"^\*\*(\w[\w ]*)\.\*\*", record, re.MULTILINE)
        assert parts == ["Context", "Decision", "Consequence", "Kept by"], record.splitlines()[0]


def test_every_library_of_ours_is_pinned_and_has_a_decision() -> None:
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    wanted = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    wanted += [line for line in text_of("requirements-tools.in").splitlines() if line[:1] != "#"]
    pins = "".join(map(text_of, PINS))
    decisions = text_of("DECISIONS.md").lower()
    for requirement in filter(None, wanted):
        name = re.split(r"[\[>=<]", requirement)[0]
        assert re.search(rf"^{name}==", pins, re.MULTILINE | re.IGNORECASE), name
        assert name.startswith("types-") or name.lower() in decisions, name


@pytest.mark.parametrize("name", DOCUMENTS)
def test_nothing_is_left_to_be_filled_in(name: str) -> None:
    assert not re.search(r"\b(TODO|TBD|FIXME|XXX|coming soon)\b|待补|待定", text_of(name))
