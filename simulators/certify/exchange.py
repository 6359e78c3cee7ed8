"""One message that went over the wire in a run, as the report may show it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from contracts.person import masked
from simulators.certify.people import names

IDENTITY = frozenset(
    {"certno", "psn_name", "mdtrt_cert_no", "certificate_number", "tel", "opter_name"}
)
"""Names of fields that say who somebody is: shown masked."""
SEALED = "sealed_identity"
LONGEST = 4_000
_NUMBER = re.compile(r"(?<![0-9A-Za-z])[0-9]{17}[0-9Xx](?![0-9A-Za-z])")


class Way(StrEnum):
    """Which way a message went, as seen from the certifier."""

    TO_AREA = "→"
    FROM_AREA = "←"


@dataclass(frozen=True, slots=True)
class Exchange:
    """`place`: the topic, or the transaction of the outside; `note`: what was wrong with it."""

    at: datetime
    way: Way
    place: str
    key: str
    kind: str
    content: str
    note: str = ""


def shown(value: bytes | str) -> str:
    """A text for people: JSON laid out with identities masked; other bytes only counted."""
    try:
        document = json.loads(value)
    except ValueError:
        return f"（{len(value)} 字节，不是 JSON）"
    text = nobody_named(json.dumps(without_identities(document), ensure_ascii=False, indent=1))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…（略）"


def nobody_named(text: str) -> str:
    """With the test people's names and every identity number masked, wherever an area put them."""
    for name in names():
        text = text.replace(name, masked(name))
    return _NUMBER.sub(lambda found: masked(found[0]), text)


def without_identities(document: Any) -> Any:
    """The same document with names, numbers and sealed identities masked."""
    if isinstance(document, Mapping):
        return {name: _kept(str(name), value) for name, value in document.items()}
    if isinstance(document, list):
        return [without_identities(one) for one in document]
    return document


def _kept(name: str, value: Any) -> Any:
    if name == SEALED and value:
        return "（已加密，略）"
    if name in IDENTITY and isinstance(value, str) and value:
        return masked(value)
    return without_identities(value)
