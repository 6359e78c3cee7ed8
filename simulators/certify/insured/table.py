"""Every case of an insured area, in the order in which they run: words from the data, and code."""

from simulators.certify.cases import Case, cases_of
from simulators.certify.insured import (
    asking,
    calculating,
    chronic,
    deciding,
    reconciling,
    trusting,
    undoing,
)
from simulators.certify.insured.stage import Stage
from simulators.certify.soundness import was_sound

CASES: tuple[Case[Stage], ...] = cases_of(
    "insured.toml",
    {
        **asking.RUNS,
        **calculating.RUNS,
        **undoing.RUNS,
        **chronic.RUNS,
        **deciding.RUNS,
        **trusting.RUNS,
        **reconciling.RUNS,
        "I-901": was_sound,
    },
)
