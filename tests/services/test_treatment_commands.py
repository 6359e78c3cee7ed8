"""The area's commands: migration, its list of institutions, and tokens."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from participants.treatment.main import app
from participants.treatment.store.db import migrate
from tests.support.databases import Databases

HEADER = "code,name,division,level,hosp_lv,kind"
GOOD = """
H31010600001,静安区某医院,310106,3,04,hospital
P31010600002,静安区某药店,310106,1,,pharmacy
"""


@pytest.fixture
def engine(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Engine:
    engine = databases.fresh("treatment", migrate)
    url = engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("YIDI_TREATMENT_DATABASE_URL", url)
    return engine


def _load(file: Path, rows: str, *, header: str = HEADER) -> tuple[int, str]:
    file.write_text(f"{header}\n{rows.strip()}\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["load-institutions", "--area", "310000", str(file)])
    return result.exit_code, result.output


def _names(engine: Engine) -> dict[str, str]:
    with engine.begin() as tx:
        rows = tx.execute(text("SELECT code, name FROM institutions")).all()
    return {row.code: row.name for row in rows}


def test_a_list_is_loaded_twice_and_corrected_by_loading_it_again(
    engine: Engine, tmp_path: Path
) -> None:
    for _ in range(2):
        assert _load(tmp_path / "list.csv", GOOD)[0] == 0
    assert _names(engine) == {"H31010600001": "静安区某医院", "P31010600002": "静安区某药店"}
    assert _load(tmp_path / "list.csv", GOOD.replace("某药店", "大药房"))[0] == 0
    assert _names(engine)["P31010600002"] == "静安区大药房"


BAD = {
    "H1,,310106,3,04,hospital": "line 2: name",
    "H1,某医院,320106,3,04,hospital": "line 2: division 320106",
    "H1,某医院,310106,4,04,hospital": "line 2: level",
    "H1,某医院,310106,3,04,clinic": "line 2: kind",
    "H1,某医院,310106,3,04,hospital\nH1,某医院,310106,3,04,hospital": "line 3: code H1",
    "H1,某医院,310106": "line 2: expected 6 fields",
    "H1,某医院,310106,3,04,hospital,7": "line 2: expected 6 fields",
}


@pytest.mark.parametrize("rows", BAD, ids=BAD.values())
def test_a_wrong_line_is_named_with_its_reason_and_nothing_is_loaded(
    engine: Engine, tmp_path: Path, rows: str
) -> None:
    code, output = _load(tmp_path / "list.csv", rows)
    assert code == 1
    assert BAD[rows] in output
    assert _names(engine) == {}


def test_a_list_with_other_columns_is_refused(engine: Engine, tmp_path: Path) -> None:
    code, output = _load(tmp_path / "list.csv", "H1,某医院", header="code,name")
    assert code == 1
    assert "line 1: the columns must be" in output


def test_an_area_gives_no_tokens_because_only_the_gateways_door_wants_any() -> None:
    assert CliRunner().invoke(app, ["token", "--area", "310000"]).exit_code == 2


def test_a_migration_may_be_run_again(engine: Engine) -> None:
    assert CliRunner().invoke(app, ["migrate", "--area", "310000"]).exit_code == 0


@pytest.mark.parametrize("area", ["310100", "990000", "x"])
def test_an_area_that_does_not_exist_is_refused(area: str) -> None:
    result = CliRunner().invoke(app, ["migrate", "--area", area])
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (None, "未设置环境变量 YIDI_TREATMENT_DATABASE_URL"),
        ("", "未设置环境变量 YIDI_TREATMENT_DATABASE_URL"),
        ("h/{area}", "环境变量有误：YIDI_TREATMENT_DATABASE_URL（应为 postgresql+psycopg2://…）"),
        ("postgresql+psycopg2://u:s3cr3t@127.0.0.1:1/t_{area}", "数据库不可用：连接被拒绝"),
    ],
)
def test_a_database_that_cannot_be_had_is_told_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str | None, said: str
) -> None:
    monkeypatch.delenv("YIDI_TREATMENT_DATABASE_URL", raising=False)
    if url is not None:
        monkeypatch.setenv("YIDI_TREATMENT_DATABASE_URL", url)
    migrating = CliRunner().invoke(app, ["migrate", "--area", "310000"])
    assert (migrating.exit_code, migrating.stderr) == (1, f"{said}\n")
    assert _load(tmp_path / "list.csv", GOOD) == (1, f"{said}\n")
