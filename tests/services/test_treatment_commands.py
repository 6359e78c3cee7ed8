"""The area's commands: migration, its list of institutions, and tokens."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from contracts import topics
from contracts.codes import VisitKind
from contracts.delivery import bulk
from participants.treatment.main import app
from participants.treatment.services import institutions
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
    "H1,某医院,310106,5,04,hospital": "line 2: level",
    "H1,某医院,310106,,04,hospital": "line 2: level",
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


OPENED = """
H31010600001,某社区卫生服务中心,310106,0,10,hospital,outpatient;chronic,2024-01-01,
H31010600002,省级医院,310106,4,1,hospital,,,2025-06-30
P31010600003,某药店,310106,1,,pharmacy,,,
"""


def test_a_list_may_say_what_an_institution_opens_and_when(engine: Engine, tmp_path: Path) -> None:
    header = f"{HEADER},opened,since,until"
    assert _load(tmp_path / "list.csv", OPENED, header=header)[0] == 0
    with engine.begin() as tx:
        found = institutions.of(tx, ["H31010600001", "H31010600002", "P31010600003"])
    community, provincial, pharmacy = (found[code] for code in sorted(found))
    out, stay, chronic = VisitKind.OUTPATIENT, VisitKind.INPATIENT, VisitKind.CHRONIC
    assert (community.level, community.opened) == (0, (out, chronic))
    assert (provincial.level, provincial.opened) == (4, (stay, out, chronic))
    assert pharmacy.opened == (VisitKind.PHARMACY,)
    assert not community.is_open(stay, date(2024, 5, 1))
    assert not community.is_open(out, date(2023, 12, 31))
    assert community.is_open(out, date(2024, 1, 1))
    assert provincial.is_open(stay, date(2025, 6, 30))
    assert not provincial.is_open(stay, date(2025, 7, 1))


BAD_OPENINGS = {
    "H1,某医院,310106,3,04,hospital,dental,,": "line 2: opened 'dental'",
    "H1,某医院,310106,3,04,hospital,,2024-13-01,": "line 2: since '2024-13-01'",
    "H1,某医院,310106,3,04,hospital,,,never": "line 2: until 'never'",
    "H1,某医院,310106,3,04,hospital,,2024-01-02,2024-01-01": "line 2: until is before since",
    "H1,某医院,310106,3,04,hospital,,": "line 2: expected 9 fields",
}


@pytest.mark.parametrize("rows", BAD_OPENINGS, ids=BAD_OPENINGS.values())
def test_a_wrong_opening_is_named(engine: Engine, tmp_path: Path, rows: str) -> None:
    header = f"{HEADER},opened,since,until"
    code, output = _load(tmp_path / "list.csv", rows, header=header)
    assert code == 1
    assert BAD_OPENINGS[rows] in output
    assert _names(engine) == {}


def _unsent(engine: Engine) -> list[str]:
    with engine.begin() as tx:
        return [row[0] for row in bulk.fetch(tx, "SELECT topic FROM outbox ORDER BY queued_at")]


def test_a_loaded_list_is_made_known_once_and_again_by_a_command(
    engine: Engine, tmp_path: Path
) -> None:
    for _ in range(2):
        assert _load(tmp_path / "list.csv", GOOD)[0] == 0
    assert _unsent(engine) == [topics.HUB_DIRECTORY]
    told = CliRunner().invoke(app, ["publish", "--area", "310000"])
    assert (told.exit_code, told.output) == (0, "待发公布 1 条\n")
    offices = tmp_path / "offices.toml"
    offices.write_text(OFFICES, encoding="utf-8")
    command = ["publish", "--area", "310000", "--directory", str(offices)]
    told = CliRunner().invoke(app, command)
    assert (told.exit_code, told.output) == (0, "待发公布 2 条\n")
    assert _unsent(engine) == [topics.HUB_DIRECTORY] * 4


OFFICES = """
[[agencies]]
division = "310106"
name = "静安区医疗保险事务中心"
phone = "021-00000000"
address = "某路1号"

[[pooling_areas]]
division = "310000"
name = "上海市"
opened = ["inpatient", "outpatient"]
since = 2017-01-01
"""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('"310106"', '"320100"'), "agencies 1: division 320100 is not in 310000"),
        (("phone", "fax"), "agencies 1: fax, phone"),
        (('"inpatient"', '"dental"'), "pooling_areas 1: opened"),
        (("[[agencies]]", "[[agencies"), "Expected"),
    ],
)
def test_a_wrong_file_of_offices_is_named_and_nothing_is_made_known(
    engine: Engine, tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    offices = tmp_path / "offices.toml"
    offices.write_text(OFFICES.replace(*change), encoding="utf-8")
    command = ["publish", "--area", "310000", "--directory", str(offices)]
    told = CliRunner().invoke(app, command)
    assert told.exit_code == 1
    assert said in told.output
    assert _unsent(engine) == []


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
