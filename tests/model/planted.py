"""Faults planted in the hub, one at a time, to see that the model notices each of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from contracts.delivery import inbox
from contracts.delivery.inbox import Claimed
from contracts.message import Message
from contracts.messages.settlement import ReleaseReason
from contracts.messages.values import Shares, SharesTold
from contracts.refusal import RefusalCode
from hub.domain import stepping
from hub.domain.ledger import Posting, PostingKind, postings_of
from hub.domain.registration import Registration
from hub.domain.reminding import Reminding
from hub.domain.settlement import Settlement
from hub.services import calculations, deciding, releases
from hub.services.decided import Decided
from hub.store import balances, claims, lines, pair_days, registrations, settlements

Patch = pytest.MonkeyPatch
Plant = Callable[[Patch], None]
MS = timedelta(milliseconds=1)


def one_fen_too_much(patch: Patch) -> None:
    def booked(one: Settlement, kind: PostingKind, *, on: date, at: datetime) -> list[Posting]:
        return [
            replace(p, amount_fen=p.amount_fen + 1) for p in postings_of(one, kind, on=on, at=at)
        ]

    patch.setattr(calculations, "postings_of", booked)


def reversed_on_the_day_of_its_settlement(patch: Patch) -> None:
    def booked(one: Settlement, kind: PostingKind, *, on: date, at: datetime) -> list[Posting]:
        return postings_of(one, kind, on=one.settled_on or on, at=at)

    patch.setattr(releases, "postings_of", booked)


def reversed_without_postings(patch: Patch) -> None:
    patch.setattr(releases, "postings_of", lambda *_, **__: [])


def booked_twice(patch: Patch) -> None:
    def booked(one: Settlement, kind: PostingKind, *, on: date, at: datetime) -> list[Posting]:
        return 2 * postings_of(one, kind, on=on, at=at)

    patch.setattr(calculations, "postings_of", booked)


def _never_asked(patch: Patch, forgotten: ReleaseReason) -> None:
    original = Decided.ask_release

    def ask(self: Decided, one: Settlement, reason: ReleaseReason, cause: Any) -> None:
        if reason is not forgotten:
            original(self, one, reason, cause)

    patch.setattr(Decided, "ask_release", ask)


def no_release_at_the_deadline(patch: Patch) -> None:
    _never_asked(patch, ReleaseReason.EXPIRED)


def no_release_of_a_late_answer(patch: Patch) -> None:
    _never_asked(patch, ReleaseReason.LATE)


def expired_a_moment_late(patch: Patch) -> None:
    original = settlements.lock_overdue

    def overdue(tx: Connection, now: datetime, count_max: int) -> list[Settlement]:
        return original(tx, now - MS, count_max)

    patch.setattr(settlements, "lock_overdue", overdue)


def no_tombstone(patch: Patch) -> None:
    patch.setattr(claims, "claim", lambda _tx, ids, _by, _now: set(ids))


def handled_again(patch: Patch) -> None:
    """The memory of what was handled is lost."""

    def claim(tx: Connection, batch: Sequence[Message[Any]], now: datetime) -> Claimed:
        return Claimed(frozenset(range(len(batch))), frozenset())

    patch.setattr(inbox, "claim", claim)


def other_content_passes_for_a_replay(patch: Patch) -> None:
    original = inbox.claim

    def claim(tx: Connection, batch: Sequence[Message[Any]], now: datetime) -> Claimed:
        return replace(original(tx, batch, now), clashes=frozenset())

    patch.setattr(inbox, "claim", claim)


def another_registration_under_a_known_id(patch: Patch) -> None:
    patch.setattr(Registration, "says_the_same_as", lambda _self, _other: True)


def a_blank_part_stays_blank(patch: Patch) -> None:
    def completed(self: SharesTold, total_fen: int) -> Shares:
        told = self.model_dump(exclude={"hospital_fen"})
        return Shares(**told, hospital_fen=self.hospital_fen or 0)

    patch.setattr(SharesTold, "completed", completed)


def counts_on_the_day_of_its_end(patch: Patch) -> None:
    original = stepping.ended_before
    patch.setattr(stepping, "ended_before", lambda one, day: original(one, day + stepping.DAY))


def the_old_version_goes_on(patch: Patch) -> None:
    original = deciding._steps

    def steps(*arguments: Any) -> list[Any]:
        return original(*arguments)[-1:]

    patch.setattr(deciding, "_steps", steps)


def whatever_the_area_says(patch: Patch) -> None:
    """Nobody looks whether a registration has come to overlap another."""

    def refusal(said: Any, _submission: Any) -> RefusalCode | None:
        return None if said.accepted else RefusalCode.REJECTED_BY_DESK

    patch.setattr(deciding, "_refusal", refusal)


def registrations_end_a_day_early(patch: Patch) -> None:
    original = registrations.lock_overdue

    def overdue(tx: Connection, today: date, count_max: int) -> Iterable[Registration]:
        return original(tx, today + stepping.DAY, count_max)

    patch.setattr(registrations, "lock_overdue", overdue)


def asked_again_without_end(patch: Patch) -> None:
    patch.setattr(Reminding, "pause", lambda self, _times: self.first)


def a_silent_side_is_cleared(patch: Patch) -> None:
    agreed = "WHERE by_insured IS NULL AND by_treatment IS NULL"
    assert agreed in pair_days._TAKE
    patch.setattr(pair_days, "_TAKE", pair_days._TAKE.replace(agreed, ""))


def late_days_are_lost(patch: Patch) -> None:
    assert "WHERE is_late" in lines._FREEZE
    patch.setattr(lines, "_FREEZE", lines._FREEZE.replace("WHERE is_late", "WHERE false"))


def a_balance_forgets_what_stood_before(patch: Patch) -> None:
    assert "coalesce((" in balances._TAKE
    patch.setattr(balances, "_TAKE", balances._TAKE.replace("coalesce((", "0 * coalesce(("))


PLANTED: tuple[Plant, ...] = (
    one_fen_too_much,
    reversed_on_the_day_of_its_settlement,
    reversed_without_postings,
    booked_twice,
    no_release_at_the_deadline,
    no_release_of_a_late_answer,
    expired_a_moment_late,
    no_tombstone,
    handled_again,
    other_content_passes_for_a_replay,
    another_registration_under_a_known_id,
    a_blank_part_stays_blank,
    counts_on_the_day_of_its_end,
    the_old_version_goes_on,
    whatever_the_area_says,
    registrations_end_a_day_early,
    asked_again_without_end,
    a_silent_side_is_cleared,
    late_days_are_lost,
    a_balance_forgets_what_stood_before,
)
