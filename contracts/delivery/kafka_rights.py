"""Who may do what on Kafka: one table of rights that follows from the table of topics."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from contracts.codes import AreaCode, Role, areas
from contracts.topics import EVERY_AREA, HUB, Topic, all_topics


class UnknownUser(ValueError):
    """The name is no participant's; the text is the name."""


class May(StrEnum):
    """What a right allows. Either lets its holder see that the topic or the group is there."""

    READ = "READ"  # its messages, or with a group
    WRITE = "WRITE"  # messages


class On(StrEnum):
    TOPIC = "TOPIC"  # the one of this name
    GROUPS = "GROUPS"  # every consumer group whose name begins so


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """One line of the table: this participant may do this there. What no line allows is denied."""

    participant: str
    may: May
    on: On
    name: str


def rights(users: Collection[str]) -> frozenset[Right]:
    """All rights of these participants, which are Kafka's users under the names they sign with.

    An area reads its own topics, and writes those of the hub that its role writes. The hub reads
    its own and writes the areas'; it writes its own too, because a replay puts letters back there.
    """
    topics = all_topics(area for user in users if (area := area_of(user))).values()
    groups = {Right(user, May.READ, On.GROUPS, user) for user in users}
    reading = {Right(topic.read_by, May.READ, On.TOPIC, topic.name) for topic in topics}
    writing = {
        Right(user, May.WRITE, On.TOPIC, topic.name)
        for topic in topics
        for user in _writers(topic, users)
    }
    return frozenset(right for right in groups | reading | writing if right.participant in users)


def area_of(user: str) -> AreaCode | None:
    """The area of a participant, None for the hub; UnknownUser."""
    if user == HUB:
        return None
    role, _, area = user.partition(".")
    if role not in set(Role) or area not in areas():
        raise UnknownUser(user)
    return AreaCode(area)


def _writers(topic: Topic, users: Iterable[str]) -> Iterator[str]:
    for user in users:
        if user == HUB or topic.written_by in {user.partition(".")[0], EVERY_AREA}:
            yield user
