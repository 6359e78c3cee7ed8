"""What each participant may do on Kafka: as a table, and on the broker of docker-compose.yml."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from kafka import KafkaAdminClient
from kafka.errors import AuthorizationError, KafkaError, TopicAuthorizationFailedError

from contracts import topics
from contracts.codes import AreaCode, areas
from contracts.delivery.broker import SendFailed
from contracts.delivery.kafka_rights import On, UnknownUser, rights
from contracts.delivery.transport import KafkaTransport
from contracts.topics import OF_THE_HUB, all_topics
from tests.support.secured_kafka import ROOT, SecuredKafka, new_env, secured_kafka

USERS = ("hub", "insured.340000", "insured.320000", "treatment.310000", "treatment.330000")
EVERYBODY = ["hub", *(f"{role}.{area}" for area in areas() for role in ("insured", "treatment"))]
WAIT_S = 10.0
PROGRAM = """
import sys
from contracts.programs.broker import administering
from contracts.programs.ending import said_plainly
with said_plainly():
    administering(sys.argv[1]).delete_topics([])
"""

# fmt: off
TABLE = [
    # who                 does     where                        may
    ("insured.340000",   "read",  "insured.340000.work",       True),
    ("insured.340000",   "read",  "insured.340000.notices",    True),
    ("insured.340000",   "write", "hub.calculations",          True),
    ("insured.340000",   "write", "hub.registrations",         True),
    ("insured.340000",   "read",  "insured.320000.work",       False),  # its neighbour's work
    ("insured.340000",   "write", "insured.320000.work",       False),  # as if it were the hub
    ("insured.340000",   "write", "insured.340000.work",       False),  # not even to itself
    ("insured.340000",   "read",  "treatment.310000.answers",  False),
    ("insured.340000",   "write", "treatment.310000.answers",  False),
    ("insured.340000",   "read",  "hub.calculations",          False),  # what others answered
    ("insured.340000",   "read",  "hub.settlements",           False),
    ("insured.340000",   "write", "hub.settlements",           False),  # it settles for nobody
    ("treatment.310000", "read",  "treatment.310000.answers",  True),
    ("treatment.310000", "write", "hub.settlements",           True),
    ("treatment.310000", "read",  "treatment.330000.answers",  False),
    ("treatment.310000", "write", "hub.calculations",          False),  # it calculates for nobody
    ("treatment.310000", "read",  "hub.settlements",           False),
    ("treatment.310000", "write", "insured.340000.work",       False),  # past the hub
    ("hub",              "read",  "hub.settlements",           True),
    ("hub",              "write", "insured.340000.work",       True),
    ("hub",              "write", "treatment.310000.notices",  True),
    ("hub",              "read",  "insured.340000.work",       False),  # its own words
]
# fmt: on


def test_the_table_of_topics_gives_every_area_its_own_and_nothing_of_another() -> None:
    for right in rights(EVERYBODY):
        if right.participant == "hub":
            continue
        own = right.name == right.participant or right.name.startswith(f"{right.participant}.")
        hubs = right.name in {topic.name for topic in OF_THE_HUB}
        assert (own, hubs) == ((True, False) if right.may == "READ" else (False, True)), right


def test_no_topic_lacks_its_reader_or_its_writer() -> None:
    given = rights(EVERYBODY)
    for name, topic in all_topics(areas()).items():
        may = {right.may for right in given if (right.on, right.name) == (On.TOPIC, name)}
        assert may == {"READ", "WRITE"}, name
        assert {r.participant for r in given if r.name == name and r.may == "READ"} == {
            topic.read_by
        }


def test_who_may_write_a_topic_is_whom_its_reader_believes() -> None:
    """Kafka's rights and the check of signatures come from one table."""
    given = {(right.participant, right.name) for right in rights(EVERYBODY) if right.may == "WRITE"}
    for participant in EVERYBODY[1:]:
        for topic in OF_THE_HUB:
            believed = topics.speaker(topic.name, participant) == participant
            assert believed == ((participant, topic.name) in given), (participant, topic.name)


@pytest.mark.parametrize("name", ["insured.999999", "insured", "nobody.340000", "hub.340000", ""])
def test_a_user_that_is_no_participant_is_refused(name: str) -> None:
    with pytest.raises(UnknownUser):
        rights(["hub", name])


@pytest.fixture(scope="module")
def kafka() -> Iterator[SecuredKafka]:
    """With every user, right and topic, and one message on each topic."""
    codes = [AreaCode(code) for code in ("310000", "320000", "330000", "340000")]
    with secured_kafka(new_env(), KAFKA_CONNECTIONS_MAX_REAUTH_MS="2000") as kafka:
        administrator = _administrator(kafka)
        administrator.give_rights(_passwords(kafka))
        administrator.create_topics(all_topics(codes))
        with closing(_as(kafka, "hub").sender("hub")) as sender:
            for name in all_topics(codes):
                sender.send(name, b"k", b"from the hub")
            sender.flush(WAIT_S)
        yield kafka


@pytest.mark.kafka
@pytest.mark.parametrize(("who", "does", "where", "may"), TABLE)
def test_the_broker_allows_what_the_table_says_and_denies_the_rest(
    kafka: SecuredKafka, who: str, does: str, where: str, may: bool
) -> None:
    tried = _reads(kafka, who, where) if does == "read" else _writes(_as(kafka, who), where)
    assert tried == may


@pytest.mark.kafka
def test_giving_the_rights_again_changes_nothing_and_what_is_in_no_table_is_taken_away(
    kafka: SecuredKafka,
) -> None:
    administrator, passwords = _administrator(kafka), _passwords(kafka)
    assert administrator.give_rights(passwords) == (0, 0)
    remaining = {user: word for user, word in passwords.items() if user != "insured.320000"}
    _, gone = administrator.give_rights(remaining)
    assert gone > 0
    assert not _writes(_as(kafka, "insured.320000"), "hub.calculations")
    assert _writes(_as(kafka, "insured.340000"), "hub.calculations")
    administrator.give_rights(passwords)
    assert _writes(_as(kafka, "insured.320000"), "hub.calculations")


@pytest.mark.kafka
def test_nobody_reads_with_another_s_consumer_group(kafka: SecuredKafka) -> None:
    assert not _reads(kafka, "insured.340000", "insured.340000.work", group="insured.320000")


@pytest.mark.kafka
def test_only_a_known_user_comes_in_and_only_a_known_broker_is_believed(
    kafka: SecuredKafka,
) -> None:
    """As programs, all at once: each gives up in a sentence, after some seconds."""
    right, ca = kafka.security("hub")["sasl_plain_password"], kafka.places["/ca/ca.pem"]
    programs = {
        "comes in": _program(kafka, user="hub", password=right, ca_file=ca),
        "wrong password": _program(kafka, user="hub", password="x" * 20, ca_file=ca),
        "unknown user": _program(kafka, user="nobody", password=right, ca_file=ca),
        "another authority": _program(kafka, user="hub", password=right, ca_file=""),
    }
    said = {name: program.communicate(timeout=60.0)[1] for name, program in programs.items()}
    ended = {name: program.returncode for name, program in programs.items()}
    assert ended.pop("comes in") == 0, said.pop("comes in")
    assert set(ended.values()) == {1}, said
    refused = [text for name, text in said.items() if name in ended]
    assert all(text.splitlines()[-1].startswith("Kafka 不可用") for text in refused), refused


def _program(kafka: SecuredKafka, **settings: str) -> subprocess.Popen[str]:
    given = {f"YIDI_KAFKA_{name.upper()}": value for name, value in settings.items()}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, kafka.clients],
        env={"YIDI_KAFKA_SECURITY_PROTOCOL": "SASL_SSL", **given},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.kafka
def test_a_connection_shows_its_password_again_and_goes_on(kafka: SecuredKafka) -> None:
    """The broker of this test wants it every two seconds; docker-compose.yml every hour."""
    with closing(_as(kafka, "hub").sender("hub")) as sender:
        until, sent = time.monotonic() + 5.0, []
        while time.monotonic() < until:
            sent.append(sender.send("insured.340000.notices", b"k", b"v"))
            time.sleep(0.1)
        sender.flush(WAIT_S)
        assert all(delivery.is_done and not delivery.failed() for delivery in sent)


def _administrator(kafka: SecuredKafka) -> KafkaTransport:
    security = kafka.administrator()
    (address,) = security.pop("bootstrap_servers")
    return KafkaTransport(address, security=security)


def _passwords(kafka: SecuredKafka) -> dict[str, str]:
    return {user: kafka.security(user)["sasl_plain_password"] for user in USERS}


def _as(kafka: SecuredKafka, user: str) -> KafkaTransport:
    return KafkaTransport(kafka.clients, security=kafka.security(user))


def _writes(transport: KafkaTransport, topic: str) -> bool:
    try:
        with closing(transport.sender("test")) as sender:
            sent = sender.send(topic, b"k", b"v")
            sender.flush(WAIT_S)
    except (SendFailed, KafkaError):
        return False
    return sent.is_done and not sent.failed()


def _reads(kafka: SecuredKafka, user: str, topic: str, group: str = "") -> bool:
    security = kafka.security(user)
    with closing(KafkaAdminClient(bootstrap_servers=kafka.clients, **security)) as admin:
        (told,) = admin.describe_topics([topic])
    if told["error_code"] == TopicAuthorizationFailedError.errno:
        return False  # It may not even know that the topic is there.
    until = time.monotonic() + WAIT_S
    try:
        reader = _as(kafka, user).reader(f"{group or user}.test", [topic], batch_max=10)
        with closing(reader):
            while time.monotonic() < until:
                if reader.poll(batch_max=10, wait_ms=200):
                    return True
    except AuthorizationError:
        return False
    raise AssertionError("neither a message nor a refusal")
