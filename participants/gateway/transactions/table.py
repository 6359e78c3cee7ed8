"""Every transaction we offer: its number, what it does to the world, and who handles it."""

from participants.gateway.fields import input_shapes
from participants.gateway.requests import Effect, Transaction
from participants.gateway.transactions import inpatient, outpatient, person, query, reversal

# fmt: off
_ROWS = (
    #           infno   effect             act                  answer
    Transaction("1101", Effect.ASKS,       person.enquire,      person.told),
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
    Transaction("2601", Effect.CONCLUDES,  reversal.withdraw,   reversal.withdrawn),
    Transaction("5203", Effect.READS,      query.settlement),
)
# fmt: on

TRANSACTIONS = {row.infno: row for row in _ROWS}
assert set(TRANSACTIONS) == set(input_shapes()) - {"envelope"}, "a transaction without its fields"
