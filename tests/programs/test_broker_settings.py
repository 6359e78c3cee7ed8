"""How a program learns its Kafka user and its message keys, and what it says of wrong ones."""

import base64

import pytest

from contracts.clock import SystemClock
from contracts.programs.broker import KafkaPasswords, administering, connected
from contracts.programs.settings import NotSet, SettingWrong, read
from simulators.running.deployment import new_message_key

ADDRESS, ME = "broker:9092", "insured.340000"
SECRET = base64.b64encode(b"s" * 32).decode()
ENDED = f"{ME}/k1={SECRET}@2020-01-01..2021-01-01"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MESSAGE_KEYS", "KAFKA_SECURITY_PROTOCOL", "KAFKA_USER", "KAFKA_PASSWORD"):
        monkeypatch.delenv(f"YIDI_{name}", raising=False)


def test_a_participant_reaches_kafka_with_its_own_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YIDI_MESSAGE_KEYS", new_message_key(ME))
    transport = connected(ADDRESS, ME)
    assert transport.keys.can_sign_for(ME, SystemClock().now())
    assert transport.security == {"security_protocol": "PLAINTEXT"}


def test_sasl_and_tls_are_what_the_client_wants(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"SECURITY_PROTOCOL": "SASL_SSL", "USER": ME, "PASSWORD": "p" * 20}
    for name, value in given.items():
        monkeypatch.setenv(f"YIDI_KAFKA_{name}", value)
    assert administering(ADDRESS).security == {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": ME,
        "sasl_plain_password": "p" * 20,
        "ssl_check_hostname": True,
        "ssl_cafile": None,
    }


# fmt: off
WRONG = [
    # what is set                                        what is said
    ({},                                                 NotSet,       "YIDI_MESSAGE_KEYS"),
    ({"MESSAGE_KEYS": "k1=abc"},                         SettingWrong, "第 1 个密钥应写作"),
    ({"MESSAGE_KEYS": ENDED},                            SettingWrong, f"{ME} 没有当前有效的密钥"),
    ({"MESSAGE_KEYS": "own", "KAFKA_SECURITY_PROTOCOL": "none"},
                                                         SettingWrong, "KAFKA_SECURITY_PROTOCOL"),
    ({"MESSAGE_KEYS": "own", "KAFKA_SECURITY_PROTOCOL": "SASL_SSL"},
                                                         NotSet,       "YIDI_KAFKA_USER"),
    ({"MESSAGE_KEYS": "own", "KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_USER": "hub"},
                                                         NotSet,       "YIDI_KAFKA_PASSWORD"),
    ({"MESSAGE_KEYS": "own", "KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_CA_FILE": "/no/file"},
                                                         SettingWrong, "YIDI_KAFKA_CA_FILE"),
]
# fmt: on


@pytest.mark.parametrize(("given", "error", "sentence"), WRONG)
def test_what_is_missing_or_wrong_is_named_and_no_secret_is_shown(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], error: type[Exception], sentence: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"YIDI_{name}", new_message_key(ME) if value == "own" else value)
    with pytest.raises(error, match=sentence) as refusal:
        connected(ADDRESS, ME)
    assert SECRET not in str(refusal.value)


def test_a_short_password_is_refused_by_the_name_of_its_user(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("YIDI_KAFKA_PASSWORDS", f"hub={'p' * 16},{ME}=short")
    with pytest.raises(SettingWrong, match=f"短于 16 位：{ME}"):
        read(KafkaPasswords).by_user()
