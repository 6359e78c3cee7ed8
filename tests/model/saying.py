"""What the model and the hub are compared by: who is told what."""

from dataclasses import dataclass, field

from contracts import topics
from contracts.codes import AreaCode, Role
from contracts.message import Body

Lines = list["Said"]


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the hub without its head: where it goes, under which key, and what it says."""

    topic: str
    key: str
    body: Body

    def line(self) -> str:
        """One line that reads and sorts the same on both sides."""
        return f"{self.topic} [{self.key}] {self.body.KIND} {self.body.model_dump_json()}"


@dataclass(slots=True)
class Hearing:
    """What came of the messages that were heard: what was said, and what was merely noted."""

    said: Lines = field(default_factory=list)
    odd: list[str] = field(default_factory=list)

    def tell(self, participant: str, key: str, body: Body) -> None:
        """On the topic on which 'insured.340000' or 'treatment.310000' hears about this."""
        role, _, area = participant.partition(".")
        insured, treatment = topics.insured_work, topics.treatment_answers
        topic = (insured if role == Role.INSURED else treatment)(AreaCode(area))
        self.said.append(Said(topic, key, body))

    def note(self, anomaly: str) -> None:
        """It fits nothing the hub knows: it changes nothing and is kept."""
        self.odd.append(anomaly)
