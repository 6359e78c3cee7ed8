"""Every case of a treatment area, in the order in which they run: words from the data, and code."""

from simulators.certify.cases import Case, cases_of
from simulators.certify.soundness import was_sound
from simulators.certify.treatment import (
    asking,
    reconciling,
    registering,
    settling,
    trusting,
    undoing,
    visiting,
)
from simulators.certify.treatment.stage import Stage

CASES: tuple[Case[Stage], ...] = cases_of(
    "treatment.toml",
    {
        **asking.RUNS,
        **settling.RUNS,
        **undoing.RUNS,
        **visiting.RUNS,
        **registering.RUNS,
        **trusting.RUNS,
        **reconciling.RUNS,
        "T-901": was_sound,
    },
)
