"""What differs from one institution to the next: how it shows who it is, and how it is answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from participants.gateway.security.sm2 import SignatureForm, SignatureText

CLIENT_ID = "@client_id"
"""As `sm2_user_id`: the institution's OAuth client id."""


class InfcodeType(StrEnum):
    """How infcode is written: clients differ, and some take only one of the two."""

    NUMBER = "number"  # 0
    TEXT = "text"  # "0"


class AmountType(StrEnum):
    """How numbers are written in an answer's output."""

    NUMBER = "number"  # 12.30
    TEXT = "text"  # "12.30"


class Transport(StrEnum):
    """What comes in the headers of a call."""

    NONE = "none"  # nothing
    BEARER = "bearer"  # a token that was given by command
    HMAC = "hmac"  # _api_* with HMAC-SHA1 (Hunan)
    TIF = "tif"  # x-tif-* with SHA-256 (Guangdong)
    OAUTH = "oauth"  # a token from /auth/oauth/token (Jilin)


class Signing(StrEnum):
    """What `cainfo` signs, with SM2."""

    NONE = "none"  # nothing
    INPUT = "input"  # the JSON text of the input, before it is encrypted (Jilin)
    SORTED = "sorted"  # the envelope without cainfo and input, sorted (Hubei)


class Encryption(StrEnum):
    """How the input travels, and the output."""

    NONE = "none"  # as JSON
    SM4 = "sm4"  # as base64 of SM4-ECB, keyed by the OAuth client id (Jilin)


@dataclass(frozen=True, slots=True)
class Profile:
    """One institution's ways. `clock_apart_s`: how far a timestamp may be from our clock.

    `signs_empty`: whether fields without a value are part of what SORTED signs.
    """

    name: str
    transport: Transport
    signing: Signing
    encryption: Encryption
    signs_replies: bool
    infcode: InfcodeType
    amounts: AmountType
    clock_apart_s: int
    signature_form: SignatureForm
    signature_text: SignatureText
    sm2_user_id: str
    signs_empty: bool
    sign_no_required: bool

    @property
    def is_open(self) -> bool:
        """Whoever knows an institution's code is believed to be it."""
        return self.transport is Transport.NONE and self.signing is Signing.NONE


@dataclass(frozen=True, slots=True)
class Profiles:
    """Profiles by institution code, each from a day on; whoever has none gets the default."""

    default: Profile
    institutions: Mapping[str, Sequence[tuple[date, Profile]]]

    def of(self, institution_code: str, on: date) -> Profile:
        """The profile that applies on a day in Shanghai."""
        dated = self.institutions.get(institution_code, ())
        return next((profile for since, profile in reversed(dated) if since <= on), self.default)

    def guarded(self) -> "Profiles":
        """The same where nobody is believed for a code alone: the open ones show a token."""
        return Profiles(
            _guarded(self.default),
            {
                code: [(since, _guarded(profile)) for since, profile in dated]
                for code, dated in self.institutions.items()
            },
        )

    @property
    def are_open(self) -> bool:
        """Whether anybody may say that it is an institution."""
        dated = (profile for rows in self.institutions.values() for _, profile in rows)
        return self.default.is_open or any(profile.is_open for profile in dated)


def _guarded(profile: Profile) -> Profile:
    return replace(profile, transport=Transport.BEARER) if profile.is_open else profile
