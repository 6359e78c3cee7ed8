"""A person's name and number: taken from a request, sealed for keeping, told to the hospital."""

import json
import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from contracts.sealing import SealBroken, Sealer
from participants.gateway.wire.checking import Row
from participants.gateway.wire.jsontext import Number

_ID_CARD = re.compile(r"\d{6}(\d{4})(\d{2})(\d{2})\d{2}(\d)[\dXx]", re.ASCII)
ID_CARD = "01"


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """What a certificate says. `repr` shows nothing, so that no log can."""

    name: str = ""
    certificate_kind: str = ""
    certificate_number: str = ""

    def sealed(self, sealer: Sealer) -> str:
        """As `contracts.messages.enquiry.PersonCard` has it."""
        told = {
            "name": self.name,
            "certificate_kind": self.certificate_kind,
            "certificate_number": self.certificate_number,
        }
        return sealer.seal(json.dumps(told, ensure_ascii=False))

    def completed_by(self, other: "Identity") -> "Identity":
        """What this one leaves out, as the other says it."""
        return Identity(
            self.name or other.name,
            self.certificate_kind or other.certificate_kind,
            self.certificate_number or other.certificate_number,
        )

    def birth_and_gender(self) -> tuple[date | None, str]:
        """What an 18-digit identity card number says by itself: GB 11643."""
        match = _ID_CARD.fullmatch(self.certificate_number)
        if self.certificate_kind != ID_CARD or match is None:
            return None, "0"
        try:
            born_on = date(int(match.group(1)), int(match.group(2)), int(match.group(3)))
        except ValueError:
            return None, "0"
        return born_on, "1" if int(match.group(4)) % 2 else "2"


def identity_in(row: Row) -> Identity:
    """The certificate in an input; 2401 calls its kind cert_type, the others psn_cert_type."""
    kind = row.text("psn_cert_type") or row.text("cert_type")
    return Identity(row.text("psn_name"), kind, row.text("certno"))


def opened(sealed: str | None, sealer: Sealer) -> Identity:
    """The identity behind `Identity.sealed`; an empty one where there is none that we can open."""
    if not sealed:
        return Identity()
    try:
        told = json.loads(sealer.open(sealed))
    except SealBroken:
        return Identity()
    return Identity(told["name"], told["certificate_kind"], told["certificate_number"])


def person_block(
    identity: Identity, on: date, *, born_on: date | None = None, gender: str = ""
) -> dict[str, Any]:
    """psn_name to age, as setlinfo has them; the card's word goes before the number's."""
    by_number = identity.birth_and_gender()
    born_on = born_on or by_number[0]
    return {
        "psn_name": identity.name,
        "psn_cert_type": identity.certificate_kind,
        "certno": identity.certificate_number,
        "gend": gender or by_number[1],
        "naty": "",
        "brdy": born_on.isoformat() if born_on else "",
        "age": Number(str(age_on(born_on, on))) if born_on else Number("0"),
    }


def age_on(born_on: date, on: date) -> int:
    """Full years."""
    before_birthday = (on.month, on.day) < (born_on.month, born_on.day)
    return max(0, on.year - born_on.year - before_birthday)
