"""The hub's commands, as an operator meets them."""

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from contracts import access
from contracts.access import AccessRole
from contracts.clock import shanghai_date_of
from contracts.delivery import bulk
from contracts.delivery.memory import MemoryLog
from contracts.programs.ending import close
from hub.main import app, served, worker
from hub.settings import Settings
from hub.store.db import migrate
from hub.store.verification import CHECKS
from tests.support.databases import Databases

DATABASE = "YIDI_HUB_DATABASE_URL"
OPERATOR = ["token", "--subject", "operator-1", "--role", "operator"]

AN_OLD_LETTER = """
    INSERT INTO dead_letters (topic, partition, "offset", value_sha256, key, value, fault, detail,
        buried_at) VALUES ('hub.settlements', 0, 0, sha256(''), '', '', 'bug', '', now())
"""


class At:
    def now(self) -> datetime:
        return datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    for name in (DATABASE, "YIDI_KAFKA"):
        monkeypatch.delenv(name, raising=False)
    return CliRunner()


@pytest.fixture
def engine(databases: Databases, monkeypatch: pytest.MonkeyPatch, runner: CliRunner) -> Engine:
    engine = databases.fresh("unmigrated_hub", lambda _url: None)
    monkeypatch.setenv(DATABASE, engine.url.render_as_string(hide_password=False))
    return engine


@pytest.mark.parametrize(
    "command", [["work"], ["jobs"], ["api"], ["migrate"], ["open"], ["verify"]]
)
def test_a_command_without_its_database_names_the_variable(
    runner: CliRunner, command: list[str]
) -> None:
    result = runner.invoke(app, command)
    assert (result.exit_code, result.stderr) == (1, f"未设置环境变量 {DATABASE}\n")


def test_a_setting_out_of_bounds_is_named(
    runner: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YIDI_SETTLE_WITHIN_MS", "0")
    result = runner.invoke(app, ["migrate"])
    assert (result.exit_code, result.stderr) == (1, "环境变量有误：YIDI_SETTLE_WITHIN_MS\n")


def test_a_hub_is_made_opened_and_given_a_token_by_commands(
    runner: CliRunner, engine: Engine
) -> None:
    for _ in range(2):  # Each of them may be run again.
        assert runner.invoke(app, ["migrate"]).exit_code == 0
        opened = runner.invoke(app, ["open", "--day", "2026-03-02"])
        assert opened.stdout == "已接入 32 个地区；当前结算日 2026-03-02\n"
    issued = runner.invoke(app, OPERATOR)
    now = datetime.now(UTC)
    with engine.begin() as tx:
        principal = access.principal_of(tx, issued.stdout.strip(), now)
    assert principal is not None
    assert (principal.subject, principal.role, principal.area) == (
        "operator-1",
        AccessRole.OPERATOR,
        None,
    )


def test_the_first_day_is_today_in_china_unless_told(runner: CliRunner, engine: Engine) -> None:
    runner.invoke(app, ["migrate"])
    before = shanghai_date_of(datetime.now(UTC))
    assert runner.invoke(app, ["open", "--area", "310000", "--area", "340000"]).exit_code == 0
    with engine.begin() as tx:
        ((opened,),) = bulk.fetch(tx, "SELECT business_date FROM business_days")
        assert bulk.fetch(tx, "SELECT count(*) FROM participants") == [(2,)]
    assert before <= opened <= shanghai_date_of(datetime.now(UTC))


def test_an_area_that_there_is_not_is_refused(runner: CliRunner, engine: Engine) -> None:
    runner.invoke(app, ["migrate"])
    result = runner.invoke(app, ["open", "--area", "990000"])
    assert (result.exit_code, result.stderr) == (1, "[3001] 医保区划不存在：990000\n")


@pytest.mark.parametrize("command", [["migrate"], ["open"], ["work"], ["jobs"], ["api"]])
def test_a_url_that_is_none_is_named_and_not_quoted(
    runner: CliRunner, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv(DATABASE, "postgres://hub:s3cr3t@h/hub")
    result = runner.invoke(app, command)
    assert result.exit_code == 1
    assert result.stderr == f"环境变量有误：{DATABASE}（应为 postgresql+psycopg2://…）\n"


@pytest.mark.parametrize("role", ["person", "institution"])
def test_tokens_of_persons_and_institutions_are_issued_elsewhere(
    runner: CliRunner, role: str
) -> None:
    result = runner.invoke(app, ["token", "--subject", "x", "--role", role])
    assert result.exit_code == 2


def test_verify_tells_each_promise_names_broken_rows_and_ends_with_one(
    runner: CliRunner, engine: Engine
) -> None:
    assert runner.invoke(app, ["migrate"]).exit_code == 0
    sound = runner.invoke(app, ["verify"])
    assert sound.exit_code == 0, sound.output
    assert "全部成立" in sound.stdout
    assert sound.stdout.count("通过") == len(CHECKS)
    with engine.begin() as tx:
        bulk.run(tx, AN_OLD_LETTER)
    broken = runner.invoke(app, ["verify"])
    assert broken.exit_code == 1
    assert "不成立  没有未处理的死信 (no_open_dead_letters)" in broken.stdout
    assert "topic=hub.settlements" in broken.stdout
    told = runner.invoke(app, ["verify", "--json"])
    assert told.exit_code == 1
    (finding,) = json.loads(told.stdout)["findings"]
    assert (finding["name"], finding["rows"][0]["fault"]) == ("no_open_dead_letters", "bug")


@pytest.mark.parametrize("command", [["migrate"], ["open"], OPERATOR])
def test_a_database_that_is_away_is_told_in_one_sentence(
    runner: CliRunner, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv(DATABASE, "postgresql+psycopg2://hub:s3cr3t@127.0.0.1:1/hub")
    result = runner.invoke(app, command)
    assert (result.exit_code, result.stderr) == (1, "数据库不可用：连接被拒绝\n")


def test_before_the_migration_an_operator_is_told_to_migrate(
    runner: CliRunner, engine: Engine
) -> None:
    result = runner.invoke(app, ["open"])
    assert (result.exit_code, result.stderr) == (1, "数据库结构不是最新，请先执行 migrate\n")


@pytest.mark.parametrize("value", ["", "nohost", "kafka:port"])
def test_topics_need_an_address_of_kafka(
    runner: CliRunner, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("YIDI_KAFKA", value)
    result = runner.invoke(app, ["topics"])
    assert (result.exit_code, "YIDI_KAFKA" in result.stderr) == (1, True)
    assert result.stderr.count("\n") == 1


def test_closing_goes_on_when_the_database_is_gone(databases: Databases) -> None:
    engine = databases.fresh("hub", migrate)
    processor = worker(engine, MemoryLog(), At(), Settings())
    databases.take_back()
    ended: list[str] = []
    close(processor.outbox.tend, lambda: ended.append("and the next"))
    assert ended == ["and the next"]


def test_the_application_has_an_outbox_that_is_tended_and_closed(databases: Databases) -> None:
    engine = databases.fresh("hub", migrate)
    with served(engine, MemoryLog(), At(), Settings()) as application:
        assert application.title
