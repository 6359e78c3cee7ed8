"""Everything about the gateway that may differ between two places, with its bounds."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings

from contracts.programs.settings import from_environment
from participants.gateway.requests import Patience


class GatewaySettings(BaseSettings):
    """Read from YIDI_GATEWAY_*; secrets have no default here and come from contracts' variables."""

    model_config = from_environment("YIDI_GATEWAY_")

    body_max_bytes: int = Field(default=1_048_576, ge=1_024)
    """A request body beyond this is answered BODY_TOO_LARGE, and not read to its end."""
    read_within_s: float = Field(default=10.0, gt=0)
    """A body that is not complete by then ends the request."""
    answer_within_s: float = Field(default=8.0, gt=0)
    """How long a hospital waits at most; then the answer is 'unknown, certain by T'."""
    decision_within_s: float = Field(default=1.5, gt=0)
    """How long a registration waits for a decision; then 'it waits for a clerk' is the answer."""
    preflight_within_s: float = Field(default=0.4, gt=0)
    """How long a pre-flight waits for the insured area; then it is told without it."""
    last_look_s: float = Field(default=1.0, gt=0)
    """How long a request whose time is up waits for one more look into the database."""
    preflight_last_look_s: float = Field(default=0.06, gt=0)
    """The same for a pre-flight: both together stay under half a second."""
    waiting_max: int = Field(default=2_000, ge=1)
    """Requests that may be under way at once, each area for itself; beyond it TOO_BUSY."""
    batch_max: int = Field(default=200, ge=1)
    """Requests that share one transaction at most."""
    bearer_required: bool = False
    """Hospitals show a bearer token. Without it the gateway listens on loopback only."""
    token_kept_for: timedelta = timedelta(seconds=10)
    """How long a token that was good may be believed without another look."""
    profiles_file: Path | None = None
    """Another institution_profiles.toml than the one shipped."""

    def within_s(self, patience: Patience) -> tuple[float, float]:
        """How long a request waits, and how long for its last look."""
        decision = min(self.decision_within_s, self.answer_within_s)
        return {
            Patience.LONG: (self.answer_within_s, self.last_look_s),
            Patience.DECISION: (decision, self.last_look_s),
            Patience.MOMENT: (self.preflight_within_s, self.preflight_last_look_s),
        }[patience]
