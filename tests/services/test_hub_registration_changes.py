"""Registrations that stand: changed, expired, and whom they settle afterwards."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from functools import partial
from itertools import pairwise, permutations
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection

from contracts.codes import AreaCode
from contracts.ids import MessageId, RegistrationId, SettlementId, new_id
from contracts.message import Message, Outgoing
from contracts.messages.directory import AreaTermsPublished
from contracts.messages.registration import Change, RegistrationTold, Wanted
from contracts.messages.settlement import SettlementRequested
from contracts.refusal import RefusalCode, Refused
from hub.domain.changing import Wish
from hub.domain.registration import REGISTRATION, RegistrationEvent, RegistrationState
from hub.services import changing, deciding, directory, expiring, settlements, submitting
from hub.store import registrations
from hub.store.db import migrate
from tests.support.databases import Databases
from tests.support.hub import (
    ANSWER_WITHIN,
    FROM_INSURED,
    FROM_TREATMENT,
    INSURED,
    NOW,
    TODAY,
    Hub,
    a_bill,
    a_care,
    an_open_hub,
    person,
    said,
)
from tests.support.registrations import (
    COMMITMENT,
    CREDENTIAL,
    OTHER,
    PROOF,
    changed,
    decision,
    filed,
    history,
    in_force,
    long_term,
    states,
    submission,
    told,
    wanted,
    wish,
)

accept = partial(settlements.accept, answer_within=ANSWER_WITHIN)
DAY = timedelta(days=1)


@pytest.fixture
def hub(databases: Databases) -> Hub:
    return an_open_hub(databases.fresh("hub", migrate))


def expire(hub: Hub, on: date, count_max: int = 100) -> list[Outgoing]:
    with hub.engine.begin() as tx:
        hub.outgoing = expiring.expire(tx, NOW + (on - TODAY), count_max)
    return hub.outgoing


Deed = Callable[[Hub, Wanted], object]


def by(change: Change) -> Deed:
    return lambda hub, one: changed(hub, one, change)


def decided(*, accepted: bool) -> Deed:
    return lambda hub, one: hub.hear(deciding.decide, decision(one, accepted=accepted))


def superseded(hub: Hub, one: Wanted) -> list[Outgoing]:
    new = filed(hub, long_term(replaces=one.registration_id, begins_on=date(2026, 3, 20)))
    if states(hub, new) == ["rejected"]:
        return []  # There is nothing that it could follow.
    said_yes = hub.hear(deciding.decide, decision(new))
    return [o for o in said_yes if _about(o, one)]


def _about(outgoing: Outgoing, one: Wanted) -> bool:
    return getattr(outgoing.message.body, "registration_id", None) == one.registration_id


def expired(hub: Hub, one: Wanted) -> list[Outgoing]:
    """Long-term ones have no end, so the test gives this one an end that is over."""
    hub.rows(
        "UPDATE registrations SET ends_on = '2026-03-01' WHERE registration_id = %s RETURNING 1",
        one.registration_id,
    )
    return expire(hub, TODAY)


DEEDS: dict[RegistrationEvent, Deed] = {
    RegistrationEvent.ACCEPT: decided(accepted=True),
    RegistrationEvent.REJECT: decided(accepted=False),
    RegistrationEvent.SUPPLEMENT: by(Change.SUPPLEMENT),
    RegistrationEvent.SUSPEND: by(Change.SUSPEND),
    RegistrationEvent.RESUME: by(Change.RESUME),
    RegistrationEvent.CANCEL: by(Change.CANCEL),
    RegistrationEvent.EXPIRE: expired,
    RegistrationEvent.SUPERSEDE: superseded,
}
ACCEPTED = DEEDS[RegistrationEvent.ACCEPT]
INTO: dict[RegistrationState, tuple[Deed, ...]] = {
    RegistrationState.SUBMITTED: (),
    RegistrationState.ACTIVE: (ACCEPTED,),
    RegistrationState.REJECTED: (DEEDS[RegistrationEvent.REJECT],),
    RegistrationState.SUSPENDED: (ACCEPTED, by(Change.SUSPEND)),
    RegistrationState.SUPERSEDED: (ACCEPTED, superseded),
    RegistrationState.CANCELLED: (ACCEPTED, by(Change.CANCEL)),
    RegistrationState.EXPIRED: (ACCEPTED, expired),
}
# The clock finds nothing to expire, and a version that can follow nothing is refused as such.
NO_ANOMALY = {RegistrationEvent.EXPIRE, RegistrationEvent.SUPERSEDE}


@pytest.mark.parametrize("event", DEEDS)
@pytest.mark.parametrize("state", INTO)
def test_every_event_in_every_state(
    hub: Hub, state: RegistrationState, event: RegistrationEvent
) -> None:
    one = filed(hub, long_term())
    for deed in INTO[state]:
        deed(hub, one)
    assert states(hub, one) == [state]
    hub.outgoing = []
    outgoing: Any = DEEDS[event](hub, one)
    permitted = REGISTRATION.allows(state, event)
    after = REGISTRATION.after(state, event) if permitted else state
    assert states(hub, one) == [after]
    if permitted:
        answers = sorted(told(outgoing))
        code = " 4020" if event is RegistrationEvent.REJECT else ""
        sides = ("insured", "treatment")
        assert answers == [f"{side} registration_told {after}{code}" for side in sides]
    elif event not in NO_ANOMALY:
        code = "4017" if event in {"accept", "reject"} else "5001"
        assert told(outgoing) == [f"insured registration_told {state} {code}"]
    odd = not permitted and event not in NO_ANOMALY
    assert hub.anomalies() == (["out_of_step"] if odd else [])
    _leads_here(hub, one)


def _leads_here(hub: Hub, one: Wanted) -> None:
    """The steps lead to the state without a gap, each with its instant and who made it."""
    steps = hub.rows(
        'SELECT position, from_state, to_state, at, "by" FROM registration_steps'
        " WHERE registration_id = %s ORDER BY position",
        one.registration_id,
    )
    assert [row[0] for row in steps] == list(range(1, len(steps) + 1))
    assert all(before[2] == following[1] for before, following in pairwise(steps))
    path = ["submitted", *(row[2] for row in steps)]
    assert [path[-1]] == states(hub, one)
    assert all(row[3] is not None and row[4] for row in steps)


def test_every_step_of_the_table_was_taken() -> None:
    taken = {(s, e) for s in INTO for e in DEEDS if REGISTRATION.allows(s, e)}
    assert taken == {(step.source, step.event) for step in REGISTRATION.steps}


def test_a_supplement_is_told_with_all_papers_and_keeps_who_and_why(hub: Hub) -> None:
    one = in_force(hub, long_term())
    outgoing = changed(hub, one, Change.SUPPLEMENT, FROM_TREATMENT)
    body = outgoing[0].message.body
    assert isinstance(body, RegistrationTold)
    assert body.materials == (CREDENTIAL, COMMITMENT, PROOF)
    assert (body.by, body.detail) == ("H31011500001", "本人要求")
    assert history(hub, one)[-1] == "active supplement active H31011500001"


def settles(hub: Hub, admitted_on: date, now: Any = NOW, **care: Any) -> str:
    """What becomes of a stay of somebody admitted on a day and discharged two days later."""
    request = SettlementRequested(
        settlement_id=SettlementId(new_id()),
        care=a_care(
            person_id=OTHER,
            admitted_on=admitted_on,
            discharged_on=admitted_on + 2 * DAY,
            **care,
        ),
        bill=a_bill(),
    )
    with hub.engine.begin() as tx:
        accept(tx, [said(request, FROM_TREATMENT)], now)
    statement = "SELECT coalesce(refusal_code, 'routed') FROM settlements WHERE settlement_id = %s"
    return str(hub.rows(statement, request.settlement_id)[0][0])


# Filed and accepted on 2026-03-02 for 2026-03-01 on; changed on 2026-04-10 and, for "resume", back
# on 2026-04-20. Who is admitted then is settled on 2026-05-01, or why not.
AFTER_A_CHANGE = """
    change     admitted    |  becomes
    -          2026-02-27  |  4025
    -          2026-02-28  |  routed
    -          2026-03-01  |  routed
    -          2026-04-28  |  routed
    suspend    2026-04-09  |  routed
    suspend    2026-04-10  |  4002
    suspend    2026-04-28  |  4002
    resume     2026-04-09  |  routed
    resume     2026-04-19  |  4002
    resume     2026-04-20  |  routed
    cancel     2026-04-09  |  routed
    cancel     2026-04-10  |  4003
    cancel     2026-04-28  |  4003
    supersede  2026-04-09  |  routed
    supersede  2026-04-10  |  4004
"""


@pytest.mark.parametrize(
    "case",
    [line.split() for line in AFTER_A_CHANGE.replace("|", " ").strip().splitlines()[1:]],
    ids="/".join,
)
def test_admission_decides_whatever_is_changed_afterwards(hub: Hub, case: list[str]) -> None:
    change, admitted, becomes = case
    one = in_force(hub, long_term())
    april = NOW + (date(2026, 4, 10) - TODAY)
    hub.now = april
    if change == "supersede":
        new = long_term(replaces=one.registration_id, place="320500", begins_on=date(2026, 4, 10))
        filed(hub, new)
        hub.hear(deciding.decide, decision(new))
    elif change != "-":
        changed(hub, one, Change.SUSPEND if change == "resume" else Change(change))
    if change == "resume":
        hub.now = april + 10 * DAY
        changed(hub, one, Change.RESUME)
    may = NOW + (date(2026, 5, 1) - TODAY)
    assert settles(hub, date.fromisoformat(admitted), may) == becomes


def test_expiry_harms_no_earlier_admission(hub: Hub) -> None:
    one = in_force(hub)  # up to 2026-08-31
    september = NOW + (date(2026, 9, 1) - TODAY)
    assert expire(hub, date(2026, 8, 31)) == []
    before = settles(hub, date(2026, 8, 30), september)
    outgoing = expire(hub, date(2026, 9, 1))
    assert sorted(told(outgoing)) == [
        "insured registration_told expired",
        "treatment registration_told expired",
    ]
    after = settles(hub, date(2026, 8, 30), september)
    assert (before, after, states(hub, one)) == ("routed", "routed", ["expired"])
    assert settles(hub, date(2026, 9, 1), september + 9 * DAY) == "4003"
    assert expire(hub, date(2026, 9, 2)) == []


def test_expiry_takes_no_more_at_once_than_it_is_told(hub: Hub) -> None:
    for number in range(10, 15):
        in_force(hub, wanted(person_id=person(number)))
    counts = [len(expire(hub, date(2026, 10, 1), 2)) for _ in range(4)]
    assert counts == [4, 4, 2, 0]


def test_one_with_a_version_that_waits_does_not_expire_before_the_decision(hub: Hub) -> None:
    old = in_force(hub)
    new = filed(hub, wanted(replaces=old.registration_id, begins_on=date(2026, 8, 20)))
    assert expire(hub, date(2026, 9, 5)) == []
    hub.hear(deciding.decide, decision(new))
    assert states(hub, old, new) == ["superseded", "active"]


def test_one_that_is_being_moved_is_left_to_the_next_turn(hub: Hub) -> None:
    one = in_force(hub)
    with hub.engine.begin() as moving:
        registrations.lock_people(moving, [one.person_id])
        assert expire(hub, date(2026, 10, 1)) == []
    assert len(expire(hub, date(2026, 10, 1))) == 2


# Late, twice, out of order.


def test_a_wish_that_comes_twice_is_granted_once_and_answered_twice(hub: Hub) -> None:
    one, id_ = in_force(hub, long_term()), MessageId(new_id())
    for sides in (2, 1):  # The second time only who asks hears it.
        outgoing = changed(hub, one, Change.SUSPEND, change_id=id_)
        assert len(outgoing) == sides
        bodies: list[Any] = [o.message.body for o in outgoing]
        assert {(b.state, b.change_id, b.code) for b in bodies} == {("suspended", id_, None)}
    assert len(history(hub, one)) == 2
    other = changed(hub, one, Change.CANCEL, change_id=id_)
    assert told(other) == ["insured registration_told suspended 1009"]
    again = changed(hub, one, Change.SUSPEND, change_id=id_, reason="另一个原因")
    assert told(again) == ["insured registration_told suspended 1009"]
    assert hub.anomalies() == ["repeated_id"] * 2


def test_a_wish_before_its_registration_or_about_anothers_is_an_anomaly(hub: Hub) -> None:
    unknown, one = wanted(), in_force(hub)
    assert changed(hub, unknown, Change.CANCEL) == []
    assert changed(hub, one, Change.CANCEL, person_id=person(3)) == []
    assert changed(hub, one, Change.CANCEL, "treatment.320000") == []
    assert changed(hub, one, Change.CANCEL, "person") == []
    assert hub.anomalies() == [*["unknown_subject"] * 2, *["wrong_sender"] * 2]
    assert states(hub, one) == ["active"]


def test_only_the_insured_area_suspends(hub: Hub) -> None:
    one = in_force(hub)
    outgoing = changed(hub, one, Change.SUSPEND, FROM_TREATMENT)
    assert told(outgoing) == ["treatment registration_told active 1013"]
    assert hub.anomalies() == ["wrong_sender"]


def test_the_lock_in_binds_who_filed_and_not_the_insured_area(hub: Hub) -> None:
    terms = AreaTermsPublished(
        area=INSURED,
        published_at=NOW,
        holds_from=date(2026, 1, 1),
        need_registration=(),
        lock_in_months=6,
    )
    hub.hear(directory.record_terms, said(terms, FROM_INSURED))
    one = in_force(hub, long_term())
    outgoing = changed(hub, one, Change.CANCEL, FROM_TREATMENT)
    assert told(outgoing) == ["treatment registration_told active 4014"]
    assert hub.anomalies() == []
    changed(hub, one, Change.CANCEL, FROM_INSURED)
    assert states(hub, one) == ["cancelled"]


def test_messages_about_one_registration_in_any_order_leave_it_in_a_state_of_the_table(
    hub: Hub,
) -> None:
    for number, order in enumerate(permutations(range(4))):
        one = long_term(person_id=person(100 + number))
        messages: list[tuple[Any, Message[Any]]] = [
            (submitting.receive, submission(one)),
            (deciding.decide, decision(one)),
            (changing.receive, wish(one, Change.SUPPLEMENT)),
            (changing.receive, wish(one, Change.CANCEL)),
        ]
        for position in order:
            handler, message = messages[position]
            hub.hear(handler, message)
            hub.hear(handler, said(message.body, message.head.sender))  # Under another id again.
        _leads_here(hub, one)
    # Whatever overtook its registration is noted, never lost silently.
    assert set(hub.anomalies()) <= {"unknown_subject", "out_of_step"}


def _wish(one: Wanted, change: Change, party: str, **changes: Any) -> Wish:
    usual: dict[str, Any] = {
        "change_id": MessageId(new_id()),
        "registration_id": RegistrationId(one.registration_id),
        "person_id": one.person_id,
        "change": change,
        "materials": (),
        "reason": "本人要求",
        "by": "window-7",
        "party": party,
    }
    return Wish(**usual | changes)


def _change(hub: Hub, one: Wish) -> tuple[RegistrationState, int]:
    with hub.engine.begin() as tx:
        found, outgoing = changing.change(tx, one, NOW)
    return found.state, len(outgoing)


def test_over_http_a_wish_is_granted_once_and_a_refused_one_changes_nothing(hub: Hub) -> None:
    one = in_force(hub)
    suspend = _wish(one, Change.SUSPEND, FROM_INSURED)
    assert _change(hub, suspend) == (RegistrationState.SUSPENDED, 2)
    assert _change(hub, suspend) == (RegistrationState.SUSPENDED, 0)
    for refused_wish, code in (
        (_wish(one, Change.SUSPEND, FROM_INSURED), RefusalCode.OUT_OF_STEP),
        (_wish(one, Change.RESUME, "person"), RefusalCode.NOT_ALLOWED),
        (_wish(one, Change.CANCEL, "treatment.320000"), RefusalCode.NOT_ALLOWED),
        (_wish(one, Change.SUPPLEMENT, "person"), RefusalCode.FIELD_MISSING),
        (_wish(wanted(), Change.CANCEL, "person"), RefusalCode.UNKNOWN_REGISTRATION),
        (
            _wish(one, Change.CANCEL, FROM_INSURED, change_id=suspend.change_id),
            RefusalCode.CONFLICTING_REPLAY,
        ),
    ):
        with pytest.raises(Refused) as refused:
            _change(hub, refused_wish)
        assert refused.value.code is code
    assert len(history(hub, one)) == 2
    assert _change(hub, _wish(one, Change.CANCEL, "person")) == (RegistrationState.CANCELLED, 2)


# One person, one day, one thing: at most one registration.

_COUNTED_TWICE = """
    SELECT a.registration_id, b.registration_id FROM registrations AS a JOIN registrations AS b
        ON a.person_id = b.person_id AND a.registration_id < b.registration_id
        AND coalesce(left(a.disease_code, 4), '') = coalesce(left(b.disease_code, 4), '')
    WHERE (a.state IN ('active', 'suspended') OR a.ended_on IS NOT NULL)
        AND (b.state IN ('active', 'suspended') OR b.ended_on IS NOT NULL)
        AND greatest(a.begins_on, b.begins_on) <= least(
            coalesce(a.ended_on, a.ends_on, 'infinity'),
            coalesce(b.ended_on, b.ends_on, 'infinity'))
"""


def _some_deed(random: Random, known: list[Wanted]) -> Callable[[Connection], object]:
    """Something that somebody does about the person's registrations, sound or not."""
    begins = TODAY + random.randrange(-20, 60) * DAY
    old = random.choice(known[-5:]) if known else None
    new = long_term(
        begins_on=begins, replaces=old.registration_id if old and random.random() < 0.7 else None
    )
    if old is None or random.random() < 0.35:
        known.append(new)
        return lambda tx: submitting.receive(tx, [submission(new)], NOW)
    if random.random() < 0.7:
        return lambda tx: deciding.decide(tx, [decision(old)], NOW)
    asked = wish(old, random.choice(list(Change)), FROM_INSURED)
    on = NOW + random.randrange(40) * DAY
    return lambda tx: changing.receive(tx, [asked], on)


@pytest.mark.parametrize("seed", range(3))
def test_at_most_one_counts_on_a_day_whatever_is_done_at_once(hub: Hub, seed: int) -> None:
    random, known = Random(seed), list[Wanted]()
    deeds = [_some_deed(random, known) for _ in range(200)]

    def do(deed: Callable[[Connection], object]) -> None:
        with hub.engine.begin() as tx:
            deed(tx)

    with ThreadPoolExecutor(4) as at_once:
        list(at_once.map(do, deeds))
    assert hub.rows(_COUNTED_TWICE) == []
    reached = {row[0] for row in hub.rows("SELECT DISTINCT state FROM registrations")}
    assert len(reached) > 1, reached
    for one in known:
        _leads_here(hub, one)


@pytest.mark.parametrize("as_versions", [False, True], ids=["overlapping", "next versions"])
def test_of_many_accepted_at_once_one_is_in_force(hub: Hub, *, as_versions: bool) -> None:
    old = in_force(hub, long_term()) if as_versions else None
    ones = [
        filed(
            hub,
            long_term(
                begins_on=TODAY + number * DAY, replaces=old.registration_id if old else None
            ),
        )
        for number in range(8)
    ]

    def accepted(one: Wanted) -> None:
        with hub.engine.begin() as tx:
            deciding.decide(tx, [decision(one)], NOW)

    with ThreadPoolExecutor(4) as at_once:
        list(at_once.map(accepted, ones))
    assert sorted(states(hub, *ones)) == ["active", *["rejected"] * 7]
    assert old is None or states(hub, old) == ["superseded"]
    assert hub.rows(_COUNTED_TWICE) == []


def test_two_at_once_over_http_file_one_registration(hub: Hub) -> None:
    one = wanted()

    def file(_: int) -> tuple[RegistrationState, int]:
        with hub.engine.begin() as tx:
            filing = submitting.Filing(one, "window-7", FROM_INSURED)
            found, outgoing = submitting.submit(tx, filing, NOW)
        return found.state, len(outgoing)

    with ThreadPoolExecutor(4) as at_once:
        answers = list(at_once.map(file, range(4)))
    assert sorted(count for _, count in answers) == [0, 0, 0, 1]


def test_the_area_of_the_other_side_hears_no_more_than_it_filed(hub: Hub) -> None:
    one = filed(hub, None, f"insured.{AreaCode('340000')}")
    outgoing = hub.hear(deciding.decide, decision(one))
    assert told(outgoing) == ["insured registration_told active"]
