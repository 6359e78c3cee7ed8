"""A proposal is asked for once: its repeat is answered as the first stands, decided or not."""

# ruff: noqa: F811  # pytest's way: a fixture has the name of the argument

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg2
import pytest
from fastapi.routing import APIRoute
from httpx import Response
from sqlalchemy import Engine, text

from contracts import access
from contracts.access import AccessRole, Principal
from contracts.delivery import bulk
from contracts.refusal import RefusalCode, Refused
from hub.api.who_may import WHO_MAY
from hub.domain.second_person import Proposal, ProposalKind
from hub.services import second_person
from hub.services.asking import Asked, once
from tests.support.hub_api import World, world  # noqa: F401 - a fixture
from tests.support.hub_bodies import AN_ADJUSTMENT
from tests.support.hub_books import NOON

ANN = Principal("ann", AccessRole.OPERATOR, None)
BEN = Principal("ben", AccessRole.OPERATOR, None)
STATE_AFTER = {
    "nothing": "open",
    "approve": "approved",
    "decline": "declined",
    "withdraw": "withdrawn",
}


@pytest.fixture
def second(world: World) -> dict[str, str]:
    """The headers of another operator."""
    with world.engine.begin() as tx:
        token = access.issue(tx, BEN, valid_for=timedelta(days=1), now=NOON)
    return {"Authorization": f"Bearer {token}"}


def ask(world: World, headers: dict[str, str], **changes: object) -> Response:
    return world.client.post("/ledger/adjustments", json=AN_ADJUSTMENT | changes, headers=headers)


def say(world: World, second: dict[str, str], proposal_id: str, word: str) -> None:
    if word != "nothing":
        who = world.as_("operator") if word == "withdraw" else second
        url = f"/proposals/{proposal_id}/{word}"
        assert world.client.post(url, json={"why": "已核"}, headers=who).status_code == 200


def papers(engine: Engine) -> list[tuple[Any, ...]]:
    with engine.begin() as tx:
        return bulk.fetch(tx, "SELECT * FROM proposals ORDER BY proposal_id")


@pytest.mark.parametrize("word", ["approve", "decline", "withdraw"])
def test_a_doubtful_commit_repeated_after_the_decision_is_the_decided_proposal(
    world: World, second: dict[str, str], monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    operator = world.as_("operator")
    with monkeypatch.context() as losing:
        losing.setattr(world.engine.dialect, "do_commit", _commit_and_lose_the_answer)
        assert ask(world, operator).json()["code"] == RefusalCode.TOO_BUSY
    (waiting,) = world.client.get("/proposals", headers=second).json()["items"]
    say(world, second, waiting["proposal_id"], word)
    before = papers(world.engine)
    for _ in range(2):
        again = ask(world, operator)
        assert again.status_code == 202, again.text
        expected = {"proposal_id": waiting["proposal_id"], "state": STATE_AFTER[word]}
        assert again.json() == expected
    assert papers(world.engine) == before
    with world.engine.connect() as tx:
        booked = tx.scalar(text("SELECT count(*) FROM adjustments"))
    assert booked == (word == "approve")


def _commit_and_lose_the_answer(connection: Any) -> None:
    connection.commit()
    raise psycopg2.OperationalError("the connection was lost during COMMIT")


# How the first stands, what its repeat says differently, and the answer to the repeat.
REPEATS = [
    ("nothing", "nothing", "202"),
    ("nothing", "amount_fen", "1009"),
    ("nothing", "cause", "1009"),
    ("nothing", "person", "1009"),
    ("approve", "nothing", "202"),
    ("approve", "amount_fen", "1009"),
    ("approve", "cause", "1009"),
    ("approve", "person", "1009"),
    ("decline", "nothing", "202"),
    ("decline", "amount_fen", "1009"),
    ("decline", "person", "1009"),
    ("withdraw", "nothing", "202"),
    ("withdraw", "cause", "1009"),
    ("withdraw", "person", "1009"),
]
OTHER: dict[str, object] = {"amount_fen": -2_00, "cause": "另一原因"}


@pytest.mark.parametrize(("decided", "differs", "answer"), REPEATS)
def test_a_repeat_is_answered_as_the_first_stands_and_a_clash_changes_nothing(
    world: World, second: dict[str, str], decided: str, differs: str, answer: str
) -> None:
    first = ask(world, world.as_("operator")).json()
    say(world, second, first["proposal_id"], decided)
    before = papers(world.engine)
    who = second if differs == "person" else world.as_("operator")
    again = ask(world, who, **{key: OTHER[key] for key in OTHER if key == differs})
    if answer == "202":
        assert again.json() == first | {"state": STATE_AFTER[decided]}
    else:
        assert (again.status_code, again.json()["code"]) == (409, answer)
        assert "内容不一致" in again.json()["detail"]
    assert papers(world.engine) == before


@pytest.mark.parametrize("kind", list(ProposalKind))
def test_every_kind_is_asked_for_once_under_a_key_whatever_was_decided(
    world: World, kind: ProposalKind
) -> None:
    asked = Asked(uuid4(), {"what": "one", "reason": "属实"})
    first = asking(world, asked, kind)
    with world.engine.begin() as tx:
        second_person.decide(tx, first.proposal_id, approve=False, why="不符", by=BEN, now=NOON)
    again = asking(world, asked, None)
    assert (again.proposal_id, again.state.value) == (first.proposal_id, "declined")
    for other, by in ((Asked(asked.request_id, {"what": "two"}), ANN), (asked, BEN)):
        with pytest.raises(Refused) as refused:
            asking(world, other, None, by=by)
        assert refused.value.code is RefusalCode.CONFLICTING_REPLAY
    afresh = Asked(uuid4(), asked.content)
    assert asking(world, afresh, kind).proposal_id != first.proposal_id  # under a new key


def test_of_many_that_ask_at_once_under_one_key_one_makes_the_proposal(world: World) -> None:
    asked = Asked(uuid4(), {"what": "one"})

    def ask_it(number: int) -> UUID:
        return asking(world, asked, ProposalKind.ADMISSION, f"day {number}").proposal_id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(ask_it, range(8)))) == 1
    assert len(papers(world.engine)) == 1


def test_what_was_refused_was_not_asked_and_without_a_key_nothing_is_kept(world: World) -> None:
    asked = Asked(uuid4(), {"what": "one"})
    with pytest.raises(Refused):
        asking(world, asked, ProposalKind.ADMISSION, subject="")
    asking(world, None, ProposalKind.ADMISSION, "without a key")
    with world.engine.connect() as tx:
        assert tx.scalar(text("SELECT count(*) FROM proposal_requests")) == 0
    assert asking(world, asked, ProposalKind.ADMISSION).state.value == "open"


def test_the_database_takes_an_id_once_and_never_changes_it(world: World) -> None:
    asking(world, Asked(uuid4(), {"what": "one"}), ProposalKind.REPAIR)
    for statement, constraint in (
        ("INSERT INTO proposal_requests SELECT * FROM proposal_requests", "proposal_requests_pkey"),
        ("UPDATE proposal_requests SET asked_at = now()", "append-only"),
        ("DELETE FROM proposal_requests", "append-only"),
    ):
        with pytest.raises(psycopg2.IntegrityError, match=constraint), world.engine.begin() as tx:
            bulk.run(tx, statement)


def test_every_operation_that_proposes_takes_a_key_or_an_id_in_its_body(world: World) -> None:
    keyed = {
        operation["summary"]
        for path in world.app.openapi()["paths"].values()
        for operation in path.values()
        if any(one["name"] == "Idempotency-Key" for one in operation.get("parameters", []))
    }
    asks = {name for name in WHO_MAY if name.startswith("propose_")}
    asks |= {"override_clearing_run", "decide_case"}
    routes = [route for route in world.app.routes if isinstance(route, APIRoute)]
    found = {route.name: route.summary for route in routes if route.name in asks}
    assert set(found) == asks
    # The body of an adjustment carries its id.
    assert {name for name in asks if found[name] not in keyed} == {"propose_adjustment"}


def asking(
    world: World,
    asked: Asked | None,
    kind: ProposalKind | None,
    subject: str = "one",
    by: Principal = ANN,
) -> Proposal:
    """As an operation of the API; without a kind it is a repeat, and nothing may be proposed."""

    def propose() -> Proposal:
        assert kind is not None, "it was asked for before"
        return second_person.propose(
            tx, kind, subject=subject, content={}, reason="属实", by=by, now=NOON
        )

    with world.engine.begin() as tx:
        return once(tx, asked, propose, by=by, now=NOON)
