"""What an area has to build: one row a kind, who says it, and what it owes. The guides show it."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from contracts import topics
from contracts.codes import Role
from contracts.message import Body
from contracts.schemas.carried import ANY_AREA, CARRIED
from simulators.certify.keying import field_of


@dataclass(frozen=True, slots=True)
class Duty:
    """One kind that an area takes. `answer`: the kinds it answers with, none when it does not."""

    zh: str
    answer: tuple[str, ...]
    deadline: str
    owes: str


@dataclass(frozen=True, slots=True)
class Said:
    """One kind that an area says. `by`: the roles that say it; `when` begins 答 for an answer."""

    zh: str
    by: frozenset[Role]
    when: str

    @property
    def is_answer(self) -> bool:
        return self.when.startswith("答")


@dataclass(frozen=True, slots=True)
class Carried:
    """A kind on a topic, with {area} in its name, and the field that is its Kafka key."""

    topic: str
    body: type[Body]
    key: str


def _rows() -> Mapping[str, Any]:
    file = files("simulators").joinpath("data", "certify", "duties.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


HEARD: Mapping[str, Duty] = {
    kind: Duty(**row | {"answer": tuple(row["answer"])}) for kind, row in _rows()["heard"].items()
}
SAID: Mapping[str, Said] = {
    kind: Said(**row | {"by": frozenset(map(Role, row["by"]))})
    for kind, row in _rows()["said"].items()
}

UNDRIVEN: Mapping[Role, Mapping[str, str]] = {
    Role(role): reasons for role, reasons in _rows()["undriven"].items()
}
"""The kinds of a role that no certification case drives, and why not."""


def heard_by(role: Role) -> Iterator[Carried]:
    """What the hub says to an area of this role, topic by topic."""
    for topic, bodies in CARRIED.items():
        if topic.startswith(f"{role}."):
            yield from (Carried(topic, body, field_of(topic, body.KIND)) for body in bodies)


def said_by(role: Role) -> Iterator[Carried]:
    """What an area of this role says to the hub, topic by topic."""
    for topic in topics.WRITTEN_BY:
        for body in CARRIED[topic]:
            if role in SAID[body.KIND].by:
                yield Carried(topic, body, field_of(topic, body.KIND))


def topics_of(role: Role) -> tuple[topics.Topic, ...]:
    """The area's own topics."""
    return topics.of_insured(ANY_AREA) if role is Role.INSURED else topics.of_treatment(ANY_AREA)
