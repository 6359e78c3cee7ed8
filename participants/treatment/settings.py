"""What a deployment of treatment areas may set, from the environment (YIDI_…)."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from contracts.codes import AreaCode
from contracts.delivery.outbox import OutboxLimits
from contracts.delivery.processor import Limits
from contracts.programs.settings import brokers, database_url, from_environment
from participants.treatment.domain.catalogue import Catalogue
from participants.treatment.domain.catalogue_file import load_catalogue
from participants.treatment.domain.directory_file import Directory, read_directory
from participants.treatment.domain.keeping import Keeping
from participants.treatment.domain.reminding import Reminding
from participants.treatment.domain.terms import Terms


class Settings(BaseSettings):
    """Bounds and places. In `treatment_database_url`, '{area}' stands for the area's code."""

    model_config = from_environment()

    kafka: str | None = None  # host:port[,host:port][/prefix]
    treatment_database_url: SecretStr | None = None  # postgresql+psycopg2://…
    treatment_catalogue: Path | None = None  # the shipped one when not set
    treatment_directory: Path | None = None  # agencies and pooling areas; {area}: the area's code
    settle_within_ms: int = Field(default=5_000, ge=100, le=60_000)  # agreed with the hub
    reverse_within_ms: int = Field(default=5_000, ge=100, le=60_000)  # for a release by the insured
    status_within_ms: int = Field(default=2_000, ge=100, le=60_000)  # a question, no change
    # The way there and back, the hub's job, a question where it stands, and our own job.
    certain_margin_ms: int = Field(default=3_000, ge=1_000, le=60_000)
    trial_within_ms: int = Field(default=5_000, ge=100, le=60_000)  # for a 预结算
    void_before_ms: int = Field(default=1_000, ge=100, le=10_000)  # before T; then T is certain
    remind_pause_max_s: int = Field(default=60, ge=1, le=86_400)  # between two reminders
    treatment_remind_every_ms: int = Field(default=200, ge=10, le=1_000)
    treatment_remind_at_once_max: int = Field(default=500, ge=1, le=1_000)  # a transaction
    treatment_slice_every_s: int = Field(default=10, ge=1, le=30)  # of the open day, to the hub
    treatment_batch_max: int = Field(default=500, ge=1, le=5_000)  # messages a transaction
    treatment_wait_ms: int = Field(default=200, ge=1, le=5_000)  # one poll without messages
    treatment_tries_max: int = Field(default=8, ge=1, le=100)  # of a passing fault
    treatment_bugs_in_a_row_max: int = Field(default=10, ge=0, le=1_000)
    treatment_stalled_after_s: int = Field(default=30, ge=1, le=3_600)  # work waits, nothing moves
    treatment_pool_max: int = Field(default=5, ge=1, le=100)  # connections a process and area
    treatment_flush_within_s: float = Field(default=10.0, gt=0, le=60)  # at the end of a worker
    session_hours: int = Field(default=12, ge=1, le=168)  # then an operator signs in again
    file_days: int = Field(default=7, ge=1, le=365)  # then an uploaded or offered file is deleted
    file_max_kb: int = Field(default=16_384, ge=1, le=65_536)  # packed; unpacked eight times that
    file_rows_max: int = Field(default=300_000, ge=1, le=10_000_000)
    file_uploads_max: int = Field(default=200, ge=1, le=100_000)  # kept of one institution at once

    def database_url_of(self, area: AreaCode) -> str:
        """NotSet, SettingWrong."""
        return database_url(self.treatment_database_url, "YIDI_TREATMENT_DATABASE_URL", area)

    def bootstrap(self) -> str:
        """NotSet, SettingWrong."""
        return brokers(self.kafka)

    def terms(self, area: AreaCode) -> Terms:
        """When an answer is certain: the hub's interval, and the way there and back."""
        margin = timedelta(milliseconds=self.certain_margin_ms)
        return Terms(
            area=area,
            settle_within=timedelta(milliseconds=self.settle_within_ms) + margin,
            reverse_within=timedelta(milliseconds=self.reverse_within_ms) + margin,
            status_within=timedelta(milliseconds=self.status_within_ms),
            trial_within=timedelta(milliseconds=self.trial_within_ms) + margin,
        )

    def reminding(self) -> Reminding:
        """When the hub is reminded of what it has not answered, and when that is void."""
        status = timedelta(milliseconds=self.status_within_ms)
        return Reminding(
            ask_before=status,
            void_before=timedelta(milliseconds=self.void_before_ms),
            first=status,
            longest=timedelta(seconds=self.remind_pause_max_s),
        )

    def keeping(self) -> Keeping:
        """How long sessions and files are kept, and how large a file may be."""
        packed_bytes = self.file_max_kb * 1_024
        return Keeping(
            session_for=timedelta(hours=self.session_hours),
            file_for=timedelta(days=self.file_days),
            file_max_bytes=packed_bytes,
            text_max_bytes=8 * packed_bytes,
            rows_max=self.file_rows_max,
            uploads_max=self.file_uploads_max,
        )

    def catalogue(self) -> Catalogue:
        """CatalogueFileWrong when the file does not add up."""
        return load_catalogue(self.treatment_catalogue)

    def directory(self, area: AreaCode) -> Directory | None:
        """What the area's file says, or None without one; DirectoryUnsound, OSError."""
        if self.treatment_directory is None:
            return None
        path = Path(str(self.treatment_directory).replace("{area}", area))
        return read_directory(path.read_text(encoding="utf-8-sig"), area)

    def limits(self) -> Limits:
        return Limits(
            batch_max=self.treatment_batch_max,
            wait_ms=self.treatment_wait_ms,
            tries_max=self.treatment_tries_max,
            bugs_in_a_row_max=self.treatment_bugs_in_a_row_max,
            stalled_after_s=self.treatment_stalled_after_s,
        )

    def outbox_limits(self) -> OutboxLimits:
        return OutboxLimits(flush_within_s=self.treatment_flush_within_s)
