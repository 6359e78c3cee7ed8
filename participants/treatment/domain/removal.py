"""Which lines of a visit go when a hospital takes some back, and why they may not."""

from collections.abc import Iterable

from contracts.refusal import RefusalCode
from participants.treatment.domain.fee import LinesRemoval, OnFile, Shelf
from participants.treatment.domain.results import Refusal


def removed(removal: LinesRemoval, shelf: Shelf) -> list[str] | Refusal:
    """The numbers of the lines that go, refunds first; the shelf has them no longer then.

    Refusals, with a line's number: UNKNOWN_LINE, LINES_SETTLED (it, or a refund of it),
    REFUND_TOO_MUCH (a refund of it would be left behind). Without a name nothing is refused:
    whatever may go goes.
    """
    wanted = _wanted(removal, shelf.lines.values())
    if not _is_named(removal):
        wanted = [line for line in wanted if not line.is_settled]
        kept = {line.refunds for line in shelf.lines.values() if line.is_settled}
        wanted = [line for line in wanted if line.line_no not in kept]
    no = _refusal_of(removal, wanted, shelf)
    if no is not None:
        return no
    for line in wanted:
        del shelf.lines[line.line_no]
    return [line.line_no for line in sorted(wanted, key=lambda line: line.refunds is None)]


def _is_named(removal: LinesRemoval) -> bool:
    return bool(removal.line_numbers) or removal.charge_batch is not None


def _wanted(removal: LinesRemoval, lines: Iterable[OnFile]) -> list[OnFile]:
    return [
        line
        for line in lines
        if (not removal.line_numbers or line.line_no in removal.line_numbers)
        and removal.charge_batch in {None, line.charge_batch}
    ]


def _refusal_of(removal: LinesRemoval, wanted: list[OnFile], shelf: Shelf) -> Refusal | None:
    going = {line.line_no for line in wanted}
    missing = [number for number in removal.line_numbers if number not in going]
    if missing or (_is_named(removal) and not wanted):
        return Refusal(RefusalCode.UNKNOWN_LINE, next(iter(missing), removal.charge_batch or ""))
    settled = next((line for line in wanted if line.is_settled), None)
    if settled is not None:
        return Refusal(RefusalCode.LINES_SETTLED, settled.line_no)
    orphans = [one for one in shelf.lines.values() if one.refunds in going]
    orphan = next((one for one in orphans if one.line_no not in going), None)
    if orphan is None:
        return None
    code = RefusalCode.LINES_SETTLED if orphan.is_settled else RefusalCode.REFUND_TOO_MUCH
    return Refusal(code, f"先撤销退费明细{orphan.line_no}")
