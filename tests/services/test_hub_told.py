"""Whatever ends a settlement is told to somebody: the check knows the words of every such step."""

from hub.domain.settlement import SETTLEMENT, Event, State
from hub.store.checks_ledger import TOLD

BETWEEN = {State.ROUTED, State.REVERSING}
"""Where a settlement is on its way: nobody is told yet. As the check's own query has it."""


def test_every_step_into_a_final_state_has_its_words_and_no_other_step_has() -> None:
    concluding = {
        step.event
        for step in SETTLEMENT.steps
        if step.source is not step.target and step.target not in BETWEEN
    }
    assert concluding == TOLD.keys()
    assert all(TOLD.values())
    assert Event.CANCEL not in TOLD
