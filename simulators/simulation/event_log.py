"""What happened, a line an event, and one hash over all of it: two runs are the same or not."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from contracts.clock import Clock

SEPARATOR = "\t"


@dataclass(frozen=True, slots=True)
class EventLog:
    """Lines of virtual time, who, which step, what; nothing in them differs between two runs.

    Times are exact, and messages are in it with a digest of their bytes: what two runs do
    differently shows, were it a fen or a microsecond.
    """

    clock: Clock
    lines: list[str] = field(default_factory=list)

    def note(self, who: str, step: str, what: str = "") -> None:
        moment = self.clock.now().isoformat(timespec="microseconds")
        self.lines.append(SEPARATOR.join((moment, who, step, what)))

    def sha256(self) -> str:
        return hashlib.sha256("\n".join(self.lines).encode()).hexdigest()

    def write(self, path: Path) -> Path:
        path.write_text("\n".join(self.lines) + "\n", encoding="utf-8")
        return path
