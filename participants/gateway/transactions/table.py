"""Every transaction we offer: its number, what it does to the world, and who handles it."""
# ruff: noqa: E501 - a table: a row stays a row

from participants.gateway.requests import Effect, Patience, Subject, Transaction
from participants.gateway.transactions import (
    inpatient,
    outpatient,
    person,
    preflight,
    query,
    registration,
    reversal,
)

# fmt: off
_ROWS = (
    #           infno   effect             act                  answer                 at_limit                   subject               patience
    Transaction("1101", Effect.ASKS,       person.enquire,      person.told),
    Transaction("2001", Effect.ASKS,       preflight.check,     preflight.told,        preflight.told_so_far,     Subject.PREFLIGHT,    Patience.MOMENT),
    Transaction("2201", Effect.RECORDS,    outpatient.open_),
    Transaction("2204", Effect.RECORDS,    outpatient.add_lines),
    Transaction("2206", Effect.ASKS,       outpatient.try_out,  outpatient.tried),
    Transaction("2207", Effect.CONCLUDES,  outpatient.settle,   outpatient.settled),
    Transaction("2208", Effect.CONCLUDES,  reversal.cancel,     outpatient.cancelled),
    Transaction("2401", Effect.RECORDS,    inpatient.open_),
    Transaction("2301", Effect.RECORDS,    inpatient.add_lines),
    Transaction("2303", Effect.ASKS,       inpatient.try_out,   inpatient.tried),
    Transaction("2304", Effect.CONCLUDES,  inpatient.settle,    inpatient.settled),
    Transaction("2305", Effect.CONCLUDES,  reversal.cancel,     inpatient.cancelled),
    Transaction("2501", Effect.CONCLUDES,  registration.file,   registration.filed,    registration.filed_so_far, Subject.FILING,       Patience.DECISION),
    Transaction("2502", Effect.CONCLUDES,  registration.cancel, registration.cancelled, None,                     Subject.CANCELLATION, Patience.DECISION),
    Transaction("2503", Effect.CONCLUDES,  registration.file,   registration.filed,    registration.filed_so_far, Subject.FILING,       Patience.DECISION),
    Transaction("2504", Effect.CONCLUDES,  registration.cancel, registration.cancelled, None,                     Subject.CANCELLATION, Patience.DECISION),
    Transaction("2505", Effect.CONCLUDES,  registration.file,   registration.filed,    registration.filed_so_far, Subject.FILING,       Patience.DECISION),
    Transaction("2506", Effect.CONCLUDES,  registration.cancel, registration.cancelled, None,                     Subject.CANCELLATION, Patience.DECISION),
    Transaction("2601", Effect.CONCLUDES,  reversal.withdraw,   reversal.withdrawn),
    Transaction("5203", Effect.READS,      query.settlement),
)
# fmt: on

TRANSACTIONS = {row.infno: row for row in _ROWS}
