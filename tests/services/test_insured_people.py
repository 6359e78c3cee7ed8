"""People come from an agency's file: all of it or nothing, twice the same as once, sealed."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from contracts.sealing import Sealer
from participants.insured import main
from participants.insured.domain.cells import FileWrong
from participants.insured.domain.person_file import HEADER
from participants.insured.services import people
from participants.insured.services.people import Loaded
from participants.insured.store.db import migrate
from tests.support.databases import Databases
from tests.support.insured import (
    AREA,
    SEALER,
    TOKEN_KEY,
    InsuredArea,
    care,
    person,
    request,
    row,
)

GOOD = "01,32108119800101001X,张某1,1,1980-01-01,310,active,321081,2010-01-01,,0,1200.50"
OTHER = (
    "01,321081198001010020,李某,2,1980-01-01,390,resident_adult,321081,2010-01-01,2030-12-31,0,0"
)
REGISTER = """
    SELECT person_id, insurance_kind, person_type, division, in_force_until, account_balance_fen
    FROM insurances ORDER BY account_balance_fen DESC
"""


@pytest.fixture
def area(databases: Databases) -> InsuredArea:
    return InsuredArea(databases.fresh("insured", migrate))


def test_a_file_is_taken_over(area: InsuredArea, tmp_path: Path) -> None:
    assert _load(area, _file(tmp_path, GOOD, OTHER)) == Loaded(2, 2, 2)
    first, second = area.rows(REGISTER)
    assert first == (person(1), "310", "active", "321081", None, 1_200_50)
    assert second[1:] == ("390", "resident_adult", "321081", date(2030, 12, 31), 0)


def test_nothing_of_an_identity_is_readable_in_the_database(
    area: InsuredArea, tmp_path: Path
) -> None:
    _load(area, _file(tmp_path, GOOD))
    stored = str(area.rows("SELECT * FROM people JOIN insurances USING (person_id)"))
    assert "张某1" not in stored
    assert "32108119800101001X" not in stored


def test_the_same_file_twice_changes_nothing(area: InsuredArea, tmp_path: Path) -> None:
    path = _file(tmp_path, GOOD, OTHER)
    _load(area, path)
    before = area.rows("SELECT p.*, p.xmin::text, i.*, i.xmin::text FROM people p, insurances i")
    assert _load(area, path) == Loaded(0, 0, 2)
    after = area.rows("SELECT p.*, p.xmin::text, i.*, i.xmin::text FROM people p, insurances i")
    assert sorted(map(str, after)) == sorted(map(str, before))


def test_the_file_does_not_give_back_what_the_account_has_paid(
    area: InsuredArea, tmp_path: Path
) -> None:
    path = _file(tmp_path, GOOD)
    _load(area, path)
    area.hear(request(1, care(use_account=True)))
    assert _load(area, path) == Loaded(0, 0, 1)
    assert area.rows("SELECT account_balance_fen FROM insurances") == [(0,)]


def test_what_changed_about_a_person_is_taken_over(area: InsuredArea) -> None:
    known = row(account_balance_fen=5_00)
    area.insure(known)
    renamed = replace(known, name="张新名", in_force_until=date(2026, 12, 31))
    with area.engine.begin() as tx:
        assert people.load(tx, [renamed], SEALER, TOKEN_KEY) == Loaded(1, 1, 1)
    assert area.rows(REGISTER)[0][4:] == (date(2026, 12, 31), 5_00)
    ((sealed,),) = area.rows("SELECT sealed_identity FROM people")
    assert "张新名" in SEALER.open(sealed)


def test_a_person_may_be_insured_in_two_kinds(area: InsuredArea, tmp_path: Path) -> None:
    resident = GOOD.replace("310,active", "390,resident_adult")
    assert _load(area, _file(tmp_path, GOOD, resident)) == Loaded(1, 2, 2)


def test_a_new_sealing_key_reads_what_the_old_one_sealed(area: InsuredArea, tmp_path: Path) -> None:
    path = _file(tmp_path, GOOD)
    _load(area, path)
    newer = Sealer({"k2": bytes(31) + b"1", **SEALER.keys}, "k2")
    with area.engine.begin() as tx:
        assert people.load(tx, people.read(AREA, path), newer, TOKEN_KEY) == Loaded(0, 0, 1)


WRONG_LINES = [
    ("01,32108119800101001X", "应有 12 列"),
    (GOOD.replace("310,active", "310,resident_adult"), "人员类别与险种不符"),
    (GOOD.replace("310,active", "510,active"), "险种"),
    (GOOD.replace("321081,2010", "310101,2010"), "不属于本参保地"),
    (GOOD.replace("321081,2010", "32108,2010"), "六位"),
    (GOOD.replace("1980-01-01", "1980-13-01"), "出生日期"),
    (GOOD.replace("1980-01-01", "19800101"), "出生日期"),
    (GOOD.replace("1980-01-01", "1980-01-02"), "十八位"),
    (GOOD.replace("1001X", "1001"), "十八位"),
    (GOOD.replace(",1,1980", ",m,1980"), "性别"),
    (GOOD.replace("1200.50", "1200.505"), "余额"),
    (GOOD.replace("1200.50", "-1"), "余额"),
    (GOOD.replace("1200.50", "1e3"), "余额"),
    (GOOD.replace("2010-01-01,,", "2010-01-01,2009-12-31,"), "早于"),
    (GOOD.replace(",0,1200", ",maybe,1200"), "公务员"),
    (GOOD.replace("张某1", ""), "姓名"),
    (GOOD.replace("张某1", "张\x00某"), "姓名"),
    (GOOD.replace("张某1", "张" * 51), "姓名"),
    (GOOD.replace("01,321", "A,321", 1), "证件类型"),
    (GOOD.replace("张某1", "张某2"), "与第 2 行证件相同"),
    (GOOD, "重复"),
]


@pytest.mark.parametrize(("line", "reason"), WRONG_LINES, ids=[r for _, r in WRONG_LINES])
def test_one_wrong_line_refuses_the_whole_file(
    area: InsuredArea, tmp_path: Path, line: str, reason: str
) -> None:
    with pytest.raises(FileWrong) as refused:
        _load(area, _file(tmp_path, GOOD, OTHER, line))
    assert [fault.line for fault in refused.value.faults] == [4] * len(refused.value.faults)
    assert reason in refused.value.faults[0].reason
    assert "32108119800101" not in str(refused.value.faults)
    assert area.counts()["people"] == 0


def test_every_wrong_line_is_named(tmp_path: Path) -> None:
    path = _file(tmp_path, "x", GOOD, "y", OTHER, "z")
    with pytest.raises(FileWrong) as refused:
        people.read(AREA, path)
    assert [fault.line for fault in refused.value.faults] == [2, 4, 6]


WRONG_FILES = [
    (b"", "表头"),
    (b"a,b,c\n", "表头"),
    (",".join((*HEADER, "extra")).encode(), "表头"),
    ((",".join(HEADER) + "\n" + GOOD).encode("gb18030"), "UTF-8"),
    ((",".join(HEADER) + '\n"never closed').encode(), "CSV"),
]


@pytest.mark.parametrize(("content", "reason"), WRONG_FILES, ids=[r for _, r in WRONG_FILES])
def test_what_is_no_such_file_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(content)
    with pytest.raises(FileWrong) as refused:
        people.read(AREA, path)
    assert reason in refused.value.faults[0].reason


def test_a_file_from_a_spreadsheet_is_read(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    text = "\r\n".join([",".join(reversed(HEADER)), ",".join(reversed(GOOD.split(",")))])
    path.write_text(text + "\r\n\r\n", encoding="utf-8-sig")
    (found,) = people.read(AREA, path)
    assert found == row(account_balance_fen=1_200_50)


def test_the_command_says_what_is_wrong_and_with_which_line(
    area: InsuredArea, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _environment(area, monkeypatch)
    path = _file(tmp_path, GOOD, "x")
    refused = _command("load-people", "--area", AREA, str(path))
    assert (refused.exit_code, "第 3 行" in refused.output) == (1, True)
    assert area.counts()["people"] == 0
    done = _command("load-people", "--area", AREA, str(_file(tmp_path, GOOD)))
    assert (done.exit_code, "人员 1" in done.output) == (0, True)


def test_recognitions_are_loaded_by_a_command(
    area: InsuredArea, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _environment(area, monkeypatch)
    header = "certificate_kind,certificate_number,insurance_kind,disease_code,valid_from,valid_to"
    path = tmp_path / "recognitions.csv"
    path.write_text(f"{header}\n01,32108119800101001X,310,M01600,2020-01-01,\n", "utf-8")
    stranger = _command("load-eligibilities", "--area", AREA, str(path))
    assert (stranger.exit_code, "第 2 行" in stranger.output) == (1, True)
    assert _command("load-people", "--area", AREA, str(_file(tmp_path, GOOD))).exit_code == 0
    done = _command("load-eligibilities", "--area", AREA, str(path))
    assert (done.exit_code, "资格 1" in done.output) == (0, True)


def test_publishing_needs_a_broker(area: InsuredArea, monkeypatch: pytest.MonkeyPatch) -> None:
    _environment(area, monkeypatch)
    monkeypatch.delenv("YIDI_KAFKA", raising=False)
    refused = _command("publish", "--area", AREA)
    assert (refused.exit_code, "YIDI_KAFKA" in refused.output) == (1, True)
    assert area.rows("SELECT count(*) FROM publications") == [(2,)], "by the worker, at its start"


def test_the_command_needs_its_keys(
    area: InsuredArea, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _environment(area, monkeypatch)
    monkeypatch.delenv("YIDI_SEALING_KEYS")
    refused = _command("load-people", "--area", AREA, str(_file(tmp_path, GOOD)))
    assert (refused.exit_code, "YIDI_SEALING_KEYS" in refused.output) == (1, True)


def test_the_command_issues_a_token_once_and_keeps_its_digest(
    area: InsuredArea, monkeypatch: pytest.MonkeyPatch
) -> None:
    _environment(area, monkeypatch)
    said = _command("token", "--area", AREA, "--subject", "王芳")
    assert said.exit_code == 0
    found = area.rows("SELECT subject, role, area FROM access_tokens")
    assert found == [("王芳", "insured_agency", AREA)]
    assert said.output.strip() not in str(area.rows("SELECT * FROM access_tokens"))


def test_the_command_migrates_an_area(area: InsuredArea, monkeypatch: pytest.MonkeyPatch) -> None:
    _environment(area, monkeypatch)
    assert _command("migrate", "--area", AREA).exit_code == 0
    assert _command("migrate", "--area", "990000").exit_code == 2
    monkeypatch.delenv("YIDI_INSURED_DATABASE_URL")
    refused = _command("migrate", "--area", AREA)
    assert (refused.exit_code, "YIDI_INSURED_DATABASE_URL" in refused.output) == (1, True)


def _environment(area: InsuredArea, monkeypatch: pytest.MonkeyPatch) -> None:
    url = area.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("YIDI_INSURED_DATABASE_URL", url)
    monkeypatch.setenv("YIDI_SEALING_KEYS", f"k1={'A' * 43}=")
    monkeypatch.setenv("YIDI_PERSON_TOKEN_KEY", "A" * 43 + "=")


def _command(*arguments: str) -> Result:
    return CliRunner().invoke(main.app, list(arguments))


def _load(area: InsuredArea, path: Path) -> Loaded:
    with area.engine.begin() as tx:
        return people.load(tx, people.read(AREA, path), SEALER, TOKEN_KEY)


def _file(folder: Path, *lines: str) -> Path:
    path = folder / "people.csv"
    path.write_text("\n".join([",".join(HEADER), *lines]) + "\n", encoding="utf-8")
    return path
