"""Gives Kafka its users and their rights; doing it again changes nothing."""

import re
from collections.abc import Iterable, Mapping

from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from contracts.delivery.kafka import Connection
from contracts.delivery.kafka_rights import On, Right
from contracts.delivery.kafka_topics import administrator

SCRAM_ITERATIONS = 8_192

_PARTICIPANT = re.compile(r"User:(hub|(insured|treatment)\.\d{6})")
_ALL = ACLFilter(
    principal=None,
    host=None,
    operation=ACLOperation.ANY,
    permission_type=ACLPermissionType.ANY,
    resource_pattern=ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY),
)


class KafkaRefused(Exception):
    """The broker did not take a user or a right; the text is its reason."""


def set_passwords(connection: Connection, passwords: Mapping[str, str]) -> None:
    """Make these SCRAM-SHA-512 users, or give them other passwords; KafkaRefused, KafkaError."""
    wanted = [
        UserScramCredentialUpsertion(
            user, ScramMechanism.SCRAM_SHA_512, password, iterations=SCRAM_ITERATIONS
        )
        for user, password in passwords.items()
    ]
    with administrator(connection) as admin:
        told = admin.alter_user_scram_credentials(wanted)
    refused = [f"{user}: {why}" for user, why in told.items() if why]
    if refused:
        raise KafkaRefused("; ".join(refused))


def give_rights(
    connection: Connection, wanted: Iterable[Right], prefix: str = ""
) -> tuple[int, int]:
    """Give participants these rights and no others: how many are new, and how many are gone.

    What is new is given before anything is taken, so that nobody is locked out in between. Rights
    of users that are no participants stay as they are. KafkaRefused, KafkaError.
    """
    with administrator(connection) as admin:
        meant, held = {_acl(right, prefix) for right in wanted}, _held(admin, prefix)
        new, gone = list(meant - held), list(held - meant)
        if new and (failed := admin.create_acls(new)["failed"]):
            raise KafkaRefused(", ".join(sorted({error.__name__ for error in failed})))
        if gone:
            admin.delete_acls([_as_filter(acl) for acl in gone])
    return len(new), len(gone)


def _held(admin: KafkaAdminClient, prefix: str) -> set[ACL]:
    found, _ = admin.describe_acls(_ALL)
    return {
        acl
        for acl in found
        if _PARTICIPANT.fullmatch(acl.principal)
        and acl.resource_pattern.resource_name.startswith(prefix)
    }


def _acl(right: Right, prefix: str) -> ACL:
    is_topic = right.on is On.TOPIC
    return ACL(
        principal=f"User:{right.participant}",
        host="*",
        operation=ACLOperation[right.may],
        permission_type=ACLPermissionType.ALLOW,
        resource_pattern=ResourcePattern(
            ResourceType.TOPIC if is_topic else ResourceType.GROUP,
            prefix + right.name,
            ACLResourcePatternType.LITERAL if is_topic else ACLResourcePatternType.PREFIXED,
        ),
    )


def _as_filter(acl: ACL) -> ACLFilter:
    return ACLFilter(
        acl.principal, acl.host, acl.operation, acl.permission_type, acl.resource_pattern
    )
