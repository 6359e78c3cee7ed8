"""How deep the machine goes: in a build always the same, by hand as deep as wanted.

A run that fails is not made smaller, which would take minutes: its steps are told in full.
"""

from hypothesis import HealthCheck, Phase, settings

DEEP = settings(
    max_examples=2_000,
    stateful_step_count=60,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)
IN_A_BUILD = settings(DEEP, max_examples=200, stateful_step_count=30, derandomize=True)
# More than in a build: which runs are drawn depends on the modules that happen to be loaded.
UNTIL_FOUND = settings(IN_A_BUILD, max_examples=1_000, report_multiple_bugs=False)
