"""Who may call: tokens where they are wanted, and loopback only where they are not."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from contracts import access
from contracts.access import AccessRole, Principal
from contracts.clock import SystemClock
from contracts.codes import AreaCode
from contracts.refusal import RefusalCode
from participants.gateway import main
from tests.gateway.cases import outpatient_bill, own_visit, split
from tests.gateway.street import AREA, HOSPITAL, Street, envelope, opened
from tests.support.databases import Databases

KEY = "A" * 43 + "="


@pytest.fixture
def guarded(databases: Databases) -> Iterator[Street]:
    with opened(databases, bearer_required=True, token_kept_for=timedelta(0)) as street:
        yield street


def token(street: Street, principal: Principal, valid_for: timedelta = timedelta(days=1)) -> str:
    with street.engine.begin() as tx:
        return access.issue(tx, principal, valid_for=valid_for, now=SystemClock().now())


def code_of(street: Street, authorization: str | None) -> str:
    node = outpatient_bill(own_visit(), 1900, **split(0, 0, 0, 1900))
    headers = {} if authorization is None else {"authorization": authorization}
    reply = json.loads(street.post(json.dumps(envelope("2206", node)), **headers).text)
    return str(reply["err_msg"])[1:5]


def test_a_hospital_gets_in_with_its_own_token_only(guarded: Street) -> None:
    own = token(guarded, Principal(HOSPITAL, AccessRole.INSTITUTION, AREA))
    cases = (
        (None, "NOT_AUTHENTICATED"),
        ("", "NOT_AUTHENTICATED"),
        (own, "NOT_AUTHENTICATED"),
        ("Bearer", "NOT_AUTHENTICATED"),
        ("Bearer nonsense", "NOT_AUTHENTICATED"),
        (f"Basic {own}", "NOT_AUTHENTICATED"),
        (
            "Bearer " + token(guarded, Principal("H31010100002", AccessRole.INSTITUTION, AREA)),
            "NOT_ALLOWED",
        ),
        (
            "Bearer " + token(guarded, Principal(HOSPITAL, AccessRole.WATCHER, AREA)),
            "NOT_ALLOWED",
        ),
        (
            "Bearer "
            + token(guarded, Principal(HOSPITAL, AccessRole.INSTITUTION, AreaCode("110000"))),
            "NOT_ALLOWED",
        ),
        (
            "Bearer "
            + token(
                guarded, Principal(HOSPITAL, AccessRole.INSTITUTION, AREA), timedelta(seconds=-1)
            ),
            "NOT_AUTHENTICATED",
        ),
    )
    for header, code in cases:
        assert code_of(guarded, header) == RefusalCode[code].value, header
    assert guarded.counts()[4] == 0
    assert code_of(guarded, f"Bearer {own}") == ""
    with guarded.engine.begin() as tx:
        access.revoke(tx, HOSPITAL, SystemClock().now())
    assert code_of(guarded, f"Bearer {own}") == RefusalCode.NOT_AUTHENTICATED.value


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::", "gateway.example"])  # noqa: S104
def test_without_tokens_it_does_not_listen_beyond_loopback(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("YIDI_GATEWAY_BEARER_REQUIRED", raising=False)
    result = CliRunner().invoke(main.app, ["serve", "--area", "310000", "--host", host])
    assert result.exit_code == 1
    assert "YIDI_GATEWAY_BEARER_REQUIRED" in result.output


@pytest.mark.parametrize(
    ("host", "inside"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False)],  # noqa: S104
)
def test_loopback_is_known(host: str, inside: bool) -> None:
    assert main.is_loopback(host) is inside


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "未设置环境变量 YIDI_SEALING_KEYS、YIDI_PERSON_TOKEN_KEY"),
        (
            {"YIDI_SEALING_KEYS": "", "YIDI_PERSON_TOKEN_KEY": KEY},
            "未设置环境变量 YIDI_SEALING_KEYS",
        ),
        (
            {"YIDI_SEALING_KEYS": "k1=c2hvcnQ=", "YIDI_PERSON_TOKEN_KEY": KEY},
            "环境变量有误：YIDI_SEALING_KEYS",
        ),
        (
            {"YIDI_SEALING_KEYS": f"k1={KEY}", "YIDI_PERSON_TOKEN_KEY": "c2hvcnQ="},
            "环境变量有误：YIDI_PERSON_TOKEN_KEY",
        ),
        ({"YIDI_GATEWAY_BATCH_MAX": "0"}, "环境变量有误：YIDI_GATEWAY_BATCH_MAX"),
        (
            {"YIDI_SEALING_KEYS": f"k1={KEY}", "YIDI_PERSON_TOKEN_KEY": KEY},
            "未设置环境变量 YIDI_KAFKA",
        ),
    ],
)
def test_what_it_needs_is_named_and_never_made_up(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], said: str
) -> None:
    for name in ("YIDI_SEALING_KEYS", "YIDI_PERSON_TOKEN_KEY", "YIDI_KAFKA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(main.app, ["serve", "--area", "310000"])
    assert (result.exit_code, result.stderr) == (1, f"{said}\n")


def test_a_token_for_a_hospital_is_given_by_a_command(
    guarded: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = guarded.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("YIDI_TREATMENT_DATABASE_URL", url)
    command = ["token", "--area", AREA, "--institution", HOSPITAL]
    given = CliRunner().invoke(main.app, command)
    assert code_of(guarded, f"Bearer {given.stdout.strip()}") == ""
