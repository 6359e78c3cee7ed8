"""What is compared after each step: all that was said, and all that the books hold."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from contracts.clock import shanghai_date_of
from contracts.messages.values import PARTS
from tests.model import world
from tests.model.real_hub import RealHub
from tests.model.reference import Model
from tests.model.saying import Said


def agree(hub: RealHub, model: Model) -> Counter[str]:
    """AssertionError where they do not; else the gist of what both said since the last time."""
    said = model.hearing.said
    same("said", [one.line() for one in hub.heard()], [one.line() for one in said])
    _settlements(hub, model)
    _registrations(hub, model)
    _books(hub, model)
    odd, buried, awaited, closed = hub.noted()
    same("noted", odd, model.hearing.odd)
    same("buried", [buried], [model.buried])
    same("closed days", closed, model.books.closed)
    same("awaited", awaited, [str(id_) for id_ in model.settlements.awaited])
    gist = Counter(map(_gist, said))
    said.clear()
    return gist


def _settlements(hub: RealHub, model: Model) -> None:
    theirs = hub.settlements()
    assert theirs.keys() == model.settlements.known.keys()
    for id_, one in model.settlements.known.items():
        parts = [0] * len(PARTS) if one.shares is None else one.shares.model_dump().values()
        ours = (
            one.state,
            one.concluded_at,
            one.settled_on,
            one.reversed_on,
            one.code,
            one.detail,
            one.late_answers,
            one.answer_by,
            one.deductible_fen,
            one.request.bill.total_fen,
            *parts,
        )
        same(f"settlement {id_}", enumerate(theirs[id_]), enumerate(ours))


def _registrations(hub: RealHub, model: Model) -> None:
    theirs = hub.registrations(world.PEOPLE)
    assert theirs.keys() == model.registrations.filed.keys()
    today = shanghai_date_of(hub.clock.now())
    for id_, one in model.registrations.filed.items():
        kept = theirs[id_]
        said = (kept.state, kept.refusal, kept.ended_on, kept.version, kept.materials)
        ours = (one.state, one.code, one.ended_on, one.version, one.papers)
        same(f"registration {id_}", enumerate(said), enumerate(ours))
        on = {today, world.FIRST_DAY, one.wanted.begins_on, one.ended_on or today}
        for day in {day + timedelta(days=n) for day in on for n in (-1, 0, 1)}:
            assert kept.holds_on(day) == one.counts_on(day), f"{id_} on {day}"


def _books(hub: RealHub, model: Model) -> None:
    books, ledger = model.books, model.books.ledger()
    theirs = hub.ledger()
    same("ledger", _with_money(theirs), _with_money(ledger))
    for day in {books.open_day, *books.closed[-1:]}:
        until: Counter[Any] = Counter()
        for (on, *account), fen in ledger.items():
            until[tuple(account)] += fen if on <= day else 0
        same(f"balances of {day}", _with_money(hub.balances(day)), _with_money(until))
    for cycle, lines in books.lines.items():
        assert hub.lines(cycle) == lines, f"an issued run changed: {cycle}"


def same(what: str, hub: Iterable[Any], model: Iterable[Any]) -> None:
    """In whatever order; what only one of them has is shown."""
    theirs, ours = Counter(hub), Counter(model)
    only_hub, only_model = list((theirs - ours).elements()), list((ours - theirs).elements())
    assert theirs == ours, f"{what}: only the hub {only_hub}; only the model {only_model}"


def _with_money(found: Mapping[Any, int]) -> list[tuple[Any, int]]:
    return [(key, fen) for key, fen in found.items() if fen]


def _gist(one: Said) -> str:
    """What was said, in the words of the state tables: the kind, where it stands, and why."""
    names = ("outcome", "reason", "state", "code")
    found = (getattr(one.body, name, None) for name in names)
    return " ".join([one.body.KIND, *(str(word) for word in found if word is not None)])
