"""What is forgotten when its time is over: files of institutions, and sessions."""

from datetime import datetime

from sqlalchemy import Connection

from participants.treatment.domain.keeping import Keeping
from participants.treatment.store import files, sessions


def forget(tx: Connection, now: datetime, keeping: Keeping) -> int:
    """Delete expired files, and sessions that expired `forget_after` ago; how many in all."""
    return files.forget(tx, now) + sessions.forget(tx, now - keeping.forget_after)
