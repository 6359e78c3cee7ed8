"""What the certifier reads from the environment (YIDI_…), beside Kafka's own variables and keys."""

from pydantic import SecretStr
from pydantic_settings import BaseSettings

from contracts.programs.settings import brokers, from_environment, person_key_of, sealer_of
from contracts.sealing import Sealer


class KafkaAddress(BaseSettings):
    """Where the area under test listens: a Kafka, or a prefix, without a hub of its own."""

    model_config = from_environment()

    kafka: str | None = None  # host:port[,host:port][/prefix]

    def bootstrap(self) -> str:
        """NotSet, SettingWrong."""
        return brokers(self.kafka)


class PersonKey(BaseSettings):
    """Of an insured area: from which the test people's tokens follow."""

    model_config = from_environment()

    person_token_key: SecretStr

    def token_key(self) -> bytes:
        return person_key_of(self.person_token_key.get_secret_value())


class SealingKeys(BaseSettings):
    """Of a treatment area: with which the names on a person's card are sealed."""

    model_config = from_environment()

    sealing_keys: SecretStr

    def sealer(self) -> Sealer:
        return sealer_of(self.sealing_keys.get_secret_value())
