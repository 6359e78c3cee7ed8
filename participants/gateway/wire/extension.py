"""The facts of a visit that hospitals send as JSON text in exp_content (out-of-area 2.1)."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from contracts.refusal import RefusalCode, Refused
from participants.gateway.wire import jsontext
from participants.treatment.domain.asking import is_undeclared_trauma

# Key and value in exp_content → the flag that the other parties read in `Care.flags`.
_FLAGS = {
    ("IPT_TYPE", "2"): "emergency",
    ("IPT_TYPE", "3"): "transfer",
    ("OTP_ER_REFL_FLAG", "1"): "emergency",
    ("OTP_ER_REFL_FLAG", "2"): "referral",
    ("OTP_ER_REFL_FLAG", "3"): "emergency",
    ("TRUM_FLAG", "1"): "trauma",
    ("REL_TTP_FLAG", "1"): "third_party",
    ("REL_TTP_FLAG", "0"): "no_third_party",
}
FLAGS = frozenset(_FLAGS.values())
TRAUMA = "trauma"
_WORDS = frozenset({"third_party", "no_third_party"})
# The longest code that begins med_type → the flag that must come with it, and its field.
_NEEDED = {
    "13": ("emergency", "急诊标志(exp_content的IPT_TYPE=2或OTP_ER_REFL_FLAG=1、3)"),
    "22": ("trauma", "外伤标志(exp_content的TRUM_FLAG=1)"),
    "9903": ("trauma", "外伤标志(exp_content的TRUM_FLAG=1)"),
}
_OF_TRAUMA = tuple(code for code, (flag, _) in _NEEDED.items() if flag == TRAUMA)


def said_in(exp_content: str) -> Mapping[str, Any]:
    """What an exp_content says, by upper-case key; text that is not such JSON says nothing."""
    try:
        told = jsontext.loads(exp_content) if exp_content.startswith("{") else {}
    except Refused:
        return {}
    return {name.upper(): value for name, value in told.items()}


def flags_of(
    exp_content: str, *, med_type: str = "", accident: str | None = None
) -> tuple[str, ...]:
    """The flags in an exp_content, sorted. `accident`: the word on third parties of an accident
    that is registered (2507); it counts where the visit is of trauma and has no word of its own.

    Refused TRAUMA_NOT_DECLARED: trauma without a word on third parties.
    """
    flags = _flags_in(exp_content)
    if accident and _is_of_trauma(flags, med_type) and flags.isdisjoint(_WORDS):
        flags |= {TRAUMA, accident}
    assert_declared(flags)
    return tuple(sorted(flags))


def lacks_word(exp_content: str, med_type: str) -> bool:
    """Whether a visit is of trauma and says nothing itself about third parties."""
    flags = _flags_in(exp_content)
    return _is_of_trauma(flags, med_type) and flags.isdisjoint(_WORDS)


def _flags_in(exp_content: str) -> set[str]:
    pairs = ((name, str(value)) for name, value in said_in(exp_content).items())
    return {_FLAGS[pair] for pair in pairs if pair in _FLAGS}


def _is_of_trauma(flags: AbstractSet[str], med_type: str) -> bool:
    return TRAUMA in flags or med_type.startswith(_OF_TRAUMA)


def assert_declared(flags: AbstractSet[str]) -> None:
    """Refused TRAUMA_NOT_DECLARED, as the hub and a pre-flight would: no word on third parties."""
    if is_undeclared_trauma(flags):
        detail = "涉及第三方标志(REL_TTP_FLAG)，外伤(TRUM_FLAG=1)时必填"
        raise Refused(RefusalCode.TRAUMA_NOT_DECLARED, detail)


def assert_fits(med_type: str, flags: AbstractSet[str]) -> None:
    """Refused FIELD_MISSING: a med_type for emergencies or trauma without its flag."""
    for code, (flag, told) in _NEEDED.items():
        if med_type.startswith(code) and flag not in flags:
            raise Refused(RefusalCode.FIELD_MISSING, f"{told}，医疗类别(med_type){med_type}时必填")
