"""The commands for institutions' keys, and what the database holds them to."""

import re
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from typer.testing import CliRunner

from participants.gateway.main import app
from participants.gateway.security import sm2
from participants.gateway.security.minting import CLIENT_ID_CHARACTERS
from participants.treatment.domain.institution_key import KeyScheme
from tests.gateway.speakers import given
from tests.gateway.street import AREA, HOSPITAL, Street

SEALING = "k1=" + "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="  # what SEALER of the street holds


@pytest.fixture
def told(street: Street, monkeypatch: pytest.MonkeyPatch) -> Street:
    url = street.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("YIDI_TREATMENT_DATABASE_URL", url)
    monkeypatch.setenv("YIDI_SEALING_KEYS", SEALING)
    monkeypatch.setenv("YIDI_PERSON_TOKEN_KEY", "A" * 43 + "=")
    return street


def run(command: str, *options: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, [command, "--area", AREA, *options])
    return result.exit_code, result.output


def issued(scheme: str, *more: str, institution: str = HOSPITAL) -> tuple[int, str]:
    return run("issue-key", "--institution", institution, "--scheme", scheme, *more)


SHOWN = {
    "hmac": ["key_id", "secret", "valid_until"],
    "tif": ["key_id", "secret", "valid_until"],
    "oauth": ["key_id", "secret", "password", "valid_until"],
    "sm2": ["key_id", "our_public_key", "private_key", "public_key", "valid_until"],
}


@pytest.mark.parametrize(("scheme", "names"), SHOWN.items())
def test_a_key_is_shown_once_and_listed_without_its_secret(
    told: Street, scheme: str, names: list[str]
) -> None:
    code, said = issued(scheme)
    assert code == 0, said
    shown = dict(line.split(": ") for line in said.splitlines())
    assert list(shown) == names
    assert len(shown["key_id"]) == CLIENT_ID_CHARACTERS
    listed = run("list-keys")[1]
    assert f"{HOSPITAL} {scheme} {shown['key_id']}" in listed
    assert listed.rstrip().endswith("有效")
    for name in ("secret", "password", "private_key"):
        if name in shown:
            assert shown[name] not in listed + str(told.rows("SELECT * FROM institution_keys"))


def test_a_revoked_key_is_listed_as_such_and_cannot_be_revoked_twice(told: Street) -> None:
    key_id = re.search(r"key_id: (\w+)", issued("hmac")[1])
    assert key_id is not None
    options = ("--scheme", "hmac", "--key", key_id[1])
    assert run("revoke-key", *options) == (0, "已停用\n")
    assert run("list-keys", "--institution", HOSPITAL)[1].rstrip().endswith("已停用")
    assert run("revoke-key", *options) == (1, "没有这个密钥，或已停用\n")


def test_what_cannot_be_is_said_plainly(told: Street) -> None:
    assert issued("hmac", institution="H31010100099") == (1, "定点医药机构未登记：H31010100099\n")
    assert issued("sm2", "--public-key", "04") == (
        1, "SM2公钥有误：应为64字节（可带04前缀）或33字节压缩格式\n",
    )  # fmt: skip
    assert issued("hmac", "--public-key", "04")[0] == 2
    own = sm2.new_pair().public.hex()
    code, said = issued("sm2", "--public-key", own)
    assert code == 0
    assert "private_key" not in said
    assert issued("sm2")[0] == 0
    assert issued("sm2") == (1, "已有2个sm2密钥，请先用 revoke-key 停用一个\n")


def test_a_key_that_is_over_makes_room_for_the_next(told: Street) -> None:
    day = timedelta(days=1)
    for _ in range(2):
        given(told.engine, KeyScheme.TIF, since=-2 * day, lasting=day)
    given(told.engine, KeyScheme.TIF)
    given(told.engine, KeyScheme.TIF)
    assert told.rows("SELECT count(*) FROM institution_keys WHERE revoked_at IS NULL") == [(2,)]


@pytest.mark.parametrize(
    "change",
    [
        "slot = 3", "slot = 0", "scheme = 'md5'", "valid_until = valid_from",
        "public_key = NULL", "scheme = 'hmac'", "institution_code = 'nobody'", "slot = 1",
    ],
)  # fmt: skip
def test_the_database_holds_to_it(told: Street, change: str) -> None:
    keys = [given(told.engine, KeyScheme.SM2) for _ in range(2)]
    with pytest.raises(IntegrityError), told.engine.begin() as tx:
        statement = f"UPDATE institution_keys SET {change} WHERE key_id = %(key)s"  # noqa: S608
        tx.exec_driver_sql(statement, {"key": keys[1]["key_id"]})
