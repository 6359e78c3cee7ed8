"""What became of one seed, as Python, as JSON, and as the lines that people read."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from simulators.simulation import timeline
from simulators.simulation.event_log import EventLog
from simulators.simulation.operators.words import DEEDS_ZH, REFUSED
from simulators.truths import Broken


@dataclass(frozen=True, slots=True)
class Outcome:
    """`hash`: SHA-256 of the event log, which lies at `log_path` if the seed failed.

    `struck`: how often a process died at a labelled step, by 'hub.work before_commit' and so on;
    'hub.work held' where a transaction was held open. `operators`: how often people at the hub's
    screens did what, and what they were refused; `bookkeepers`: how often they erred, and found it.
    `timeline_path`: a readable story of the settlements that the failure is about.
    """

    seed: int
    hours: float
    hash: str
    events: int
    settled: int
    broken: tuple[Broken, ...]
    pending: tuple[str, ...]
    faults_injected: Mapping[str, int]
    struck: Mapping[str, int]
    rested_after_s: float
    log_path: str = ""
    timeline_path: str = ""
    operators: Mapping[str, int] = field(default_factory=dict)
    bookkeepers: Mapping[str, int] = field(default_factory=dict)
    log: EventLog | None = field(default=None, repr=False, compare=False)  # where it ran

    @property
    def is_good(self) -> bool:
        return not self.broken and not self.pending

    def as_json(self) -> str:
        told = asdict(replace(self, log=None)) | {"is_good": self.is_good}
        del told["log"]
        return json.dumps(told, ensure_ascii=False)

    def repeating(self) -> str:
        """The one line that repeats a failed seed."""
        what = sorted({one.truth for one in self.broken} | ({"pending"} if self.pending else set()))
        command = f"yidi simulate --seed {self.seed} --hours {self.hours!r}"
        return f"{command}  # {', '.join(what)}: {self.timeline_path}"

    def told(self) -> str:
        """For people: the verdict, and on failure what is wrong and how to see it again."""
        faults = sum(self.faults_injected.values())
        head = (
            f"种子 {self.seed}：{self.hours:g} 小时，应答办结 {self.settled} 次，故障 {faults} 次，"
            f"运营{done_by(self.operators)}，"
            f"事件 {self.events:,} 条，{self.hash[:16]}：{'通过' if self.is_good else '未通过'}"
        )
        if self.is_good:
            return head
        wrong = [f"  {one.truth}: {one.what}" for one in self.broken]
        wrong += [f"  pending: {what}" for what in self.pending]
        return "\n".join([head, *wrong[:20], self.repeating()])


def done_by(operators: Mapping[str, int]) -> str:
    """For people: what operators did, and how often they were refused."""
    refused = sum(count for what, count in operators.items() if what.startswith(REFUSED))
    parts = [f"{zh} {operators.get(what, 0)}" for what, zh in DEEDS_ZH.items()]
    return "、".join([*parts, f"被拒 {refused}"])


def outcome_of(text: str) -> Outcome:
    """What `as_json` wrote."""
    data: dict[str, Any] = json.loads(text)
    data.pop("is_good")
    broken = tuple(Broken(**one) for one in data.pop("broken"))
    return Outcome(broken=broken, pending=tuple(data.pop("pending")), **data)


def kept(outcome: Outcome, log: EventLog, folder: Path | None) -> Outcome:
    """A failed seed with its event log and timeline written down; a good one as it is."""
    outcome = replace(outcome, log=log)
    if outcome.is_good:
        return outcome
    folder = folder or Path(tempfile.mkdtemp(prefix="yidi-simulate-"))
    folder.mkdir(parents=True, exist_ok=True)
    about = [*(one.what for one in outcome.broken), *outcome.pending]
    story = folder / f"seed-{outcome.seed}.txt"
    story.write_text(timeline.told(log.lines, about), encoding="utf-8")
    log_path = log.write(folder / f"seed-{outcome.seed}.log")
    return replace(outcome, log_path=str(log_path), timeline_path=str(story))
