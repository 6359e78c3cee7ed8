"""Shapes of what a caller may ask by; none lets a control character through to the database."""

from typing import Annotated, Literal

from pydantic import StringConstraints

AnArea = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}0000$")]
ADivision = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
APersonToken = Annotated[str, StringConstraints(pattern=r"^[A-Z2-7]{29}$")]
ACertificateKind = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")]
ACertificateNumber = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{1,40}$")]
NamePart = Annotated[
    str, StringConstraints(min_length=1, max_length=50, pattern=r"^[^\x00-\x1f\x7f]+$")
]
Coded = Annotated[str, StringConstraints(max_length=30, pattern=r"^[^\x00-\x1f\x7f]+$")]
InstitutionKind = Literal["hospital", "pharmacy"]
