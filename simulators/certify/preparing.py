"""What is made before a run: the two keys that the certifier and the area under test share."""

from collections.abc import Sequence
from datetime import datetime, timedelta

ENDED_FOR = timedelta(days=1)


def message_keys(
    participant: str, secrets_base64: Sequence[str], now: datetime, valid_for: timedelta
) -> str:
    """YIDI_MESSAGE_KEYS with two keys: 'certify' is valid for so long, 'ended' ended yesterday."""
    valid, ended = secrets_base64
    began, ended_at = now - 2 * ENDED_FOR, now - ENDED_FOR
    spans = ((began, now + valid_for), (began - ENDED_FOR, ended_at))
    rows = zip(("certify", "ended"), (valid, ended), spans, strict=True)
    return ",".join(
        f"{participant}/{name}={secret}@{since.isoformat()}..{until.isoformat()}"
        for name, secret, (since, until) in rows
    )
