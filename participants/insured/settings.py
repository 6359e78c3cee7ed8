"""What a deployment of insured areas may set, from the environment (YIDI_…); its keys apart."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from contracts.codes import AreaCode
from contracts.delivery.outbox import OutboxLimits
from contracts.delivery.processor import Limits
from contracts.programs.settings import brokers, database_url, from_environment


class Settings(BaseSettings):
    """Bounds and places. In the URL and the file, '{area}' stands for the area's code."""

    model_config = from_environment()

    kafka: str | None = None  # host:port[,host:port][/prefix]
    insured_database_url: SecretStr | None = None  # postgresql+psycopg2://…
    insured_area_file: str | None = None  # rules of the areas; the shipped ones when not set
    insured_api_host: str = "127.0.0.1"
    insured_api_port: int = Field(default=8020, ge=0, le=65535)  # 0: any free port
    insured_slice_every_s: int = Field(default=10, ge=1, le=30)  # of the open day, to the hub
    insured_batch_max: int = Field(default=500, ge=1, le=5_000)  # messages a transaction
    insured_wait_ms: int = Field(default=200, ge=1, le=5_000)  # one poll without messages
    insured_tries_max: int = Field(default=8, ge=1, le=100)  # of a passing fault of the database
    insured_bugs_in_a_row_max: int = Field(default=10, ge=0, le=1_000)
    insured_stalled_after_s: int = Field(default=30, ge=1, le=3_600)  # work waits, nothing moves
    insured_pool_max: int = Field(default=5, ge=1, le=100)  # connections a process and area
    insured_flush_within_s: float = Field(default=10.0, gt=0, le=60)  # at the end of a worker

    def database_url_of(self, area: AreaCode) -> str:
        """NotSet, SettingWrong."""
        return database_url(self.insured_database_url, "YIDI_INSURED_DATABASE_URL", area)

    def area_file_of(self, area: AreaCode) -> Path | None:
        """Where the area's rules stand; None for the shipped ones."""
        if self.insured_area_file is None:
            return None
        return Path(self.insured_area_file.replace("{area}", area))

    def bootstrap(self) -> str:
        """NotSet, SettingWrong."""
        return brokers(self.kafka)

    def limits(self) -> Limits:
        return Limits(
            batch_max=self.insured_batch_max,
            wait_ms=self.insured_wait_ms,
            tries_max=self.insured_tries_max,
            bugs_in_a_row_max=self.insured_bugs_in_a_row_max,
            stalled_after_s=self.insured_stalled_after_s,
        )

    def outbox_limits(self) -> OutboxLimits:
        return OutboxLimits(flush_within_s=self.insured_flush_within_s)
