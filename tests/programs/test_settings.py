"""Settings from the environment: what is missing or wrong is named, and a value never shown."""

import pytest
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from contracts.codes import AreaCode
from contracts.programs.settings import (
    NotSet,
    Secrets,
    SettingWrong,
    brokers,
    database_url,
    from_environment,
    person_key_of,
    read,
    sealer_of,
)

KEY = "A" * 43 + "="


class Oven(BaseSettings):
    model_config = from_environment("YIDI_OVEN_")

    degrees: int = Field(default=180, le=300)
    name: str
    code: SecretStr


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DEGREES", "NAME", "CODE"):
        monkeypatch.delenv(f"YIDI_OVEN_{name}", raising=False)


@pytest.mark.parametrize(
    ("variables", "error", "named"),
    [
        ({}, NotSet, "YIDI_OVEN_NAME、YIDI_OVEN_CODE"),
        ({"NAME": "", "CODE": ""}, NotSet, "YIDI_OVEN_NAME、YIDI_OVEN_CODE"),
        ({"NAME": "old"}, NotSet, "YIDI_OVEN_CODE"),
        ({"DEGREES": "400"}, SettingWrong, "YIDI_OVEN_DEGREES"),
        ({"NAME": "old", "CODE": "x", "DEGREES": "warm"}, SettingWrong, "YIDI_OVEN_DEGREES"),
    ],
)
def test_what_is_missing_or_wrong_is_named(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], error: type[Exception], named: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"YIDI_OVEN_{name}", value)
    with pytest.raises(error) as raised:
        read(Oven)
    assert str(raised.value) == named
    assert raised.value.__cause__ is None  # It would quote the values.


def test_an_empty_value_leaves_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"NAME": "old", "CODE": "x", "DEGREES": ""}.items():
        monkeypatch.setenv(f"YIDI_OVEN_{name}", value)
    assert read(Oven).degrees == 180


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg2://u:p@h/d",
        "postgresql+psycopg2://u:p@h:5432/d",
        "postgresql+psycopg2:///d?host=/x",
    ],
)
def test_a_url_on_postgresql_is_taken_as_it_is(url: str) -> None:
    assert database_url(SecretStr(url), "YIDI_X") == url


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "postgres://u:s3cr3t@h/d",
        "postgresql://u:s3cr3t@h/d",
        "mysql://u:s3cr3t@h/d",
        "postgresql+asyncpg://u:s3cr3t@h/d",
        "postgresql+psycopg2://u:s3cr3t@h:port/d",
        " ",
    ],
)
def test_what_is_no_such_url_is_refused_without_quoting_it(url: str) -> None:
    with pytest.raises(SettingWrong) as raised:
        database_url(SecretStr(url), "YIDI_X")
    assert str(raised.value) == "YIDI_X（应为 postgresql+psycopg2://…）"


def test_a_url_may_be_a_template_of_its_area() -> None:
    url = SecretStr("postgresql+psycopg2://h/insured_{area}")
    assert (
        database_url(url, "YIDI_X", AreaCode("340000")) == "postgresql+psycopg2://h/insured_340000"
    )
    with pytest.raises(NotSet, match="YIDI_X"):
        database_url(None, "YIDI_X")


@pytest.mark.parametrize(
    "text", ["h:9092", "h1:9092,h2:9093", "127.0.0.1:9092/run7", "k.x:1/a.b-c"]
)
def test_an_address_of_kafka_is_taken(text: str) -> None:
    assert brokers(text) == text


@pytest.mark.parametrize("text", ["h", "h:", "h:port", "h:1,", "kafka://h:1", "h:1/", "h:1 ", "/x"])
def test_what_is_no_address_of_kafka_is_refused(text: str) -> None:
    with pytest.raises(SettingWrong, match="YIDI_KAFKA"):
        brokers(text)


@pytest.mark.parametrize("text", ["short", "%%%", "c2hvcnQ=", "密钥"])
def test_a_person_key_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SettingWrong, match=r"^YIDI_PERSON_TOKEN_KEY$"):
        person_key_of(text)


@pytest.mark.parametrize("text", ["", "k1", "k1=%%%", "k1=c2hvcnQ=", f"={KEY}", f"k1={KEY},"])
def test_sealing_keys_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(SettingWrong, match=r"^YIDI_SEALING_KEYS$"):
        sealer_of(text)


def test_keys_are_read_and_never_made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YIDI_SEALING_KEYS", f"k1={KEY}")
    monkeypatch.setenv("YIDI_PERSON_TOKEN_KEY", KEY)
    secrets = read(Secrets)
    assert secrets.sealer().open(secrets.sealer().seal("王芳")) == "王芳"
    assert secrets.token_key() == bytes(32)
    assert KEY not in repr(secrets)
    monkeypatch.delenv("YIDI_SEALING_KEYS")
    with pytest.raises(NotSet, match=r"^YIDI_SEALING_KEYS$"):
        read(Secrets)
