"""How programs end: one sentence for what an operator can mend, in Chinese, without a traceback."""

import signal
import threading

import psycopg2
import pytest
from kafka.errors import KafkaTimeoutError, TopicAuthorizationFailedError
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from contracts.delivery.broker import SendFailed
from contracts.delivery.engine import transaction
from contracts.delivery.processor import GaveUp, TooManyDeadLetters
from contracts.programs.ending import LoopDied, NotServing, close, said_plainly, told_to_stop
from contracts.programs.settings import NotSet, SettingWrong
from contracts.refusal import RefusalCode, Refused
from tests.support.databases import Databases

GONE = "password authentication failed for user"
SENTENCES = [
    (NotSet("YIDI_KAFKA"), "未设置环境变量 YIDI_KAFKA"),
    (SettingWrong("YIDI_KAFKA"), "环境变量有误：YIDI_KAFKA"),
    (Refused(RefusalCode.UNKNOWN_AREA, "990000"), "[3001] 医保区划不存在：990000"),
    (GaveUp("8 tries"), "数据库持续不可用，已停止：8 tries"),
    (TooManyDeadLetters("11 in a row"), "连续多条消息处理失败，已停止：11 in a row"),
    (LoopDied("hub.work", GaveUp("8 tries")), "数据库持续不可用，已停止：8 tries"),
    (LoopDied("hub.work", KeyError("张三")), "hub.work 无法继续，已停止，原因见日志"),
    (LoopDied("hub.jobs"), "hub.jobs 无法继续，已停止，原因见日志"),
    (NotServing("127.0.0.1:1"), "无法提供服务：127.0.0.1:1，原因见日志"),
    (SendFailed("topic"), "Kafka 未接收消息，可稍后重试"),
    (KafkaTimeoutError("h:1"), "Kafka 不可用（KafkaTimeoutError），请检查 YIDI_KAFKA"),
    (
        TopicAuthorizationFailedError("x"),
        "Kafka 不可用（TopicAuthorizationFailedError），请检查 YIDI_KAFKA",
    ),
    (PoolTimeout(), "数据库不可用：连接数已满"),
    (psycopg2.OperationalError(GONE), "数据库不可用：用户名或密码不对"),
    (OperationalError("", {}, psycopg2.OperationalError(GONE)), "数据库不可用：用户名或密码不对"),
    (psycopg2.OperationalError("s3cr3t"), "数据库不可用：OperationalError"),
]


def _said(error: Exception, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended, said_plainly():
        raise error
    assert ended.value.code == 1
    return capsys.readouterr().err


@pytest.mark.parametrize(("error", "sentence"), SENTENCES, ids=[s for _, s in SENTENCES])
def test_what_an_operator_can_mend_is_told_in_one_sentence(
    error: Exception, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _said(error, capsys) == f"{sentence}\n"


def test_a_database_that_is_not_there_is_told_apart_from_one_without_tables(
    databases: Databases, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = databases.fresh("empty", lambda _url: None)
    url = engine.url.render_as_string(hide_password=False)
    for statement, at, sentence in (
        ("SELECT * FROM settlements", url, "数据库结构不是最新，请先执行 migrate\n"),
        ("SELECT 1 / 0", url, "数据库出错（DivisionByZero 22012）\n"),
        (
            "SELECT 1",
            f"{url}".replace("/empty_", "/nowhere_"),
            "数据库不可用：没有这个数据库或用户\n",
        ),
        ("SELECT 1", "postgresql+psycopg2://u:s3cr3t@127.0.0.1:1/x", "数据库不可用：连接被拒绝\n"),
        ("SELECT 1", "postgresql+psycopg2://u:s3@cr3t@127.0.0.1:1/x", "数据库不可用：找不到主机\n"),
    ):
        with pytest.raises(SystemExit), said_plainly(), transaction(at, name="test") as tx:
            tx.execute(text(statement))
        assert capsys.readouterr().err == sentence


def test_a_programs_own_troubles_come_first(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), said_plainly([(ValueError, lambda _: "自己的")]):
        raise SettingWrong("YIDI_X")  # a ValueError too
    assert capsys.readouterr().err == "自己的\n"


def test_what_nobody_foresaw_is_a_fault_of_ours_and_stays_one() -> None:
    with pytest.raises(ZeroDivisionError), said_plainly():
        raise ZeroDivisionError


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_both_signals_only_say_stop(number: signal.Signals) -> None:
    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        stop = told_to_stop()
        signal.raise_signal(number)
        signal.raise_signal(number)
        assert stop.is_set()
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def test_closing_goes_on_when_one_end_fails() -> None:
    ended = threading.Event()

    def fail() -> None:
        raise ConnectionError

    close(fail, ended.set)
    assert ended.is_set()
