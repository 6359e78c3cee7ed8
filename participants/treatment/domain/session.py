"""A session: an operator of an institution who has signed in (9001) and not yet out (9002)."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SignIn:
    """Who wants to sign in; where from, as the institution says it."""

    institution: str
    operator_no: str
    mac: str
    ip: str


@dataclass(frozen=True, slots=True)
class SignOut:
    """Who wants to sign out of which session."""

    institution: str
    operator_no: str
    sign_no: str


@dataclass(frozen=True, slots=True)
class Session:
    """`sign_no`: 26 characters; it is over at `expires_at` even if nobody signs out."""

    sign_no: str
    institution: str
    operator_no: str
    signed_in_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
