"""What hospitals were told, against what the parties have: an acknowledgement is a debt."""

from collections.abc import Mapping

from contracts.messages.values import PARTS
from contracts.refusal import RefusalCode
from simulators.truth_checks.gathered import FIGURES
from simulators.truth_checks.scene import CANCELLING, Scene, by_query, shown
from simulators.truth_checks.truth import Truth
from simulators.witness import Reply, Verdict

SETTLING, WITHDRAWING = ("2207", "2304"), "2601"
REMEMBERED = frozenset({*SETTLING, *CANCELLING, WITHDRAWING})
"""What is claimed by its message id, and answered once and for all."""
WITHDRAWN, CLASH = RefusalCode.WITHDRAWN_BEFORE, RefusalCode.CONFLICTING_REPLAY
NOT_FOUND = RefusalCode.UNKNOWN_SETTLEMENT

# The settlement that a reply is about: by its id, else by the hospital's message.
_MEANT = """
    SELECT told.*, treated.settlement_id AS meant, state, lapsed_at, undone_at
    FROM told JOIN treated USING (settlement_id)
    UNION ALL
    SELECT told.*, treated.settlement_id, state, lapsed_at, undone_at
    FROM told JOIN treated ON (treated.treatment_area, treated.msgid) = (told.treatment_area,
        CASE WHEN told.infno IN ('2207', '2304') THEN told.msgid ELSE told.about END)
    WHERE told.settlement_id IS NULL
"""
_SETTLED_IS_LOST = """
    SELECT told.msgid, told.settlement_id, told.at, hub.state AS hub, treated.state AS at_treatment
    FROM told LEFT JOIN settlements AS hub USING (settlement_id)
    LEFT JOIN treated USING (settlement_id)
    WHERE told.infno IN ('2207', '2304') AND verdict = 'done' AND (
        hub.state IS NULL OR hub.state NOT IN ('settled', 'reversing', 'reversed')
        OR treated.state IS NULL OR treated.state NOT IN ('settled', 'reversing', 'reversed'))
"""
# A cancellation says its amounts with the other sign; `told` has them all as those of the bill.
_APART = " OR ".join(
    f"told.{name} <> {side}.{name}" for name in FIGURES for side in ("hub", "treated")
)
_FIGURES_DIFFER = f"""
    SELECT infno, told.msgid, settlement_id, strange_figures,
        told.total_fen AS told_fen, hub.total_fen AS hub_fen, treated.total_fen AS treatment_fen,
        told.pool_fen AS told_pool_fen, hub.pool_fen, treated.pool_fen AS treatment_pool_fen
    FROM told JOIN settlements AS hub USING (settlement_id) JOIN treated USING (settlement_id)
    WHERE verdict = 'done' AND (strange_figures <> '' OR {_APART})
"""
_UNDONE_STANDS = f"""
    SELECT infno, msgid, about, meant, state, at FROM ({_MEANT}) AS heard_of
    WHERE verdict = 'done' AND infno IN ('2208', '2305', '2601')
        AND state NOT IN ('refused', 'expired', 'withdrawn', 'reversed')
        AND lapsed_at IS NULL AND undone_at IS NULL
"""
# A no is for good. What is refused because another content came first is no word on that other.
_REFUSED_STANDS = f"""
    SELECT infno, msgid, code, meant, state, at FROM ({_MEANT}) AS heard_of
    WHERE verdict = 'refused' AND infno IN ('2207', '2304') AND code <> '{CLASH.value}'
        AND state = 'settled' AND lapsed_at IS NULL AND undone_at IS NULL
"""
_UNDONE_UNASKED = """
    SELECT steps.settlement_id, steps.event, steps.at, steps.message_id
    FROM settlement_steps AS steps JOIN settlements USING (settlement_id)
    WHERE event IN ('cancel', 'withdraw') AND steps.from_state <> steps.to_state
        AND treatment_area = ANY(:treatment)
        AND NOT EXISTS (SELECT FROM said WHERE said.message_id = steps.message_id)
        AND NOT EXISTS (SELECT FROM repairs JOIN breaks USING (break_id)
            WHERE breaks.settlement_id = steps.settlement_id AND repairs.kind = 'reverse')
"""
# After the instant that a hospital was told, asking again finds out. One second is grace.
_STILL_UNKNOWN = """
    SELECT promised.msgid, promised.certain_by, later.infno, later.at,
        promised.treatment_area AS area, promised.at AS told_at
    FROM told AS promised JOIN told AS later ON later.treatment_area = promised.treatment_area
        AND (later.msgid = promised.msgid OR later.infno = '5203' AND later.about = promised.msgid)
    WHERE promised.infno IN ('2207', '2304') AND promised.verdict = 'unknown'
        AND later.verdict = 'unknown' AND later.certain_by IS NOT NULL
        AND later.at > promised.certain_by + interval '1 second'
"""
# What a hospital was told of is found ever after. A minute: no answer is under way for longer.
_NOT_FOUND = f"""
    SELECT asked.msgid, asked.about, asked.at, before.msgid AS told_of, before.at AS told_at
    FROM told AS asked JOIN told AS before ON before.treatment_area = asked.treatment_area
        AND (before.msgid = asked.about OR before.settlement_id = asked.settlement_id)
        AND before.at < asked.at - interval '1 minute'
    WHERE asked.infno = '5203' AND asked.verdict = 'refused' AND asked.code = '{NOT_FOUND.value}'
        AND before.infno IN ('2207', '2304')
        AND (before.verdict = 'done' OR before.certain_by IS NOT NULL)
"""


def _answers_differ(looked: Scene) -> list[str]:
    """Once answered, a message is answered the same for ever, or until it is withdrawn."""
    withdrawn = {
        (row["treatment_area"], row["msgid"])
        for row in looked.rows("SELECT * FROM asked WHERE withdrawn_at IS NOT NULL")
    }
    first: dict[tuple[str, str, bytes], Reply] = {}
    found: list[str] = []
    for one in looked.witness.replies:
        if one.infno not in REMEMBERED or one.verdict is Verdict.UNKNOWN:
            continue
        if one.code == WITHDRAWN and (one.area, one.msgid) in withdrawn:
            continue
        before = first.setdefault((one.area, one.msgid, one.content), one)
        if _said(before) != _said(one):
            found.append(f"{one.infno} {one.msgid}: first {_said(before)}, then {_said(one)}")
    return shown(found)


def _said(one: Reply) -> tuple[object, ...]:
    return one.verdict.value, one.code, one.settlement_id, sorted(one.figures.items())


def _two_contents_done(looked: Scene) -> list[str]:
    """Under one message id at most one content is done, and makes at most one settlement."""
    contents: dict[tuple[str, str], set[bytes]] = {}
    made: dict[tuple[str, str], set[object]] = {}
    for one in looked.witness.replies:
        if one.infno in REMEMBERED and one.verdict is Verdict.DONE:
            contents.setdefault((one.area, one.msgid), set()).add(one.content)
        if one.infno in SETTLING and one.settlement_id is not None:
            made.setdefault((one.area, one.msgid), set()).add(one.settlement_id)
    return shown(
        [
            *(
                f"{id_}: {len(all_)} contents done"
                for id_, all_ in contents.items()
                if len(all_) > 1
            ),
            *(f"{id_}: {len(all_)} settlements" for id_, all_ in made.items() if len(all_) > 1),
        ]
    )


def _figures_told(looked: Scene) -> list[str]:
    """What was told adds up by itself, where all of it was told."""
    return shown(
        [
            f"{one.infno} {one.msgid}: {sum(one.figures[part] for part in PARTS)} fen of parts"
            f" for a bill of {one.figures['total_fen']} fen"
            for one in looked.witness.replies
            if {"total_fen", *PARTS} <= one.figures.keys()
            and sum(one.figures[part] for part in PARTS) != one.figures["total_fen"]
        ]
    )


def _unknown_for_too_long(looked: Scene) -> list[str]:
    found = []
    for row in looked.rows(_STILL_UNKNOWN):
        party = f"treatment.{row['area']}"
        worked = looked.sides.working_time(party, row["certain_by"], row["at"])
        if worked.total_seconds() > 1:
            found.append(
                f"{row['msgid']}: certain by {row['certain_by']}, and unknown to a"
                f" {row['infno']} at {row['at']}"
            )
    return shown(found)


# fmt: off
HEARSAY: Mapping[str, Truth] = {
    "same_question_same_answer":  Truth(2, "the same message again is answered the same", _answers_differ),  # noqa: E501
    "other_content_is_refused":   Truth(2, "one message id does one thing, whatever else is sent under it", _two_contents_done),  # noqa: E501
    "told_figures_add_up":        Truth(6, "the parts that a hospital was told add up to the bill that it was told", _figures_told),  # noqa: E501
    "told_figures_are_booked":    Truth(6, "every figure that a hospital was told is what the hub and the treatment area have", by_query(_FIGURES_DIFFER)),  # noqa: E501
    "nothing_acknowledged_is_lost": Truth(10, "a settlement that a hospital was told of exists, and is settled or was undone later", by_query(_SETTLED_IS_LOST)),  # noqa: E501
    "acknowledged_undoing_holds": Truth(10, "what a hospital was told to be undone is undone", by_query(_UNDONE_STANDS)),  # noqa: E501
    "a_no_is_for_good":           Truth(2, "a message that was refused has settled nothing", by_query(_REFUSED_STANDS)),  # noqa: E501
    "undone_only_when_asked":     Truth(10, "nothing is undone but what its treatment area or two operators asked to undo", by_query(_UNDONE_UNASKED)),  # noqa: E501
    "what_was_told_is_found":     Truth(10, "whoever asks for a settlement that it was told of is not told that there is none", by_query(_NOT_FOUND)),  # noqa: E501
    "certain_by_is_kept":         Truth(7, "an outcome is known at the instant that a hospital was told", _unknown_for_too_long),  # noqa: E501
}
# fmt: on
