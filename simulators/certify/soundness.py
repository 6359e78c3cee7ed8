"""The last case of both roles: all that was said was signed, fitted, and lay where it must."""

from typing import Protocol

from simulators.certify.cases import expect
from simulators.certify.hub import Hub


class WithHub(Protocol):
    """Whatever holds the hub of a run."""

    @property
    def hub(self) -> Hub: ...


def was_sound(stage: WithHub) -> None:
    """NotMet with every different fault that `Hub` found in what the area said, or for silence."""
    expect(stage.hub.heard or stage.hub.faults, "没有收到任何消息")
    expect(not stage.hub.faults, "；".join(dict.fromkeys(stage.hub.faults)))
