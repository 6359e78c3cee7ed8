"""What a deployment of the hub may set, from the environment (YIDI_…). No secret has a default."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from contracts.delivery.outbox import OutboxLimits
from contracts.delivery.processor import Limits
from contracts.programs.settings import (
    SettingWrong,
    brokers,
    database_url,
    from_environment,
    person_key_of,
    sealer_of,
)
from contracts.sealing import Sealer
from hub.domain.clearing_terms import Terms, TermsWrong, read_terms
from hub.domain.reminding import Reminding
from hub.papers.seal_key import SealKey, SealKeyWrong


class Settings(BaseSettings):
    """Places, deadlines and bounds."""

    model_config = from_environment()

    kafka: str | None = None  # host:port[,host:port][/prefix]
    hub_database_url: SecretStr | None = None  # postgresql+psycopg2://…
    hub_api_host: str = "127.0.0.1"
    hub_api_port: int = Field(default=8010, ge=0, le=65535)  # 0: any free port
    hub_seal_key: SecretStr | None = None  # base64 of 32 bytes; signs the papers of clearing
    hub_clearing_file: Path | None = None  # terms of clearing; the shipped ones when not set
    hub_body_max_bytes: int = Field(default=1_048_576, ge=1_024, le=16_777_216)  # of a request
    person_token_key: SecretStr | None = None  # base64; turns certificates into person tokens
    hub_sealing_keys: SecretStr | None = None  # NAME=BASE64[,…]; seals what is said in cases
    person_session_minutes: int = Field(default=15, ge=1, le=120)  # a person's token holds
    break_after_s: int = Field(default=60, ge=0, le=604_800)  # then differences of a day are breaks
    ask_every_s: int = Field(default=3, ge=1, le=3_600)  # a side that has not agreed, until then
    settle_within_ms: int = Field(default=5_000, ge=1, le=600_000)  # for the insured area's answer
    hub_batch_max: int = Field(default=500, ge=1, le=1_000)  # messages a transaction
    hub_wait_ms: int = Field(default=200, ge=1, le=5_000)  # one poll without messages
    hub_tries_max: int = Field(default=8, ge=1, le=100)  # of a passing fault of the database
    hub_bugs_in_a_row_max: int = Field(default=10, ge=0, le=1_000)
    hub_pool_max: int = Field(default=8, ge=2, le=100)  # connections a process
    hub_flush_within_s: float = Field(default=10.0, gt=0, le=60)  # at the end of a process
    hub_expire_every_ms: int = Field(default=100, ge=10, le=500)  # so that no expiry is 1 s late
    hub_expire_at_once_max: int = Field(default=500, ge=1, le=1_000)  # settlements a transaction
    reverse_within_ms: int = Field(default=5_000, ge=1, le=600_000)  # for a release; then again
    release_pause_max_s: int = Field(default=600, ge=1, le=86_400)  # between two times of asking
    release_alarm_after_s: int = Field(default=60, ge=1, le=604_800)  # without an answer
    hub_remind_every_ms: int = Field(default=500, ge=10, le=60_000)
    hub_remind_at_once_max: int = Field(default=500, ge=1, le=1_000)  # releases a transaction
    hub_registrations_at_once_max: int = Field(default=500, ge=1, le=1_000)  # expired at once
    hub_weather_look_ms: int = Field(default=1_000, ge=50, le=60_000)  # at every insured area
    hub_weather_every_s: int = Field(default=30, ge=0, le=3_600)  # told though unchanged; 0: never
    hub_canary_every_s: int = Field(default=30, ge=0, le=3_600)  # to each insured area; 0: none
    hub_check_budget_ms: int = Field(default=250, ge=10, le=10_000)  # a turn of the always-on check
    hub_cases_at_once_max: int = Field(default=200, ge=1, le=1_000)  # decided a transaction
    hub_advance_every_s: int = Field(default=30, ge=1, le=3_600)  # a look at all advances
    hub_stalled_after_s: int = Field(default=30, ge=1, le=3_600)  # work waits, nothing moves

    def database_url(self) -> str:
        """NotSet, SettingWrong."""
        return database_url(self.hub_database_url, "YIDI_HUB_DATABASE_URL")

    def bootstrap(self) -> str:
        """NotSet, SettingWrong."""
        return brokers(self.kafka)

    def person_key(self) -> bytes | None:
        """The key of contracts.person, or None: then the API takes person tokens only."""
        key = self.person_token_key
        return None if key is None else person_key_of(key.get_secret_value())

    def case_keys(self) -> Sealer | None:
        """What seals the threads of cases, or None: then the API takes no cases. SettingWrong."""
        keys = self.hub_sealing_keys
        return None if keys is None else sealer_of(keys.get_secret_value())

    def seal_key(self) -> SealKey | None:
        """The key that signs papers, or None: then none are made. SettingWrong."""
        if self.hub_seal_key is None:
            return None
        try:
            return SealKey.from_text(self.hub_seal_key.get_secret_value())
        except SealKeyWrong as error:
            raise SettingWrong(f"YIDI_HUB_SEAL_KEY：{error}") from error

    def clearing_terms(self) -> tuple[Terms, ...] | None:
        """The deployment's own terms of clearing, or None for the shipped ones. SettingWrong."""
        if self.hub_clearing_file is None:
            return None
        try:
            return read_terms(self.hub_clearing_file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, TermsWrong) as error:
            raise SettingWrong(f"YIDI_HUB_CLEARING_FILE：{error}") from error

    def person_session(self) -> timedelta:
        """How long the token of a person holds."""
        return timedelta(minutes=self.person_session_minutes)

    def answer_within(self) -> timedelta:
        """How long an insured area has to answer before a settlement expires."""
        return timedelta(milliseconds=self.settle_within_ms)

    def reminding(self) -> Reminding:
        """When an insured area that has not answered a release is asked again, and alarmed of."""
        return Reminding(
            first=timedelta(milliseconds=self.reverse_within_ms),
            longest=timedelta(seconds=self.release_pause_max_s),
            alarm_after=timedelta(seconds=self.release_alarm_after_s),
        )

    def stalled_after(self) -> timedelta:
        """When work that waits and does not move makes /health red."""
        return timedelta(seconds=self.hub_stalled_after_s)

    def limits(self) -> Limits:
        return Limits(
            batch_max=self.hub_batch_max,
            wait_ms=self.hub_wait_ms,
            tries_max=self.hub_tries_max,
            bugs_in_a_row_max=self.hub_bugs_in_a_row_max,
            stalled_after_s=self.hub_stalled_after_s,
        )

    def outbox_limits(self) -> OutboxLimits:
        return OutboxLimits(flush_within_s=self.hub_flush_within_s)
