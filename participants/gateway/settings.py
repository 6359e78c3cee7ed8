"""Everything about the gateway that may differ between two places, with its bounds."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings

from contracts.programs.settings import from_environment
from participants.gateway.serving.requests import Patience


class GatewaySettings(BaseSettings):
    """Read from YIDI_GATEWAY_*; secrets have no default here and come from contracts' variables."""

    model_config = from_environment("YIDI_GATEWAY_")

    body_max_bytes: int = Field(default=1_048_576, ge=1_024)
    """A request body beyond this is answered BODY_TOO_LARGE, and not read to its end."""
    upload_max_bytes: int = Field(default=33_554_432, ge=1_024)
    """The same for 9101, which brings a file: packed, and a third longer as base64."""
    read_within_s: float = Field(default=10.0, gt=0)
    """A body that is not complete by then ends the request."""
    answer_within_s: float = Field(default=8.0, gt=0)
    """How long a hospital waits at most; then the answer is 'unknown, certain by T'."""
    decision_within_s: float = Field(default=1.5, gt=0)
    """How long a registration waits for a decision; then 'it waits for a clerk' is the answer."""
    status_within_s: float = Field(default=2.0, gt=0)
    """How long a question to another party waits; then AREA_UNAVAILABLE is the answer."""
    preflight_within_s: float = Field(default=0.4, gt=0)
    """How long a pre-flight waits for the insured area; then it is told without it."""
    last_look_s: float = Field(default=1.0, gt=0)
    """How long a request whose time is up waits for one more look into the database."""
    preflight_last_look_s: float = Field(default=0.06, gt=0)
    """The same for a pre-flight: both together stay under half a second."""
    stalled_after_s: int = Field(default=30, ge=1, le=3_600)
    """Work that waits and does not move for so long makes /health red."""
    waiting_max: int = Field(default=2_000, ge=1)
    """Requests that may be under way at once, each area for itself; beyond it TOO_BUSY."""
    batch_max: int = Field(default=200, ge=1)
    """Requests that share one transaction at most."""
    bearer_required: bool = False
    """Whoever's profile asks for nothing shows a token. Without it, while there is such a profile,
    the gateway listens on loopback only."""
    token_kept_for: timedelta = timedelta(seconds=10)
    """How long a token or a key that was good may be believed without another look."""
    oauth_token_for: timedelta = timedelta(hours=2)
    """How long a token from /auth/oauth/token is good."""
    profiles_file: Path | None = None
    """Another institution_profiles.toml than the one shipped."""

    fair_use_file: Path | None = None
    """Another fair_use.toml than the one shipped: how much one party may ask."""

    def within_s(self, patience: Patience) -> tuple[float, float]:
        """How long a request waits, and how long for its last look."""
        decision = min(self.decision_within_s, self.answer_within_s)
        return {
            Patience.LONG: (self.answer_within_s, self.last_look_s),
            Patience.DECISION: (decision, self.last_look_s),
            Patience.STATUS: (min(self.status_within_s, self.answer_within_s), self.last_look_s),
            Patience.MOMENT: (self.preflight_within_s, self.preflight_last_look_s),
        }[patience]
