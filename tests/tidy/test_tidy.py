"""The house rules, kept in every module and text file of the repository; and they can fail."""

from pathlib import Path

import pytest

from tests.tidy.rules import ALL, BANS, faults_of_module, faults_of_text

ROOT = Path(__file__).resolve().parents[2]
# Folders that tools make, and files that are lists of other people's digests and numbers.
NOT_OURS = {"__pycache__", "build", "dist", "mutants"}
TEXTS = {
    *(".py", ".md", ".toml", ".txt", ".yml", ".yaml", ".json", ".csv", ".ini", ".cfg", ".sql"),
    *(".xml", ".properties", ".sh", ".mako", ".html", ".css", ".js"),
}
NAMED_TEXTS = {"Makefile", "Dockerfile", ".gitignore", ".dockerignore", "run"}


def tracked(folder: Path = ROOT) -> list[Path]:
    """Files that belong to the repository; hidden folders do not, except for the CI's."""
    found = []
    for path in sorted(folder.iterdir()):
        hidden = path.name.startswith(".") and path.name != ".ci"
        if path.is_dir() and not hidden and path.name not in NOT_OURS:
            found += [] if path.name.endswith(".egg-info") else tracked(path)
        elif path.is_file():
            found.append(path)
    return found


def called(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


FILES = tracked()
MODULES = [p for p in FILES if p.suffix == ".py" and called(p).split("/")[0] in (*ALL, "tests")]
TEXT_FILES = [p for p in FILES if p.suffix in TEXTS or p.name in NAMED_TEXTS]


@pytest.mark.parametrize("module", MODULES, ids=called)
def test_a_module_keeps_the_rules(module: Path) -> None:
    faults = faults_of_module(called(module), module.read_text("utf-8"))
    assert not faults, "\n".join([called(module), *faults])


@pytest.mark.parametrize("file", TEXT_FILES, ids=called)
def test_a_text_file_makes_sense_on_every_machine(file: Path) -> None:
    faults = faults_of_text(file.read_text("utf-8"))
    assert not faults, "\n".join([called(file), *faults])


def test_the_rules_look_at_every_room() -> None:
    assert {called(p).split("/")[0] for p in MODULES} == {*ALL, "tests"}


BAD = {
    ("hub/services/days.py", '"""Days."""\nnow = datetime.now(UTC)\n'): "2: datetime.now: take",
    ("hub/services/days.py", '"""Days."""\nnow = datetime.datetime.now()\n'): "2: datetime.dat",
    ("hub/domain/day.py", '"""Day."""\nday = date.today()\n'): "2: date.today: take the day",
    ("contracts/money.py", '"""Money."""\nyuan = float(text)\n'): "2: float: count fen in int",
    ("hub/domain/ledger.py", '"""Ledger."""\nfen = round(yuan * 100)\n'): "2: round: contracts",
    ("hub/domain/ledger.py", '"""Ledger."""\nRATE = 0.85\n'): "2: 0.85: no float in a domain",
    ("hub/store/days.py", '"""Days."""\ntx.commit()\n'): "2: tx.commit: the edge",
    ("hub/store/days.py", '"""Days."""\nwriting.tx.rollback()\n'): "2: writing.tx.rollback",
    ("hub/api/days.py", '"""Days."""\nprint(1)\n'): "2: print: logging",
    ("hub/api/days.py", '"""Days."""\nid = uuid4()\n'): "2: uuid4: contracts.ids",
    ("hub/services/utils.py", '"""Odds and ends."""\n'): "utils: name a module after",
    ("hub/services/day_helpers.py", '"""Odds and ends."""\n'): "day_helpers: name a module",
    ("hub/common/days.py", '"""Days."""\n'): "common: name a module",
    ("hub/services/days.py", "x = 1\n"): "1: open with one docstring",
    ("hub/services/days.py", '"""Days."""\n' + "x = 1\n" * 350): "351 lines: cut it",
    ("hub/domain/day.py", '"""Day."""\nclass State(StrEnum):\n    OPEN = "open"\n'): "3: OPEN",
}


@pytest.mark.parametrize(("bad", "fault"), BAD.items())
def test_a_broken_rule_is_found(bad: tuple[str, str], fault: str) -> None:
    (found,) = faults_of_module(*bad)
    assert found.startswith(fault)


GOOD = {
    "contracts/clock.py": '"""Clock."""\nnow = datetime.now(UTC)\n',
    "simulators/bench/report.py": '"""Report."""\nprint(round(1 / 3, 2))\n',
    "hub/services/__init__.py": "",
    "hub/domain/day.py": '"""Day."""\nclass State(StrEnum):\n    OPEN = "open"  # takes rows\n',
    "hub/store/database.py": '"""A base is no base: only whole words count."""\n',
}


@pytest.mark.parametrize(("path", "source"), GOOD.items())
def test_what_keeps_the_rules_passes(path: str, source: str) -> None:
    assert faults_of_module(path, source) == []


@pytest.mark.parametrize(
    "line",
    [
        "see /wo" + "rk/shared",
        "cd /ro" + "ot/x",
        "pip install --index-" + "url x",
        "artifac" + "tory",
    ],
)
def test_what_holds_on_one_machine_only_is_found(line: str) -> None:
    (found,) = faults_of_text(f"first\n{line}\n")
    assert found.startswith("2: a ")


def test_every_ban_says_what_to_do_instead() -> None:
    assert all(ban.instead for ban in BANS)
