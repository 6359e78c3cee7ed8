"""The cross-province extras that hospitals send as JSON text in exp_content (out-of-area 2.1)."""

from contracts.refusal import Refused
from participants.gateway import jsontext

# Key and value in exp_content → the flag that the other parties read in `Care.flags`.
_FLAGS = {
    ("IPT_TYPE", "2"): "emergency",
    ("IPT_TYPE", "3"): "transfer",
    ("OTP_ER_REFL_FLAG", "1"): "emergency",
    ("OTP_ER_REFL_FLAG", "2"): "referral",
    ("OTP_ER_REFL_FLAG", "3"): "emergency",
    ("TRUM_FLAG", "1"): "trauma",
    ("REL_TTP_FLAG", "1"): "third_party",
}


def flags_of(exp_content: str) -> tuple[str, ...]:
    """The flags in an exp_content, sorted; text that is not such JSON says nothing."""
    try:
        told = jsontext.loads(exp_content) if exp_content.startswith("{") else {}
    except Refused:
        return ()
    pairs = ((name.upper(), str(value)) for name, value in told.items())
    return tuple(sorted({_FLAGS[pair] for pair in pairs if pair in _FLAGS}))
