"""Who spoke: the signature of a record is checked before anything else is looked at."""

from collections.abc import Callable
from datetime import datetime

from contracts.delivery.broker import Headers, Record
from contracts.delivery.burial import Fault
from contracts.delivery.codec import headers_of, sender_in, signature_of
from contracts.signing import Distrust, KeyRing
from contracts.topics import account_of

Speaker = Callable[[str, str], str | None]
"""As `contracts.topics.speaker`: who speaks where this participant's key signed this topic."""

_FAULTS = {
    Distrust.UNSIGNED: Fault.UNSIGNED,
    Distrust.UNKNOWN_KEY: Fault.UNKNOWN_KEY,
    Distrust.KEY_NOT_VALID: Fault.KEY_NOT_VALID,
    Distrust.BAD_SIGNATURE: Fault.BAD_SIGNATURE,
}


class Distrusted(Exception):
    """A record that is to be buried unread; `detail` names topic and key, and quotes nothing."""

    def __init__(self, fault: Fault, detail: str) -> None:
        super().__init__(fault)
        self.fault, self.detail = fault, detail


def sign(keys: KeyRing, topic: str, key: bytes, value: bytes, now: datetime) -> Headers:
    """The headers that go with these bytes of `codec.encode`; NoValidKey."""
    return headers_of(keys.sign(account_of(topic, sender_in(value)), topic, key, value, now))


def trusted(record: Record, keys: KeyRing, speaker: Speaker, now: datetime) -> str:
    """Who spoke, by key and topic, before a byte of the content is read; Distrusted."""
    signature = signature_of(record.headers)
    if signature is None:
        raise Distrusted(Fault.UNSIGNED, "no signature")
    why = keys.distrust(signature, record.topic, record.key, record.value, now)
    if why is not None:
        raise Distrusted(_FAULTS[why], signature.key)
    who = speaker(record.topic, signature.key.rpartition("/")[0])
    if who is None:
        raise Distrusted(Fault.WRONG_SENDER, f"{signature.key} may not write here")
    return who


def refuse_another_name(sender: str, who: str) -> None:
    """Distrusted when the head names somebody else than who signed."""
    if sender != who:
        raise Distrusted(Fault.WRONG_SENDER, f"{who} signed in another's name")
