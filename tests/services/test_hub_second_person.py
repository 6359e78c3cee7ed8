"""Four eyes: who proposes never approves, an approval does its work once, and nothing is edited."""

from datetime import datetime, timedelta
from uuid import UUID

import psycopg2
import pytest
from sqlalchemy import Connection

from contracts.access import AccessRole, Principal
from contracts.ids import new_id
from contracts.message import Outgoing
from contracts.refusal import RefusalCode, Refused
from contracts.sealing import Sealer
from hub.domain.second_person import PROPOSAL, Proposal, ProposalKind, ProposalState
from hub.services import second_person
from hub.services.effects import EFFECTS
from hub.store.db import migrate
from tests.support.databases import Databases
from tests.support.hub import NOW, Hub, an_open_hub

ANN = Principal("ann", AccessRole.OPERATOR, None)
BEN = Principal("ben", AccessRole.OPERATOR, None)
CAI = Principal("cai", AccessRole.OPERATOR, None)
KIND = ProposalKind.ADJUSTMENT
LATER = NOW + timedelta(minutes=5)
PERFORMED: list[tuple[str, str]] = []


def _perform(
    _tx: Connection, proposal: Proposal, by: Principal, _now: datetime, _keys: Sealer | None
) -> list[Outgoing]:
    if proposal.content.get("fails"):
        raise Refused(RefusalCode.OUT_OF_STEP)
    PERFORMED.append((proposal.subject, by.subject))
    return []


@pytest.fixture
def hub(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Hub:
    monkeypatch.setitem(EFFECTS, KIND, _perform)
    PERFORMED.clear()
    return an_open_hub(databases.fresh("hub", migrate))


def proposed(hub: Hub, subject: str = "one", by: Principal = ANN, **content: object) -> UUID:
    with hub.engine.begin() as tx:
        return second_person.propose(
            tx, KIND, subject=subject, content=content, reason="核对有误", by=by, now=NOW
        ).proposal_id


def decide(hub: Hub, proposal_id: UUID, by: Principal, *, approve: bool = True) -> Proposal:
    with hub.engine.begin() as tx:
        return second_person.decide(
            tx, proposal_id, approve=approve, why="已复核", by=by, now=LATER
        )[0]


def withdraw(hub: Hub, proposal_id: UUID, by: Principal) -> Proposal:
    with hub.engine.begin() as tx:
        return second_person.withdraw(tx, proposal_id, why="有误", by=by, now=LATER)


def test_an_approval_by_another_person_performs_the_effect_once(hub: Hub) -> None:
    proposal_id = proposed(hub)
    assert PERFORMED == []
    first = decide(hub, proposal_id, BEN)
    assert decide(hub, proposal_id, BEN) == first  # the same word again: the same answer
    assert (first.state, first.decided_by, first.decided_at) == (
        ProposalState.APPROVED,
        "ben",
        LATER,
    )
    assert PERFORMED == [("one", "ben")]


# What ann proposed, in this state; who then says what; and what it is answered with.
REFUSED = [
    ("open", ANN, "approve", RefusalCode.SECOND_PERSON_NEEDED),
    ("open", ANN, "decline", RefusalCode.SECOND_PERSON_NEEDED),
    ("open", BEN, "withdraw", RefusalCode.NOT_ALLOWED),
    ("approved by ben", CAI, "approve", RefusalCode.DECIDED_BY_ANOTHER),
    ("approved by ben", BEN, "decline", RefusalCode.DECIDED_BY_ANOTHER),
    ("approved by ben", ANN, "withdraw", RefusalCode.DECIDED_BY_ANOTHER),
    ("declined by ben", BEN, "approve", RefusalCode.DECIDED_BY_ANOTHER),
    ("withdrawn by ann", BEN, "approve", RefusalCode.DECIDED_BY_ANOTHER),
    ("unknown", BEN, "approve", RefusalCode.UNKNOWN_PROPOSAL),
]


def test_what_is_refused_changes_nothing(hub: Hub) -> None:
    for number, (state, by, word, code) in enumerate(REFUSED):
        proposal_id = proposed(hub, f"case {number}")
        _bring(hub, proposal_id, state)
        asked = new_id() if state == "unknown" else proposal_id
        before = hub.rows("SELECT * FROM proposals WHERE proposal_id = %s", proposal_id)
        with pytest.raises(Refused) as refused:
            _say(hub, asked, by, word)
        assert refused.value.code is code, (state, by, word)
        assert hub.rows("SELECT * FROM proposals WHERE proposal_id = %s", proposal_id) == before


def _bring(hub: Hub, proposal_id: UUID, state: str) -> None:
    if state.startswith(("approved", "declined")):
        decide(hub, proposal_id, BEN, approve=state.startswith("approved"))
    elif state.startswith("withdrawn"):
        withdraw(hub, proposal_id, ANN)


def _say(hub: Hub, proposal_id: UUID, by: Principal, word: str) -> None:
    if word == "withdraw":
        withdraw(hub, proposal_id, by)
    else:
        decide(hub, proposal_id, by, approve=word == "approve")


def test_an_effect_that_is_refused_leaves_the_proposal_open(hub: Hub) -> None:
    proposal_id = proposed(hub, fails=True)
    with pytest.raises(Refused):
        decide(hub, proposal_id, BEN)
    assert hub.rows("SELECT state, decided_by FROM proposals") == [("open", None)]


def test_one_subject_has_one_open_proposal_and_the_same_again_is_the_same(hub: Hub) -> None:
    first = proposed(hub, "day", fen=1)
    assert proposed(hub, "day", fen=1) == first
    for by, fen in ((ANN, 2), (BEN, 1)):
        with pytest.raises(Refused) as refused:
            proposed(hub, "day", by, fen=fen)
        assert refused.value.code is RefusalCode.OUT_OF_STEP
    decide(hub, first, BEN, approve=False)
    assert proposed(hub, "day", fen=2) != first  # decided: it may be proposed again


def test_words_are_asked_for_and_bounded(hub: Hub) -> None:
    with hub.engine.begin() as tx:
        for subject, reason, code in (
            ("", "why", RefusalCode.FIELD_MISSING),
            ("one", " ", RefusalCode.FIELD_MISSING),
            ("x" * 201, "why", RefusalCode.FIELD_TOO_LONG),
            ("one", "x" * 501, RefusalCode.FIELD_TOO_LONG),
            ("one", "患者110105 19491231 002X", RefusalCode.FIELD_INVALID),
        ):
            with pytest.raises(Refused) as refused:
                second_person.propose(
                    tx, KIND, subject=subject, content={}, reason=reason, by=ANN, now=NOW
                )
            assert refused.value.code is code
        with pytest.raises(Refused) as refused:
            second_person.decide(tx, new_id(), approve=False, why=" ", by=BEN, now=NOW)
        assert refused.value.code is RefusalCode.FIELD_MISSING


def test_the_database_holds_four_eyes_too(hub: Hub) -> None:
    proposed(hub)
    for statement, constraint in (
        (
            "UPDATE proposals SET state = 'approved', decided_by = 'ann', decided_at = now()",
            "proposals_second_person_is_another",
        ),
        (
            "UPDATE proposals SET state = 'withdrawn', decided_by = 'ben', decided_at = now()",
            "proposals_second_person_is_another",
        ),
        ("UPDATE proposals SET state = 'approved'", "proposals_decided_has_a_person"),
        ("UPDATE proposals SET content = '{}', reason = 'x'", "decided once, and never edited"),
        ("UPDATE proposals SET proposed_by = 'zoe'", "decided once, and never edited"),
        ("DELETE FROM proposals", "decided once, and never edited"),
    ):
        with pytest.raises(psycopg2.IntegrityError, match=constraint):
            hub.rows(statement)


def test_the_state_table_ends_in_a_persons_word() -> None:
    ends = {ProposalState.APPROVED, ProposalState.DECLINED, ProposalState.WITHDRAWN}
    assert PROPOSAL.terminal() == ends
