"""How a program reaches Kafka: its user, its certificate authority, and its message keys."""

from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from contracts.clock import SystemClock
from contracts.delivery.transport import KafkaTransport
from contracts.programs.settings import NotSet, SettingWrong, from_environment, read
from contracts.signing import KeyRing, KeysWrong

PASSWORD_LENGTH_MIN = 16


class SecurityProtocol(StrEnum):
    """What is spoken with the brokers."""

    PLAINTEXT = "PLAINTEXT"  # one machine, nobody else on its loopback
    SSL = "SSL"  # TLS, and no user
    SASL_PLAINTEXT = "SASL_PLAINTEXT"  # a user, and no TLS
    SASL_SSL = "SASL_SSL"  # both: in production


class Mechanism(StrEnum):
    """How a user shows who it is."""

    SCRAM_SHA_512 = "SCRAM-SHA-512"  # the password itself never travels
    PLAIN = "PLAIN"  # the administrator of a new broker, which knows no SCRAM user yet


class KafkaSecurity(BaseSettings):
    """Read from YIDI_KAFKA_*; the defaults reach a broker that asks for nothing."""

    model_config = from_environment("YIDI_KAFKA_")

    security_protocol: SecurityProtocol = SecurityProtocol.PLAINTEXT
    sasl_mechanism: Mechanism = Mechanism.SCRAM_SHA_512
    user: str | None = Field(default=None, max_length=100)
    password: SecretStr | None = None
    ca_file: Path | None = None  # PEM; the system's authorities when not set

    def options(self) -> dict[str, Any]:
        """What kafka-python wants; NotSet, SettingWrong."""
        given: dict[str, Any] = {"security_protocol": self.security_protocol.value}
        if self.security_protocol.startswith("SASL_"):
            given |= self._sasl()
        if self.security_protocol.endswith("SSL"):
            given |= {"ssl_check_hostname": True, "ssl_cafile": self._ca_file()}
        return given

    def _sasl(self) -> dict[str, str]:
        if self.user is None:
            raise NotSet("YIDI_KAFKA_USER")
        if self.password is None:
            raise NotSet("YIDI_KAFKA_PASSWORD")
        return {
            "sasl_mechanism": self.sasl_mechanism.value,
            "sasl_plain_username": self.user,
            "sasl_plain_password": self.password.get_secret_value(),
        }

    def _ca_file(self) -> str | None:
        if self.ca_file is None:
            return None
        if not self.ca_file.is_file():
            raise SettingWrong("YIDI_KAFKA_CA_FILE（没有这个文件）")
        return str(self.ca_file)


class KafkaPasswords(BaseSettings):
    """YIDI_KAFKA_PASSWORDS: 'hub=…,insured.340000=…', for who makes the users and nobody else."""

    model_config = from_environment()

    kafka_passwords: SecretStr

    def by_user(self) -> dict[str, str]:
        """The password of each user; SettingWrong when one is short."""
        parts = [
            part.strip().partition("=")
            for part in self.kafka_passwords.get_secret_value().split(",")
        ]
        given = {user: password for user, _, password in parts}
        short = [user for user, password in given.items() if len(password) < PASSWORD_LENGTH_MIN]
        if short:
            names = "、".join(short)
            raise SettingWrong(f"YIDI_KAFKA_PASSWORDS（短于 {PASSWORD_LENGTH_MIN} 位：{names}）")
        return given


class MessageKeys(BaseSettings):
    """YIDI_MESSAGE_KEYS, as contracts.signing reads it. There is no default."""

    model_config = from_environment()

    message_keys: SecretStr

    def ring(self) -> KeyRing:
        """SettingWrong, with what is wrong of which key."""
        try:
            return KeyRing.from_text(self.message_keys.get_secret_value())
        except KeysWrong as error:
            raise SettingWrong(f"YIDI_MESSAGE_KEYS（{error}）") from None


def connected(address: str, *participants: str) -> KafkaTransport:
    """Reach Kafka as these participants, each with a key that is valid now; NotSet, SettingWrong.

    The hub names none: it signs with the keys of whoever it speaks to.
    """
    ring, now = read(MessageKeys).ring(), SystemClock().now()
    for participant in participants:
        if not ring.can_sign_for(participant, now):
            raise SettingWrong(f"YIDI_MESSAGE_KEYS（{participant} 没有当前有效的密钥）")
    return KafkaTransport(address, ring, read(KafkaSecurity).options())


def administering(address: str) -> KafkaTransport:
    """Reach Kafka to make topics and rights, without message keys; NotSet, SettingWrong."""
    return KafkaTransport(address, security=read(KafkaSecurity).options())
