"""A world that is up: its addresses, its tokens, and the few things one may do to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from contracts.codes import AreaCode
from simulators.hospital import PATH
from simulators.running.deployment import Deployment
from simulators.running.seeding import Tokens

DESK_AREA = AreaCode("340000")
"""The area whose approval desk is open to visitors of the demonstration."""


@dataclass(frozen=True, slots=True, repr=False)
class World:
    """`pause` holds an insured area still, as a machine that hangs; `resume` lets it go on.

    `check` raises when a part has ended by itself.
    """

    deployment: Deployment
    tokens: Tokens
    hub_api: str
    gateway: str
    desk: str
    pause: Callable[[AreaCode], None]
    resume: Callable[[AreaCode], None]
    check: Callable[[], None]

    def addresses(self) -> Mapping[str, str]:
        """What a visitor may open, by what it is."""
        return {
            "枢纽接口 hub API": self.hub_api,
            "医院网关 gateway": f"{self.gateway}{PATH}",
            f"备案审核 approval desk of {DESK_AREA}": self.desk,
        }
