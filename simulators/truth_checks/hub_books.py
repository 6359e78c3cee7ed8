"""The hub's own verification, each of its safety checks as a truth."""

from collections.abc import Mapping

from hub.services.verification import CHECKS, Tolerance
from hub.store.checks import Check, broken_by
from simulators.truth_checks.scene import Scene, shown
from simulators.truth_checks.truth import Truth

# Which promise each check of the hub is about. What merely waits is `pending`, not broken.
PROMISES: Mapping[str, int] = {
    "ledger_sums_to_zero": 3,
    "postings_match_parts": 3,
    "steps_end_in_state": 1,
    "days_exist": 5,
    "daily_totals_hold": 8,
    "issued_runs_hold": 5,
    "adjustments_are_posted": 3,
    "balances_of_days_hold": 8,
    "snapshots_of_days_hold": 8,
    "final_states_are_told": 4,
    "advance_identity": 9,
    "advance_states_hold": 9,
    "cases_money_is_posted": 9,
    "cases_steps_end_in_state": 1,
}
WAITING = frozenset(
    {
        "nothing_overdue",
        "nothing_stuck_reversing",
        "outbox_is_sent",
        "no_open_dead_letters",
        "cases_not_overdue",
    }
)


def _asked_of(check: Check) -> Truth:
    def asked(looked: Scene) -> list[str]:
        rows = broken_by(looked.tx, check, Tolerance().before(looked.now))
        return shown([" ".join(f"{name}={value}" for name, value in row.items()) for row in rows])

    return Truth(PROMISES[check.name], check.en, asked)


HUB_BOOKS: Mapping[str, Truth] = {
    **{check.name: _asked_of(check) for check in CHECKS if check.name not in WAITING},
}
